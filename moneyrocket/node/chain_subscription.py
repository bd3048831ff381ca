"""Carries the node's events to a subscriber of `interfaces.chain`, which may live in another process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.chain import BlockInfo, ChainNotifications, RemovalReason
from moneyrocket.interfaces.handler import Handler
from moneyrocket.node.signals import ValidationSignals, ValidationSubscriber

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.primitives.block import Block, BlockLocator
    from moneyrocket.primitives.transaction import Transaction

log = category_logger("")


def block_info(block: Block, index: BlockIndex) -> BlockInfo:
    """A block as notifications describe it."""
    return BlockInfo(index.hash, index.prev_hash, index.height, index.time_max, block)


class ChainSubscription(ValidationSubscriber, Handler):
    """Passes events on until it is disconnected, or the subscriber's process is gone."""

    def __init__(self, signals: ValidationSignals, notifications: ChainNotifications) -> None:
        self._signals = signals
        self._notifications = notifications
        # Held during a call, so that `disconnect` returns after the last one. Re-entrant, because a callback may
        # disconnect itself.
        self._lock = threading.RLock()
        self._connected = True
        signals.subscribe(self)

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        self._signals.unsubscribe(self)
        with self._lock:
            self._connected = False

    def _call(self, call: Callable[[], None]) -> None:
        with self._lock:
            if not self._connected:
                return
            try:
                call()
            except ConnectionError as error:
                log.warning("A subscriber of chain notifications is gone: %s", error)
                self._connected = False
                self._signals.unsubscribe(self)

    def transaction_added_to_mempool(self, tx: Transaction, sequence: int) -> None:
        """See `ValidationSubscriber`."""
        self._call(lambda: self._notifications.transaction_added_to_mempool(tx))

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason, sequence: int) -> None:
        """See `ValidationSubscriber`."""
        self._call(lambda: self._notifications.transaction_removed_from_mempool(tx, reason))

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber`."""
        self._call(lambda: self._notifications.block_connected(block_info(block, index)))

    def block_disconnected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber`."""
        self._call(lambda: self._notifications.block_disconnected(block_info(block, index)))

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """See `ValidationSubscriber`."""
        self._call(self._notifications.updated_block_tip)

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """See `ValidationSubscriber`."""
        self._call(lambda: self._notifications.chain_state_flushed(locator))
