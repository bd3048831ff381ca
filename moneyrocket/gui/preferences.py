"""What the user chose in this program: a small file, read before the first window and written by a worker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from moneyrocket.gui.units import Unit
from moneyrocket.gui.workers import Worker

FILE_NAME = "preferences.json"


@dataclass(frozen=True, slots=True)
class Choices:
    """All choices. Every one has a default, and unknown or broken ones are forgotten.

    Attributes:
        unit: what amounts are spelled in.
        theme: system, light or dark.
        conceal: whether amounts are hidden.
        notify: whether incoming payments are announced.
        ask_before_quit: whether closing the window asks first.
        wallet: name of the wallet chosen last.
        geometry: of the window, as Qt saves it, in hex.
        fee_mode: estimate or custom.
        fee_target: blocks of the estimate chosen last.
        fee_rate: custom fee rate, sat/kvB.
        address_type: chosen last for receiving; empty for the wallet's default.
        console_history: lines typed, oldest first.
        graph_minutes: span of the network graph.
    """

    unit: str = Unit.BTC.value
    theme: str = "system"
    conceal: bool = False
    notify: bool = True
    ask_before_quit: bool = False
    wallet: str = ""
    geometry: str = ""
    fee_mode: str = "estimate"
    fee_target: int = 6
    fee_rate: int = 2000
    address_type: str = ""
    console_history: list[str] = field(default_factory=list)
    graph_minutes: int = 30


class Preferences(QObject):
    """The choices, and a signal when one changes.

    Args:
        folder: Where the file is.
        worker: Writes it; None keeps nothing.
        reset: Begin with the defaults.

    Signals:
        changed: The name of what changed.
    """

    changed = Signal(str)

    def __init__(
        self, folder: Path, worker: Worker | None = None, *, reset: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._path = folder / FILE_NAME
        self._worker = worker
        self.choices = Choices() if reset else read_choices(self._path)

    @property
    def unit(self) -> Unit:
        """The unit that amounts are spelled in."""
        return Unit(self.choices.unit)

    def choose(self, **values: Any) -> None:
        """Change choices by name, and have them written."""
        changed = [name for name, value in values.items() if getattr(self.choices, name) != value]
        if not changed:
            return
        self.choices = replace(self.choices, **values)
        if self._worker is not None:
            path, choices = self._path, self.choices
            self._worker.call(lambda: write_choices(path, choices), key="preferences")
        for name in changed:
            self.changed.emit(name)


def read_choices(path: Path) -> Choices:
    """Read the file; what is not there, unknown or of another type gets its default."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Choices()
    if not isinstance(stored, dict):
        return Choices()
    defaults = asdict(Choices())
    kept = {name: value for name, value in stored.items() if name in defaults and type(value) is type(defaults[name])}
    if kept.get("unit") not in {unit.value for unit in Unit}:
        kept.pop("unit", None)
    if "console_history" in kept:
        kept["console_history"] = [line for line in kept["console_history"] if isinstance(line, str)]
    return Choices(**kept)


def write_choices(path: Path, choices: Choices) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(choices), indent=1), encoding="utf-8")
    temporary.replace(path)
