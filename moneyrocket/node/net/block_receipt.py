"""Blocks that peers send."""

from contextlib import suppress

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.pow import block_proof
from moneyrocket.node.net.block_download import BlockDownload
from moneyrocket.node.net.compact_relay import PendingBlock
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.state import NetState
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import Reader

log = category_logger("net")


class BlockReceipt:
    """Handles ``block``, and hands blocks to the chain state.

    Args:
        state: shared state.
        downloads: knows what was asked for.
    """

    def __init__(self, state: NetState, downloads: BlockDownload) -> None:
        self._state = state
        self._downloads = downloads

    def on_block(self, peer: Peer, reader: Reader) -> PendingBlock | None:
        """Take a block in; returns it for `submit`, unless it is not what its header says."""
        chain = self._state.chain
        block = Block.read(reader)
        block_hash = block.hash
        log.debug("received block %s peer=%d", hash_to_hex(block_hash), peer.id)
        prev = chain.lookup(block.header.prev_hash)
        problem = chain.mutation(block, prev) if prev is not None else None
        if problem is not None:
            log.debug("Block mutated: %s", problem)
            log.debug("Received mutated block from peer=%d", peer.id)
            self._state.misbehaving(peer, "mutated block")
            self._downloads.remove(block_hash, peer)
            return None
        requested = self._downloads.is_requested(block_hash)
        self._downloads.remove(block_hash, peer)
        self._downloads.sources.setdefault(block_hash, (peer.id, True))
        enough = prev is not None and prev.chain_work + block_proof(block.header.bits) >= chain.anti_dos_work
        return PendingBlock(block, force=requested, min_pow_checked=enough)

    def submit(self, peer: Peer, pending: PendingBlock) -> None:
        """Hand a block to the chain state; must be called without the chain lock."""
        from moneyrocket.consensus.errors import ValidationError

        chain = self._state.chain
        is_new = False
        with suppress(ValidationError):  # block_checked has dealt with whoever sent it
            is_new = chain.process_block(pending.block, force=pending.force, min_pow_checked=pending.min_pow_checked)
        with chain.lock:
            if is_new:
                peer.connection.last_block_time = clock.now()
                self._downloads.remove(pending.block.hash)
            else:
                self._downloads.sources.pop(pending.block.hash, None)
