"""How long calls may take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from libmultiprocess.threads import current_waiter


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Calls that this thread makes in the block raise `TimedOut` once ``seconds`` are over, and are given up.

    Within another `deadline` the earlier one counts. The called method is not interrupted; its result is thrown away.
    """
    waiter = current_waiter()
    outer = waiter.deadline
    end = time.monotonic() + seconds
    waiter.deadline = end if outer is None else min(end, outer)
    try:
        yield
    finally:
        waiter.deadline = outer
