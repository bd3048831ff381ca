"""What a list of transactions must look like to be considered together, whatever the mempool holds."""

from collections.abc import Sequence
from typing import Final

from moneyrocket.primitives.hashes import hash_to_hex, sha256
from moneyrocket.primitives.transaction import OutPoint, Transaction

MAX_PACKAGE_COUNT: Final = 25
MAX_PACKAGE_WEIGHT: Final = 404_000
"""Weight units that a package of more than one transaction may have."""


def malformed_reason(package: Sequence[Transaction]) -> str | None:
    """Why a package cannot be considered, None if it can: parents come first, nothing is twice, nothing conflicts."""
    if len(package) > MAX_PACKAGE_COUNT:
        return "package-too-many-transactions"
    if len(package) > 1 and sum(tx.weight for tx in package) > MAX_PACKAGE_WEIGHT:
        return "package-too-large"
    later = {tx.txid for tx in package}
    if len(later) != len(package):
        return "package-contains-duplicates"
    for tx in package:
        if any(txin.prevout.txid in later for txin in tx.inputs):
            return "package-not-sorted"
        later.discard(tx.txid)
    spent: set[OutPoint] = set()
    for tx in package:
        prevouts = {txin.prevout for txin in tx.inputs}
        if not prevouts or not spent.isdisjoint(prevouts):
            return "conflict-in-package"
        spent |= prevouts
    return None


def is_child_with_parents(package: Sequence[Transaction]) -> bool:
    """Whether all but the last transaction are parents of the last one."""
    if len(package) < 2:
        return False
    spent = {txin.prevout.txid for txin in package[-1].inputs}
    return all(tx.txid in spent for tx in package[:-1])


def is_child_with_parents_tree(package: Sequence[Transaction]) -> bool:
    """Whether, beyond that, no parent spends from another."""
    if not is_child_with_parents(package):
        return False
    parents = {tx.txid for tx in package[:-1]}
    return all(txin.prevout.txid not in parents for tx in package[:-1] for txin in tx.inputs)


def package_hash(package: Sequence[Transaction]) -> str:
    """Name of a package in logs: a hash over its sorted wtxids, in hexadecimal."""
    names = sorted(tx.wtxid[::-1] for tx in package)
    return hash_to_hex(sha256(b"".join(name[::-1] for name in names)))
