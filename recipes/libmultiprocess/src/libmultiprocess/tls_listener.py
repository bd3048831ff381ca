"""The side of a TLS connection that waits for clients, and has to do with strangers until it knows them.

What a stranger can take is bounded: a descriptor and a few hundred bytes until it speaks, then the state of one
handshake; for less than a second; and by no more than a fixed number of them at once.
"""

import contextlib
import errno
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from libmultiprocess.errors import AddressError, AddressInUse, PeerRefused
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.proxy import ProxyServer
from libmultiprocess.refusals import Refusals
from libmultiprocess.relay import READ, WRITE, Relay
from libmultiprocess.stream import serve_stream
from libmultiprocess.tls import REASON_BYTES, REFUSAL, WELCOME, checked, reason_of, stay_alive

ImplT = TypeVar("ImplT")

HANDSHAKE_SECONDS: Final = 0.8
"""How long a client may take to show who it is."""

PENDING_HANDSHAKES: Final = 128
"""How many clients may be at that at once; more of them push out those that have been for longest."""

_BACKLOG: Final = 1024
_ACCEPTS: Final = 64
"""Connections taken in one go, before those that are there already get their turn."""

_SUM_UP_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.1


class _Handshake:
    """A client that has not shown yet who it is.

    Attributes:
        sock: a TLS socket once it has spoken.
        source: its host.
        name: host and port.
        spoke: whether anything has come from it.
    """

    __slots__ = ("name", "sock", "source", "spoke")

    def __init__(self, sock: socket.socket, host: str, port: int) -> None:
        self.sock = sock
        self.source = host
        self.name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.spoke = False


class TlsListener:
    """Accepts connections on TCP until it is closed. Made by `listen_tls`.

    Attributes:
        addresses: where, each a numeric host and a port.
    """

    def __init__(
        self,
        loop: EventLoop,
        sockets: list[socket.socket],
        make_context: Callable[[], ssl.SSLContext],
        server_type: type[ProxyServer[Any]],
        offer: Callable[[bytes], object],
        identify: Callable[[bytes], str] | None,
        refused: Callable[[str], None] | None,
        max_connections: int | None,
    ) -> None:
        self._loop = loop
        self._relay = loop.companion(Relay)
        self.addresses = [(str(name[0]), int(name[1])) for name in (sock.getsockname() for sock in sockets)]
        self._sockets = sockets
        self._make_context = make_context
        self._server_type = server_type
        self._offer = offer
        self._identify = identify
        self._max_connections = max_connections
        self._open = 0
        self._refusals = Refusals(refused or self._relay.log)
        self._summing_up = False
        self._pending: dict[_Handshake, None] = {}
        self._closed = False
        self._relay.post(self._begin)

    @property
    def port(self) -> int:
        """The port of the first address."""
        return self.addresses[0][1]

    def close(self) -> None:
        """Accept no more connections; existing ones stay."""
        if not self._closed:
            self._closed = True
            self._relay.run(self._end)

    # In the relay's thread.

    def _begin(self) -> None:
        self._relay.on_close(self, self._end)
        self._watch()

    def _watch(self) -> None:
        for sock in self._sockets:
            self._relay.watch(sock, READ, partial(self._accept, sock))

    def _end(self) -> None:
        self._closed = True
        self._relay.on_close(self, None)
        for sock in self._sockets:
            self._relay.watch(sock, 0, self._watch)
            sock.close()
        self._sockets = []
        for handshake in list(self._pending):
            self._drop(handshake)
        self._refusals.sum_up(everything=True)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTS):
            try:
                sock, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._out_of_descriptors()
                    return
                # It has gone already.
                continue
            if len(self._pending) >= PENDING_HANDSHAKES:
                self._make_room("newer connections take its place")
            sock.setblocking(False)
            handshake = _Handshake(sock, str(address[0]), int(address[1]))
            self._pending[handshake] = None
            self._relay.watch(sock, READ, partial(self._advance, handshake))
            self._relay.call_later(HANDSHAKE_SECONDS, partial(self._expire, handshake))

    def _out_of_descriptors(self) -> None:
        if self._pending:
            self._make_room("too many open files")
            return
        for sock in self._sockets:
            self._relay.watch(sock, 0, self._watch)
        self._relay.call_later(_PAUSE_SECONDS, self._watch)

    def _make_room(self, reason: str) -> None:
        """Give up the oldest that has not said a word, or else the oldest."""
        silent = (handshake for handshake in self._pending if not handshake.spoke)
        self._refuse(next(silent, None) or next(iter(self._pending)), reason)

    def _expire(self, handshake: _Handshake) -> None:
        if handshake in self._pending:
            self._refuse(handshake, f"it did not show who it is within {HANDSHAKE_SECONDS} seconds")

    def _advance(self, handshake: _Handshake) -> None:
        try:
            if not handshake.spoke:
                # Only now, so that those who never speak cost next to nothing.
                handshake.spoke = True
                self._relay.watch(handshake.sock, 0, self._watch)
                handshake.sock = checked(self._make_context()).wrap_socket(
                    handshake.sock, server_side=True, do_handshake_on_connect=False
                )
            tls = handshake.sock
            assert isinstance(tls, ssl.SSLSocket)
            tls.do_handshake()
            certificate = tls.getpeercert(True)
            if not certificate:
                raise PeerRefused("it showed no certificate")
            name = self._name_of(tls, certificate)
        except ssl.SSLWantReadError:
            self._relay.watch(handshake.sock, READ, partial(self._advance, handshake))
        except ssl.SSLWantWriteError:
            self._relay.watch(handshake.sock, WRITE, partial(self._advance, handshake))
        except Exception as error:
            # Nothing that a stranger sends may end the thread, and each gets its line.
            self._refuse(handshake, reason_of(error))
        else:
            self._welcome(handshake, tls, certificate, name)

    def _name_of(self, tls: ssl.SSLSocket, certificate: bytes) -> str:
        if self._identify is None:
            return ""
        try:
            return self._identify(certificate)
        except PeerRefused as error:
            # Who has a good key may know why it is of no use here.
            with contextlib.suppress(OSError):
                tls.send(REFUSAL + str(error).encode()[:REASON_BYTES])
            raise

    def _welcome(self, handshake: _Handshake, tls: ssl.SSLSocket, certificate: bytes, name: str) -> None:
        del self._pending[handshake]
        self._relay.watch(tls, 0, self._watch)
        peer = f"{name} at {handshake.name}" if name else handshake.name
        try:
            if self._max_connections is not None and self._open >= self._max_connections:
                raise PeerRefused(f"there are {self._open} connections already")
            offered = self._offer(certificate)
            stay_alive(tls)
            # It begins when this thread is through here, so the welcome is first.
            local = self._relay.carry(tls, peer)
            try:
                tls.send(WELCOME)
            except OSError:
                local.close()
                raise
            connection = serve_stream(self._loop, local, self._server_type, offered, peer=peer)
        except Exception as error:
            tls.close()
            self._tell(handshake, reason_of(error))
            return
        self._open += 1
        connection.on_disconnect(partial(self._relay.post, self._ended))

    def _ended(self) -> None:
        self._open -= 1

    def _refuse(self, handshake: _Handshake, reason: str) -> None:
        self._drop(handshake)
        self._tell(handshake, reason)

    def _drop(self, handshake: _Handshake) -> None:
        self._pending.pop(handshake, None)
        self._relay.watch(handshake.sock, 0, self._watch)
        handshake.sock.close()

    def _tell(self, handshake: _Handshake, reason: str) -> None:
        counted = self._refusals.add(handshake.source, handshake.name, reason)
        if counted and not self._summing_up:
            self._summing_up = True
            self._relay.call_later(_SUM_UP_SECONDS, self._sum_up)

    def _sum_up(self) -> None:
        seconds = self._refusals.sum_up()
        self._summing_up = seconds is not None
        if seconds is not None:
            self._relay.call_later(seconds, self._sum_up)


def listen_tls(
    loop: EventLoop,
    host: str,
    port: int,
    make_context: Callable[[], ssl.SSLContext],
    server_type: type[ProxyServer[ImplT]],
    offer: Callable[[bytes], ImplT],
    *,
    identify: Callable[[bytes], str] | None = None,
    refused: Callable[[str], None] | None = None,
    max_connections: int | None = None,
) -> TlsListener:
    """Serve an object over TCP to everyone who shows a certificate that is trusted.

    Args:
        loop: the process's event loop.
        host: name or number of the address; every address that a name stands for.
        port: 0 for one that is free.
        make_context: makes what `tls.mutual_context` makes, for the server's side. Asked for each connection, so that a
            change of keys counts from the next one on. Not in the caller's thread; what it raises is why a client is
            refused.
        server_type: generated class that lets peers call the object.
        offer: the object for a peer, from its certificate (DER); the same one for all, perhaps. Not in the caller's
            thread.
        identify: a name for the peer, from its certificate (DER); raises `PeerRefused` to turn it away.
        refused: takes a line for each stranger, and one for many when there are many; not in the caller's thread. The
            loop's log does unless it is given.
        max_connections: how many there may be at once; None for any number.

    Raises:
        AddressInUse: another process listens there.
        AddressError: there is no such host, or it is not this machine's.
        IpcError: the loop is closed.
    """
    sockets = _listening(host, port)
    try:
        return TlsListener(loop, sockets, make_context, server_type, offer, identify, refused, max_connections)
    except BaseException:
        for sock in sockets:
            sock.close()
        raise


def _listening(host: str, port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    addresses = _resolved(host, port)
    try:
        for family, address in addresses:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(_BACKLOG)
            sock.setblocking(False)
    except OSError as error:
        for sock in sockets:
            sock.close()
        where = f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(f"another process listens at {where}; choose another port") from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise AddressError(f"{host} is not an address of this machine") from error
        raise AddressError(f"cannot listen at {where}: {error.strerror or error}") from error
    return sockets


def _resolved(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise AddressError(f"host {host} is not known: {error.strerror}") from error
    return list(dict.fromkeys((family, address) for family, _type, _proto, _name, address in found))
