"""The clock of the node: wall-clock time that tests and `setmocktime` can set.

Everything that depends on the date (block time, expiry, bans, peer timers) asks this module; up-time and
measurements use `monotonic`, which cannot be set.
"""

from __future__ import annotations

import time

monotonic = time.monotonic

_mock_seconds = 0


def now() -> int:
    """Returns the current UNIX time in seconds, or the mock time when one is set."""
    return _mock_seconds or int(time.time())


def now_micros() -> int:
    """Returns the current UNIX time in microseconds, or the mock time when one is set."""
    return _mock_seconds * 1_000_000 if _mock_seconds else time.time_ns() // 1000


def system_micros() -> int:
    """Returns the real UNIX time in microseconds, whatever the mock time (for log lines)."""
    return time.time_ns() // 1000


def set_mock_time(seconds: int) -> None:
    """Sets the time that `now` returns.

    Args:
        seconds: UNIX time, or 0 to go back to the real clock.

    Raises:
        ValueError: the time is negative.
    """
    global _mock_seconds
    if seconds < 0:
        raise ValueError("mock time cannot be negative")
    _mock_seconds = seconds


def mock_time() -> int:
    """Returns the mock time in seconds, 0 when the real clock is in use."""
    return _mock_seconds


_start = monotonic()


def uptime() -> int:
    """Returns the seconds since the process began, whatever the mock time."""
    return int(monotonic() - _start)
