"""From a socket to a first proxy, or to serving a first object."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from libmultiprocess.connection import Connection
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.proxy import ProxyClient, ProxyServer

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
    """Accepts connections on a Unix socket until it is closed.

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
    ) -> None:
        self.path = path
        self._loop = loop
        self._server_type = server_type
        self._impl = impl
        self._max_connections = max_connections
        self._open = 0
        self._lock = threading.Lock()
        self._closed = False
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if path.is_socket():
                path.unlink()
            self._sock.bind(os.fspath(path))
            self._sock.listen()
            self._sock.setblocking(False)
        except BaseException:
            self._sock.close()
            raise
        loop.accept_from(self._sock, self._accepted)

    def _accepted(self, sock: socket.socket) -> None:
        with self._lock:
            full = self._max_connections is not None and self._open >= self._max_connections
            if not full:
                self._open += 1
        if full:
            log = self._loop.log
            if log.enabled:
                log(f"{{{thread_name(self._loop.name)}}} IPC refused connection {self._open + 1} on {self.path}")
            sock.close()
            return
        serve_stream(self._loop, sock, self._server_type, self._impl).on_disconnect(self._ended)

    def _ended(self) -> None:
        with self._lock:
            self._open -= 1

    def close(self) -> None:
        """Accept no more connections; existing ones stay."""
        if not self._closed:
            self._closed = True
            self._loop.stop_accepting(self._sock)
            self.path.unlink(missing_ok=True)


def listen(
    loop: EventLoop,
    path: Path,
    server_type: type[ProxyServer[ImplT]],
    impl: ImplT,
    max_connections: int | None = None,
) -> Listener:
    """Serve ``impl`` to everyone who connects to the Unix socket at ``path``; a stale socket there is replaced.

    Args:
        loop: the process's event loop.
        path: the socket's address.
        server_type: generated class that lets peers call ``impl``.
        impl: the object.
        max_connections: how many there may be at once; further ones are closed at once. None for any number.

    Raises:
        OSError: if the address cannot be had.
    """
    return Listener(loop, path, server_type, impl, max_connections)


def connect(loop: EventLoop, path: Path, client_type: type[ClientT]) -> ClientT:
    """Connect to the Unix socket at ``path``.

    Raises:
        OSError: if nobody listens there.
        Disconnected: if the peer hangs up at once.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(os.fspath(path))
    except BaseException:
        sock.close()
        raise
    return connect_stream(loop, sock, client_type, peer=path.name)
