"""From a socket to a first proxy, or to serving a first object."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from libmultiprocess.connection import Connection
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.proxy import ProxyClient, ProxyServer
from libmultiprocess.refusals import Refusals
from libmultiprocess.unix import connect_unix, is_same_file, listen_unix, remove_unix, stranger_at

ClientT = TypeVar("ClientT", bound=ProxyClient)
ImplT = TypeVar("ImplT")


def connect_stream(loop: EventLoop, sock: socket.socket, client_type: type[ClientT], peer: str = "peer") -> ClientT:
    """Talk to the process at the other end of ``sock``, which is taken over.

    Returns:
        A proxy for the first object the peer serves. Closing or dropping it closes the connection.

    Raises:
        Disconnected: if the peer goes away at once.
        IpcError: if the loop is closed.
    """
    connection = Connection(loop, sock, peer)
    try:
        proxy = connection.first_object(client_type)
        construct: Callable[[], None] | None = getattr(proxy, "_construct", None)
        if construct is not None:
            construct()
        proxy._owns_connection = True
    except BaseException:
        connection.close()
        raise
    return proxy


def serve_stream(
    loop: EventLoop, sock: socket.socket, server_type: type[ProxyServer[ImplT]], impl: ImplT, peer: str = "peer"
) -> Connection:
    """Serve ``impl`` to the process at the other end of ``sock``, which is taken over.

    Raises:
        IpcError: if the loop is closed.
    """
    return Connection(loop, sock, peer, lambda connection: server_type(impl, connection))


class Listener:
    """Accepts connections of this user's processes on a Unix socket until it is closed.

    Attributes:
        path: the socket.
    """

    def __init__(
        self,
        loop: EventLoop,
        path: Path,
        server_type: type[ProxyServer[Any]],
        impl: object,
        max_connections: int | None,
        refused: Callable[[str], None] | None,
        bind: Callable[[Path], socket.socket],
        remove: Callable[[Path], None],
    ) -> None:
        self.path = path
        self._loop = loop
        self._server_type = server_type
        self._impl = impl
        self._max_connections = max_connections
        self._refusals = Refusals(refused or self._log)
        self._open = 0
        self._lock = threading.Lock()
        self._closed = False
        self._remove = remove
        self._sock = bind(path)
        self._file = path.stat()
        self._sock.setblocking(False)
        loop.accept_from(self._sock, self._accepted)

    def _accepted(self, sock: socket.socket) -> None:
        reason = stranger_at(sock)
        with self._lock:
            if reason is None and self._max_connections is not None and self._open >= self._max_connections:
                reason = f"there are {self._open} connections already"
            if reason is None:
                self._open += 1
        if reason is not None:
            sock.close()
            # What was only counted is told with the next one: the mode of the file keeps crowds away.
            self._refusals.sum_up()
            self._refusals.add(str(self.path), str(self.path), reason)
            return
        serve_stream(self._loop, sock, self._server_type, self._impl).on_disconnect(self._ended)

    def _log(self, text: str) -> None:
        log = self._loop.log
        if log.enabled:
            log(f"{{{thread_name(self._loop.name)}}} IPC {text}")

    def _ended(self) -> None:
        with self._lock:
            self._open -= 1

    def close(self, *, leave_file: bool = False) -> None:
        """Accept no more connections; existing ones stay.

        Args:
            leave_file: leave the socket's file where it is: whoever connects finds that connections are refused, as
                C++ programs have it. The next listener replaces it.
        """
        if not self._closed:
            self._closed = True
            self._loop.stop_accepting(self._sock)
            self._refusals.sum_up(everything=True)
            if not leave_file and is_same_file(self.path, self._file):
                self._remove(self.path)


def listen(
    loop: EventLoop,
    path: Path,
    server_type: type[ProxyServer[ImplT]],
    impl: ImplT,
    max_connections: int | None = None,
    refused: Callable[[str], None] | None = None,
    bind: Callable[[Path], socket.socket] = listen_unix,
    remove: Callable[[Path], None] = remove_unix,
) -> Listener:
    """Serve ``impl`` to this user's processes that connect to the Unix socket at ``path``; a stale one is replaced.

    Args:
        loop: the process's event loop.
        path: the socket's address.
        server_type: generated class that lets peers call ``impl``.
        impl: the object.
        max_connections: how many there may be at once; further ones are closed at once. None for any number.
        refused: takes a line for each connection that is refused, and one for many when there are many; not in the
            caller's thread. The loop's log does unless it is given.
        bind: makes the listening socket; for a process that may not do so itself.
        remove: deletes its file at the end; likewise.

    Raises:
        AddressInUse: another process listens there.
        AddressError: the path is too long, is no socket, belongs to another user, or cannot be made.
    """
    return Listener(loop, path, server_type, impl, max_connections, refused, bind, remove)


def connect(loop: EventLoop, path: Path, client_type: type[ClientT]) -> ClientT:
    """Connect to the Unix socket at ``path``.

    Raises:
        NobodyListens: there is no socket, or nobody behind it.
        PeerRefused: it is another user's.
        AddressError: the path is too long, is no socket, or cannot be reached.
        Disconnected: the peer hangs up at once.
    """
    return connect_stream(loop, connect_unix(path), client_type, peer=path.name)
