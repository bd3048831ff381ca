"""How long to wait before something is tried again."""

from __future__ import annotations

import random


class Backoff:
    """Pauses that double from try to try, with chance in them so that many who wait do not come all at once.

    Args:
        first: the shortest pause, seconds.
        longest: the longest one, seconds.
    """

    def __init__(self, first: float = 0.1, longest: float = 10.0) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def pause(self) -> float:
        """The pause before the next try, seconds."""
        full = self._next
        self._next = min(full * 2, self._longest)
        return full * random.uniform(0.75, 1.0)

    def reset(self) -> None:
        """It worked: begin with the shortest pause again."""
        self._next = self._first
