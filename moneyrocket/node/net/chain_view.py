"""The questions that message processing has for the chain state, and what it brings there."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.consensus.pow import block_proof
from moneyrocket.node.block_index import ActiveChain, BlockIndex, BlockStatus, make_locator
from moneyrocket.primitives.block import Block, BlockHeader, BlockLocator

if TYPE_CHECKING:
    from moneyrocket.consensus.errors import ValidationError
    from moneyrocket.node.chain_manager import ChainstateManager

TARGET_SPACING: Final = 600
"""Seconds between blocks."""
_CONNECTED: Final = BlockStatus.VALID_SCRIPTS
_NEAR_TIP_BLOCKS: Final = 144
_DIRECT_FETCH_BLOCKS: Final = 20
_STALE_SERVE_SECONDS: Final = 30 * 24 * 3600


class ChainView:
    """Wraps the chain state manager.

    Args:
        chainman: the chain state.
    """

    def __init__(self, chainman: "ChainstateManager") -> None:
        self.chainman = chainman

    @property
    def lock(self) -> threading.RLock:
        """The chain lock."""
        return self.chainman.lock

    @property
    def tip(self) -> BlockIndex:
        """Last block of the active chain."""
        return self.chainman.tip

    @property
    def active(self) -> ActiveChain:
        """The active chain."""
        return self.chainman.active_chain

    @property
    def best_header(self) -> BlockIndex:
        """The header with the most work that is not known to be invalid."""
        return self.chainman.best_header

    @property
    def minimum_work(self) -> int:
        """Work that a chain needs to be of interest (-minimumchainwork)."""
        return self.chainman.options.minimum_chain_work

    @property
    def initial_download(self) -> bool:
        """Whether the node is still catching up."""
        return self.chainman.is_initial_block_download()

    def lookup(self, block_hash: bytes) -> BlockIndex | None:
        """The block with this hash, of any branch."""
        return self.chainman.lookup(block_hash)

    def locator(self, index: BlockIndex) -> BlockLocator:
        """Locator of the chain that ends in ``index``."""
        return make_locator(index)

    def find_fork(self, locator: BlockLocator) -> BlockIndex:
        """The highest block that a locator and the active chain share."""
        return self.chainman.find_fork(locator)

    @property
    def can_direct_fetch(self) -> bool:
        """Whether the tip is recent enough to fetch announced blocks at once."""
        return self.tip.time > clock.now() - TARGET_SPACING * _DIRECT_FETCH_BLOCKS

    @property
    def anti_dos_work(self) -> int:
        """Work below which unrequested headers and blocks are not worth memory: that of 144 blocks below the tip."""
        tip = self.tip
        near_tip = tip.chain_work - min(_NEAR_TIP_BLOCKS * block_proof(tip.bits), tip.chain_work)
        return max(near_tip, self.minimum_work)

    def finish_connecting(self, index: BlockIndex) -> None:
        """Connect a stored block that was announced before it was connected, since a peer asks for it already."""
        if index.have_chain_data and index.is_valid(BlockStatus.VALID_TREE) and not index.is_valid(_CONNECTED):
            self.chainman.activate_best_chain()

    def may_serve(self, index: BlockIndex) -> bool:
        """Whether a block may be given away: it is in the active chain, or forked off less than a month ago."""
        if index in self.active:
            return True
        best = self.best_header
        recent_work = block_proof(best.bits) * (_STALE_SERVE_SECONDS // TARGET_SPACING)
        return (
            index.is_valid(_CONNECTED)
            and best.time - index.time < _STALE_SERVE_SECONDS
            and best.chain_work - index.chain_work < recent_work
        )

    def is_ancestor_of_best(self, index: BlockIndex | None) -> bool:
        """Whether ``index`` lies below the best header or in the active chain."""
        return index is not None and (index.is_ancestor_of(self.best_header) or index in self.active)

    def segwit_active_after(self, prev: BlockIndex) -> bool:
        """Whether segwit rules hold for the block after ``prev``."""
        from moneyrocket.consensus.params import Deployment

        return self.chainman.params.is_active_after(Deployment.SEGWIT, prev)

    def has_proof_of_work(self, header: BlockHeader) -> bool:
        """Whether a header's hash meets its own target."""
        from moneyrocket.consensus.pow import check_proof_of_work

        return check_proof_of_work(header.hash, header.bits, self.chainman.params)

    def permitted_difficulty(self, height: int, before: int, bits: int) -> bool:
        """Whether the header at ``height`` may have ``bits`` after a header with those of ``before``."""
        from moneyrocket.consensus.pow import permitted_difficulty_transition

        return permitted_difficulty_transition(self.chainman.params, height, before, bits)

    def mutation(self, block: Block, prev: BlockIndex) -> "ValidationError | None":
        """Why a block cannot be what its header commits to, None if it can.

        Args:
            block: the block.
            prev: the parent.
        """
        from moneyrocket.consensus.block_checks import check_transactions_root
        from moneyrocket.consensus.errors import BlockResult, ValidationError
        from moneyrocket.consensus.witness_commitment import check_witness_commitment

        try:
            check_transactions_root(block)
            if block.transactions and block.transactions[0].is_coinbase:
                check_witness_commitment(block, expected=self.segwit_active_after(prev))
            elif any(len(tx.serialize(witness=False)) == 64 for tx in block.transactions):
                # Such a block is invalid anyway. A transaction of 64 bytes may be two hashes of an inner node.
                return ValidationError("bad-txnmrklroot", "64-byte transaction", BlockResult.MUTATED)
        except ValidationError as error:
            return error
        return None

    def read_block(self, index: BlockIndex) -> Block:
        """A stored block."""
        return self.chainman.read_block(index)

    def process_headers(self, headers: Sequence[BlockHeader]) -> "tuple[BlockIndex | None, ValidationError | None]":
        """Take headers in whose work was checked.

        Returns:
            The last one, or why one of them was not accepted.
        """
        from moneyrocket.consensus.errors import ValidationError

        try:
            return self.chainman.process_new_headers(headers), None
        except ValidationError as error:
            return None, error

    def process_block(self, block: Block, *, force: bool, min_pow_checked: bool) -> bool:
        """Take a block in, without the lock held; what is wrong with it is reported through the signals.

        Returns:
            Whether it is new and was stored.
        """
        return self.chainman.process_new_block(block, force=force, min_pow_checked=min_pow_checked)
