"""Blocks for peers that ask for them."""

from typing import Final

from moneyrocket.common.logging import category_logger
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.net.compact_blocks import CompactBlock, read_transactions_request, serialize_block_transactions
from moneyrocket.node.net.messages import read_locator, serialize_invs
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import (
    MAX_LOCATOR_SIZE,
    MSG_BLOCK,
    MSG_CMPCT_BLOCK,
    MSG_FILTERED_BLOCK,
    MSG_WITNESS_BLOCK,
    Inv,
    ServiceFlags,
)
from moneyrocket.node.net.state import NetState
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import ZERO_HASH, hash_to_hex
from moneyrocket.primitives.serialize import Reader
from moneyrocket.primitives.transaction import Transaction

log = category_logger("net")
compact_log = category_logger("cmpctblock")

_MAX_COMPACT_DEPTH: Final = 5
_MAX_BLOCKTXN_DEPTH: Final = 10
_GETBLOCKS_LIMIT: Final = 500
_LIMITED_BLOCKS: Final = 288
_HISTORICAL_SECONDS: Final = 7 * 24 * 3600


class RecentBlock:
    """The block that was announced last: peers ask for it at once, and for its transactions.

    Attributes:
        block: the block, None before the first.
        transactions: its transactions by txid and by wtxid.
    """

    def __init__(self) -> None:
        self.block: Block | None = None
        self.transactions: dict[bytes, Transaction] = {}
        self._compact: CompactBlock | None = None

    def set(self, block: Block) -> None:
        """Remember a block."""
        self.block = block
        self._compact = None
        self.transactions = {tx.txid: tx for tx in block.transactions}
        self.transactions.update((tx.wtxid, tx) for tx in block.transactions)

    def compact(self) -> CompactBlock:
        """The block as a compact block."""
        assert self.block is not None
        if self._compact is None:
            self._compact = CompactBlock.from_block(self.block)
        return self._compact

    def get(self, block_hash: bytes) -> Block | None:
        """The block if it has this hash."""
        return self.block if self.block is not None and self.block.hash == block_hash else None


class BlockServing:
    """Handles ``getdata`` for blocks, ``getblocks`` and ``getblocktxn``.

    Args:
        state: shared state.
        recent: the block announced last.
    """

    def __init__(self, state: NetState, recent: RecentBlock) -> None:
        self._state = state
        self._recent = recent

    def serve(self, peer: Peer, inv: Inv) -> None:
        """Send a block, if the peer may have it."""
        chain = self._state.chain
        if inv.type == MSG_FILTERED_BLOCK:
            self._refuse(peer, "filtered block request received when NODE_BLOOM service disabled")
            return
        index = chain.lookup(inv.hash)
        if index is None:
            return
        chain.finish_connecting(index)
        if not chain.may_serve(index):
            log.debug("serve: ignoring request from peer=%d for old block that isn't in the main chain", peer.id)
            return
        if self._upload_limited(peer, index):
            self._refuse(peer, "historical block serving limit reached")
            return
        limited = peer.our_services & ServiceFlags.NETWORK_LIMITED and not peer.our_services & ServiceFlags.NETWORK
        if limited and not peer.no_ban and chain.tip.height - index.height > _LIMITED_BLOCKS + 2:
            self._refuse(peer, "Ignore block request below NODE_NETWORK_LIMITED threshold")
            return
        if not index.have_data:
            return
        self._send_block(peer, inv.type, index)
        if inv.hash == peer.continuation:
            peer.send("inv", serialize_invs([Inv(MSG_BLOCK, chain.tip.hash)]))
            peer.continuation = None

    def _refuse(self, peer: Peer, why: str) -> None:
        log.debug("%s, %s", why, peer.connection.disconnect_message)
        peer.disconnect()

    def _upload_limited(self, peer: Peer, index: BlockIndex) -> bool:
        if not self._state.connman.upload.is_spent(historical=True):
            return False
        historical = self._state.chain.best_header.time - index.time > _HISTORICAL_SECONDS
        return historical and not peer.connection.has_permission(Permission.DOWNLOAD)

    def _send_block(self, peer: Peer, kind: int, index: BlockIndex) -> None:
        chain = self._state.chain
        recent = self._recent.get(index.hash)
        block = recent or chain.read_block(index)
        if kind == MSG_CMPCT_BLOCK and chain.can_direct_fetch and index.height >= chain.tip.height - _MAX_COMPACT_DEPTH:
            compact = self._recent.compact() if recent is not None else CompactBlock.from_block(block)
            peer.send("cmpctblock", compact.serialize())
        else:
            peer.send("block", block.serialize(witness=kind in (MSG_WITNESS_BLOCK, MSG_CMPCT_BLOCK)))

    def on_getblocks(self, peer: Peer, reader: Reader) -> None:
        """Announce up to 500 blocks from where the peer's chain forks off."""
        chain = self._state.chain
        locator, stop = read_locator(reader)
        if len(locator.hashes) > MAX_LOCATOR_SIZE:
            self._refuse(peer, f"getblocks locator size {len(locator.hashes)} > {MAX_LOCATOR_SIZE}")
            return
        fork = chain.find_fork(locator)
        index = chain.active.next(fork)
        end = "end" if stop == ZERO_HASH else hash_to_hex(stop)
        height = index.height if index else -1
        log.debug("getblocks %d to %s limit %d from peer=%d", height, end, _GETBLOCKS_LIMIT, peer.id)
        count = 0
        while index is not None:
            if index.hash == stop:
                log.debug(" getblocks stopping at %d %s", index.height, hash_to_hex(index.hash))
                return
            if not index.have_data:
                text = " getblocks stopping, pruned or too old block at %d %s"
                log.debug(text, index.height, hash_to_hex(index.hash))
                return
            peer.blocks_to_announce.append(index.hash)
            count += 1
            if count == _GETBLOCKS_LIMIT:
                log.debug(" getblocks stopping at limit %d %s", index.height, hash_to_hex(index.hash))
                peer.continuation = index.hash
                return
            index = chain.active.next(index)

    def on_getblocktxn(self, peer: Peer, reader: Reader) -> None:
        """Send the transactions that a peer lacks to complete a compact block."""
        block_hash, indexes = read_transactions_request(reader)
        if not indexes:
            self._refuse(peer, "getblocktxn received with no transaction indexes")
            return
        chain = self._state.chain
        block = self._recent.get(block_hash)
        if block is None:
            index = chain.lookup(block_hash)
            if index is None or not index.have_data:
                log.debug("Peer %d sent us a getblocktxn for a block we don't have", peer.id)
                return
            if index.height < chain.active.height - _MAX_BLOCKTXN_DEPTH:
                log.debug("Peer %d sent us a getblocktxn for a block > %d deep", peer.id, _MAX_BLOCKTXN_DEPTH)
                peer.getdata.append(Inv(MSG_WITNESS_BLOCK, block_hash))
                return
            block = chain.read_block(index)
        if indexes[-1] >= len(block.transactions):
            self._state.misbehaving(peer, "getblocktxn with out-of-bounds tx indices")
            return
        transactions = [block.transactions[index] for index in indexes]
        compact_log.debug(
            "%s sent us a GETBLOCKTXN for block %s, sending a BLOCKTXN with %d txns. (%d bytes)",
            peer.connection.log_name,
            hash_to_hex(block_hash),
            len(transactions),
            sum(len(tx.serialize()) for tx in transactions),
        )
        peer.send("blocktxn", serialize_block_transactions(block_hash, transactions))
