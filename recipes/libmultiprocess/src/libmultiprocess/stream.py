"""From a socket to a first proxy, or to serving a first object."""

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from libmultiprocess.connection import Connection
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.proxy import ProxyClient, ProxyServer

ClientT = TypeVar("ClientT", bound=ProxyClient)
ImplT = TypeVar("ImplT")


def connect_stream(loop: EventLoop, sock: socket.socket, client_type: type[ClientT], peer: str = "peer") -> ClientT:
    """Talk to the process at the other end of ``sock``, which is taken over.

    Returns:
        A proxy for the first object the peer serves. Closing or dropping it closes the connection.

    Raises:
        Disconnected: if the peer goes away at once.
    """
    connection = Connection(loop, peer)

    async def open_stream() -> ClientT:
        await connection.transport.open(sock, None)
        return client_type(connection, connection.transport.bootstrap(client_type._interface))

    try:
        proxy = loop.run(open_stream)
        proxy._owns_connection = True
        construct: Callable[[], None] | None = getattr(proxy, "_construct", None)
        if construct is not None:
            construct()
    except BaseException:
        connection.close()
        raise
    return proxy


def serve_stream(
    loop: EventLoop, sock: socket.socket, server_type: type[ProxyServer[ImplT]], impl: ImplT, peer: str = "peer"
) -> Connection:
    """Serve ``impl`` to the process at the other end of ``sock``, which is taken over."""
    connection = Connection(loop, peer)

    async def open_stream() -> None:
        await connection.transport.open(sock, server_type(impl, connection))

    try:
        loop.run(open_stream)
    except BaseException:
        connection.close()
        raise
    return connection


class Listener:
    """Accepts connections on a Unix socket until it is closed."""

    def __init__(self, loop: EventLoop, path: Path, server_type: type[ProxyServer[Any]], impl: object) -> None:
        self.path = path
        self._loop = loop
        self._server_type = server_type
        self._impl = impl
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
        loop.run(self._start)

    async def _start(self) -> None:
        self._task = self._loop.create_task(self._accept())

    async def _accept(self) -> None:
        while True:
            sock, _ = await self._loop.accept(self._sock)
            connection = Connection(self._loop, "peer")
            # A peer that is gone already must not end the listening.
            with contextlib.suppress(OSError):
                await connection.transport.open(sock, self._server_type(self._impl, connection))

    def close(self) -> None:
        """Accept no more connections; existing ones stay."""

        async def stop() -> None:
            self._task.cancel()

        if not self._loop.closed:
            self._loop.run(stop)
        self._sock.close()
        self.path.unlink(missing_ok=True)


def listen(loop: EventLoop, path: Path, server_type: type[ProxyServer[ImplT]], impl: ImplT) -> Listener:
    """Serve ``impl`` to everyone who connects to the Unix socket at ``path``; a stale socket there is replaced.

    Raises:
        OSError: if the address cannot be had.
    """
    return Listener(loop, path, server_type, impl)


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
