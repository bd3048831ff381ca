"""Saves the mempool when the node stops and loads it when it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock, own_files
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.node import mempool_file
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_accept import accept
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.mempool_file import SavedMempool, SavedTransaction
from moneyrocket.node.mempool_journal import MempoolJournal
from moneyrocket.node.package import accept_package
from moneyrocket.node.storage import Durability
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.node.chain_manager import ChainstateManager

log = category_logger("")

FILE_NAME: Final = "mempool.dat"
JOURNAL_NAME: Final = "mempool.journal"


def should_persist(args: ArgsManager) -> bool:
    """Whether -persistmempool asks for the mempool to be kept over a restart."""
    return args.get_bool("-persistmempool", True)


def mempool_path(args: ArgsManager) -> Path:
    """Where the mempool is saved."""
    return args.datadir_net / FILE_NAME


def attach_journal(args: ArgsManager, mempool: Mempool, durability: Durability) -> None:
    """Let locally submitted transactions be recorded, as durably as blocks are, if the mempool is to be kept at all."""
    if should_persist(args):
        mempool.journal = MempoolJournal(args.datadir_net / JOURNAL_NAME, sync=durability is Durability.POWER)


def load_at_start(
    args: ArgsManager, chainman: ChainstateManager, mempool: Mempool, interrupted: Callable[[], bool]
) -> None:
    """Load what the last run saved, and what it had promised if it was killed; then `Mempool.loaded` is true.

    Args:
        args: the node's settings.
        chainman: the chain, ready.
        mempool: where the transactions go.
        interrupted: whether the node shall stop; asked between transactions.
    """
    if should_persist(args):
        load_mempool(
            chainman,
            mempool,
            mempool_path(args),
            use_current_time=False,
            apply_deltas=True,
            apply_unbroadcast=True,
            interrupted=interrupted,
        )
        if mempool.journal is not None:
            _replay(chainman, mempool, mempool.journal, interrupted)
    mempool.loaded = not interrupted()


def save_at_stop(args: ArgsManager, mempool: Mempool) -> None:
    """Save the mempool, unless it was never completely loaded or is not to be kept."""
    if mempool.loaded and should_persist(args):
        dump_mempool(mempool, mempool_path(args))


def load_mempool(
    chainman: ChainstateManager,
    mempool: Mempool,
    path: Path,
    *,
    use_current_time: bool,
    apply_deltas: bool,
    apply_unbroadcast: bool,
    interrupted: Callable[[], bool],
) -> bool:
    """Add the transactions of a file to the mempool.

    Args:
        chainman: the chain.
        mempool: where the transactions go.
        path: the file.
        use_current_time: whether they enter now rather than when the file says.
        apply_deltas: whether to add the file's fee deltas to those already known.
        apply_unbroadcast: whether to take over which ones no peer has asked for yet.
        interrupted: whether the node shall stop; asked between transactions.

    Returns:
        Whether the file was read to its end.
    """
    try:
        saved = mempool_file.decode(own_files.read_bytes(path))
    except OSError:
        log.info("Failed to open mempool file. Continuing anyway.")
        return False
    except DeserializeError as error:
        log.info("Failed to deserialize mempool data on file: %s. Continuing anyway.", error)
        return False
    log.info("Loading %u mempool transactions from file...", len(saved.transactions))
    now = clock.now()
    count = expired = failed = already_there = 0
    for item in saved.transactions:
        if interrupted():
            return False
        if apply_deltas and item.fee_delta:
            mempool.prioritise(item.tx.txid, item.fee_delta)
        time = now if use_current_time else item.time
        if time <= now - mempool.options.expiry:
            expired += 1
        elif item.tx.txid in mempool:
            already_there += 1
        elif _accept_again(chainman, mempool, item.tx, time) is None:
            count += 1
        else:
            failed += 1
    if apply_deltas:
        for txid, delta in saved.deltas.items():
            mempool.prioritise(txid, delta)
    if apply_unbroadcast:
        for txid in saved.unbroadcast:
            mempool.add_unbroadcast(txid)
    log.info(
        "Imported mempool transactions from file: %i succeeded, %i failed, %i expired, %i already there, "
        "%i waiting for initial broadcast",
        count,
        failed,
        expired,
        already_there,
        len(saved.unbroadcast) if apply_unbroadcast else 0,
    )
    return True


def dump_mempool(mempool: Mempool, path: Path) -> bool:
    """Write the mempool to a file; returns whether that succeeded."""
    with mempool.lock:
        entries = mempool.ordered_entries()
        deltas = {txid: delta for txid, delta in mempool.deltas.items() if txid not in mempool}
        saved = SavedMempool(
            tuple(SavedTransaction(entry.tx, entry.time, entry.fee_delta) for entry in entries),
            deltas,
            frozenset(mempool.unbroadcast),
        )
    log.info("Writing %u mempool transactions to file...", len(entries))
    log.info("Writing %d unbroadcast transactions to file.", len(saved.unbroadcast))
    try:
        size = mempool_file.write(path, saved, plain=mempool.options.persist_v1)
        if mempool.journal is not None and path.name == FILE_NAME:
            # What the file has need not be recorded twice, and what was evicted must not come back.
            saved_txids = {entry.txid for entry in entries}
            mempool.journal.keep(lambda txid: txid in mempool and txid not in saved_txids)
    except OSError as error:
        log.info("Failed to dump mempool: %s. Continuing anyway.", error)
        return False
    log.info("Dumped mempool: %d bytes dumped to file", size)
    return True


def record_local(mempool: Mempool, tx: Transaction) -> None:
    """Make sure that a local transaction in the mempool survives the death of this process.

    Raises:
        OSError: if it cannot be written down.
    """
    if mempool.journal is None or tx.txid in mempool.journal:
        return
    with mempool.lock:
        entry = mempool.entry(tx.txid)
        if entry is None:
            return
        family = parents_first(mempool.ancestors(entry).values())
        mempool.journal.append(((item.tx, item.time) for item in family), mempool.__contains__)


def parents_first(entries: Iterable[MempoolEntry]) -> list[MempoolEntry]:
    """Sort entries so that each follows those among them that it spends from."""
    waiting = {entry.txid: entry for entry in entries}
    ordered: list[MempoolEntry] = []
    while waiting:
        ready = [entry for entry in waiting.values() if not any(txid in waiting for txid in entry.parents)]
        ordered += ready
        for entry in ready:
            del waiting[entry.txid]
    return ordered


def _replay(
    chainman: ChainstateManager, mempool: Mempool, journal: MempoolJournal, interrupted: Callable[[], bool]
) -> None:
    recorded = journal.read()
    if not recorded:
        return
    too_cheap: dict[bytes, Transaction] = {}
    for tx, time in recorded:
        if interrupted():
            return
        error = _accept_again(chainman, mempool, tx, time)
        if error is None:
            continue
        if error.result is TxResult.RECONSIDERABLE:
            too_cheap[tx.txid] = tx
        elif error.result is TxResult.MISSING_INPUTS:
            # It may have paid for parents that do not pay for themselves.
            parents = {txin.prevout.txid for txin in tx.inputs}
            family = [parent for txid, parent in too_cheap.items() if txid in parents]
            if family:
                accept_package(chainman, mempool, [*family, tx])
    for tx, _ in recorded:
        mempool.add_unbroadcast(tx.txid)
    restored = sum(tx.txid in mempool for tx, _ in recorded)
    log.info("Restored %u of %u journaled mempool transactions", restored, len(recorded))
    try:
        journal.keep(mempool.__contains__)
    except OSError as error:
        log.warning("Failed to tidy up the mempool journal: %s", error)


def _accept_again(chainman: ChainstateManager, mempool: Mempool, tx: Transaction, time: int) -> ValidationError | None:
    """Offer a saved transaction to the mempool, entered at ``time`` (unix seconds); returns why it was refused."""
    try:
        accept(chainman, mempool, tx, time=time)
    except ValidationError as error:
        return error
    return None
