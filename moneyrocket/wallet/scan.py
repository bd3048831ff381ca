"""Reads blocks of the past for transactions of a wallet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import log
from moneyrocket.interfaces.chain import FoundBlock
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.transaction import Status, TxState

if TYPE_CHECKING:
    from moneyrocket.wallet.wallet import Wallet

TIMESTAMP_WINDOW: Final = 2 * 60 * 60
"""Block times may be this far from the time at which a key was made, seconds."""

_BATCH: Final = 32
"""Blocks that are stored in one database transaction."""

BUSY_MESSAGE: Final = "Wallet is currently rescanning. Abort existing rescan or wait."


class ScanStatus(Enum):
    """How a scan ended."""

    SUCCESS = 0
    FAILURE = 1
    ABORTED = 2


@dataclass(slots=True)
class ScanResult:
    """How far a scan came.

    Attributes:
        status: how it ended.
        last_height: height of the last block that was read, None for none.
        last_hash: its hash.
        failed_hash: last block that could not be read.
    """

    status: ScanStatus = ScanStatus.SUCCESS
    last_height: int | None = None
    last_hash: bytes = b""
    failed_hash: bytes = b""


class Scan:
    """A scan that is running or about to.

    Attributes:
        started: when, on the monotonic clock.
        progress: 0 to 1.
        aborted: it should end.
    """

    def __init__(self) -> None:
        self.started = clock.monotonic()
        self.progress = 0.0
        self.aborted = False


@contextmanager
def reserve_scan(wallet: Wallet) -> Iterator[Scan]:
    """Let one scan run at a time.

    Raises:
        WalletError: another one is running.
    """
    scan = Scan()
    with wallet.lock:
        if wallet.scan is not None:
            raise WalletError(BUSY_MESSAGE)
        wallet.scan = scan
    wallet.events.status()
    try:
        yield scan
    finally:
        with wallet.lock:
            wallet.scan = None
        wallet.events.status()


def scan_from_time(wallet: Wallet, scan: Scan, start_time: int) -> int:
    """Read all blocks that may hold payments to keys made at ``start_time`` (unix seconds) or later.

    Returns:
        ``start_time``; if blocks were missing, the time from which on the wallet knows all.
    """
    first = wallet.chain.find_first_block_with_time_and_height(start_time - TIMESTAMP_WINDOW, 0)
    count = wallet.ledger.tip_height - first.height + 1 if first else 0
    log.info("[%s] RescanFromTime: Rescanning last %d blocks", wallet.name, count)
    if first is None:
        return start_time
    result = scan_blocks(wallet, scan, first.height)
    if result.status is ScanStatus.FAILURE:
        found = wallet.chain.find_block(result.failed_hash)
        if found is not None:
            return found.max_time + TIMESTAMP_WINDOW + 1
    return start_time


def scan_blocks(wallet: Wallet, scan: Scan, start_height: int, stop_height: int | None = None) -> ScanResult:
    """Read blocks of the active chain, and without ``stop_height`` the mempool after them.

    Blocks that arrive meanwhile are left to notifications. The wallet's lock is taken for a few blocks at a time.
    """
    chain = wallet.chain
    result = ScanResult()
    block_hash: bytes | None = chain.get_block_hash(start_height)
    assert block_hash is not None
    log.info(
        "[%s] Rescan started from block %s... (slow variant inspecting all blocks)",
        wallet.name,
        hash_to_hex(block_hash),
    )
    with wallet.lock:
        last = wallet.ledger.tip_height if stop_height is None else stop_height
    title = f"[{wallet.display_name}] Rescanning…"
    chain.show_progress(title, 0, False)
    height = start_height
    while block_hash is not None and height <= last:
        if scan.aborted or chain.shutdown_requested():
            result.status = ScanStatus.ABORTED
            break
        batch: list[tuple[FoundBlock, Block]] = []
        while block_hash is not None and height <= last and len(batch) < _BATCH and not scan.aborted:
            found = chain.find_block(block_hash)
            block = chain.read_block(block_hash)
            if found is None or block is None:
                result.status, result.failed_hash = ScanStatus.FAILURE, block_hash
            elif not found.in_active_chain:
                # A reorganisation overtook the scan: its blocks must not count as confirmations.
                result.status, result.failed_hash = ScanStatus.FAILURE, block_hash
                block_hash = None
                break
            else:
                batch.append((found, block))
            height += 1
            block_hash = found.next_hash if found is not None else None
        _take_in(wallet, batch, result)
        scan.progress = (height - start_height) / max(1, last - start_height + 1)
        chain.show_progress(title, max(1, min(99, int(scan.progress * 100))), False)
        wallet.events.status()
    if stop_height is None:
        log.info("[%s] Scanning current mempool transactions.", wallet.name)
        with wallet.lock:
            chain.request_mempool_transactions(wallet.follower)
    chain.show_progress(title, 100, False)
    milliseconds = int((clock.monotonic() - scan.started) * 1000)
    if result.status is ScanStatus.ABORTED:
        log.info("[%s] Rescan aborted at block %d.", wallet.name, height)
    else:
        log.info("[%s] Rescan completed in %15dms", wallet.name, milliseconds)
    return result


def _take_in(wallet: Wallet, batch: list[tuple[FoundBlock, Block]], result: ScanResult) -> None:
    with wallet.lock, wallet.database.transaction():
        for found, block in batch:
            for index, tx in enumerate(block.transactions):
                state = TxState(Status.CONFIRMED, found.hash, found.height, index, found.time)
                wallet.ledger.sync(tx, state, old_block_time=found.max_time)
            result.last_height, result.last_hash = found.height, found.hash
