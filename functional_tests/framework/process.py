"""Starting a program so that nothing of it outlives the test."""

import ctypes
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LAUNCHER = "moneyrocket launcher"
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """One running process: its id and its command line."""

    pid: int
    command: tuple[str, ...]

    @property
    def is_launcher(self) -> bool:
        """Whether it stands outside of a sandboxed process's sandbox, to start others for it."""
        return self.command[:1] == (LAUNCHER,)


def start_process(
    command: list[str], *, stdout: Path, stderr: Path, pid_dir: Path, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, tied to this process's life.

    The kernel kills it when the *thread* that called this ends, so call it from one that lasts.
    Its session is noted in ``pid_dir``, so that a reaper elsewhere can end it if this process is killed.
    """
    with stdout.open("ab") as out, stderr.open("ab") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=env,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    (pid_dir / str(process.pid)).touch()
    return process


def session_members(session: int) -> list[ProcessInfo]:
    """Every live process of a session (zombies left out), in whichever group it has put itself."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        state, _parent, _group, of_session = stat.rpartition(")")[2].split()[:4]
        if int(of_session) == session and state not in "ZX":
            members.append(ProcessInfo(int(entry.name), tuple(command.decode(errors="replace").split("\0")[:-1])))
    return members


def kill_session(session: int) -> None:
    """Kill every process of a session; harmless when there is none."""
    for member in session_members(session):
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def reap_noted_sessions(pid_dir: Path) -> list[int]:
    """Kill every session noted in ``pid_dir`` that still has members. Returns the sessions that had any."""
    alive = []
    for note in pid_dir.iterdir():
        session = int(note.name)
        if session_members(session):
            alive.append(session)
            kill_session(session)
        note.unlink()
    return alive
