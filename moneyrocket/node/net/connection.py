"""One connection to a peer: its socket, its buffers, its statistics."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from socket import socket

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.netaddress import Endpoint, Network
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import MESSAGE_TYPES, OTHER_MESSAGES, PROTOCOL_VERSION
from moneyrocket.node.net.transport import ReceivedMessage, V1Transport

log = category_logger("net")

_SEND_CHUNK = 1 << 20


class ConnectionType(Enum):
    """Why a connection exists."""

    INBOUND = "inbound"
    OUTBOUND_FULL_RELAY = "outbound-full-relay"
    MANUAL = "manual"
    FEELER = "feeler"
    BLOCK_RELAY = "block-relay-only"
    ADDR_FETCH = "addr-fetch"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Bounds of a connection's buffers, bytes.

    Attributes:
        receive: beyond this much unprocessed input nothing is read (-maxreceivebuffer).
        send: beyond this much unsent output no request is served (-maxsendbuffer).
        log_ips: whether log lines name peer addresses (-logips).
    """

    receive: int = 5_000_000
    send: int = 1_000_000
    log_ips: bool = False


@dataclass(slots=True)
class Traffic:
    """Byte counts of one direction."""

    total: int = 0
    last: int = 0
    """When bytes last moved, unix seconds."""
    per_message: Counter[str] = field(default_factory=Counter)

    def count_message(self, message_type: str, size: int) -> None:
        """Book one message of ``size`` bytes on the wire."""
        self.per_message[message_type if message_type in MESSAGE_TYPES else OTHER_MESSAGES] += size


class Connection:
    """A connection. The net thread reads and closes it; any thread may send or ask for its end.

    Attributes:
        id: number, counted from 0 in the order of connecting.
        endpoint: the peer's address.
        name: what the user called it, or else the endpoint.
        disconnect: set to have the net thread close the connection.
        successfully_connected: whether version and verack went both ways.
        version: what the peer's ``version`` said, 0 before it came.
    """

    def __init__(
        self,
        connection_id: int,
        sock: socket,
        endpoint: Endpoint,
        name: str,
        kind: ConnectionType,
        transport: V1Transport,
        limits: ConnectionLimits,
        wake: Callable[[], None],
        *,
        bind: Endpoint | None = None,
        inbound_onion: bool = False,
        permissions: Permission = Permission.NONE,
        local_nonce: int = 0,
    ) -> None:
        self.id = connection_id
        self.sock: socket | None = sock
        self.endpoint = endpoint
        self.name = name or str(endpoint)
        self.kind = kind
        self.bind = bind
        self.inbound_onion = inbound_onion
        self.permissions = permissions
        self.local_nonce = local_nonce
        self.transport = transport
        self.connected_micros = clock.now_micros()
        self.disconnect = False
        self.finalized = False
        self.registered = 0
        """Socket events the net thread has registered; its own business."""

        self.version = 0
        self.common_version = PROTOCOL_VERSION
        self.successfully_connected = False
        self.user_agent = ""
        self.local_endpoint: Endpoint | None = None
        """Our address as the peer sees it."""
        self.services = 0
        self.relays_txs = False
        self.prefer_evict = False
        self.hb_to = False
        """Whether we asked the peer to announce blocks as compact blocks."""
        self.hb_from = False
        """Whether the peer asked us to."""
        self.last_block_time = 0
        self.last_tx_time = 0
        self.ping_micros: int | None = None
        self.min_ping_micros: int | None = None

        self.sent = Traffic()
        self.received = Traffic()
        self._limits = limits
        self._wake = wake
        self._send_lock = threading.Lock()
        self._send_queue: deque[memoryview] = deque()
        self._send_size = 0
        self.pause_send = False
        self._inbox_lock = threading.Lock()
        self._inbox: deque[ReceivedMessage] = deque()
        self._inbox_size = 0
        self.pause_receive = False

    # What it is

    @property
    def is_inbound(self) -> bool:
        """Whether the peer opened it."""
        return self.kind is ConnectionType.INBOUND

    @property
    def is_manual(self) -> bool:
        """Whether the user asked for it (-addnode, -connect, addnode)."""
        return self.kind is ConnectionType.MANUAL

    @property
    def is_block_only(self) -> bool:
        """Whether neither transactions nor addresses go over it."""
        return self.kind is ConnectionType.BLOCK_RELAY

    @property
    def is_feeler(self) -> bool:
        """Whether it only tests that the address answers."""
        return self.kind is ConnectionType.FEELER

    @property
    def is_addr_fetch(self) -> bool:
        """Whether it only asks for addresses."""
        return self.kind is ConnectionType.ADDR_FETCH

    @property
    def is_full_outbound(self) -> bool:
        """Whether it is an automatic connection that carries everything."""
        return self.kind is ConnectionType.OUTBOUND_FULL_RELAY

    @property
    def is_outbound_or_block_relay(self) -> bool:
        """Whether it is an automatic connection that should last."""
        return self.kind in (ConnectionType.OUTBOUND_FULL_RELAY, ConnectionType.BLOCK_RELAY)

    @property
    def network(self) -> Network:
        """Network it runs over."""
        return Network.ONION if self.inbound_onion else self.endpoint.address.reachable_network

    def has_permission(self, permission: Permission) -> bool:
        """Whether all bits of ``permission`` are granted."""
        return self.permissions & permission == permission

    @property
    def log_name(self) -> str:
        """How log lines name it."""
        if self._limits.log_ips:
            return f"peer={self.id}, peeraddr={self.endpoint}"
        return f"peer={self.id}"

    @property
    def disconnect_message(self) -> str:
        """The end of a log line about why it is closed."""
        return f"disconnecting {self.log_name}"

    def request_disconnect(self) -> None:
        """Have the net thread close it soon."""
        self.disconnect = True
        self._wake()

    # Sending

    def push(self, message_type: str, payload: bytes = b"") -> None:
        """Send a message: at once as far as the socket takes it, the rest by the net thread."""
        if self.sock is None:
            return
        log.debug("sending %s (%d bytes) peer=%d", message_type, len(payload), self.id)
        wire = self.transport.encode(message_type, payload)
        with self._send_lock:
            self.sent.count_message(message_type, len(wire))
            was_empty = not self._send_queue
            self._send_queue.append(memoryview(wire))
            self._send_size += len(wire)
            if was_empty:
                self._flush_locked()
            left = bool(self._send_queue)
            self.pause_send = self._send_size > self._limits.send
        if left:
            self._wake()

    def flush(self) -> None:
        """Send what the socket takes now."""
        with self._send_lock:
            self._flush_locked()
            self.pause_send = self._send_size > self._limits.send

    @property
    def has_unsent(self) -> bool:
        """Whether bytes wait for the socket."""
        return bool(self._send_queue)

    def _flush_locked(self) -> None:
        while self._send_queue and self.sock is not None:
            view = self._send_queue[0]
            try:
                count = self.sock.send(view[:_SEND_CHUNK])
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                log.debug("socket send error, %s: %s", self.disconnect_message, error)
                self._send_queue.clear()
                self._send_size = 0
                self.disconnect = True
                return
            self.sent.total += count
            self.sent.last = clock.now()
            self._send_size -= count
            if count == len(view):
                self._send_queue.popleft()
            else:
                self._send_queue[0] = view[count:]

    # Receiving

    def deliver(self, messages: list[ReceivedMessage]) -> None:
        """Put messages where `take_message` finds them."""
        with self._inbox_lock:
            self._inbox.extend(messages)
            self._inbox_size += sum(message.size for message in messages)
            self.pause_receive = self._inbox_size > self._limits.receive

    def take_message(self) -> tuple[ReceivedMessage | None, bool]:
        """The next message, and whether more wait behind it."""
        with self._inbox_lock:
            if not self._inbox:
                return None, False
            message = self._inbox.popleft()
            self._inbox_size -= message.size
            was_paused = self.pause_receive
            self.pause_receive = self._inbox_size > self._limits.receive
            more = bool(self._inbox)
        if was_paused and not self.pause_receive:
            self._wake()
        return message, more

    @property
    def has_messages(self) -> bool:
        """Whether messages wait to be processed."""
        return bool(self._inbox)

    def close(self) -> None:
        """Close the socket; the net thread's business."""
        self.disconnect = True
        with self._send_lock:
            sock, self.sock = self.sock, None
            self._send_queue.clear()
            self._send_size = 0
        if sock is not None:
            log.debug("Resetting socket for %s", self.log_name)
            sock.close()
