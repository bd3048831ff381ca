"""A process's side of its launcher: asking it to start, run and open."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from moneyrocket.sandbox import messages
from moneyrocket.sandbox.launcher import STATUS

_UNKNOWN_STATUS: Final = -signal.SIGKILL


class LauncherGoneError(OSError):
    """The launcher has ended; what only it can do cannot be done any more."""

    def __init__(self) -> None:
        super().__init__("the launcher process has ended")


class LaunchedProcess:
    """A process that the launcher has started. Safe to use from several threads.

    Attributes:
        pid: its process id.
        sock: the socket to it; the caller's to close.
    """

    def __init__(self, client: LauncherClient, pid: int, sock: socket.socket, status: int) -> None:
        self.pid = pid
        self.sock = sock
        self._client = client
        self._ending = _Ending(status)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process's end and return its status, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout`` seconds.
        """
        status = self._ending.wait(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return status

    def kill(self) -> None:
        """End the process at once."""
        self._client.kill(self.pid)


class _Ending:
    """Where the status of a process arrives."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        self._lock = threading.Lock()
        self._status: int | None = None

    def wait(self, timeout: float | None) -> int | None:
        """The status; None if there is none after ``timeout`` seconds."""
        if self._status is None:
            poll = select.poll()
            poll.register(self._file.fileno(), select.POLLIN)
            if not poll.poll(None if timeout is None else timeout * 1000):
                return None
        with self._lock:
            if self._status is None:
                data = self._file.read(STATUS.size)
                # Nothing comes of a launcher that was killed itself.
                self._status = STATUS.unpack(data)[0] if data else _UNKNOWN_STATUS
        return self._status


class LauncherClient:
    """Asks the launcher; also a `moneyrocket.common.own_files.FileBroker`. Safe to use from several threads.

    Args:
        sock: the socket to it.
        files: the files that it opens for this process.
        readable_names: files of these names it opens wherever they are.
    """

    def __init__(self, sock: socket.socket, files: Sequence[Path], readable_names: Sequence[str] = ()) -> None:
        self._sock = sock
        self._files = frozenset(files)
        self._readable_names = frozenset(readable_names)
        self._lock = threading.Lock()
        self._early: dict[str, LaunchedProcess] = {}

    def start_early(self, program: str) -> None:
        """Start a program that `start` will be asked for; that tells of a failure, too."""
        with suppress(OSError):
            self._early[program] = self.start(program)

    def start(self, program: str) -> LaunchedProcess:
        """Start a program of the launcher's plan.

        Raises:
            OSError: it cannot be started.
        """
        early = self._early.pop(program, None)
        if early is not None:
            return early
        reply, (sock, status) = self._ask({"do": "start", "program": program})
        return LaunchedProcess(self, reply["pid"], socket.socket(fileno=sock), status)

    def run(self, command: str) -> int:
        """Run a shell command of the launcher's plan and wait for it; returns its status as a shell does.

        Raises:
            OSError: it cannot be run.
        """
        _, (status,) = self._ask({"do": "run", "command": command})
        return _Ending(status).wait(None) or 0

    def kill(self, pid: int) -> None:
        """End a process that the launcher has started, if it still runs."""
        self._ask({"do": "kill", "pid": pid})

    @contextmanager
    def granted(self, path: str, *, write: bool) -> Iterator[None]:
        """Let the launched processes have a file opened while the block runs.

        Args:
            path: the file, absolute.
            write: written anew rather than read.
        """
        self._ask({"do": "grant", "path": path, "write": write})
        try:
            yield
        finally:
            with suppress(LauncherGoneError):
                self._ask({"do": "revoke", "path": path, "write": write})

    # FileBroker

    def covers(self, path: Path) -> bool:
        """See `FileBroker`."""
        return path in self._files or path.name in self._readable_names

    def open(self, path: Path, flags: int, mode: int) -> int:
        """See `FileBroker`."""
        _, (descriptor,) = self._ask({"do": "open", "path": os.fspath(path), "flags": flags, "mode": mode})
        return descriptor

    def rename(self, path: Path, target: Path) -> None:
        """See `FileBroker`."""
        self._ask({"do": "rename", "path": os.fspath(path), "target": os.fspath(target)})

    def remove(self, path: Path) -> None:
        """See `FileBroker`."""
        self._ask({"do": "remove", "path": os.fspath(path)})

    def chmod(self, path: Path, mode: int) -> None:
        """See `FileBroker`."""
        self._ask({"do": "chmod", "path": os.fspath(path), "mode": mode})

    def listen(self, path: Path) -> socket.socket:
        """Make a listening Unix socket at one of this process's files.

        Raises:
            OSError: the launcher cannot.
        """
        _, (descriptor,) = self._ask({"do": "listen", "path": os.fspath(path)})
        return socket.socket(fileno=descriptor)

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        try:
            with self._lock:
                messages.send(self._sock, request)
                reply, received = messages.receive(self._sock)
        except OSError as error:
            raise LauncherGoneError from error
        if "errno" in reply:
            number = reply["errno"]
            if number is None:
                raise OSError(reply["text"])
            raise OSError(number, os.strerror(number), request.get("path"))
        return reply, received
