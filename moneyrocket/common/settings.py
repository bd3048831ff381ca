"""Where settings come from, and which source wins.

Sources, strongest first: forced by the program, command line, settings.json, the network's section of the
configuration file, the file's part outside sections. The rules are Bitcoin Core's, its oddities included: on the
command line the last value wins, in the file the first one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum

from moneyrocket.common.json import Json


class Source(IntEnum):
    """Where a setting was given."""

    FORCED = 0
    COMMAND_LINE = 1
    RW_SETTINGS = 2
    CONFIG_SECTION = 3
    CONFIG_DEFAULT = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a process, as given. Names have no leading dash; a negated option has the value False.

    Attributes:
        forced: values that the program itself set.
        command_line: values of the command line, in order.
        rw: contents of settings.json.
        config: for each section of the configuration file (``""`` outside sections) its values, in order.
        network: chain name, which is also the name of the section in use; empty until it is known.
    """

    forced: Mapping[str, Json] = field(default_factory=dict)
    command_line: Mapping[str, list[Json]] = field(default_factory=dict)
    rw: Mapping[str, Json] = field(default_factory=dict)
    config: Mapping[str, Mapping[str, list[Json]]] = field(default_factory=dict)
    network: str = ""

    def to_json(self) -> str:
        """Returns the settings as JSON text, to be sent to another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Reads what `to_json` wrote.

        Raises:
            ValueError: the text is not JSON.
            TypeError: it is not a settings object.
        """
        return cls(**json.loads(text))

    def value(
        self, name: str, *, skip_default_section: bool, chain_type: bool = False, persistent_only: bool = False
    ) -> Json:
        """Returns the value of an option from the strongest source; None when it is not set, False when negated.

        Args:
            name: the option without dash.
            skip_default_section: ignore the file's part outside sections (options that depend on the network).
            chain_type: the option chooses the chain: the last value of the file wins and negations are ignored.
            persistent_only: look only at settings.json and the configuration file.
        """
        for source, values in self._spans(name):
            negated = values.last_negated
            if skip_default_section and source is Source.CONFIG_DEFAULT and not negated:
                continue
            if persistent_only and source in (Source.COMMAND_LINE, Source.FORCED):
                continue
            if chain_type and negated:
                continue
            if values.live:
                from_file = source in (Source.CONFIG_SECTION, Source.CONFIG_DEFAULT)
                return values.live[0 if from_file and not chain_type else -1]
            if negated:
                return False
        return None

    def values(self, name: str, *, skip_default_section: bool) -> list[Json]:
        """Returns all values of an option that may be given more than once, strongest source first."""
        result: list[Json] = []
        done = negated_empty = False
        for source, values in self._spans(name):
            if skip_default_section and source is Source.CONFIG_DEFAULT:
                continue
            # A command line that negates and then sets an option lets the file's values back in.
            revived = source in (Source.CONFIG_SECTION, Source.CONFIG_DEFAULT) and not negated_empty
            if not done or revived:
                for value in values.live:
                    result.extend(value if isinstance(value, list) else [value])
            done = done or values.negations > 0 or source is Source.FORCED
            negated_empty = negated_empty or (values.last_negated and not result)
        return result

    def only_in_default_section(self, name: str) -> bool:
        """Whether an option is set in the file's part outside sections and nowhere else."""
        sources = {source for source, values in self._spans(name) if values.live}
        return sources == {Source.CONFIG_DEFAULT}

    def _spans(self, name: str) -> Iterator[tuple[Source, _Span]]:
        if name in self.forced:
            yield Source.FORCED, _Span([self.forced[name]])
        if name in self.command_line:
            yield Source.COMMAND_LINE, _Span(self.command_line[name])
        if name in self.rw:
            yield Source.RW_SETTINGS, _Span([self.rw[name]])
        if self.network and name in self.config.get(self.network, {}):
            yield Source.CONFIG_SECTION, _Span(self.config[self.network][name])
        if name in self.config.get("", {}):
            yield Source.CONFIG_DEFAULT, _Span(self.config[""][name])


class _Span:
    """The values of one source: those after the last negation count."""

    __slots__ = ("last_negated", "live", "negations")

    def __init__(self, values: list[Json]) -> None:
        self.negations = max((number for number, value in enumerate(values, 1) if value is False), default=0)
        self.live = values[self.negations :]
        self.last_negated = bool(values) and values[-1] is False
