"""Starting a process at the other end of a socket pair, on Windows: the child is handed a duplicate of its end.

A socket cannot be inherited there. ``socket.share`` makes a duplicate for one process, whose id must be known, so the
child has started by then and waits for it at its standard input.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from libmultiprocess.launchers import without_launcher
from libmultiprocess.pairs import loopback_pair
from libmultiprocess.polling import PollingSocket
from libmultiprocess.sharing import read_share, share_message
from libmultiprocess.spawned import SpawnedProcess

assert sys.platform == "win32"

_STDIN = 0
_GRACE_SECONDS = 0.5


def spawn(arguments: Callable[[int], Sequence[str]], *, own_group: bool = False) -> SpawnedProcess:
    """Start a process that has one end of a socket pair.

    The child must be the program that calls `inherited_socket`, not a launcher that starts another one. A virtual
    environment's ``python.exe`` is such a launcher; where it is ``sys.executable``, it is passed by.

    Args:
        arguments: makes the command line from the descriptor number that the child finds its end at.
        own_group: whether the child gets a process group of its own, so that a terminal's Ctrl-C spares it.

    Raises:
        OSError: if the program cannot be started.
    """
    one, theirs = loopback_pair()
    ours = PollingSocket(one)
    reader, writer = os.pipe()
    try:
        with theirs:
            command, environment = without_launcher(list(arguments(_STDIN)))
            popen = subprocess.Popen(
                command,
                stdin=reader,
                env=environment,
                creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if own_group else 0,
            )
            try:
                os.write(writer, share_message(popen.pid, theirs.share(popen.pid)))
            except OSError:
                # It has ended already. The caller sees a peer that hangs up, as elsewhere.
                popen.kill()
    except BaseException:
        ours.close()
        os.close(writer)
        raise
    finally:
        os.close(reader)

    def child_ends() -> None:
        popen.wait()
        os.close(writer)

    _hang_up_after(child_ends, ours, "ipc-child")
    return SpawnedProcess(popen, ours)


def inherited_socket(descriptor: int) -> socket.socket:
    """The socket that `spawn` has handed over through ``descriptor``; not passed on to further children.

    Standard input is empty afterwards.

    Raises:
        OSError: if there is none, or it was meant for another process.
    """
    sock = PollingSocket(socket.fromshare(read_share(descriptor, os.getpid())))
    lifeline = os.dup(descriptor)
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(null, descriptor)
    finally:
        os.close(null)

    def parent_ends() -> None:
        # It writes no more, but keeps the other end open for as long as it lives.
        os.read(lifeline, 1)

    _hang_up_after(parent_ends, sock, "ipc-parent")
    return sock


def _hang_up_after(end: Callable[[], None], sock: socket.socket, name: str) -> None:
    """End the connection when the other process has ended.

    Windows does so itself; Wine sometimes leaves the sockets of a process that was killed open.

    Args:
        end: waits for that process's end.
        sock: this end.
        name: the waiting thread's.
    """

    def hang_up() -> None:
        with contextlib.suppress(OSError):
            end()
        # What had been sent by then is read within milliseconds.
        threading.Event().wait(_GRACE_SECONDS)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=hang_up, name=name, daemon=True).start()
