"""Starting a process at the other end of a socket pair, on POSIX: the child inherits its end."""

import socket
import subprocess
from collections.abc import Callable, Sequence

from libmultiprocess.spawned import SpawnedProcess


def spawn(arguments: Callable[[int], Sequence[str]], *, own_group: bool = False) -> SpawnedProcess:
    """Start a process that has one end of a socket pair.

    Args:
        arguments: makes the command line from the descriptor number that the child finds its end at.
        own_group: whether the child gets a process group of its own, so that a terminal's Ctrl-C spares it.

    Raises:
        OSError: if the program cannot be started.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        try:
            popen = subprocess.Popen(
                list(arguments(theirs.fileno())),
                pass_fds=(theirs.fileno(),),
                process_group=0 if own_group else None,
            )
        except BaseException:
            ours.close()
            raise
    return SpawnedProcess(popen, ours)


def inherited_socket(descriptor: int) -> socket.socket:
    """The socket that `spawn` left at ``descriptor``; not passed on to further children.

    Raises:
        OSError: if there is no socket.
    """
    sock = socket.socket(fileno=descriptor)
    try:
        sock.getsockname()
    except OSError:
        sock.detach()
        raise
    sock.set_inheritable(False)
    return sock
