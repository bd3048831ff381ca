"""Brings a wallet to the node's tip and subscribes it: when it is loaded, and each time that the node is back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import log
from moneyrocket.interfaces.chain import BlockInfo, BroadcastMethod, ChainNotifications, RemovalReason
from moneyrocket.interfaces.handler import Handler
from moneyrocket.primitives.block import BlockLocator
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.wallet.chain_follower import ChainFollower, resubmit, save_position
from moneyrocket.wallet.errors import LoadFailure, WalletLoadError
from moneyrocket.wallet.scan import TIMESTAMP_WINDOW, Scan, ScanStatus, reserve_scan, scan_blocks

if TYPE_CHECKING:
    from moneyrocket.wallet.wallet import Wallet

_NEAR: Final = 16
"""Blocks that are read while the wallet's lock is held and the node waits with further news."""

_STRIDE: Final = 1000
"""Blocks of a longer way after which the wallet's position is stored."""

_ATTEMPTS: Final = 10
"""How often the chain may be reorganised under the reader before it gives up."""

_FAILED: Final = "Failed to rescan the wallet during initialization"


@dataclass(frozen=True, slots=True)
class _Way:
    """What lies between a wallet and the node's tip.

    Attributes:
        fork: height of the last block that both know.
        tip: hash of the node's tip.
        height: its height.
    """

    fork: int
    tip: bytes
    height: int


def recall_position(wallet: Wallet) -> None:
    """Set the tip to what the wallet's file says, so that it can answer before, or without, a node."""
    stored = wallet.database.best_block()
    height = wallet.database.best_height()
    if stored is not None and stored.hashes and height is not None:
        wallet.ledger.set_tip(stored.hashes[0], height)
    # Written by an older version, or by a process that was killed between two blocks.
    for wtx in wallet.ledger.txs.values():
        block_hash = wtx.state.block_hash
        if block_hash is not None and wtx.state.height > wallet.ledger.tip_height:
            wallet.ledger.set_tip(block_hash, wtx.state.height)


def attach(wallet: Wallet, *, is_new: bool) -> None:
    """Subscribe to the chain, and read what happened since the wallet last followed it.

    May be called again for a wallet whose subscription was lost; what the lost one still delivers is ignored.

    Args:
        wallet: the wallet. Do not hold its lock.
        is_new: it was just made, and starts at the tip.

    Raises:
        WalletLoadError: blocks that it needs are missing, or it belongs to another chain.
        WalletError: the user scans old blocks; try again later.
    """
    _require_same_chain(wallet)
    if not is_new:
        _come_near(wallet)
    follower = ChainFollower(wallet)
    handler: Handler | None = None
    try:
        # Under the lock, notifications wait until the past is read.
        with wallet.lock:
            if wallet.closed:
                return
            wallet.follower = follower
            handler = wallet.chain.handle_notifications(follower)
            _read_rest(wallet, is_new=is_new)
            wallet.handler = handler
    except BaseException:
        if wallet.follower is follower:
            wallet.follower = ChainFollower(wallet)
        if handler is not None:
            handler.disconnect()
        raise


def _read_rest(wallet: Wallet, *, is_new: bool) -> None:
    for _ in range(_ATTEMPTS):
        way = _way(wallet)
        if way is None:
            return
        if is_new:
            _arrive(wallet, way.tip, way.height)
            return
        if _read(wallet, way, way.height):
            return
    raise WalletLoadError(LoadFailure.LOAD, _FAILED)


def settle(wallet: Wallet) -> None:
    """Give a wallet's transactions to the node, and learn what of the wallet the mempool has."""
    resubmit(wallet, BroadcastMethod.MEMPOOL_ONLY, force=True)
    with wallet.lock:
        if not wallet.closed:
            reader = _MempoolReader()
            wallet.chain.request_mempool_transactions(reader)
            wallet.ledger.match_mempool(reader.transactions)


def _require_same_chain(wallet: Wallet) -> None:
    with wallet.lock:
        stored = wallet.database.best_block()
    if (
        stored is not None
        and stored.hashes
        and not wallet.settings.allow_other_chain
        and wallet.chain.get_height() is not None
        and wallet.chain.get_block_hash(0) != stored.hashes[-1]
    ):
        raise WalletLoadError(
            LoadFailure.LOAD,
            "Wallet files should not be reused across chains. Restart moneyrocketd with -walletcrosschain to override.",
        )


def _way(wallet: Wallet) -> _Way | None:
    """The way to the tip, None while the node has none."""
    chain = wallet.chain
    if chain.get_height() is None:
        return None
    tip = chain.get_locator().hashes[0]
    found = chain.find_block(tip)
    assert found is not None
    with wallet.lock:
        stored = wallet.database.best_block()
        known = (*reversed(wallet.trail), *(stored.hashes if stored is not None else ()))
    fork = (chain.find_locator_fork(BlockLocator(known)) if known else None) or 0
    return _Way(fork, tip, found.height)


def _come_near(wallet: Wallet) -> None:
    """Read the most part of a long way, so that the wallet stays usable and nobody waits for it."""
    while (way := _way(wallet)) is not None and way.height - way.fork > _NEAR:
        _read(wallet, way, min(way.fork + _STRIDE, way.height))


def _read(wallet: Wallet, way: _Way, stop: int) -> bool:
    """Read the blocks from the fork up to a height; False if a reorganisation came between, so the way is another now.

    Raises:
        WalletLoadError: blocks are missing, or the scan was stopped.
        WalletError: another scan is running.
    """
    chain = wallet.chain
    with wallet.lock, wallet.database.transaction():
        wallet.ledger.forget_blocks_above(way.fork)
    if way.fork == way.height:
        _arrive(wallet, way.tip, way.height)
        return True
    first = chain.find_first_block_with_time_and_height(wallet.birth_time - TIMESTAMP_WINDOW, way.fork)
    if first is None:
        _arrive(wallet, way.tip, way.height)
        return True
    if chain.have_pruned() and not chain.has_blocks(way.tip, first.height):
        raise WalletLoadError(
            LoadFailure.LOAD,
            "Prune: last wallet synchronisation goes beyond pruned data. You need to -reindex (download the whole "
            "blockchain again in case of a pruned node)",
        )
    chain.init_message("Rescanning…")
    log.info("[%s] Rescanning last %d blocks (from block %d)...", wallet.name, way.height - way.fork, way.fork)
    stop = max(stop, first.height)
    with reserve_scan(wallet) as scan:
        return _scan(wallet, scan, first.height, stop)


def _scan(wallet: Wallet, scan: Scan, start: int, stop: int) -> bool:
    with wallet.lock:
        tip_hash, tip_height = wallet.ledger.tip_hash, wallet.ledger.tip_height
        # A rival's block counts from the height that is going to be reached.
        wallet.ledger.set_tip(tip_hash, max(stop, tip_height))
    try:
        result = scan_blocks(wallet, scan, start, stop)
    finally:
        with wallet.lock:
            wallet.ledger.set_tip(tip_hash, tip_height)
    if result.status is ScanStatus.FAILURE:
        found = wallet.chain.find_block(result.failed_hash)
        if found is not None and not found.in_active_chain:
            return False
    if result.status is not ScanStatus.SUCCESS or result.last_height is None:
        raise WalletLoadError(LoadFailure.LOAD, _FAILED)
    _arrive(wallet, result.last_hash, result.last_height)
    return result.last_height == stop


def _arrive(wallet: Wallet, block_hash: bytes, height: int) -> None:
    with wallet.lock:
        wallet.ledger.set_tip(block_hash, height)
        wallet.trail.append(block_hash)
        save_position(wallet)
    wallet.events.tip()


class _MempoolReader(ChainNotifications):
    """Collects the transactions of a mempool."""

    def __init__(self) -> None:
        self.transactions: list[Transaction] = []

    def transaction_added_to_mempool(self, tx: Transaction) -> None:
        self.transactions.append(tx)

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        """Not asked for, like all below."""

    def block_connected(self, block: BlockInfo) -> None:
        pass

    def block_disconnected(self, block: BlockInfo) -> None:
        pass

    def updated_block_tip(self) -> None:
        pass

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        pass
