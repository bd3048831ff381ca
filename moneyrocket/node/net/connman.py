"""The connection manager: who is connected, and the threads that serve them."""

import random
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.common.threads import start_thread
from moneyrocket.node.net.addrman import AddrMan
from moneyrocket.node.net.banman import BanMan
from moneyrocket.node.net.connection import Connection, ConnectionLimits, ConnectionType
from moneyrocket.node.net.eviction import EvictionCandidate, select_eviction
from moneyrocket.node.net.listener import Listener, open_listeners
from moneyrocket.node.net.netaddress import AddressError, Endpoint, Network, PeerAddress, Subnet, parse_endpoint
from moneyrocket.node.net.options import MAX_BLOCK_RELAY_ONLY, MAX_FEELERS, MAX_OUTBOUND_FULL_RELAY, NetOptions
from moneyrocket.node.net.outbound import OutboundOpener
from moneyrocket.node.net.permissions import Permission, granted
from moneyrocket.node.net.socket_loop import SocketLoop
from moneyrocket.node.net.transport import V1Transport
from moneyrocket.node.net.upload_budget import UploadBudget

log = category_logger("net")

_HANDLER_POLL_SECONDS: Final = 0.1
_CACHED_RESPONSE_SECONDS: Final = 21 * 3600


class MessageHandler(Protocol):
    """What is done with connections and their messages (`moneyrocket.node.net.peer_manager.PeerManager`)."""

    def initialize_peer(self, connection: Connection) -> None:
        """A connection was made."""

    def finalize_peer(self, connection: Connection) -> None:
        """It is closed."""

    def begin_round(self) -> None:
        """Called on the msghand thread before it goes through all connections."""

    def process_messages(self, connection: Connection) -> bool:
        """Process one received message. Returns whether there is more to do at once."""

    def send_messages(self, connection: Connection) -> None:
        """Send what is due."""


@dataclass(frozen=True, slots=True)
class NetParams:
    """What connections need to know of the chain.

    Attributes:
        magic: first four bytes of every message.
        default_port: where peers of this chain listen.
        dns_seeds: names that resolve to peers.
    """

    magic: bytes
    default_port: int
    dns_seeds: tuple[str, ...] = ()


class ConnectionManager:
    """Keeps the connections and runs the threads that serve them.

    Attributes:
        options: the settings.
        addrman: addresses of possible peers.
        banman: addresses that may not connect.
        network_active: whether connections are allowed at all.
        upload: what may yet be sent today.
        on_connections_changed: called after a connection came or went; must not wait, as the next.
        on_active_changed: called after networking was turned on or off.
    """

    def __init__(
        self,
        params: NetParams,
        options: NetOptions,
        addrman: AddrMan,
        banman: BanMan,
        client_name: str,
    ) -> None:
        self.params = params
        self.options = options
        self.addrman = addrman
        self.banman = banman
        self.network_active = options.network_active
        self.max_full_relay = min(MAX_OUTBOUND_FULL_RELAY, options.max_connections)
        self.max_block_relay = min(MAX_BLOCK_RELAY_ONLY, options.max_connections - self.max_full_relay)
        outbound = min(self.max_full_relay + self.max_block_relay + MAX_FEELERS, options.max_connections)
        self.max_inbound = options.max_connections - outbound
        self._max_inbound_tx_relay = max(0, self.max_inbound * options.inbound_relay_percent // 100)
        self.interrupted = threading.Event()
        self.outbound = OutboundOpener(self)
        self._client_name = client_name
        self._limits = ConnectionLimits(options.receive_buffer, options.send_buffer, options.log_ips)
        self._lock = threading.RLock()
        self._connections: tuple[Connection, ...] = ()
        self._next_id = 0
        self._closed_sent = 0
        self._total_received = 0
        self._handler: MessageHandler | None = None
        self._loop: SocketLoop | None = None
        self._threads: list[threading.Thread] = []
        self._work = threading.Event()
        self._group_salt = secrets.randbits(64)
        self._address_cache: dict[tuple[Network, Endpoint | None], tuple[int, list[PeerAddress]]] = {}
        self.on_connections_changed: Callable[[], None] = lambda: None
        self.on_active_changed: Callable[[], None] = lambda: None
        self.upload = UploadBudget(options.max_upload, lambda: self.total_sent)

    # Life

    def start(self, handler: MessageHandler) -> None:
        """Listen, and start the threads.

        Raises:
            InitError: if an address to listen on cannot be had.
        """
        listeners = open_listeners(self.options, self._client_name) if self.options.listen else []
        self._handler = handler
        self._loop = SocketLoop(self, listeners, self.options.peer_timeout)
        self._threads = [start_thread("net", self._loop.run)]
        self._threads += self.outbound.start_threads()
        self._threads.append(start_thread("msghand", self._handle_messages))

    def interrupt(self) -> None:
        """Let all threads end."""
        self.interrupted.set()
        self._work.set()
        if self._loop is not None:
            self._loop.stop()

    def stop(self) -> None:
        """End all threads and close all connections."""
        self.interrupt()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        for connection in self.connections():
            log.debug("Stopping node, %s", connection.disconnect_message)
            connection.close()
            self.remove(connection)
        if self._handler is not None:
            self._handler.begin_round()
        if self._loop is not None:
            self._loop.close()
            self._loop = None
            self.addrman.save()

    def _handle_messages(self) -> None:
        """The msghand thread: process messages of all peers in turn, and send what is due."""
        handler = self._handler
        assert handler is not None
        while not self.interrupted.is_set():
            self._work.clear()
            more = False
            connections = list(self.connections())
            handler.begin_round()
            random.shuffle(connections)
            for connection in connections:
                if connection.disconnect:
                    continue
                more |= handler.process_messages(connection)
                if self.interrupted.is_set():
                    return
                handler.send_messages(connection)
                if self.interrupted.is_set():
                    return
            if not more:
                self._work.wait(_HANDLER_POLL_SECONDS if connections else 1.0)

    def wake_message_handler(self) -> None:
        """Tell the msghand thread that there is something to do."""
        self._work.set()

    def wake_sockets(self) -> None:
        """Tell the net thread that something about a connection changed."""
        if self._loop is not None:
            self._loop.wake()

    # Connections

    def connections(self) -> Sequence[Connection]:
        """The open connections, oldest first."""
        return self._connections

    def connection(self, connection_id: int) -> Connection | None:
        """The connection with this number."""
        return next((c for c in self._connections if c.id == connection_id), None)

    def count(self, kind: ConnectionType) -> int:
        """How many connections of a kind there are."""
        return sum(c.kind is kind for c in self._connections)

    def accept(self, sock: socket.socket, endpoint: Endpoint, bind: Endpoint, listener: Listener) -> None:
        """Take a new inbound socket, unless something speaks against it."""
        permissions = listener.permissions
        if not listener.onion:  # the address of a Tor connection is not the peer's
            permissions = self._granted(permissions, endpoint, inbound=True)
        elif permissions & Permission.IMPLICIT:
            permissions = granted(
                permissions, (), endpoint.address, inbound=True,
                relay=self.options.whitelist_relay, force_relay=self.options.whitelist_force_relay,
            )  # fmt: skip
        refusal = self._refusal(endpoint, permissions)
        if refusal:
            log.debug("%s", refusal)
            sock.close()
            return
        _set_no_delay(sock)
        connection = self._make(
            sock, endpoint, "", ConnectionType.INBOUND, bind=bind, permissions=permissions, inbound_onion=listener.onion
        )
        connection.prefer_evict = self.banman.is_discouraged(endpoint.address)
        self._add(connection)
        log.debug("connection from %s accepted", endpoint)

    def _refusal(self, endpoint: Endpoint, permissions: Permission) -> str:
        inbound = self.count(ConnectionType.INBOUND)
        no_ban = permissions & Permission.NO_BAN == Permission.NO_BAN
        if not self.network_active:
            return f"connection from {endpoint} dropped: not accepting new connections"
        if not no_ban and self.banman.is_banned(endpoint.address):
            return f"connection from {endpoint} dropped (banned)"
        if not no_ban and inbound + 1 >= self.max_inbound and self.banman.is_discouraged(endpoint.address):
            return f"connection from {endpoint} dropped (discouraged)"
        if inbound >= self.max_inbound and not self._evict():
            return "failed to find an eviction candidate - connection dropped (full)"
        return ""

    def add_outbound(self, sock: socket.socket, endpoint: Endpoint, name: str, kind: ConnectionType) -> Connection:
        """Take a socket that connected to ``endpoint``."""
        from moneyrocket.node.net.listener import endpoint_of

        _set_no_delay(sock)
        permissions = self._granted(Permission.NONE, endpoint, inbound=False)
        connection = self._make(
            sock, endpoint, name, kind, bind=endpoint_of(sock.getsockname()), permissions=permissions
        )
        self._add(connection)
        return connection

    def _granted(self, base: Permission, endpoint: Endpoint, *, inbound: bool) -> Permission:
        return granted(
            base, self.options.whitelist, endpoint.address, inbound=inbound,
            relay=self.options.whitelist_relay, force_relay=self.options.whitelist_force_relay,
        )  # fmt: skip

    def _make(
        self,
        sock: socket.socket,
        endpoint: Endpoint,
        name: str,
        kind: ConnectionType,
        *,
        bind: Endpoint,
        permissions: Permission,
        inbound_onion: bool = False,
    ) -> Connection:
        sock.setblocking(False)
        with self._lock:
            connection_id = self._next_id
            self._next_id += 1
        connection = Connection(
            connection_id, sock, endpoint, name, kind, V1Transport(self.params.magic, connection_id), self._limits,
            self.wake_sockets, bind=bind, inbound_onion=inbound_onion, permissions=permissions,
            local_nonce=secrets.randbits(64),
        )  # fmt: skip
        if self.options.log_ips:
            log.debug("Added connection to %s peer=%d", connection.name, connection_id)
        else:
            log.debug("Added connection peer=%d", connection_id)
        return connection

    def _add(self, connection: Connection) -> None:
        assert self._handler is not None
        self._handler.initialize_peer(connection)
        with self._lock:
            self._connections = (*self._connections, connection)
        self.on_connections_changed()
        self.wake_sockets()
        self.wake_message_handler()

    def remove(self, connection: Connection) -> None:
        """Forget a connection whose socket is closed."""
        with self._lock:
            if connection.finalized:
                return
            connection.finalized = True
            self._connections = tuple(known for known in self._connections if known is not connection)
            self._closed_sent += connection.sent.total
        self.on_connections_changed()
        if self._handler is not None:
            self._handler.finalize_peer(connection)
            self.wake_message_handler()

    def _evict(self, *, tx_relay_only: bool = False, spare: int | None = None) -> bool:
        """Disconnect an inbound peer that is worth least. False if nobody may go."""
        candidates = [
            EvictionCandidate(
                c.id, c.connected_micros, c.min_ping_micros, c.last_block_time, c.last_tx_time, bool(c.services & 9),
                c.relays_txs, hash((self._group_salt, c.endpoint.address.group)), c.prefer_evict,
                c.endpoint.address.is_local, c.network,
            )
            for c in self._connections
            if c.is_inbound
            and not c.disconnect
            and not c.has_permission(Permission.NO_BAN)
            and c.id != spare
            and (c.relays_txs or not tx_relay_only)
        ]  # fmt: skip
        chosen = select_eviction(candidates)
        connection = self.connection(chosen) if chosen is not None else None
        if connection is None:
            return False
        log.debug("selected %s connection for eviction, %s", connection.kind.value, connection.disconnect_message)
        connection.request_disconnect()
        return True

    def make_room_for_tx_relay(self, spare: int | None = None) -> bool:
        """Keep the number of inbound peers that take transactions within its limit (-inboundrelaypercent).

        Args:
            spare: number of a connection that must not go.

        Returns:
            False if there are too many and nobody may go.
        """
        count = sum(c.is_inbound and c.relays_txs and not c.disconnect for c in self._connections)
        return count <= self._max_inbound_tx_relay or self._evict(tx_relay_only=True, spare=spare)

    def knows_nonce(self, nonce: int) -> bool:
        """Whether an outbound connection that is not yet through the handshake uses this version nonce."""
        return any(
            not c.is_inbound and not c.successfully_connected and c.local_nonce == nonce for c in self._connections
        )

    # Disconnecting

    def disconnect_by_name(self, name: str) -> bool:
        """Disconnect the peer with this name or address; False if there is none."""
        try:
            wanted = parse_endpoint(name, 0)
        except AddressError:
            wanted = None
        for connection in self._connections:
            if connection.name == name or (wanted is not None and connection.endpoint == wanted):
                shown = f"={name}" if self.options.log_ips else ""
                log.debug("disconnect by address%s match, %s", shown, connection.disconnect_message)
                connection.request_disconnect()
                return True
        return False

    def disconnect_by_id(self, connection_id: int) -> bool:
        """Disconnect the peer with this number; False if there is none."""
        connection = self.connection(connection_id)
        if connection is None:
            return False
        log.debug("disconnect by id, %s", connection.disconnect_message)
        connection.request_disconnect()
        return True

    def disconnect_subnet(self, subnet: Subnet) -> bool:
        """Disconnect all peers in a subnet; False if there are none."""
        found = False
        for connection in self._connections:
            if subnet.contains(connection.endpoint.address):
                shown = f"={subnet}" if self.options.log_ips else ""
                log.debug("disconnect by subnet%s match, %s", shown, connection.disconnect_message)
                connection.request_disconnect()
                found = True
        return found

    def set_network_active(self, active: bool) -> None:
        """Turn networking on or off; off disconnects everybody."""
        log.info("SetNetworkActive: %s", "true" if active else "false")
        self.network_active = active
        self.on_active_changed()
        self.wake_sockets()

    # Statistics

    def count_received(self, size: int) -> None:
        """Book received bytes."""
        self._total_received += size

    @property
    def total_received(self) -> int:
        """Bytes received since start."""
        return self._total_received

    @property
    def total_sent(self) -> int:
        """Bytes sent since start."""
        with self._lock:
            return self._closed_sent + sum(connection.sent.total for connection in self._connections)

    # Addresses to give away

    def addresses_for(self, connection: Connection, max_count: int, max_percent: int) -> list[PeerAddress]:
        """Addresses to answer ``getaddr`` with.

        The answer is the same for about a day for all who ask through the same way in, so that asking often tells
        nobody what this node knows.
        """
        if connection.has_permission(Permission.ADDR):
            return self._presentable(max_count, max_percent)
        key = (connection.network, connection.bind)
        expires, addresses = self._address_cache.get(key, (0, []))
        if expires < clock.now():
            addresses = self._presentable(max_count, max_percent)
            expires = clock.now() + _CACHED_RESPONSE_SECONDS + random.randrange(6 * 3600)
            self._address_cache[key] = (expires, addresses)
        return addresses

    def _presentable(self, max_count: int, max_percent: int) -> list[PeerAddress]:
        return [
            address
            for address in self.addrman.addresses(max_count, max_percent)
            if not self.banman.is_discouraged(address.endpoint.address)
            and not self.banman.is_banned(address.endpoint.address)
        ]


def _set_no_delay(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        log.debug("unable to set TCP_NODELAY, continuing anyway: %s", error)
