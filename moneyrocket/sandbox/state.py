"""Entering the sandbox, and what this process tells of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moneyrocket.sandbox.errors import SandboxError
from moneyrocket.sandbox.policy import Policy

if TYPE_CHECKING:
    from moneyrocket.sandbox.launched import LauncherClient

NOT_ENTERED: Final = "this program does not enter one"


@dataclass(frozen=True, slots=True)
class SandboxState:
    """Whether a process is in its sandbox.

    Attributes:
        enabled: it is.
        reason: why not; empty if it is.
        landlock_abi: version of Landlock in force; 0 if not entered.
        seccomp: whether system calls are filtered.
        read: paths that may be read.
        write: paths that may be written, too.
        network: what is left of it, as `NetworkAccess` is spelled.
    """

    enabled: bool = False
    reason: str = NOT_ENTERED
    landlock_abi: int = 0
    seccomp: bool = False
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    network: str = "unrestricted"

    def __str__(self) -> str:
        if not self.enabled:
            return f"not in force: {self.reason}"
        filtered = "seccomp" if self.seccomp else "no seccomp"
        return f"in force (Landlock version {self.landlock_abi}, {filtered}), network {self.network}"

    def allows_writing(self, path: Path) -> bool:
        """Whether files may be written at ``path``, as far as the sandbox is concerned."""
        if not self.enabled:
            return True
        real = os.path.realpath(path)
        return any(Path(real).is_relative_to(allowed) for allowed in self.write)


class _Process:
    state = SandboxState()
    launcher: LauncherClient | None = None


def sandbox_state() -> SandboxState:
    """What is in force in this process."""
    return _Process.state


def launcher() -> LauncherClient | None:
    """Who starts programs, runs commands and opens files for this process; None if it may do so itself."""
    return _Process.launcher


def set_launcher(client: LauncherClient) -> None:
    """Have a launcher do what this process may not do once it has entered its sandbox."""
    from moneyrocket.common import own_files

    _Process.launcher = client
    own_files.set_file_broker(client)


def explain_absence(reason: str) -> None:
    """Note why this process has not entered a sandbox."""
    if not _Process.state.enabled:
        _Process.state = SandboxState(reason=reason)


def sandbox_problem() -> str:
    """Why this system has no sandbox to enter; empty if it has one."""
    from moneyrocket.sandbox.landlock import NEEDED_ABI, landlock_abi
    from moneyrocket.sandbox.seccomp import seccomp_problem

    abi = landlock_abi()
    if abi == 0:
        return "this system has no Landlock"
    if abi < NEEDED_ABI:
        return f"the kernel's Landlock has version {abi}, {NEEDED_ABI} is needed"
    return seccomp_problem()


def enter_sandbox(policy: Policy) -> None:
    """Put a policy in force for this process, for good. Must be called before a second thread is started.

    Raises:
        SandboxError: that is not possible; the process may be partly restricted then, and should end.
    """
    from moneyrocket.sandbox.landlock import Ruleset, forbid_new_privileges, landlock_abi
    from moneyrocket.sandbox.seccomp import Filter

    if _Process.state.enabled:
        raise SandboxError("the sandbox was entered already")
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        # Landlock would leave the others out.
        raise SandboxError(f"{threads} threads run already")
    abi = landlock_abi()
    ruleset, call_filter = Ruleset(policy), Filter(policy)
    forbid_new_privileges()
    ruleset.restrict_this_thread()
    call_filter.restrict_this_process()
    _Process.state = SandboxState(
        enabled=True,
        reason="",
        landlock_abi=abi,
        seccomp=True,
        read=_spelled(policy.read),
        write=_spelled((*policy.write, *policy.devices)),
        network=str(policy.network),
    )


def _spelled(paths: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(sorted({os.path.realpath(path) for path in paths if path.exists()}))
