"""Starting a process at the other end of a socket pair, on Windows: the child is handed a duplicate of its end.

A socket cannot be inherited there. ``socket.share`` makes a duplicate for one process, whose id must be known, so the
child has started by then and waits for it at its standard input.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

from libmultiprocess.launchers import without_launcher
from libmultiprocess.pairs import loopback_pair
from libmultiprocess.sharing import read_share, share_message
from libmultiprocess.spawned import SpawnedProcess

assert sys.platform == "win32"

_STDIN = 0


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
    ours, theirs = loopback_pair()
    with theirs:
        try:
            command, environment = without_launcher(list(arguments(_STDIN)))
            popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                env=environment,
                creationflags=subprocess.CREATE_NEW_PROCESS_GROUP if own_group else 0,
            )
        except BaseException:
            ours.close()
            raise
        assert popen.stdin is not None
        try:
            with popen.stdin as stdin:
                stdin.write(share_message(popen.pid, theirs.share(popen.pid)))
        except OSError:
            # It has ended already, or is about to for want of a socket: the caller sees that as a peer that hangs up.
            pass
        except BaseException:
            popen.kill()
            ours.close()
            raise
    return SpawnedProcess(popen, ours)


def inherited_socket(descriptor: int) -> socket.socket:
    """The socket that `spawn` has handed over through ``descriptor``; not passed on to further children.

    Standard input is empty afterwards.

    Raises:
        OSError: if there is none, or it was meant for another process.
    """
    shared = read_share(descriptor, os.getpid())
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(null, descriptor)
    finally:
        os.close(null)
    return socket.fromshare(shared)
