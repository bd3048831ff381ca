"""How long tests took when last recorded, so that the slow ones can start first."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

RECORD = Path(__file__).resolve().parent.parent / "durations.json"
"""Seconds by test id. A test that is not in it counts as slow, so that it starts early."""


def recorded_durations(path: Path = RECORD) -> dict[str, float]:
    """Seconds by test id; empty if nothing is recorded."""
    if not path.exists():
        return {}
    durations: dict[str, float] = json.loads(path.read_text())
    return durations


def slowest_first(items: list[T], key: Callable[[T], str], path: Path = RECORD) -> list[T]:
    """Order tests by recorded duration, longest and unknown first, otherwise as they were."""
    durations = recorded_durations(path)
    return sorted(items, key=lambda item: -durations.get(key(item), float("inf")))


def record_durations(seconds: dict[str, float], path: Path = RECORD) -> None:
    """Write durations, rounded so that small changes of speed do not change the file."""
    rounded = {test: round(value * 2) / 2 for test, value in sorted(seconds.items())}
    path.write_text(json.dumps(rounded, indent=1) + "\n")
