"""Carries the node's events to a wallet process that is not the node's own, and may be slow, stopped or broken."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import log
from moneyrocket.interfaces.chain import ChainNotifications, RemovalReason
from moneyrocket.interfaces.handler import Handler
from moneyrocket.node.chain_subscription import block_info
from moneyrocket.node.signals import ValidationSignals, ValidationSubscriber

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.primitives.block import Block, BlockLocator
    from moneyrocket.primitives.transaction import Transaction

_MOST_WAITING: Final = 100
"""Events that wait for a slow visitor before the node waits for it, too."""

_STALL_SECONDS: Final = 10.0
"""How long the node waits while a visitor takes in nothing at all."""


class VisitorSubscription(ValidationSubscriber, Handler):
    """Passes events on in order, on a thread of its own. One who is slow slows the node down; one who hangs is left.

    Args:
        signals: where events come from.
        notifications: the subscriber.
        failed: called once, with the reason, when the subscriber cannot be told an event. It would have missed it, so
            its connection must end.
    """

    def __init__(
        self, signals: ValidationSignals, notifications: ChainNotifications, failed: Callable[[str], None]
    ) -> None:
        self._signals = signals
        self._notifications = notifications
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._waiters: set[threading.Event] = set()
        self._delivered = 0
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="visitor", daemon=True)
        self._thread.start()
        signals.subscribe(self)

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        self._end()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def sync(self) -> None:
        """Wait until everything up to now was delivered, or nothing is any more."""
        done = threading.Event()
        with self._changed:
            if self._ended:
                return
            self._waiters.add(done)
        self._put(done.set)
        done.wait()
        with self._changed:
            self._waiters.discard(done)

    def _end(self) -> None:
        self._signals.unsubscribe(self)
        with self._changed:
            self._ended = True
            self._waiting.clear()
            waiters = tuple(self._waiters)
            self._changed.notify_all()
        for waiter in waiters:
            waiter.set()

    def _put(self, event: Callable[[], None]) -> None:
        with self._changed:
            if self._ended:
                return
            self._waiting.append(event)
            self._changed.notify_all()
            stalled = False
            while len(self._waiting) > _MOST_WAITING and not (stalled or self._ended):
                stalled = not self._await_progress()
        if stalled:
            self._end()
            self._failed(f"it has taken in nothing for {_STALL_SECONDS:.0f} seconds")

    def _await_progress(self) -> bool:
        seen = self._delivered
        return self._changed.wait_for(lambda: self._ended or self._delivered != seen, _STALL_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if self._ended:
                    return
                event = self._waiting.popleft()
            try:
                event()
            except ConnectionError as error:
                log.debug("A visitor is gone: %s", error)
                self._end()
            except Exception as error:
                self._end()
                self._failed(str(error))
            with self._changed:
                self._delivered += 1
                self._changed.notify_all()

    def transaction_added_to_mempool(self, tx: Transaction, sequence: int) -> None:
        """See `ValidationSubscriber`."""
        self._put(lambda: self._notifications.transaction_added_to_mempool(tx))

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason, sequence: int) -> None:
        """See `ValidationSubscriber`."""
        self._put(lambda: self._notifications.transaction_removed_from_mempool(tx, reason))

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber`."""
        self._put(lambda: self._notifications.block_connected(block_info(block, index)))

    def block_disconnected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber`."""
        self._put(lambda: self._notifications.block_disconnected(block_info(block, index)))

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """See `ValidationSubscriber`."""
        self._put(self._notifications.updated_block_tip)

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """See `ValidationSubscriber`."""
        self._put(lambda: self._notifications.chain_state_flushed(locator))
