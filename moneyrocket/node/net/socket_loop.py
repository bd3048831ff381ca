"""The net thread: accepts, reads, writes and closes sockets."""

import selectors
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.connection import Connection
from moneyrocket.node.net.listener import Listener, endpoint_of
from moneyrocket.node.net.netaddress import AddressError, Endpoint
from moneyrocket.node.net.transport import TransportError

log = category_logger("net")

_POLL_SECONDS = 0.05
"""How often timers are looked at, since mock time can jump at any moment."""
_IDLE_POLL_SECONDS = 1.0
_RECEIVE_CHUNK = 1 << 18
_SILENCE_SECONDS = 20 * 60
_MICROS = 1_000_000


class SocketOwner(Protocol):
    """What the loop needs of the connection manager."""

    network_active: bool

    def connections(self) -> Sequence[Connection]:
        """The open connections."""

    def accept(self, sock: socket.socket, endpoint: Endpoint, bind: Endpoint, listener: Listener) -> None:
        """Take a new inbound socket, or close it."""

    def remove(self, connection: Connection) -> None:
        """Forget a closed connection."""

    def count_received(self, size: int) -> None:
        """Book received bytes."""

    def wake_message_handler(self) -> None:
        """Tell the msghand thread that messages wait."""


class SocketLoop:
    """Waits for sockets and serves them, on one thread.

    Args:
        owner: keeps the connections.
        listeners: sockets that wait for peers.
        peer_timeout: seconds a new peer has to get through the handshake.
    """

    def __init__(self, owner: SocketOwner, listeners: Sequence[Listener], peer_timeout: int) -> None:
        self._owner = owner
        self._listeners = listeners
        self._peer_timeout = peer_timeout
        self._stop = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)

    def wake(self) -> None:
        """Have the loop look at all connections now."""
        with suppress(OSError):  # a full pipe wakes as well; a closed one means there is no loop any more
            self._wake_writer.send(b"\0")

    def stop(self) -> None:
        """Let `run` return."""
        self._stop.set()
        self.wake()

    def close(self) -> None:
        """Close the loop's own sockets, after its thread has ended."""
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()
        for listener in self._listeners:
            listener.sock.close()

    def run(self) -> None:
        """Serve sockets until `stop`."""
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        for listener in self._listeners:
            self._selector.register(listener.sock, selectors.EVENT_READ, listener)
        while not self._stop.is_set():
            connections = self._owner.connections()
            self._update(connections)
            for key, events in self._selector.select(_POLL_SECONDS if connections else _IDLE_POLL_SECONDS):
                if isinstance(key.data, Connection):
                    self._serve(key.data, events)
                elif isinstance(key.data, Listener):
                    self._accept(key.data)
                else:
                    with suppress(BlockingIOError):
                        self._wake_reader.recv(4096)
            for connection in connections:
                if not connection.disconnect and self._is_inactive(connection):
                    connection.disconnect = True

    def _update(self, connections: Sequence[Connection]) -> None:
        """Close what is to be closed and wait for the right events of the rest."""
        for connection in connections:
            if not self._owner.network_active and not connection.disconnect:
                log.debug("Network not active, %s", connection.disconnect_message)
                connection.disconnect = True
            if connection.disconnect:
                self._close(connection)
                continue
            wanted = 0
            if not connection.pause_receive:
                wanted |= selectors.EVENT_READ
            if connection.has_unsent:
                wanted |= selectors.EVENT_WRITE
            if wanted != connection.registered and connection.sock is not None:
                self._register(connection, connection.sock, wanted)

    def _register(self, connection: Connection, sock: socket.socket, wanted: int) -> None:
        if not wanted:
            self._selector.unregister(sock)
        elif connection.registered:
            self._selector.modify(sock, wanted, connection)
        else:
            self._selector.register(sock, wanted, connection)
        connection.registered = wanted

    def _close(self, connection: Connection) -> None:
        if connection.registered and connection.sock is not None:
            self._selector.unregister(connection.sock)
            connection.registered = 0
        connection.close()
        self._owner.remove(connection)

    def _accept(self, listener: Listener) -> None:
        try:
            sock, sockaddr = listener.sock.accept()
        except BlockingIOError:
            return
        except OSError as error:
            log.info("socket error accept failed: %s", error)
            return
        try:
            endpoint, bind = endpoint_of(sockaddr), endpoint_of(sock.getsockname())
        except (OSError, AddressError):
            sock.close()
            return
        self._owner.accept(sock, endpoint, bind, listener)

    def _serve(self, connection: Connection, events: int) -> None:
        sock = connection.sock
        if sock is None:
            return
        if events & selectors.EVENT_WRITE:
            connection.flush()
        if not events & selectors.EVENT_READ:
            return
        try:
            data = sock.recv(_RECEIVE_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if not connection.disconnect:
                log.debug("socket recv error, %s: %s", connection.disconnect_message, error)
            connection.disconnect = True
            return
        if not data:
            if not connection.disconnect:
                log.debug("socket closed, %s", connection.disconnect_message)
            connection.disconnect = True
            return
        self._receive(connection, data)

    def _receive(self, connection: Connection, data: bytes) -> None:
        connection.received.last = clock.now()
        connection.received.total += len(data)
        self._owner.count_received(len(data))
        try:
            messages = connection.transport.feed(data, clock.now_micros())
        except TransportError:
            log.debug("receiving message bytes failed, %s", connection.disconnect_message)
            connection.disconnect = True
            return
        if not messages:
            return
        for message in messages:
            known = message.type if message.valid else ""
            connection.received.count_message(known, message.size)
        connection.deliver([message for message in messages if message.valid])
        self._owner.wake_message_handler()

    def _is_inactive(self, connection: Connection) -> bool:
        now = clock.now()
        if connection.connected_micros + self._peer_timeout * _MICROS >= clock.now_micros():
            return False
        sent, received = connection.sent.last, connection.received.last
        if not sent or not received:
            never = ("" if received else ", never received from peer") + ("" if sent else ", never sent to peer")
            seconds = self._peer_timeout
            log.debug("socket no message in first %d seconds%s, %s", seconds, never, connection.disconnect_message)
            return True
        if now > sent + _SILENCE_SECONDS:
            log.debug("socket sending timeout: %ds, %s", now - sent, connection.disconnect_message)
            return True
        if now > received + _SILENCE_SECONDS:
            log.debug("socket receive timeout: %ds, %s", now - received, connection.disconnect_message)
            return True
        if not connection.successfully_connected:
            log.debug("version handshake timeout, %s", connection.disconnect_message)
            return True
        return False
