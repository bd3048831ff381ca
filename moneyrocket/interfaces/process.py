"""What is told of the processes that the program consists of."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from moneyrocket.common import clock, process_stats


class ProcessRole(Enum):
    """What a process does."""

    GUI = "gui"
    NODE = "node"
    WALLET = "wallet"
    ALL = "all"
    """Everything, in the one-process shape."""


@dataclass(frozen=True, slots=True)
class ProcessStats:
    """A process at a moment. Rates come from the difference of two of them.

    Attributes:
        role: what it does.
        name: name of its executable.
        pid: its process id.
        alive: whether it can be called. The numbers below are 0 if not.
        time: when this was measured, seconds of a clock that never jumps; only differences mean something.
        memory: resident memory, bytes.
        cpu_seconds: processor time used since it began, all threads together.
        threads: number of its threads.
        uptime: seconds since it began.
        calls_made: calls of other processes that it has begun since it began.
        calls_served: calls of other processes that it has answered since it began.
        wait_seconds: time that its threads have waited for answers, summed over calls. Divided by the calls made in the
            same span it is the mean latency of a call.
    """

    role: ProcessRole
    name: str
    pid: int
    alive: bool
    time: float
    memory: int = 0
    cpu_seconds: float = 0.0
    threads: int = 0
    uptime: float = 0.0
    calls_made: int = 0
    calls_served: int = 0
    wait_seconds: float = 0.0

    @classmethod
    def measure(cls, role: ProcessRole) -> ProcessStats:
        """What the calling process uses now."""
        calls = process_stats.call_counters()
        now = clock.monotonic()
        return cls(
            role=role,
            name=Path(sys.argv[0]).name,
            pid=os.getpid(),
            alive=True,
            time=now,
            memory=process_stats.memory(),
            cpu_seconds=process_stats.cpu_seconds(),
            threads=threading.active_count(),
            uptime=now - process_stats.STARTED,
            calls_made=calls.made,
            calls_served=calls.served,
            wait_seconds=calls.wait_seconds,
        )
