"""Unix sockets that serve their owner and nobody else."""

import contextlib
import errno
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from libmultiprocess.errors import AddressError, AddressInUse, NobodyListens, PeerRefused

_PATH_BYTES: Final = 107 if sys.platform == "linux" else 103
_BACKLOG: Final = 128
_LOCAL_PEERCRED: Final = 1
"""macOS and FreeBSD have this option, and Python has no name for it."""


def listen_unix(path: Path) -> socket.socket:
    """A listening socket that only this user can connect to. A stale one is replaced.

    Raises:
        AddressInUse: another process listens there.
        AddressError: there are no Unix sockets on this system; the path is too long, is no socket, belongs to another
            user, or cannot be made.
    """
    _check(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _alone_in(path.parent):
            _clear_the_way(path)
            with contextlib.suppress(OSError):
                # On Linux the file gets the socket's own mode: there is no moment in which it is wider.
                os.fchmod(sock.fileno(), 0o600)
            sock.bind(os.fspath(path))
            path.chmod(0o600)
            sock.listen(_BACKLOG)
    except AddressError:
        sock.close()
        raise
    except OSError as error:
        sock.close()
        raise AddressError(f"cannot listen at {path}: {error.strerror or error}") from error
    except BaseException:
        sock.close()
        raise
    return sock


def remove_unix(path: Path) -> None:
    """Delete the file of a listening socket."""
    path.unlink(missing_ok=True)


def connect_unix(path: Path) -> socket.socket:
    """A socket connected to a process of this user.

    Raises:
        NobodyListens: there is no socket, or nobody behind it.
        PeerRefused: it is another user's.
        AddressError: there are no Unix sockets on this system; the path is too long, is no socket, or cannot be
            reached.
    """
    _check(path)
    try:
        status = path.stat()
    except OSError as error:
        raise _failure(path, error) from error
    if not stat.S_ISSOCK(status.st_mode):
        raise AddressError(f"{path} is not a socket")
    if status.st_uid != os.geteuid():
        raise PeerRefused(f"{path} is a socket of another user (uid {status.st_uid}); only one's own is used")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(os.fspath(path))
        uid = peer_uid(sock)
        if uid not in (None, os.geteuid()):
            raise PeerRefused(f"a process of another user (uid {uid}) listens at {path}")
    except AddressError:
        sock.close()
        raise
    except OSError as error:
        sock.close()
        raise _failure(path, error) from error
    except BaseException:
        sock.close()
        raise
    return sock


def peer_uid(sock: socket.socket) -> int | None:
    """User id of the process that the other end was opened by; None where the system does not tell.

    Raises:
        OSError: if the socket is not connected any more.
    """
    if hasattr(socket, "SO_PEERCRED"):
        return int(struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
    if sys.platform == "darwin" or sys.platform.startswith("freebsd"):
        return int(struct.unpack_from("II", sock.getsockopt(0, _LOCAL_PEERCRED, 128))[1])
    return None


def stranger_at(sock: socket.socket) -> str | None:
    """Why the process at the other end is not served; None if it is this user's own."""
    try:
        uid = peer_uid(sock)
    except OSError as error:
        return f"its user cannot be told: {error.strerror or error}"
    if uid in (None, os.geteuid()):
        return None
    return f"it belongs to another user (uid {uid})"


def is_same_file(path: Path, status: os.stat_result) -> bool:
    """Whether the file at ``path`` is the one that ``status`` is of."""
    try:
        return os.path.samestat(path.lstat(), status)
    except OSError:
        return False


def _check(path: Path) -> None:
    if not hasattr(socket, "AF_UNIX"):
        raise AddressError(f"{path}: this system has no Unix sockets. Use TCP")
    length = len(os.fsencode(path))
    if length > _PATH_BYTES:
        raise AddressError(
            f"the socket path {path} is too long: {length} bytes, where the system takes {_PATH_BYTES}. Choose another"
        )


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from replacing a stale socket in ``folder`` at the same time."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            # A file system without locks leaves a race of microseconds.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _clear_the_way(path: Path) -> None:
    """Remove a stale socket."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise AddressError(
            f"{path} exists and is not a socket; it is left as it is. Choose another path, or move it away"
        )
    if status.st_uid != os.geteuid():
        raise AddressError(f"{path} is a socket of another user (uid {status.st_uid}). Choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except FileNotFoundError:
            return
        except BlockingIOError:
            # Somebody listens, and has more waiting than it can accept.
            pass
    raise AddressInUse(f"another process listens at {path}")


def _failure(path: Path, error: OSError) -> AddressError:
    if error.errno == errno.ENOENT:
        return NobodyListens(f"nobody listens at {path}: there is no such socket")
    if error.errno == errno.ECONNREFUSED:
        return NobodyListens(f"nobody listens at {path}: the process that did has ended")
    return AddressError(f"cannot connect to {path}: {error.strerror or error}")
