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
from moneyrocket.wallet.errors import LoadFailure, WalletLoadError
from moneyrocket.wallet.scan import TIMESTAMP_WINDOW, ScanStatus, reserve_scan, scan_blocks
from moneyrocket.wallet.transaction import WalletTx

if TYPE_CHECKING:
    from moneyrocket.wallet.wallet import Wallet

_SAVE_INTERVAL: Final = 144
"""Blocks without a transaction of the wallet after which its position is stored all the same."""

_RESEND_MIN: Final = 12 * 60 * 60
_RESEND_SPREAD: Final = 24 * 60 * 60
_RESEND_AGE: Final = 5 * 60


class ChainFollower(ChainNotifications):
    """Takes the node's notifications for one wallet."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def transaction_added_to_mempool(self, tx: Transaction) -> None:
        """See `ChainNotifications`."""
        with self._wallet.lock:
            if not self._wallet.closed:
                self._wallet.ledger.added_to_mempool(tx)

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        """See `ChainNotifications`."""
        with self._wallet.lock:
            if not self._wallet.closed:
                self._wallet.ledger.removed_from_mempool(tx, reason)

    def block_connected(self, block: BlockInfo) -> None:
        """See `ChainNotifications`."""
        wallet = self._wallet
        with wallet.lock:
            if wallet.closed:
                return
            if block.max_time < wallet.birth_time - 2 * TIMESTAMP_WINDOW:
                wallet.ledger.set_tip(block.hash, block.height)
                wallet.events.tip()
                return
            with wallet.database.transaction():
                concerned = wallet.ledger.block_connected(block)
                if concerned or block.height % _SAVE_INTERVAL == 0:
                    save_position(wallet)
        wallet.events.tip()

    def block_disconnected(self, block: BlockInfo) -> None:
        """See `ChainNotifications`."""
        wallet = self._wallet
        with wallet.lock:
            if wallet.closed:
                return
            with wallet.database.transaction():
                wallet.ledger.block_disconnected(block)
                save_position(wallet)
        wallet.events.tip()

    def updated_block_tip(self) -> None:
        """See `ChainNotifications`."""
        self._wallet.ledger.tip_time = clock.now()

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """See `ChainNotifications`. The wallet stores its own position, which may lag behind the node's."""


def save_position(wallet: Wallet) -> None:
    """Store how far the wallet has followed the chain. Call under the wallet's lock."""
    if wallet.ledger.tip_height >= 0:
        locator = wallet.chain.get_block_locator(wallet.ledger.tip_hash)
        if locator is not None:
            wallet.database.put_best_block(locator)


def attach(wallet: Wallet, *, is_new: bool) -> None:
    """Subscribe to the chain, and read what happened since the wallet last followed it.

    Args:
        wallet: the wallet.
        is_new: it was just made, and starts at the tip.

    Raises:
        WalletLoadError: blocks that it needs are missing, or it belongs to another chain.
    """
    chain = wallet.chain
    # Under the lock, notifications wait until the past is read.
    with wallet.lock:
        stored = wallet.database.best_block()
        height = chain.get_height()
        if (
            stored is not None
            and stored.hashes
            and height is not None
            and not wallet.settings.allow_other_chain
            and chain.get_block_hash(0) != stored.hashes[-1]
        ):
            raise WalletLoadError(
                LoadFailure.LOAD,
                "Wallet files should not be reused across chains. "
                "Restart moneyrocketd with -walletcrosschain to override.",
            )
        wallet.handler = chain.handle_notifications(wallet.follower)
        height = chain.get_height()
        if height is None:
            return
        tip = chain.get_block_hash(height)
        wallet.ledger.set_tip(tip, height)
        if is_new:
            save_position(wallet)
            return
        fork = (chain.find_locator_fork(stored) if stored is not None else None) or 0
        with wallet.database.transaction():
            wallet.ledger.forget_blocks_above(fork)
        if fork == height:
            return
        _catch_up(wallet, fork, height)
        save_position(wallet)


def _catch_up(wallet: Wallet, fork: int, height: int) -> None:
    chain = wallet.chain
    if chain.find_first_block_with_time_and_height(wallet.birth_time - TIMESTAMP_WINDOW, fork) is None:
        return
    if chain.have_pruned() and not chain.has_blocks(wallet.ledger.tip_hash, fork):
        raise WalletLoadError(
            LoadFailure.LOAD,
            "Prune: last wallet synchronisation goes beyond pruned data. You need to -reindex (download the whole "
            "blockchain again in case of a pruned node)",
        )
    chain.init_message("Rescanning…")
    log.info("[%s] Rescanning last %d blocks (from block %d)...", wallet.name, height - fork, fork)
    with reserve_scan(wallet) as scan:
        result = scan_blocks(wallet, scan, fork)
    if result.status is not ScanStatus.SUCCESS or result.last_height is None:
        raise WalletLoadError(LoadFailure.LOAD, "Failed to rescan the wallet during initialization")
    wallet.ledger.set_tip(result.last_hash, result.last_height)


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
        method: how far they go.
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
        count = sum(submit(wallet, wtx, method) is None for wtx in waiting)
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
