"""Keeps a wallet in step with the node's chain and mempool.

Locks: notifications take the wallet's lock. So nobody may hold it while waiting for notifications
(`Chain.wait_for_notifications_if_tip_changed`, `Handler.disconnect`). Other calls to the chain are allowed under it,
because the node never calls a wallet while it holds a lock of its own. See docs/wallet.md.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import log
from moneyrocket.interfaces.chain import BlockInfo, BroadcastMethod, ChainNotifications, RemovalReason
from moneyrocket.primitives.block import BlockLocator
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.wallet.scan import TIMESTAMP_WINDOW
from moneyrocket.wallet.transaction import WalletTx

if TYPE_CHECKING:
    from moneyrocket.wallet.wallet import Wallet

_SAVE_INTERVAL: Final = 144
"""Blocks without a transaction of the wallet after which its position is stored all the same."""

_RESEND_MIN: Final = 12 * 60 * 60
_RESEND_SPREAD: Final = 24 * 60 * 60
_RESEND_AGE: Final = 5 * 60


class ChainFollower(ChainNotifications):
    """Takes the node's notifications for one wallet, until the wallet has another follower.

    A notification may have been on its way when the wallet read the past up to the tip. So only blocks upon the
    wallet's tip, and the tip itself, count.
    """

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def transaction_added_to_mempool(self, tx: Transaction) -> None:
        """See `ChainNotifications`."""
        with self._wallet.lock:
            if self._follows():
                self._wallet.ledger.added_to_mempool(tx)

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        """See `ChainNotifications`."""
        with self._wallet.lock:
            if self._follows():
                self._wallet.ledger.removed_from_mempool(tx, reason)

    def block_connected(self, block: BlockInfo) -> None:
        """See `ChainNotifications`."""
        wallet = self._wallet
        with wallet.lock:
            if not self._follows() or not self._is_next(block):
                return
            if block.max_time < wallet.birth_time - 2 * TIMESTAMP_WINDOW:
                wallet.ledger.set_tip(block.hash, block.height)
            else:
                with wallet.database.transaction():
                    concerned = wallet.ledger.block_connected(block)
                    if concerned or block.height % _SAVE_INTERVAL == 0:
                        save_position(wallet)
            wallet.trail.append(block.hash)
        wallet.events.tip()

    def block_disconnected(self, block: BlockInfo) -> None:
        """See `ChainNotifications`."""
        wallet = self._wallet
        with wallet.lock:
            if not self._follows() or block.hash != wallet.ledger.tip_hash:
                return
            with wallet.database.transaction():
                wallet.ledger.block_disconnected(block)
                save_position(wallet)
            wallet.trail.append(block.prev_hash)
        wallet.events.tip()

    def updated_block_tip(self) -> None:
        """See `ChainNotifications`."""
        self._wallet.ledger.tip_time = clock.now()

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """See `ChainNotifications`. The wallet stores its own position, which may lag behind the node's."""

    def _follows(self) -> bool:
        return self._wallet.follower is self and not self._wallet.closed

    def _is_next(self, block: BlockInfo) -> bool:
        ledger = self._wallet.ledger
        return ledger.tip_height < 0 or block.prev_hash == ledger.tip_hash


def save_position(wallet: Wallet) -> None:
    """Store how far the wallet has followed the chain. Call under the wallet's lock.

    Without a node nothing is stored; then blocks since the last time are read once more when it is back.
    """
    if wallet.ledger.tip_height < 0:
        return
    try:
        locator = wallet.chain.get_block_locator(wallet.ledger.tip_hash)
    except ConnectionError:
        return
    if locator is not None:
        wallet.database.put_best_block(locator, wallet.ledger.tip_height)


def submit(wallet: Wallet, wtx: WalletTx, method: BroadcastMethod) -> str | None:
    """Give a transaction to the node. Call under the wallet's lock.

    Returns:
        Why it was not taken, None if it was.
    """
    if not wallet.settings.broadcast:
        return "broadcasting is off"
    if wtx.is_abandoned or wtx.tx.is_coinbase or wallet.ledger.depth(wtx) != 0:
        return "it cannot confirm"
    refusal = wallet.chain.broadcast_transaction(wtx.tx, wallet.settings.max_tx_fee, method)
    if refusal is None:
        # Ahead of the notification, so that the next payment can spend the change at once.
        wallet.ledger.set_in_mempool(wtx)
    return refusal


def resubmit(wallet: Wallet, method: BroadcastMethod, *, force: bool) -> None:
    """Give unconfirmed transactions to the node again.

    Args:
        wallet: the wallet.
        method: how far they go; further if the node was away when they were made.
        force: also those that are younger than the last block.
    """
    if not wallet.settings.broadcast:
        return
    with wallet.lock:
        if wallet.closed:
            return
        latest = wallet.ledger.tip_time - _RESEND_AGE
        waiting = [
            wtx for wtx in wallet.ledger.txs.values() if wtx.is_unconfirmed and (force or wtx.time_received <= latest)
        ]
        waiting.sort(key=lambda wtx: wtx.position)
        count = 0
        for wtx in waiting:
            unsent = wtx.txid in wallet.unsent
            count += submit(wallet, wtx, BroadcastMethod.MEMPOOL_AND_RELAY if unsent else method) is None
            wallet.unsent.discard(wtx.txid)
    if count:
        log.info("[%s] ResubmitWalletTransactions: resubmit %d unconfirmed transactions", wallet.name, count)


def next_resend_time() -> int:
    """When transactions are relayed again: half a day to one and a half from now, at random for privacy."""
    return clock.now() + _RESEND_MIN + random.SystemRandom().randrange(_RESEND_SPREAD)


def resend_if_due(wallet: Wallet) -> None:
    """Relay unconfirmed transactions again if it is time to."""
    if not wallet.settings.broadcast or clock.now() < wallet.next_resend or not wallet.chain.is_ready_to_broadcast():
        return
    resubmit(wallet, BroadcastMethod.MEMPOOL_AND_RELAY, force=False)
    wallet.next_resend = next_resend_time()
