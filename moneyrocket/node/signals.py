"""Tells subscribers, in order and on the scheduler thread, what happened to chain and mempool."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from moneyrocket.interfaces.chain import RemovalReason
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.primitives.block import Block, BlockLocator
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.consensus.errors import ValidationError


class JobQueue(Protocol):
    """Where notifications wait: `moneyrocket.node.scheduler.SerialQueue`, or `Immediate` in small programs."""

    def put(self, job: Callable[[], None]) -> None:
        """Run ``job`` after all jobs before it."""

    def flush(self) -> None:
        """Run what is left on the calling thread."""


class Immediate:
    """A queue that runs every job at once, on the thread that puts it in."""

    def put(self, job: Callable[[], None]) -> None:
        """Run ``job``."""
        job()

    def flush(self) -> None:
        """Nothing ever waits."""


class ValidationSubscriber:
    """What a subscriber may learn; override what matters.

    All but `block_checked` and `new_pow_valid_block` arrive on the scheduler thread, without the chain lock, in the
    order in which the events happened. The two exceptions are called at once, on the thread that validates, under the
    chain lock.
    """

    def block_checked(self, block: Block, error: ValidationError | None) -> None:
        """A block was fully validated, or found invalid (``error`` tells why)."""

    def new_pow_valid_block(self, index: BlockIndex, block: Block) -> None:
        """A block upon the tip passed all checks that need no chain state: it can be announced early."""

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        """A block became the tip of the active chain, durably."""

    def block_disconnected(self, block: Block, index: BlockIndex) -> None:
        """The tip was taken off the active chain."""

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """The active chain reached a new tip; ``fork`` is the last block it shares with the chain before."""

    def updated_header_tip(self, best: BlockIndex) -> None:
        """There is a new best header, whose block may not be here yet."""

    def transaction_added_to_mempool(self, tx: Transaction, sequence: int) -> None:
        """A transaction entered the mempool."""

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason, sequence: int) -> None:
        """A transaction left the mempool for another reason than being mined."""

    def mempool_transactions_removed_for_block(self, transactions: list[Transaction], height: int) -> None:
        """Transactions left the mempool because the block at ``height`` has them."""

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """The state up to ``locator`` is on disk."""


class ValidationSignals:
    """Delivers events to its subscribers through a queue."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._lock = threading.Lock()
        self._subscribers: tuple[ValidationSubscriber, ...] = ()

    def subscribe(self, subscriber: ValidationSubscriber) -> None:
        """Deliver all events queued from now on to ``subscriber``."""
        with self._lock:
            if subscriber not in self._subscribers:
                self._subscribers = (*self._subscribers, subscriber)

    def unsubscribe(self, subscriber: ValidationSubscriber) -> None:
        """Deliver nothing more to ``subscriber``; a call that is under way may still be running."""
        with self._lock:
            self._subscribers = tuple(known for known in self._subscribers if known is not subscriber)

    def call_in_queue(self, function: Callable[[], None]) -> None:
        """Run ``function`` after everything queued up to now was delivered."""
        self._queue.put(function)

    def sync(self) -> None:
        """Wait until everything queued up to now was delivered. Must not be called with the chain lock held."""
        done = threading.Event()
        self._queue.put(done.set)
        done.wait()

    def flush(self) -> None:
        """Deliver what is left on the calling thread, once the scheduler has stopped."""
        self._queue.flush()

    def _send(self, deliver: Callable[[ValidationSubscriber], None]) -> None:
        if not self._subscribers:
            return

        def deliver_to_all() -> None:
            for subscriber in self._subscribers:
                deliver(subscriber)

        self._queue.put(deliver_to_all)

    def block_checked(self, block: Block, error: ValidationError | None) -> None:
        """See `ValidationSubscriber.block_checked`."""
        for subscriber in self._subscribers:
            subscriber.block_checked(block, error)

    def new_pow_valid_block(self, index: BlockIndex, block: Block) -> None:
        """See `ValidationSubscriber.new_pow_valid_block`."""
        for subscriber in self._subscribers:
            subscriber.new_pow_valid_block(index, block)

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber.block_connected`."""
        self._send(lambda s: s.block_connected(block, index))

    def block_disconnected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber.block_disconnected`."""
        self._send(lambda s: s.block_disconnected(block, index))

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """See `ValidationSubscriber.updated_block_tip`."""
        self._send(lambda s: s.updated_block_tip(new_tip, fork, initial_download))

    def updated_header_tip(self, best: BlockIndex) -> None:
        """See `ValidationSubscriber.updated_header_tip`."""
        self._send(lambda s: s.updated_header_tip(best))

    def transaction_added_to_mempool(self, tx: Transaction, sequence: int) -> None:
        """See `ValidationSubscriber.transaction_added_to_mempool`."""
        self._send(lambda s: s.transaction_added_to_mempool(tx, sequence))

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason, sequence: int) -> None:
        """See `ValidationSubscriber.transaction_removed_from_mempool`."""
        self._send(lambda s: s.transaction_removed_from_mempool(tx, reason, sequence))

    def mempool_transactions_removed_for_block(self, transactions: list[Transaction], height: int) -> None:
        """See `ValidationSubscriber.mempool_transactions_removed_for_block`."""
        self._send(lambda s: s.mempool_transactions_removed_for_block(transactions, height))

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """See `ValidationSubscriber.chain_state_flushed`."""
        self._send(lambda s: s.chain_state_flushed(locator))
