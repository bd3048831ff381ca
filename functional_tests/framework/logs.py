"""Reading and merging the logs of several processes."""

import re
from dataclasses import dataclass
from pathlib import Path

_TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")

UNEXPECTED = re.compile(
    r"Traceback \(most recent call last\)|Exception ignored in|Fatal Python error"
    r"|AssertionError|NameError|AttributeError|TypeError:"
)
"""What no log of a healthy node contains, whatever a test does to it."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """A log file and the name that its lines get in a merged view."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Event:
    time: str
    source: str
    text: str


def _events(source: LogSource) -> list[_Event]:
    if not source.path.exists():
        return []
    events: list[_Event] = []
    for line in source.path.read_text(encoding="utf-8", errors="replace").splitlines():
        if _TIMESTAMP.match(line):
            time, _, text = line.partition(" ")
            events.append(_Event(time, source.name, text))
        elif events:
            last = events[-1]
            events[-1] = _Event(last.time, last.source, f"{last.text}\n    {line}")
        else:
            events.append(_Event("", source.name, line))
    return events


def merge_logs(sources: list[LogSource], *, last: int | None = None) -> str:
    """All lines of all logs in order of time, each with its source's name; only the ``last`` ones if given."""
    events = sorted((event for source in sources for event in _events(source)), key=lambda event: event.time)
    shown = events[-last:] if last else events
    return "\n".join(f"{event.source:>8} {event.time} {event.text}".rstrip() for event in shown)


def unexpected_lines(source: LogSource) -> list[str]:
    """Lines that show a defect in the program, each with its source's name."""
    if not source.path.exists():
        return []
    text = source.path.read_text(encoding="utf-8", errors="replace")
    return [f"{source.name}: {line}" for line in text.splitlines() if UNEXPECTED.search(line)]
