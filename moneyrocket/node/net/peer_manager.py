"""The node's conversations: peers come and go, messages are processed, and what is due is sent."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.chain_sync_timeout import check_chain_sync
from moneyrocket.node.net.chain_view import ChainView
from moneyrocket.node.net.dispatch import Dispatcher
from moneyrocket.node.net.messages import serialize_invs
from moneyrocket.node.net.parts import make_parts
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.peer_stats import PeerStats
from moneyrocket.node.net.protocol import MSG_WITNESS_BLOCK, Inv, ServiceFlags
from moneyrocket.node.net.state import MICROS, NetState
from moneyrocket.node.signals import ValidationSubscriber
from moneyrocket.primitives.hashes import hash_to_hex

if TYPE_CHECKING:
    from moneyrocket.consensus.errors import ValidationError
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.mempool import Mempool
    from moneyrocket.node.net.connection import Connection
    from moneyrocket.node.net.connman import ConnectionManager
    from moneyrocket.primitives.block import Block
    from moneyrocket.primitives.transaction import Transaction

log = category_logger("net")

_ADDR_FETCH_TIME: Final = 300 * MICROS


class PeerManager(ValidationSubscriber):
    """Message processing: on the msghand thread, under the chain lock. Events come from other threads.

    Attributes:
        services: what this node offers (`ServiceFlags` bits).
    """

    def __init__(self, chainman: ChainstateManager, mempool: Mempool, connman: ConnectionManager) -> None:
        """Set up processing; `moneyrocket.node.net.connman.ConnectionManager.start` gets it going.

        Args:
            chainman: the chain state.
            mempool: unconfirmed transactions.
            connman: the connections.
        """
        self.services = int(ServiceFlags.WITNESS | ServiceFlags.NETWORK_LIMITED)
        if not chainman.options.prunes:
            self.services |= int(ServiceFlags.NETWORK)
        self._chain = ChainView(chainman)
        self._mempool = mempool
        self._connman = connman
        options = connman.options
        self._state = NetState(self._chain, mempool, connman, self.services, blocks_only=options.blocks_only)
        self._parts = make_parts(self._state, options)
        self._changes: deque[tuple[Connection, bool]] = deque()
        self._dispatcher = Dispatcher(self._state, self._parts)

    # Connections (`connman.MessageHandler`)

    def initialize_peer(self, connection: Connection) -> None:
        """A connection was made. The net thread must not wait for the chain lock, so `begin_round` does the rest."""
        self._changes.append((connection, True))

    def finalize_peer(self, connection: Connection) -> None:
        """A connection is closed; `begin_round` does the rest."""
        if connection.successfully_connected and not connection.is_block_only and not connection.is_inbound:
            self._connman.addrman.connected(connection.endpoint)
        self._changes.append((connection, False))

    def begin_round(self) -> None:
        """Take notice of new and closed connections."""
        if not self._changes:
            return
        with self._chain.lock:
            while self._changes:
                connection, is_new = self._changes.popleft()
                if is_new:
                    self._state.peers[connection.id] = Peer(connection, self.services)
                else:
                    self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        peer = self._state.peers.pop(connection.id)
        self._parts.downloads.forget_peer(peer)
        self._parts.compact.forget_peer(peer)
        self._parts.transactions.forget_peer(peer)
        log.debug("Cleared nodestate for peer=%d", connection.id)

    def process_messages(self, connection: Connection) -> bool:
        """Process what the peer asked for earlier, or one message. Returns whether there is more to do at once."""
        with self._chain.lock:
            peer = self._state.peers.get(connection.id)
            if peer is None or not (connection.is_inbound or peer.version_sent):
                return False
            if peer.getdata:
                self._dispatcher.serve_getdata(peer)
            if connection.disconnect:
                return False
            if self._parts.transactions.process_orphan(peer):
                return True
            if peer.getdata or connection.pause_send:
                return bool(peer.getdata) and not connection.pause_send
            message, more = connection.take_message()
            if message is None:
                return False
            pending = self._dispatcher.process(peer, message)
        if pending is not None:
            self._parts.receipt.submit(peer, pending)
        return more or bool(peer.getdata) or self._parts.transactions.has_orphan_work(peer)

    def send_messages(self, connection: Connection) -> None:
        """Send a peer what is due, and end connections that should not go on."""
        parts = self._parts
        with self._chain.lock:
            peer = self._state.peers.get(connection.id)
            if peer is None or parts.misbehavior.discourage(peer):
                return
            if not connection.is_inbound and not peer.version_sent:
                parts.handshake.send_version(peer)
                peer.version_sent = True
            if not connection.successfully_connected or connection.disconnect:
                return
            if connection.is_addr_fetch and clock.now_micros() - connection.connected_micros > _ADDR_FETCH_TIME:
                log.debug("addrfetch connection timeout, %s", connection.disconnect_message)
                peer.disconnect()
                return
            if not parts.pings.maybe_send(peer):
                return
            parts.addresses.maybe_send(peer)
            parts.headers.maybe_send_sendheaders(peer)
            sync_allowed = parts.headers.may_sync_from(peer)
            parts.headers.maybe_start(peer)
            parts.announcer.send(peer)
            parts.relayer.send(peer)
            if parts.downloads.times_out(peer) or parts.headers.times_out(peer):
                return
            check_chain_sync(self._state, parts.headers, peer)
            parts.downloads.request_next(peer, sync_allowed=sync_allowed)
            parts.transactions.send_requests(peer)
            parts.relayer.maybe_send_feefilter(peer)

    # Events of chain and mempool (`signals.ValidationSubscriber`)

    def block_checked(self, block: Block, error: ValidationError | None) -> None:
        """Blame who sent an invalid block; let who was first with a good one announce the next ones early."""
        parts = self._parts
        with self._chain.lock:
            source = parts.downloads.sources.pop(block.hash, None)
            peer = self._state.peers.get(source[0]) if source is not None else None
            if source is None or peer is None:
                return
            if error is not None:
                parts.misbehavior.punish(peer, error, not source[1], "")
                return
            only_this = len(parts.downloads.requested_from(block.hash)) == parts.downloads.count
            if not self._chain.initial_download and only_this:
                parts.compact.let_announce(peer)

    def new_pow_valid_block(self, index: BlockIndex, block: Block) -> None:
        """Announce a block before it is validated to peers that asked for that."""
        with self._chain.lock:
            self._parts.announcer.announce_early(index, block)

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        """Update what is known of transactions."""
        with self._chain.lock:
            self._parts.downloads.block_connected()
            if not self._chain.initial_download:
                self._parts.transactions.block_connected(block)

    def block_disconnected(self, block: Block, index: BlockIndex) -> None:
        """Update what is known of transactions."""
        with self._chain.lock:
            self._parts.transactions.block_disconnected()

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """Announce the new blocks."""
        with self._chain.lock:
            self._parts.transactions.tip_changed()
            if initial_download:
                return
            self._parts.announcer.queue(new_tip, fork)
        self._connman.wake_message_handler()

    # Orders of the rest of the node

    def relay_transaction(self, txid: bytes, wtxid: bytes) -> None:
        """Announce a transaction of the mempool to all peers that want it."""
        with self._chain.lock:
            tx = self._mempool.get_by_wtxid(wtxid)
            if tx is not None:
                self._parts.relayer.announce(tx)
        self._connman.wake_message_handler()

    def rebroadcast(self) -> None:
        """Announce again what no peer has asked for yet; to be called every ten minutes or so."""
        for txid in list(self._mempool.unbroadcast):
            entry = self._mempool.entry(txid)
            if entry is None:
                self._mempool.remove_unbroadcast(txid)
            else:
                self.relay_transaction(txid, entry.wtxid)

    def send_pings(self) -> None:
        """Ping all peers soon."""
        with self._chain.lock:
            for peer in self._state.peers.values():
                peer.ping_queued = True
        self._connman.wake_message_handler()

    def fetch_block(self, peer_id: int, index: BlockIndex) -> str:
        """Ask one peer for a block. Returns what prevents that, empty if nothing does."""
        with self._chain.lock:
            peer = self._state.peers.get(peer_id)
            if peer is None:
                return "Peer does not exist"
            if not peer.serves_witnesses:
                return "Pre-SegWit peer"
            self._parts.downloads.remove(index.hash)
            self._parts.downloads.add(peer, index)
            peer.send("getdata", serialize_invs([Inv(MSG_WITNESS_BLOCK, index.hash)]))
            log.debug("Requesting block %s from peer=%d", hash_to_hex(index.hash), peer_id)
        return ""

    def median_time_offset(self) -> int:
        """Median of the clock differences to outbound peers, seconds."""
        with self._chain.lock:
            offsets = [p.time_offset for p in self._state.peers.values() if not p.connection.is_inbound]
        return int(median(offsets)) if offsets else 0

    def orphans(self) -> list[tuple[Transaction, tuple[int, ...]]]:
        """All orphans, with the connection numbers of the peers that offered them."""
        with self._chain.lock:
            return [(orphan.tx, tuple(orphan.announcers)) for orphan in self._parts.transactions.orphanage.all()]

    def stats(self, peer_id: int) -> PeerStats | None:
        """What is known of a peer, None if it is gone. Does not wait while blocks are being connected."""
        peer = self._state.peers.get(peer_id)
        return PeerStats.of(peer) if peer is not None else None
