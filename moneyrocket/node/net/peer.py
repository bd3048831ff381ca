"""What message processing knows about a peer."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.net.connection import Connection
from moneyrocket.node.net.netaddress import Endpoint, PeerAddress
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import (
    MSG_TX,
    MSG_WITNESS_FLAG,
    MSG_WTX,
    Inv,
    ServiceFlags,
)

if TYPE_CHECKING:
    from moneyrocket.node.net.compact_blocks import PartialBlock
    from moneyrocket.node.net.headers_presync import HeadersPresync

NEVER: Final = 1 << 62
"""A time, in microseconds, that does not come."""


class RecentSet:
    """Remembers the last so many items that were put in."""

    __slots__ = ("_items", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[object, None] = OrderedDict()

    def add(self, item: object) -> None:
        """Remember ``item``."""
        self._items[item] = None
        self._items.move_to_end(item)
        if len(self._items) > self._limit:
            self._items.popitem(last=False)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()


@dataclass(slots=True)
class BlockRequest:
    """A block that was asked for.

    Attributes:
        index: which one.
        partial: the compact block it is being made from, if any.
    """

    index: BlockIndex
    partial: "PartialBlock | None" = None


@dataclass(slots=True)
class TxRelay:
    """Announcing transactions to a peer. Times in microseconds.

    Attributes:
        wanted: whether the peer wants announcements (BIP37's relay flag).
        to_send: wtxids to announce, in the order in which they came.
        known: hashes the peer has announced or been told of.
        next_send: when announcements go out next.
        send_mempool: whether everything is to be announced (BIP35).
        last_sequence: mempool sequence number of the last announcement.
        fee_filter: fee rate below which the peer wants nothing, sat/kvB.
    """

    wanted: bool = True
    to_send: dict[bytes, None] = field(default_factory=dict)
    known: RecentSet = field(default_factory=lambda: RecentSet(50_000))
    next_send: int = 0
    send_mempool: bool = False
    last_sequence: int = 1
    fee_filter: int = 0


@dataclass(slots=True)
class AddressRelay:
    """Addresses to and from a peer.

    Attributes:
        enabled: whether addresses go over this connection.
        known: endpoints the peer has told of or been told of.
        to_send: addresses waiting to be sent.
        next_send: when they go out next, microseconds.
        next_local_send: when our own address goes out next, microseconds; 0 before the first time.
        getaddr_sent: whether an answer to our ``getaddr`` is awaited.
        getaddr_received: whether the peer has asked already.
        tokens: addresses that may be processed at once.
        tokens_time: when tokens were last added, microseconds.
        processed: addresses processed.
        rate_limited: addresses dropped for want of tokens.
    """

    enabled: bool = False
    known: RecentSet = field(default_factory=lambda: RecentSet(5000))
    to_send: list[PeerAddress] = field(default_factory=list)
    next_send: int = 0
    next_local_send: int = 0
    getaddr_sent: bool = False
    getaddr_received: bool = False
    tokens: float = 1.0
    tokens_time: int = 0
    processed: int = 0
    rate_limited: int = 0

    def push(self, address: PeerAddress, *, v2: bool, limit: int) -> None:
        """Queue an address, unless the peer knows it or cannot read it."""
        if address.endpoint in self.known or not (v2 or address.endpoint.address.is_v1_compatible):
            return
        if len(self.to_send) < limit:
            self.to_send.append(address)


@dataclass(slots=True)
class ChainSyncTimeout:
    """Watches whether an outbound peer's chain keeps up with ours.

    Attributes:
        timeout: when patience ends, unix seconds; 0 while all is well.
        work_header: our tip when the watch began.
        sent_getheaders: whether the peer was asked for a last time.
        protect: whether the peer is exempt.
    """

    timeout: int = 0
    work_header: BlockIndex | None = None
    sent_getheaders: bool = False
    protect: bool = False


class Peer:
    """The state of one peer. Guarded by the chain lock.

    Attributes:
        connection: the connection.
        our_services: what we told it we offer.
        services: what it offers (`ServiceFlags` bits).
        should_discourage: set on misbehaviour; dealt with before anything more is sent.
        best_known: best block it is known to have.
        last_unknown_block: hash of the last block it announced that we do not know.
        last_common: highest block of its chain that we have, with all below it.
        best_header_sent: best header we sent it.
        in_flight: blocks asked of it, by hash, oldest first.
    """

    def __init__(self, connection: Connection, our_services: int) -> None:
        self.connection = connection
        self.id = connection.id
        self.our_services = our_services
        self.services = 0
        self.start_height = -1
        self.time_offset = 0
        self.should_discourage = False
        self.version_sent = False
        self.wtxid_relay = False
        self.wants_addrv2 = False
        self.getdata: deque[Inv] = deque()
        self.tx_relay: TxRelay | None = None
        self.addresses = AddressRelay()
        self.local_address: Endpoint | None = None

        self.ping_nonce = 0
        self.ping_start = 0
        self.ping_queued = False
        self.feefilter_sent = 0
        self.next_feefilter = 0

        self.preferred_download = False
        self.sync_started = False
        self.headers_timeout = NEVER
        self.last_getheaders = 0
        self.inv_triggered_getheaders = False
        self.sent_sendheaders = False
        self.prefers_headers = False
        self.provides_compact = False
        self.wants_compact_announcements = False
        self.presync: HeadersPresync | None = None
        self.best_known: BlockIndex | None = None
        self.last_unknown_block: bytes | None = None
        self.last_common: BlockIndex | None = None
        self.best_header_sent: BlockIndex | None = None
        self.last_announcement = 0
        self.chain_sync = ChainSyncTimeout()

        self.in_flight: OrderedDict[bytes, BlockRequest] = OrderedDict()
        self.stalling_since = 0
        self.downloading_since = 0
        self.headers_to_announce: list[bytes] = []
        self.blocks_to_announce: list[bytes] = []
        self.continuation: bytes | None = None

    @property
    def no_ban(self) -> bool:
        """Whether misbehaviour has no consequences for it."""
        return self.connection.has_permission(Permission.NO_BAN)

    @property
    def serves_blocks(self) -> bool:
        """Whether it offers blocks, be it only recent ones."""
        return bool(self.services & (ServiceFlags.NETWORK | ServiceFlags.NETWORK_LIMITED))

    @property
    def is_limited(self) -> bool:
        """Whether it offers recent blocks only."""
        return bool(self.services & ServiceFlags.NETWORK_LIMITED) and not self.services & ServiceFlags.NETWORK

    @property
    def serves_witnesses(self) -> bool:
        """Whether it offers witness data."""
        return bool(self.services & ServiceFlags.WITNESS)

    @property
    def fetch_flags(self) -> int:
        """Flag to put on the inventory types of what is asked of it."""
        return MSG_WITNESS_FLAG if self.serves_witnesses else 0

    @property
    def tx_inv_type(self) -> int:
        """Inventory type with which transactions are announced to it."""
        return MSG_WTX if self.wtxid_relay else MSG_TX

    def has_header(self, index: BlockIndex) -> bool:
        """Whether it is known to have this header."""
        return any(
            known is not None and index.is_ancestor_of(known) for known in (self.best_known, self.best_header_sent)
        )

    def send(self, message_type: str, payload: bytes = b"") -> None:
        """Send a message."""
        self.connection.push(message_type, payload)

    def disconnect(self) -> None:
        """Have the connection closed."""
        self.connection.request_disconnect()
