"""What this process uses: memory, processor time, threads, calls of other processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from moneyrocket.common import clock

STARTED = clock.monotonic()
"""When this process began, on the clock that cannot be set."""

_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True, slots=True)
class CallCounters:
    """Calls between processes since this one began: made, served, and seconds spent in waiting for answers."""

    made: int = 0
    served: int = 0
    wait_seconds: float = 0.0


_read_counters: Callable[[], CallCounters] = CallCounters


def set_call_counters(read: Callable[[], CallCounters]) -> None:
    """Says where the number of calls comes from; called by what carries them."""
    global _read_counters
    _read_counters = read


def call_counters() -> CallCounters:
    """Calls between processes; zeros in a process that has no others."""
    return _read_counters()


def memory() -> int:
    """Resident memory of this process, bytes; 0 where it is not known."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_SIZE
    except OSError:
        return 0


def cpu_seconds() -> float:
    """Processor time used by all threads of this process."""
    return time.process_time()
