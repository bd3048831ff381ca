"""What is told of the processes that the program consists of."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from moneyrocket.common import clock, process_stats
from moneyrocket.sandbox.state import sandbox_state


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
        sandboxed: whether it is in its sandbox.
        sandbox: what that allows, or why it is in none.
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
    sandboxed: bool = False
    sandbox: str = ""

    @classmethod
    def measure(cls, role: ProcessRole) -> ProcessStats:
        """What the calling process uses now."""
        calls = process_stats.call_counters()
        now = clock.monotonic()
        state = sandbox_state()
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
            sandboxed=state.enabled,
            sandbox=str(state),
        )


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """The sandbox of a process.

    Attributes:
        role: what the process does.
        name: name of its executable.
        pid: its process id.
        enabled: whether it is in its sandbox.
        reason: why not; empty if it is.
        landlock_abi: version of Landlock in force; 0 if it is not.
        seccomp: whether system calls are filtered.
        network: what is left of it, as `moneyrocket.sandbox.policy.NetworkAccess` is spelled.
        read: paths that may be read, with all that is in them.
        write: paths that may be written, too.
    """

    role: ProcessRole
    name: str
    pid: int
    enabled: bool
    reason: str
    landlock_abi: int
    seccomp: bool
    network: str
    read: list[str]
    write: list[str]

    @classmethod
    def of_this_process(cls, role: ProcessRole) -> SandboxInfo:
        """What is in force in the calling process."""
        state = sandbox_state()
        return cls(
            role=role,
            name=Path(sys.argv[0]).name,
            pid=os.getpid(),
            enabled=state.enabled,
            reason=state.reason,
            landlock_abi=state.landlock_abi,
            seccomp=state.seccomp,
            network=state.network,
            read=list(state.read),
            write=list(state.write),
        )
