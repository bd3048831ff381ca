"""Takes in headers and blocks, and keeps the best chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.errors import ChainLoadError, InitError
from moneyrocket.common.logging import category_logger
from moneyrocket.common.time_format import iso_time
from moneyrocket.consensus.errors import BlockResult, ValidationError
from moneyrocket.consensus.limits import MAX_FUTURE_BLOCK_TIME
from moneyrocket.interfaces.chain import BlockRef
from moneyrocket.node.block_index import BlockIndex, BlockStatus, FilePosition
from moneyrocket.node.block_validation import check_new_header
from moneyrocket.node.chain_view import ChainView
from moneyrocket.node.pruning import MIN_BLOCKS_TO_KEEP, PRUNE_MANUALLY, prune_to_height, prune_to_target
from moneyrocket.primitives.hashes import hash_to_hex

if TYPE_CHECKING:
    from collections.abc import Callable

    from moneyrocket.primitives.block import Block, BlockHeader
    from moneyrocket.primitives.transaction import Transaction

log = category_logger("")
validation_log = category_logger("validation")

_BLOCKS_PER_STEP: Final = 32
"""Blocks connected before the lock is given up for a moment."""
_FROM_THE_FUTURE: Final = (
    "The block database contains a block which appears to be from the future. This may be due to your computer's date "
    "and time being set incorrectly. Only rebuild the block database if you are sure that your computer's date and "
    "time are correct"
)
_REORG_MEMPOOL_DEPTH: Final = 10
"""Transactions of more disconnected blocks than this do not return to the mempool after invalidateblock."""


class ChainstateManager(ChainView):
    """The node's chain: takes in headers and blocks, and moves to the best chain.

    Methods take the lock themselves where they need it. What they change is durable when they return.
    """

    def load(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Make the chain on disk the active one, and connect stored blocks beyond it.

        Args:
            interrupted: asked now and then whether the node shall stop.

        Raises:
            InitError: if it cannot be used; everything is closed then.
        """
        with self.lock:
            self._log_limits()
            try:
                self._reindex(interrupted)
                self._load_tip()
                self._recalculate_best_header()
                self.activate_best_chain()
                self._check_loaded()
            except InitError:
                self.close()
                raise
            self._update_initial_download()
            tip = self.tip
            log.info(
                "Loaded best chain: hashBestChain=%s height=%d date=%s progress=%f",
                hash_to_hex(tip.hash), tip.height, iso_time(tip.time), self.guess_progress(tip),
            )  # fmt: skip
            self._notifications.announce(BlockRef(tip.hash, tip.height))

    def _log_limits(self) -> None:
        log.info("Setting nMinimumChainWork=%064x", self.options.minimum_chain_work)
        if self.options.assume_valid is None:
            log.info("Validating signatures for all blocks.")
        else:
            block = hash_to_hex(self.options.assume_valid)
            log.info("Assuming ancestors of block %s have valid signatures.", block)

    def _reindex(self, interrupted: Callable[[], bool]) -> None:
        if self.store.reindexing:
            from moneyrocket.node.reindex import Reindexer

            if Reindexer(self).run(interrupted):
                self.store.finish_reindex()

    def _check_loaded(self) -> None:
        if self.tip.time > clock.now() + MAX_FUTURE_BLOCK_TIME:
            raise ChainLoadError(_FROM_THE_FUTURE)
        if self.have_pruned and not self.options.prunes:
            raise InitError(
                "You need to rebuild the database using -reindex to go back to unpruned mode.  "
                "This will redownload the entire blockchain"
            )

    def _load_tip(self) -> None:
        state = self._chainstate
        best = state.coins.best_block
        tip = self.store.blocks.get(best)
        if tip is None and any(best):
            log.error("The coins belong to block %s, which the block index does not have", hash_to_hex(best))
            raise ChainLoadError("Error initializing block database")
        state.chain.set_tip(tip)
        state.candidates.load(self.store.blocks.values(), tip)
        failed = [index for index in self.store.blocks.values() if index.failed]
        state.best_invalid = max(failed, key=lambda index: index.chain_work, default=None)

    # Headers and blocks from outside

    def process_new_headers(self, headers: Sequence[BlockHeader], *, min_pow_checked: bool = True) -> BlockIndex | None:
        """Take in headers, each upon the one before it.

        Args:
            headers: the headers.
            min_pow_checked: the caller knows that their chain has enough work to be worth keeping.

        Returns:
            The last one's entry, None for no headers.

        Raises:
            ValidationError: for the first bad one; those before it are kept.
        """
        last: BlockIndex | None = None
        with self.lock:
            before = self.best_header
            try:
                for header in headers:
                    last = self._accept_header(header, min_pow_checked)
            finally:
                self._chainstate.commit(soon=True)
            if self.best_header is not before:
                self._signals.updated_header_tip(self.best_header)
            if last is not None and self.best_header is not before and self._initial_download:
                left = max(0, (clock.now() - last.time) // self.params.pow_target_spacing)
                share = 100.0 * last.height / (last.height + left) if last.height + left else 100.0
                log.info("Synchronizing blockheaders, height: %d (~%.2f%%)", last.height, share)
        return last

    def _accept_header(self, header: BlockHeader, min_pow_checked: bool) -> BlockIndex:
        block_hash = header.hash
        text = hash_to_hex(block_hash)
        known = self.store.blocks.get(block_hash)
        if known is not None:
            if known.failed:
                validation_log.debug("AcceptBlockHeader: block %s is marked invalid", text)
                raise ValidationError(
                    "duplicate-invalid", f"block {text} was previously marked invalid", BlockResult.CACHED_INVALID
                )
            return known
        check_new_header(header, self.store.blocks.get(header.prev_hash), self.params, clock.now())
        if not min_pow_checked:
            validation_log.debug(
                "AcceptBlockHeader: not adding new block header %s, missing anti-dos proof-of-work validation", text
            )
            raise ValidationError("too-little-chainwork", "", BlockResult.HEADER_LOW_WORK)
        index = self.store.add_header(header)
        if index.chain_work > self.best_header.chain_work:
            self.best_header = index
        return index

    def process_new_block(self, block: Block, *, force: bool = True, min_pow_checked: bool = True) -> bool:
        """Take in a block and move to the best chain. What it changes is durable on return.

        A block that turns out invalid only when it is connected raises nothing; `signals.block_checked` tells of it.
        Must not be called with the lock held by a thread that also waits for subscribers.

        Args:
            block: the block.
            force: take it even if it is far ahead or has little work (it was asked for).
            min_pow_checked: the caller knows that its chain has enough work to be worth keeping.

        Returns:
            Whether the block was stored now.

        Raises:
            ValidationError: if it is invalid; subscribers' `block_checked` was called.
        """
        with self.lock:
            try:
                self.validator.check_block(block)
                is_new = self._accept_block(block, requested=force, min_pow_checked=min_pow_checked)
            except ValidationError as error:
                self._chainstate.commit(soon=True)
                self._signals.block_checked(block, error)
                log.error("ProcessNewBlock: AcceptBlock FAILED (%s)", error)
                raise
        self.activate_best_chain(block)
        return is_new

    def _accept_block(
        self, block: Block, *, requested: bool, min_pow_checked: bool = True, position: FilePosition | None = None
    ) -> bool:
        """Check a block as far as its ancestors' headers allow, and store it unless it is at ``position`` already."""
        index = self._accept_header(block.header, min_pow_checked)
        if index.have_data:
            return False
        tip = self.active_chain.tip
        if not requested:
            less_work = tip is not None and index.chain_work < tip.chain_work
            # Far blocks would keep their files from being pruned.
            too_far = index.height > self.active_chain.height + MIN_BLOCKS_TO_KEEP
            if index.n_tx or less_work or too_far or index.chain_work < self.options.minimum_chain_work:
                return False
        try:
            self.validator.check_block(block)
            self.validator.check_context(block, index.prev)
        except ValidationError as error:
            self._chainstate.block_failed(index, error)
            self._recalculate_best_header()
            log.error("AcceptBlock: %s", error)
            raise
        if not self._initial_download and tip is index.prev:
            self._signals.new_pow_valid_block(index, block)
        if position is None:
            self.store.save_block(block, index)
        else:
            self.store.adopt_block(block, index, position)
        self._chainstate.candidates.received(index, tip)
        return True

    def accept_stored_block(self, block: Block, position: FilePosition) -> bool:
        """Take in a block that lies in a block file already (-reindex). `activate_best_chain` must follow.

        Returns:
            Whether it was news.

        Raises:
            ValidationError: if it is invalid.
        """
        with self.lock:
            return self._accept_block(block, requested=True, position=position)

    def activate_best_chain(self, hint: Block | None = None) -> None:
        """Make the valid chain with the most work the active one; durable on return.

        Args:
            hint: a block that was just stored, to save reading it back.
        """
        while self._activation_step(hint):
            pass

    def _activation_step(self, hint: Block | None) -> bool:
        """Connect some blocks towards the best chain. Returns whether there may be more to do."""
        with self.lock:
            state = self._chainstate
            start = state.chain.tip
            moved = False
            while True:
                target = state.candidates.best()
                if target is None or target is state.chain.tip:
                    break
                fork = state.chain.find_fork(target)
                limit = (fork.height if fork is not None else -1) + _BLOCKS_PER_STEP
                goal = target.ancestor(min(target.height, max(limit, start.height + 1 if start else 0)))
                assert goal is not None
                state.step(goal, hint if hint is not None and hint.hash == goal.hash else None)
                if state.best_invalid is not None and state.best_invalid.is_ancestor_of(self.best_header):
                    self._recalculate_best_header()
                moved = True
                if start is None or state.tip.chain_work > start.chain_work:
                    break
            if moved:
                self._announce_tip(start)
                self._prune()
            else:
                state.commit(soon=True)
            return moved

    def _announce_tip(self, start: BlockIndex | None) -> None:
        tip = self.tip
        self._update_initial_download()
        downloading = self._initial_download
        fork = self.active_chain.find_fork(start) if start is not None else None
        if fork is not tip:
            self._chainstate.tell(lambda: self._signals.updated_block_tip(tip, fork, downloading))
        self._chainstate.tell(lambda: self._notifications.announce(BlockRef(tip.hash, tip.height)))
        if self.options.stop_at_height and tip.height >= self.options.stop_at_height:
            self._request_shutdown()

    def _prune(self) -> None:
        target = self.options.prune_target
        if target not in (0, PRUNE_MANUALLY) and self.tip.height > self.params.prune_after_height:
            self._chainstate.commit()
            prune_to_target(self.store, self.tip.height, target)

    # Orders from the operator

    def prune(self, height: int) -> None:
        """Delete the files of blocks up to ``height``, as far as they are old enough."""
        with self.lock:
            self._chainstate.commit()
            prune_to_height(self.store, self.tip.height, height)

    def invalidate_block(self, index: BlockIndex) -> None:
        """Treat a block and all upon it as invalid, durably, and take them off the active chain.

        `activate_best_chain` must follow, to move on to the best of the rest.

        Raises:
            ValueError: for the genesis block.
        """
        if index.prev is None:
            raise ValueError("the genesis block cannot be invalid")
        with self.lock:
            state = self._chainstate
            start = state.tip
            returned: list[list[Transaction]] = []
            while index in state.chain:
                transactions = state.disconnect_tip()
                if len(returned) < _REORG_MEMPOOL_DEPTH:
                    returned.append(transactions)
            state.candidates.discard(index)
            index.status |= BlockStatus.FAILED
            self.store.mark_dirty(index)
            state.invalid_chain_found(index)
            self._reconsider_candidates()
            self._recalculate_best_header()
            if state.tip is not start and state.mempool is not None:
                state.mempool.reorg_finished([tx for txs in reversed(returned) for tx in txs])
            state.commit()
            if state.tip is not start:
                tip = state.tip
                self._notifications.announce(BlockRef(tip.hash, tip.height))

    def reconsider_block(self, index: BlockIndex) -> None:
        """Forget that a block, its ancestors and its descendants were found invalid, durably.

        `activate_best_chain` must follow.
        """
        with self.lock:
            state = self._chainstate
            for other in self.store.blocks.values():
                if other.failed and (index.is_ancestor_of(other) or other.is_ancestor_of(index)):
                    other.status &= ~BlockStatus.FAILED
                    self.store.mark_dirty(other)
                    if other is state.best_invalid:
                        state.best_invalid = None
            self._reconsider_candidates()
            self._recalculate_best_header()
            state.commit()

    def precious_block(self, index: BlockIndex) -> None:
        """Prefer a block to all others of the same work, until the node restarts."""
        with self.lock:
            if index.chain_work < self.tip.chain_work:
                return
            self._chainstate.candidates.prefer(index, self.tip)
        self.activate_best_chain()

    def _reconsider_candidates(self) -> None:
        tip = self.tip
        for other in self.store.blocks.values():
            self._chainstate.candidates.consider(other, tip)

    def _recalculate_best_header(self) -> None:
        best = self.active_chain.tip or self.store.blocks[self.params.genesis_hash]
        for index in self.store.blocks.values():
            if not index.failed and index.chain_work > best.chain_work:
                best = index
        self.best_header = best

    def test_block(self, block: Block, *, check_merkle_root: bool = False, check_pow: bool = False) -> None:
        """Check a block that builds on the tip, and change nothing.

        Args:
            block: the block.
            check_merkle_root: whether its header names its final transactions.
            check_pow: whether it has its proof of work.

        Raises:
            ValidationError: if it is invalid.
        """
        with self.lock:
            self.validator.test(
                block,
                self.tip,
                self._chainstate.coins,
                check_merkle_root=check_merkle_root,
                check_pow=check_pow,
                now=clock.now(),
            )

    def commit(self) -> None:
        """Make everything durable, without telling subscribers that it is."""
        with self.lock:
            self._chainstate.commit()

    def flush(self) -> None:
        """Make everything durable, and tell subscribers so."""
        with self.lock:
            self._chainstate.commit()
            locator = self.active_chain.locator()
        self._signals.chain_state_flushed(locator)

    def close(self) -> None:
        """Make everything durable and close all files. Harmless if repeated."""
        with self.lock:
            if self._closed:
                return
            self._closed = True
            self._chainstate.commit()
            self.store.close()
            self.coins_db.close()
