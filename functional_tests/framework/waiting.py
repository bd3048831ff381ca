"""Waiting for a condition, and telling what was seen when it did not come."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.25


class WaitTimeout(AssertionError):  # noqa: N818 - an assertion about time, and read as one in reports
    """A condition did not come true in time; the text holds the last value seen."""


def wait_until(
    probe: Callable[[], T],
    what: str,
    *,
    timeout: float,
    accept: Callable[[T], bool] = bool,
) -> T:
    """Poll ``probe`` until ``accept`` likes its value.

    Args:
        probe: gives the value to look at.
        what: the condition in words, for the error.
        timeout: seconds after which to give up.
        accept: whether a value is the awaited one.

    Returns:
        The accepted value.

    Raises:
        WaitTimeout: naming the condition, the time and the last value seen.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    while True:
        value = probe()
        if accept(value):
            return value
        if time.monotonic() >= deadline:
            raise WaitTimeout(f"{what}: not within {timeout:.1f} s; last value seen: {value!r}")
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
