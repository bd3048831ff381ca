"""The launcher: a small process outside of the sandbox that does for a sandboxed one what this may not do itself.

A process inherits the rules of the one that starts it, so one without access to wallets cannot start the process that
has it. Nor can it run a command of the user's, or replace a file that lies beside wallets. It therefore forks before it
enters its sandbox, and the fork stays outside. What that does is fixed at the fork: these programs with these settings,
these commands, these files. It ends with the process it belongs to.
"""

from __future__ import annotations

import errno
import os
import re
import select
import signal
import socket
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from moneyrocket.sandbox import messages
from moneyrocket.sandbox.launch import LAUNCH_VARIABLE
from moneyrocket.sandbox.process_title import set_process_title

TITLE: Final = "moneyrocket launcher"

STATUS: Final = struct.Struct("<i")
"""How the end of a process is told."""

_HANG_UP: Final = (OSError, ValueError, LookupError, TypeError, AttributeError)
"""What comes of a client that is gone, does not read its answers, or sends nonsense: it is not served any more."""

_HASH: Final = "[0-9a-f]{64}"
_DEFAULT_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ)
_GRANTED_FLAGS: Final = {False: os.O_RDONLY, True: os.O_WRONLY | os.O_CREAT | os.O_TRUNC}


@dataclass(frozen=True, slots=True)
class Program:
    """What may be started.

    Attributes:
        command: its command line, to which the option with the socket's descriptor is added.
        descriptor_option: name of that option.
        settings: what the program reads from `LAUNCH_VARIABLE`'s first descriptor.
        files: files that the program may have opened.
    """

    command: tuple[str, ...]
    descriptor_option: str
    settings: str = ""
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """All that a launcher will ever do.

    Attributes:
        programs: what it starts, by name.
        files: the files that its owner may open, replace and delete.
        readable_names: files of these names its owner may read wherever they are.
        listen: makes a listening socket at one of ``files``; may raise `OSError`.
        commands: shell commands that it runs; ``%s`` in one stands for the hash of a block or transaction.
    """

    programs: dict[str, Program] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    readable_names: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    listen: Callable[[Path], socket.socket] | None = None


def fork_launcher(plan: LaunchPlan) -> socket.socket:
    """Start the launcher of this process; returns the socket to it. Must be called before a second thread is started.

    Raises:
        OSError: it cannot be started.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        _run(plan, theirs)
    theirs.close()
    return ours


def _run(plan: LaunchPlan, sock: socket.socket) -> NoReturn:
    try:
        # A terminal's Ctrl-C is for the process that it belongs to, which then hangs up.
        os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        # Not a descriptor of the owner's is kept: neither its end of the socket nor the line of a waiting -daemon.
        os.closerange(3, sock.fileno())
        os.closerange(sock.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        set_process_title(TITLE)
        _Launcher(plan, sock).serve()
    finally:
        os._exit(0)


class _Launcher:
    def __init__(self, plan: LaunchPlan, owner: socket.socket) -> None:
        self._plan = plan
        self._owner = owner
        self._patterns = [re.compile(re.escape(each).replace("%s", _HASH)) for each in plan.commands]
        self._own_paths = frozenset(map(os.fspath, plan.files))
        self._granted: dict[str, list[bool]] = {}
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._children: dict[int, int] = {}
        self._running = True
        self._watch(owner.fileno(), self._serve_owner)

    def serve(self) -> None:
        while self._running:
            for descriptor, _event in self._poll.poll():
                handler = self._handlers.get(descriptor)
                if handler is not None:
                    handler()

    def _watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, select.POLLIN)

    def _forget(self, descriptor: int) -> None:
        del self._handlers[descriptor]
        self._poll.unregister(descriptor)

    def _serve_owner(self) -> None:
        try:
            self._answer(self._owner, self._do_for_owner)
        except _HANG_UP:
            self._running = False

    def _answer(self, client: socket.socket, do: Callable[[dict[str, Any]], tuple[dict[str, Any], list[int]]]) -> None:
        request, received = messages.receive(client)
        for descriptor in received:
            os.close(descriptor)
        reply: dict[str, Any] = {}
        descriptors: list[int] = []
        try:
            reply, descriptors = do(request)
        except OSError as error:
            reply = {"errno": error.errno, "text": str(error)}
        try:
            messages.send(client, reply, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _do_for_owner(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        what = request["do"]
        if what == "start":
            return self._start(self._plan.programs[request["program"]])
        if what == "run":
            return {}, [self._run_command(request["command"])]
        if what == "kill":
            descriptor = self._children.get(request["pid"])
            if descriptor is not None:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return {}, []
        if what == "grant":
            self._granted.setdefault(request["path"], []).append(request["write"])
            return {}, []
        if what == "revoke":
            self._granted[request["path"]].remove(request["write"])
            return {}, []
        return self._do_with_file(request)

    def _do_with_file(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        what, path = request["do"], Path(request["path"])
        if request["path"] not in self._own_paths:
            if what == "open" and path.name in self._plan.readable_names:
                return {}, [_open_regular(path, os.O_RDONLY | os.O_NOFOLLOW)]
            raise OSError(errno.EACCES, what)
        if what == "open":
            return {}, [os.open(path, request["flags"], request["mode"])]
        if what == "rename":
            if request["target"] not in self._own_paths:
                raise OSError(errno.EACCES, what)
            path.replace(request["target"])
        elif what == "remove":
            path.unlink()
        elif what == "chmod":
            path.chmod(request["mode"])
        elif what == "listen" and self._plan.listen is not None:
            return {}, [self._plan.listen(path).detach()]
        else:
            raise OSError(errno.EINVAL, what)
        return {}, []

    # Programs and commands

    def _start(self, program: Program) -> tuple[dict[str, Any], list[int]]:
        settings = os.memfd_create("settings")
        os.write(settings, program.settings.encode())
        os.lseek(settings, 0, os.SEEK_SET)
        ipc, their_ipc = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        files, their_files = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Whoever does not read must not hold up the others.
        files.setblocking(False)
        with ipc, their_ipc, their_files:
            passed = (settings, their_ipc.fileno(), their_files.fileno())
            try:
                for descriptor in passed:
                    os.set_inheritable(descriptor, True)
                pid = self._spawn(
                    [*program.command, f"{program.descriptor_option}={their_ipc.fileno()}"],
                    {LAUNCH_VARIABLE: f"{settings},{their_files.fileno()}"},
                )
            except OSError:
                files.close()
                raise
            finally:
                os.close(settings)
            status = self._watch_child(pid)
            self._watch(files.fileno(), lambda: self._serve_program(files, program))
            return {"pid": pid}, [ipc.detach(), status]

    def _run_command(self, command: str) -> int:
        if not any(pattern.fullmatch(command) for pattern in self._patterns):
            raise OSError(errno.EACCES, command)
        return self._watch_child(self._spawn(["/bin/sh", "-c", command], {}))

    def _spawn(self, command: list[str], variables: dict[str, str]) -> int:
        environment = {**os.environ, **variables}
        return os.posix_spawn(command[0], command, environment, setpgroup=0, setsigdef=_DEFAULT_SIGNALS)

    def _watch_child(self, pid: int) -> int:
        """Returns the descriptor on which the status of the child will be told."""
        child = os.pidfd_open(pid)
        reader, writer = os.pipe()

        def ended() -> None:
            self._forget(child)
            self._children.pop(pid, None)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(child)
            with suppress(BrokenPipeError):
                os.write(writer, STATUS.pack(status))
            os.close(writer)

        self._children[pid] = child
        self._watch(child, ended)
        return reader

    # Launched programs

    def _serve_program(self, client: socket.socket, program: Program) -> None:
        def do(request: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
            return {}, [self._open_for(program, request)]

        try:
            self._answer(client, do)
        except _HANG_UP:
            self._forget(client.fileno())
            client.close()

    def _open_for(self, program: Program, request: dict[str, Any]) -> int:
        path, flags = request["path"], request["flags"]
        if request["do"] != "open":
            raise OSError(errno.EACCES, path)
        if Path(path) in program.files:
            return os.open(path, flags, request["mode"])
        write = flags & os.O_ACCMODE != os.O_RDONLY
        if write not in self._granted.get(path, ()):
            raise OSError(errno.EACCES, path)
        return _open_regular(Path(path), _GRANTED_FLAGS[write])


def _open_regular(path: Path, flags: int) -> int:
    """Opens a file that the user has named; anything else than a file could hold the launcher up."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a file")
    return descriptor
