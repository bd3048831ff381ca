"""Receiving blocks as compact blocks, and choosing who may announce that way."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.pow import block_proof
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.net.block_download import BlockDownload
from moneyrocket.node.net.compact_blocks import (
    CompactBlock,
    PartialBlock,
    ReconstructionError,
    read_block_transactions,
    serialize_transactions_request,
)
from moneyrocket.node.net.header_sync import HeaderSync, Punish
from moneyrocket.node.net.messages import serialize_invs
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.protocol import CMPCTBLOCKS_VERSION, MAX_BLOCKS_IN_TRANSIT_PER_PEER, MSG_BLOCK, Inv
from moneyrocket.node.net.state import NetState
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import Reader
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.consensus.errors import ValidationError

log = category_logger("net")
compact_log = category_logger("cmpctblock")

_MAX_PARALLEL: Final = 3
_MAX_TRIED: Final = 20_000
"""Mempool transactions that are compared with a compact block."""
_MAX_ANNOUNCERS: Final = 3

BlockCheck = Callable[[Block, BlockIndex], "ValidationError | None"]
"""Whether a block's transactions are those its header commits to: ``(block, parent)``."""


@dataclass(frozen=True, slots=True)
class PendingBlock:
    """A block to hand to the chain state, once the chain lock is released.

    Attributes:
        block: the block.
        force: whether it was asked for.
        min_pow_checked: whether its chain has enough work.
    """

    block: Block
    force: bool
    min_pow_checked: bool


class CompactRelay:
    """Handles ``cmpctblock`` and ``blocktxn``.

    Args:
        state: shared state.
        downloads: keeps track of requests.
        headers: takes the headers.
        mutation: checks that transactions and header belong together.
        punish: deals with a peer that sent something invalid.
    """

    def __init__(
        self, state: NetState, downloads: BlockDownload, headers: HeaderSync, mutation: BlockCheck, punish: Punish
    ) -> None:
        self._state = state
        self._downloads = downloads
        self._headers = headers
        self._mutation = mutation
        self._punish = punish
        self._announcers: OrderedDict[int, None] = OrderedDict()

    # Who announces by compact block

    def let_announce(self, peer: Peer) -> None:
        """Ask a peer that was first with a block to announce the next ones as compact blocks."""
        if self._state.blocks_only or not peer.provides_compact:
            return
        if peer.id in self._announcers:
            self._announcers.move_to_end(peer.id)
            return
        if peer.connection.is_inbound and len(self._announcers) >= _MAX_ANNOUNCERS:
            self._spare_last_outbound()
        self._send_mode(peer, high_bandwidth=True)
        self._announcers[peer.id] = None
        if len(self._announcers) > _MAX_ANNOUNCERS:
            oldest, _ = self._announcers.popitem(last=False)
            if oldest in self._state.peers:
                self._send_mode(self._state.peers[oldest], high_bandwidth=False)

    def _spare_last_outbound(self) -> None:
        peers = self._state.peers
        outbound = [i for i in self._announcers if i in peers and not peers[i].connection.is_inbound]
        oldest = next(iter(self._announcers))
        if outbound == [oldest]:
            second = list(self._announcers)[1]
            self._announcers.move_to_end(second, last=False)

    @staticmethod
    def _send_mode(peer: Peer, *, high_bandwidth: bool) -> None:
        peer.send("sendcmpct", bytes((high_bandwidth,)) + CMPCTBLOCKS_VERSION.to_bytes(8, "little"))
        peer.connection.hb_to = high_bandwidth

    def forget_peer(self, peer: Peer) -> None:
        """The peer is gone."""
        self._announcers.pop(peer.id, None)

    # Receiving

    def on_cmpctblock(self, peer: Peer, reader: Reader) -> PendingBlock | None:
        """Take a compact block in; returns the block if nothing is missing."""
        chain = self._state.chain
        name = peer.connection.log_name
        if self._state.blocks_only:
            compact_log.debug("%s sent us a compact block even though we are blocksonly!", name)
            return None
        if not peer.provides_compact:
            compact_log.debug("%s sent us a compact block despite never having sent us a SENDCMPCT!", name)
            return None
        compact = CompactBlock.read(reader)
        prev = chain.lookup(compact.header.prev_hash)
        if prev is None:
            if not chain.initial_download:
                self._headers.ask_from_best(peer)
            return None
        if prev.chain_work + block_proof(compact.header.bits) < chain.anti_dos_work:
            log.debug("Ignoring low-work compact block from peer %d", peer.id)
            return None
        is_new = chain.lookup(compact.header.hash) is None
        index, error = chain.process_headers([compact.header])
        if error is not None or index is None:
            if error is not None:
                self._punish(peer, error, True, "invalid header via cmpctblock")
            return None
        if is_new:
            self._headers.note_new_header(peer, index)
        self._downloads.announced(peer, index.hash)
        if is_new and index.chain_work > chain.tip.chain_work:
            peer.last_announcement = clock.now()
        return self._receive(peer, compact, index)

    def _receive(self, peer: Peer, compact: CompactBlock, index: BlockIndex) -> PendingBlock | None:
        chain = self._state.chain
        if index.have_data:
            return None
        asked = self._downloads.requested_from(index.hash)
        requested_here = peer in asked
        if not requested_here and not peer.connection.hb_to:
            text = "%s, not marked as high-bandwidth, sent us an unsolicited compact block!"
            compact_log.debug(text, peer.connection.log_name)
            return None
        if index.chain_work <= chain.tip.chain_work or index.n_tx:
            if requested_here:
                self._ask_for_full(peer, index)
            return None
        if not asked and not chain.can_direct_fetch:
            return None
        if index.height > chain.active.height + 2:
            if requested_here:
                self._ask_for_full(peer, index)
            else:
                self._headers.process(peer, [compact.header], via_compact_block=True)
            return None
        room = len(asked) < _MAX_PARALLEL and len(peer.in_flight) < MAX_BLOCKS_IN_TRANSIT_PER_PEER
        if room or requested_here:
            return self._reconstruct(peer, compact, index, first=not asked or asked[0] is peer)
        return self._reconstruct_without_asking(peer, compact, index)

    def _ask_for_full(self, peer: Peer, index: BlockIndex) -> None:
        peer.send("getdata", serialize_invs([Inv(MSG_BLOCK | peer.fetch_flags, index.hash)]))

    def _known_transactions(self) -> Iterable[Transaction]:
        # Hashing takes about 25 µs each. In a mempool too large to go through, recent transactions are the best guess.
        with self._state.mempool.lock:
            newest_first = reversed(self._state.mempool.entries.values())
            return [entry.tx for entry in islice(newest_first, _MAX_TRIED)]

    def _reconstruct(self, peer: Peer, compact: CompactBlock, index: BlockIndex, *, first: bool) -> PendingBlock | None:
        parallel = len(self._downloads.requested_from(index.hash))
        request = self._downloads.add(peer, index)
        if request.partial is not None:
            log.debug("Peer sent us compact block we were already syncing!")
            return None
        try:
            partial = request.partial = PartialBlock(compact, self._known_transactions())
        except ReconstructionError:
            self._downloads.remove(index.hash, peer)
            self._state.misbehaving(peer, "invalid compact block")
            return None
        if partial.collided:
            if first:
                self._ask_for_full(peer, index)
            else:
                self._downloads.remove(index.hash, peer)
            return None
        missing = partial.missing
        if not missing:
            return self._complete(peer, index.hash, [])
        if first or self._may_ask_in_parallel(peer, index, parallel):
            peer.send("getblocktxn", serialize_transactions_request(index.hash, missing))
        else:
            self._downloads.remove(index.hash, peer)
        return None

    def _may_ask_in_parallel(self, peer: Peer, index: BlockIndex, parallel: int) -> bool:
        """Whether to ask one more peer for missing transactions; the last place is kept for an outbound peer."""
        if not peer.connection.hb_to:
            return False
        outbound = any(not other.connection.is_inbound for other in self._downloads.requested_from(index.hash))
        return not peer.connection.is_inbound or outbound or parallel < _MAX_PARALLEL - 1

    def _reconstruct_without_asking(self, peer: Peer, compact: CompactBlock, index: BlockIndex) -> PendingBlock | None:
        try:
            partial = PartialBlock(compact, self._known_transactions())
            if partial.collided or partial.missing:
                return None
            block = partial.complete([])
        except ReconstructionError:
            return None
        if index.prev is None or self._mutation(block, index.prev) is not None:
            return None
        self._downloads.sources.setdefault(index.hash, (peer.id, False))
        return PendingBlock(block, force=True, min_pow_checked=True)

    def on_blocktxn(self, peer: Peer, reader: Reader) -> PendingBlock | None:
        """Take the missing transactions of a compact block in."""
        block_hash, transactions = read_block_transactions(reader)
        return self._complete(peer, block_hash, transactions)

    def _complete(self, peer: Peer, block_hash: bytes, transactions: list[Transaction]) -> PendingBlock | None:
        request = peer.in_flight.get(block_hash)
        partial = request.partial if request is not None else None
        if request is None or partial is None:
            log.debug("Peer %d sent us block transactions for block we weren't expecting", peer.id)
            return None
        if partial.used:
            self._downloads.remove(block_hash, peer)
            self._state.misbehaving(peer, "previous compact block reconstruction attempt failed")
            log.debug("Peer %d sent compact block transactions multiple times", peer.id)
            return None
        first = self._downloads.requested_from(block_hash)[0] is peer
        try:
            block = partial.complete(transactions)
        except ReconstructionError:
            self._downloads.remove(block_hash, peer)
            self._state.misbehaving(peer, "invalid compact block/non-matching block transactions")
            return None
        assert request.index.prev is not None
        if self._mutation(block, request.index.prev) is not None:
            # Short ids may collide by chance, so the full block decides.
            if first:
                self._ask_for_full(peer, request.index)
            else:
                self._downloads.remove(block_hash, peer)
                text = (
                    "Peer %d sent us a compact block but it failed to reconstruct,"
                    " waiting on first download to complete"
                )
                log.debug(text, peer.id)
            return None
        self._downloads.remove(block_hash, peer)
        self._downloads.sources.setdefault(block_hash, (peer.id, False))
        compact_log.debug(
            "Successfully reconstructed block %s with %d txn requested", hash_to_hex(block_hash), len(transactions)
        )
        return PendingBlock(block, force=True, min_pow_checked=True)
