"""Processes that this one starts, and being started by another."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from libmultiprocess import (
    Connection,
    EventLoop,
    SpawnedProcess,
    close,
    connect_stream,
    connection_of,
    inherited_socket,
    serve_stream,
    spawn,
)

from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.init import Init
from moneyrocket.ipc.programs import (
    IPC_DESCRIPTOR_OPTION,
    NODE_PROGRAM,
    WALLET_PROGRAM,
    program_command,
    program_module,
)
from moneyrocket.ipc.protocol import count_calls_of, make_event_loop
from moneyrocket.sandbox.state import launcher

if TYPE_CHECKING:
    from moneyrocket.sandbox.launched import LaunchedProcess

_REAP_SECONDS: Final = 60

_log = category_logger("ipc")


class ChildProcess:
    """A process that was started by `spawn_process`, and its first object.

    Attributes:
        init: makes the interfaces that the process offers. Once the process has gone, calls of anything that came
            from it raise `ConnectionError`.
    """

    def __init__(
        self, loop: EventLoop, name: str, process: SpawnedProcess | LaunchedProcess, init: Init, connection: Connection
    ) -> None:
        self.init = init
        self._loop = loop
        self._name = name
        self._process = process
        self._connection = connection

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def connected(self) -> bool:
        """Whether the process can still be called."""
        return not self._connection.closed

    def reap(self) -> None:
        """Take note of the process's end, so that it does not stay in the process table."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(_REAP_SECONDS)
            _log.debug("Process %s pid %d exited with status %d", self._name, self.pid, status)

    def on_disconnect(self, hook: Callable[[], None]) -> None:
        """Run ``hook`` once, in a thread of its own, when the process has gone; at once if it already has."""
        self._connection.on_disconnect(hook)

    def close(self, timeout: float = 60) -> int:
        """Hang up, which tells the process to end, and wait for that.

        Args:
            timeout: seconds after which it is killed.

        Returns:
            Its exit status, negative for a signal.
        """
        close(self.init)
        self._loop.close()
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def spawn_process(program: str, module: str, own_name: str) -> ChildProcess:
    """Start another executable of this installation and connect to it.

    Args:
        program: name of the executable, looked for beside the running one.
        module: what to run with this Python when there is no such executable (a source tree).
        own_name: name of the running executable, for log lines.

    Raises:
        InitError: if it cannot be started or ends at once.
    """
    from moneyrocket.ipc.generated.init import InitClient

    loop = make_event_loop(own_name)
    outside = launcher()
    process: SpawnedProcess | LaunchedProcess
    try:
        if outside is None:
            command = program_command(program, module)
            process = spawn(lambda descriptor: [*command, f"{IPC_DESCRIPTOR_OPTION}={descriptor}"], own_group=True)
        else:
            process = outside.start(program)
        _log.debug("Process %s pid %d launched", program, process.pid)
        try:
            init = connect_stream(loop, process.sock, InitClient, peer=program)
        except BaseException:
            process.kill()
            process.wait()
            raise
    except OSError as error:
        loop.close()
        raise InitError(f"Cannot start {program}: {error}") from error
    connection = connection_of(init)
    assert connection is not None
    count_calls_of(connection)
    child = ChildProcess(loop, program, process, init, connection)
    # Not in the thread of the hooks: a process that hangs up and stays must not delay what else a hang-up causes.
    child.on_disconnect(threading.Thread(target=child.reap, name="ipc-reap", daemon=True).start)
    return child


def spawn_wallet(own_name: str) -> ChildProcess:
    """Start ``moneyrocket-wallet``; its `Init` makes a wallet loader.

    Raises:
        InitError: if it cannot be started or ends at once.
    """
    return spawn_process(WALLET_PROGRAM, program_module(WALLET_PROGRAM), own_name)


def spawn_node(own_name: str) -> ChildProcess:
    """Start ``moneyrocket-node`` for a desktop program; its `Init` makes a node.

    Raises:
        InitError: if it cannot be started or ends at once.
    """
    return spawn_process(NODE_PROGRAM, program_module(NODE_PROGRAM), own_name)


def inherited_descriptor(arguments: Sequence[str]) -> int | None:
    """The descriptor in a command line made by `spawn_process`, None for any other command line.

    Args:
        arguments: the command line without the program's name.

    Raises:
        InitError: if the option has no number.
    """
    if len(arguments) != 1 or not arguments[0].startswith(IPC_DESCRIPTOR_OPTION + "="):
        return None
    text = arguments[0].partition("=")[2]
    if not text.isdecimal():
        raise InitError(f"Invalid {IPC_DESCRIPTOR_OPTION} number '{text}'")
    return int(text)


def serve_inherited(descriptor: int, init: Init, own_name: str) -> NoReturn:
    """Serve ``init`` to the process that started this one, and end this one as soon as that one hangs up or dies.

    Whatever must not be lost has to be durable before a caller is told of it: threads are not waited for.

    Args:
        descriptor: from `inherited_descriptor`.
        init: makes this process's interfaces.
        own_name: name of the running executable, for log lines.

    Raises:
        InitError: if there is no socket at the descriptor.
    """
    serve_until_hang_up(descriptor, init, own_name)
    os._exit(0)


def serve_until_hang_up(descriptor: int, init: Init, own_name: str) -> None:
    """Serve ``init`` to the process that started this one; returns when that one hangs up or dies.

    Args and errors are those of `serve_inherited`.
    """
    from moneyrocket.ipc.generated.init import InitServer

    # The process that started this one decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sock = inherited_socket(descriptor)
    except OSError as error:
        raise InitError(f"Invalid {IPC_DESCRIPTOR_OPTION} number '{descriptor}' ({error.strerror})") from error
    loop = make_event_loop(own_name)
    connection = serve_stream(loop, sock, InitServer, init, peer="the process that started this one")
    count_calls_of(connection)
    connection.wait_closed()
    _log.debug("The process that started this one has gone, ending")
