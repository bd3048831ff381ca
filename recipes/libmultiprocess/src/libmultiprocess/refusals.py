"""One line for each stranger who is refused, and one for many of them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_SOURCES: Final = 256
"""How many addresses are told apart at once; strangers from further ones are counted together."""

_OTHERS: Final = "other addresses"


@dataclass(slots=True)
class _Source:
    """What came from one address.

    Attributes:
        since: when its window began, seconds.
        lines: how many refusals were told in that window.
        untold: how many were not told yet.
        reason: why the last of these was refused.
        last: when it was, seconds.
    """

    since: float
    lines: int = 0
    untold: int = 0
    reason: str = ""
    last: float = 0.0


class Refusals:
    """Tells of refused strangers without letting them fill the log. Safe in any thread.

    Args:
        tell: takes one line.
        lines: how many lines an address gets in a window.
        window: its length, seconds.
        quiet: what was not told is summed up when an address has been quiet for so many seconds, or its window is over.
    """

    def __init__(self, tell: Callable[[str], None], lines: int = 10, window: float = 60.0, quiet: float = 1.0) -> None:
        self._tell = tell
        self._lines = lines
        self._window = window
        self._quiet = quiet
        self._sources: dict[str, _Source] = {}
        self._lock = threading.Lock()

    def add(self, source: str, name: str, reason: str) -> bool:
        """Tell of a stranger, or count it.

        Args:
            source: address without what differs between connections.
            name: the address in full.
            reason: why it is refused, a sentence's predicate: ``it showed no certificate``.

        Returns:
            Whether `sum_up` is to be called after a while.
        """
        now = time.monotonic()
        with self._lock:
            if source not in self._sources and len(self._sources) >= _SOURCES:
                self._forget_old(now)
                source = source if len(self._sources) < _SOURCES else _OTHERS
            entry = self._sources.setdefault(source, _Source(now))
            if now - entry.since >= self._window and not entry.untold:
                entry.since, entry.lines = now, 0
            tells = entry.lines < self._lines
            if tells:
                entry.lines += 1
            else:
                entry.untold += 1
                entry.reason, entry.last = reason, now
        if tells:
            self._tell(f"refused a connection from {name}: {reason}")
        return not tells

    def sum_up(self, everything: bool = False) -> float | None:
        """Tell of what was only counted, if it is time to.

        Args:
            everything: tell it even if it is not.

        Returns:
            After how many seconds to call again; None if nothing is left.
        """
        now = time.monotonic()
        due: list[tuple[str, _Source]] = []
        with self._lock:
            for source, entry in self._sources.items():
                over = now - entry.since >= self._window
                if entry.untold and (everything or over or now - entry.last >= self._quiet):
                    due.append((source, _Source(0.0, 0, entry.untold, entry.reason)))
                    entry.untold = 0
            self._forget_old(now)
            waiting = any(entry.untold for entry in self._sources.values())
        for source, told in due:
            connections = "connection" if told.untold == 1 else "connections"
            self._tell(f"refused {told.untold} more {connections} from {source}; the last: {told.reason}")
        return self._quiet if waiting else None

    def _forget_old(self, now: float) -> None:
        """Drop addresses whose window is over."""
        for source, entry in list(self._sources.items()):
            if now - entry.since >= self._window and not entry.untold:
                del self._sources[source]
