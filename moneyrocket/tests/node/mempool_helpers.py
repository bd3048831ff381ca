"""Small transactions and entries for tests of the mempool."""

from itertools import count

from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut

_confirmed = count()


def confirmed_outpoint() -> OutPoint:
    """An outpoint that no other call returns."""
    return OutPoint(sha256(next(_confirmed).to_bytes(8, "little")), 0)


def spend(*outpoints: OutPoint, outputs: int = 1, size: int = 0) -> Transaction:
    """A transaction that spends ``outpoints``, or a new confirmed one, padded by about ``size`` bytes."""
    inputs = tuple(TxIn(outpoint) for outpoint in outpoints or (confirmed_outpoint(),))
    padding = TxOut(0, b"\x6a" + bytes(size))
    return Transaction(2, inputs, (*(TxOut(1000, b"\x51") for _ in range(outputs)), padding))


def entry_of(tx: Transaction, fee: int = 1000, time: int = 1) -> MempoolEntry:
    """An entry for ``tx``."""
    return MempoolEntry(tx, fee=fee, time=time, height=100, sequence=1)


def add(mempool: Mempool, tx: Transaction, fee: int = 1000, time: int = 1) -> MempoolEntry:
    """Add ``tx`` to the mempool, unchecked."""
    entry = entry_of(tx, fee, time)
    mempool.add(entry)
    return entry


def output(tx: Transaction, index: int = 0) -> OutPoint:
    """The outpoint of an output of ``tx``."""
    return OutPoint(tx.txid, index)
