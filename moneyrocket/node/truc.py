"""Topology limits on version 3 transactions (BIP431): at most one unconfirmed parent and one child, both small."""

from collections.abc import Collection, Sequence
from typing import Final

from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction

TRUC_VERSION: Final = 3
TRUC_MAX_VSIZE: Final = 10_000
TRUC_CHILD_MAX_VSIZE: Final = 1_000


class TrucError(Exception):
    """A version 3 rule is broken; the text says how.

    Attributes:
        sibling: an entry whose eviction would mend it, if there is one.
    """

    def __init__(self, message: str, sibling: MempoolEntry | None = None) -> None:
        super().__init__(message)
        self.sibling = sibling


def check_single(
    mempool: Mempool,
    tx: Transaction,
    parents: Sequence[MempoolEntry],
    conflicts: Collection[bytes],
    vsize: int,
) -> None:
    """Check a transaction against its parents in the mempool.

    Args:
        mempool: the mempool.
        tx: the transaction.
        parents: its parents in the mempool.
        conflicts: txids in the mempool that it would replace.
        vsize: its adjusted virtual size, vB.

    Raises:
        TrucError: if a rule is broken.
    """
    for parent in parents:
        _check_versions(tx, parent.tx)
    if tx.version != TRUC_VERSION:
        return
    if vsize > TRUC_MAX_VSIZE:
        raise TrucError(f"version=3 tx {_ids(tx)} is too big: {vsize} > {TRUC_MAX_VSIZE} virtual bytes")
    if len(parents) > 1:
        raise _too_many_ancestors(tx)
    if not parents:
        return
    parent = parents[0]
    if len(mempool.ancestors(parent)) > 1:
        raise _too_many_ancestors(tx)
    _check_child_size(tx, vsize)
    others = [entry for entry in mempool.descendants(parent).values() if entry is not parent]
    if not others or any(entry.txid in conflicts for entry in others):
        return
    # A reorganisation may have left more relatives than the rules allow; then there is no one sibling to evict.
    evictable = len(others) == 1 and len(mempool.ancestors(others[0])) == 2
    raise _too_many_descendants(parent.tx, others[0] if evictable else None)


def check_in_package(
    mempool: Mempool,
    tx: Transaction,
    parents: Sequence[MempoolEntry],
    package: Sequence[Transaction],
    vsize: int,
) -> None:
    """Check a transaction against its parents in the mempool and its relatives in a package.

    Args:
        mempool: the mempool.
        tx: the transaction.
        parents: its parents in the mempool.
        package: the transactions that come together, ``tx`` among them.
        vsize: its adjusted virtual size, vB.

    Raises:
        TrucError: if a rule is broken.
    """
    spent = {txin.prevout.txid for txin in tx.inputs}
    package_parents = [other for other in package if other.txid in spent]
    if tx.version != TRUC_VERSION:
        for other in (*(parent.tx for parent in parents), *package_parents):
            _check_versions(tx, other)
        return
    if len(parents) + len(package_parents) > 1:
        raise _too_many_ancestors(tx)
    if parents and len(mempool.ancestors(parents[0])) + len(package_parents) > 1:
        raise _too_many_ancestors(tx)
    if not parents and not package_parents:
        return
    _check_child_size(tx, vsize)
    parent = parents[0].tx if parents else package_parents[0]
    _check_versions(tx, parent)
    for other in package:
        if other is tx:
            continue
        for txin in other.inputs:
            if txin.prevout.txid == parent.txid:
                raise _too_many_descendants(parent)
            if txin.prevout.txid == tx.txid:
                raise _too_many_ancestors(other)
    if parents and len(mempool.descendants(parents[0])) > 1:
        raise _too_many_descendants(parent)


def _check_versions(tx: Transaction, parent: Transaction) -> None:
    if tx.version != TRUC_VERSION and parent.version == TRUC_VERSION:
        raise TrucError(f"non-version=3 tx {_ids(tx)} cannot spend from version=3 tx {_ids(parent)}")
    if tx.version == TRUC_VERSION and parent.version != TRUC_VERSION:
        raise TrucError(f"version=3 tx {_ids(tx)} cannot spend from non-version=3 tx {_ids(parent)}")


def _check_child_size(tx: Transaction, vsize: int) -> None:
    if vsize > TRUC_CHILD_MAX_VSIZE:
        raise TrucError(f"version=3 child tx {_ids(tx)} is too big: {vsize} > {TRUC_CHILD_MAX_VSIZE} virtual bytes")


def _too_many_ancestors(tx: Transaction) -> TrucError:
    return TrucError(f"tx {_ids(tx)} would have too many ancestors")


def _too_many_descendants(parent: Transaction, sibling: MempoolEntry | None = None) -> TrucError:
    return TrucError(f"tx {_ids(parent)} would exceed descendant count limit", sibling)


def _ids(tx: Transaction) -> str:
    return f"{hash_to_hex(tx.txid)} (wtxid={hash_to_hex(tx.wtxid)})"
