"""How long calls may take."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_current = threading.local()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Calls that this thread makes in the block raise `TimedOut` once ``seconds`` are over, and are given up.

    Within another `deadline` the earlier one counts. The called method is not interrupted; its result is thrown away.
    """
    outer: float | None = getattr(_current, "end", None)
    end = time.monotonic() + seconds
    _current.end = end if outer is None else min(end, outer)
    try:
        yield
    finally:
        _current.end = outer


def remaining() -> float | None:
    """Seconds that a call of this thread has, None for any number."""
    end: float | None = getattr(_current, "end", None)
    return None if end is None else max(0.0, end - time.monotonic())
