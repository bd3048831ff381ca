"""The active chain and its coins: connects and disconnects blocks, one durable commit each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from moneyrocket.common.logging import category_logger
from moneyrocket.common.time_format import iso_time
from moneyrocket.consensus.errors import BlockResult, ValidationError
from moneyrocket.node.block_index import ActiveChain, BlockIndex, BlockStatus
from moneyrocket.node.block_store import BlockStore
from moneyrocket.node.chain_candidates import ChainCandidates
from moneyrocket.node.coins import CoinsCache, CoinsLayer
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.node.block_validation import BlockValidator
    from moneyrocket.node.signals import ValidationSignals
    from moneyrocket.primitives.block import Block

log = category_logger("")
bench_log = category_logger("bench")

MAX_PENDING_COINS: Final = 200_000
"""Changed coins held back in initial download before they are committed."""
MAX_PENDING_SECONDS: Final = 5.0
"""Seconds for which they are held back at most."""


class MempoolHooks(Protocol):
    """What the chain tells the mempool, under the chain lock."""

    def remove_for_block(self, block: Block, height: int) -> None:
        """A block was connected: its transactions, and those in conflict with them, must go."""

    def reorg_finished(self, disconnected: list[Transaction]) -> None:
        """The tip moved to another branch.

        Args:
            disconnected: transactions of disconnected blocks that the new chain does not have, oldest block first,
                without coinbases. They may return to the mempool; all in it must be checked against the new tip.
        """


@dataclass(frozen=True, slots=True)
class TipReport:
    """What the chain state knows about its tip for the log line."""

    progress: float
    warning: str = ""


class Chainstate:
    """Moves the tip. Every method is called with the chain lock held.

    Attributes:
        chain: the active chain.
        coins: unspent outputs as of the tip.
        candidates: blocks that could become the tip.
        mempool: told of every block, once there is one.
        best_invalid: the invalid block with the most work seen.
    """

    def __init__(
        self,
        store: BlockStore,
        coins: CoinsCache,
        validator: BlockValidator,
        signals: ValidationSignals,
        report: Callable[[BlockIndex], TipReport],
        defer_commits: Callable[[], bool],
    ) -> None:
        """Make a chain state.

        Args:
            store: known headers and stored blocks.
            coins: the unspent outputs.
            validator: checks blocks against the coins.
            signals: whom to tell.
            report: tells what to log about a new tip.
            defer_commits: whether commits may be held back for a moment now.
        """
        self._store = store
        self._validator = validator
        self._signals = signals
        self._report = report
        self._defer_commits = defer_commits
        self._last_commit = time.monotonic()
        self._untold: list[Callable[[], None]] = []
        self.chain = ActiveChain()
        self.coins = coins
        self.candidates = ChainCandidates()
        self.mempool: MempoolHooks | None = None
        self.best_invalid: BlockIndex | None = None

    @property
    def tip(self) -> BlockIndex:
        """The last block of the active chain."""
        tip = self.chain.tip
        assert tip is not None, "the chain state is not loaded"
        return tip

    def step(self, target: BlockIndex, hint: Block | None) -> BlockIndex:
        """Move the tip to ``target``, or as far as valid blocks lead.

        Args:
            target: the new tip; all blocks up to it are stored.
            hint: the block of ``target``, if the caller has it at hand.

        Returns:
            The tip afterwards.
        """
        fork = self.chain.find_fork(target)
        disconnected: list[list[Transaction]] = []
        reorganised = self.chain.tip is not None and self.tip is not fork
        while self.chain.tip is not None and self.tip is not fork:
            disconnected.append(self.disconnect_tip())
        for index in self.chain.missing_from(target):
            block = hint if hint is not None and index is target else self._store.read_block(index)
            try:
                self._connect_tip(index, block)
            except ValidationError as error:
                log.error("ConnectTip: ConnectBlock %s failed, %s", hash_to_hex(index.hash), error)
                self.block_failed(index, error)
                self._signals.block_checked(block, error)
                break
            if disconnected:
                confirmed = {tx.txid for tx in block.transactions}
                disconnected = [[tx for tx in txs if tx.txid not in confirmed] for txs in disconnected]
        if reorganised and self.mempool is not None:
            self.mempool.reorg_finished([tx for txs in reversed(disconnected) for tx in txs])
        return self.tip

    def _connect_tip(self, index: BlockIndex, block: Block) -> None:
        started = time.perf_counter()
        layer = CoinsLayer(self.coins)
        undo = self._validator.connect(block, index, layer)
        self._signals.block_checked(block, None)
        self._store.save_undo(undo, index)
        if index.raise_validity(BlockStatus.VALID_SCRIPTS):
            self._store.mark_dirty(index)
        self.coins.apply(layer, index.hash)
        self.chain.set_tip(index)
        self.candidates.consider(index, index)
        self.candidates.prune(index)
        self.commit(soon=True)
        if self.mempool is not None:
            self.mempool.remove_for_block(block, index.height)
        self._log_tip(index)
        self._tell(lambda: self._signals.block_connected(block, index))
        if bench_log.debug_on:
            bench_log.debug("- Connect block: %.2fms", (time.perf_counter() - started) * 1000)

    def disconnect_tip(self) -> list[Transaction]:
        """Take the tip off the chain.

        Returns:
            Its transactions but the coinbase.

        Raises:
            BlockFileError: if block or undo data cannot be read.
        """
        started = time.perf_counter()
        index = self.tip
        assert index.prev is not None, "the genesis block stays"
        block = self._store.read_block(index)
        layer = CoinsLayer(self.coins)
        self._validator.disconnect(block, self._store.read_undo(index), layer)
        self.coins.apply(layer, index.prev.hash)
        self.chain.set_tip(index.prev)
        self.commit(soon=True)
        self._log_tip(index.prev)
        self._tell(lambda: self._signals.block_disconnected(block, index))
        if bench_log.debug_on:
            bench_log.debug("- Disconnect block: %.2fms", (time.perf_counter() - started) * 1000)
        return list(block.transactions[1:])

    def commit(self, *, soon: bool = False) -> None:
        """Make index and coins durable, then tell subscribers what happened.

        Args:
            soon: in initial download it is enough if this happens within some seconds.
        """
        if (
            soon
            and self._defer_commits()
            and self.coins.pending < MAX_PENDING_COINS
            and time.monotonic() - self._last_commit < MAX_PENDING_SECONDS
        ):
            return
        # The index first: it must know every block that the coins belong to. Both are complete after either crash:
        # an index that is ahead only names blocks that the next start connects again.
        self._store.flush()
        if self.coins.is_dirty:
            self.coins.flush()
        self._last_commit = time.monotonic()
        untold, self._untold = self._untold, []
        for tell in untold:
            tell()

    def tell(self, notification: Callable[[], None]) -> None:
        """Run ``notification`` once everything that happened up to now is durable."""
        self._tell(notification)

    def _tell(self, notification: Callable[[], None]) -> None:
        if self.coins.is_dirty:
            self._untold.append(notification)
        else:
            notification()

    def block_failed(self, index: BlockIndex, error: ValidationError) -> None:
        """Note that a block is invalid, unless only this copy of it is."""
        if error.result is BlockResult.MUTATED:
            return
        index.status |= BlockStatus.FAILED
        self._store.mark_dirty(index)
        self.candidates.discard(index)
        self.invalid_chain_found(index)

    def invalid_chain_found(self, index: BlockIndex) -> None:
        """Mark everything built upon an invalid block, and log it."""
        if self.best_invalid is None or index.chain_work > self.best_invalid.chain_work:
            self.best_invalid = index
        for other in self._store.blocks.values():
            if other is not index and not other.failed and index.is_ancestor_of(other):
                other.status |= BlockStatus.FAILED
                self._store.mark_dirty(other)
                self.candidates.discard(other)
        log.info("InvalidChainFound: invalid block=%s", _describe(index))
        log.info("InvalidChainFound: current best=%s", _describe(self.tip))

    def _log_tip(self, tip: BlockIndex) -> None:
        report = self._report(tip)
        log.info(
            "UpdateTip: new best=%s height=%d version=0x%08x log2_work=%f tx=%d date='%s' progress=%f "
            "cache=%.1fMiB(%dtxo)%s",
            hash_to_hex(tip.hash),
            tip.height,
            tip.version & 0xFFFFFFFF,
            math.log2(tip.chain_work),
            tip.chain_tx,
            iso_time(tip.time),
            report.progress,
            self.coins.memory_usage() / 2**20,
            self.coins.pending,
            f" warning='{report.warning}'" if report.warning else "",
        )


def _describe(index: BlockIndex) -> str:
    work = math.log2(index.chain_work)
    return f"{hash_to_hex(index.hash)} height={index.height} log2_work={work:f} date={iso_time(index.time)}"
