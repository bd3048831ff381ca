"""When a transaction may replace others that spend the same outputs."""

from collections.abc import Iterable
from typing import Final

from moneyrocket.node.feerate import fee_at_rate
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_changes import ChangeSet
from moneyrocket.node.mempool_cluster import diagram_improves
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.primitives.amount import format_money
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction

MAX_REPLACED_CLUSTERS: Final = 100
"""Clusters that the transactions being replaced may belong to."""
MAX_REPLACEABLE_SEQUENCE: Final = 0xFFFFFFFD
"""Largest input sequence number that signals replaceability (BIP125)."""

NO_BETTER_DIAGRAM: Final = "insufficient feerate: does not improve feerate diagram"


def signals_replacement(tx: Transaction) -> bool:
    """Whether ``tx`` itself signals that it may be replaced (BIP125)."""
    return any(txin.sequence <= MAX_REPLACEABLE_SEQUENCE for txin in tx.inputs)


def is_replaceable(mempool: Mempool, entry: MempoolEntry) -> bool:
    """Whether an entry or one of its ancestors signals that it may be replaced (BIP125)."""
    return any(signals_replacement(ancestor.tx) for ancestor in mempool.ancestors(entry).values())


def too_many_clusters(mempool: Mempool, txid: bytes, conflicts: Iterable[MempoolEntry]) -> str | None:
    """Why replacing ``conflicts`` would touch too many clusters, None if it would not."""
    clusters = len({id(mempool.cluster_of(entry)) for entry in conflicts})
    if clusters <= MAX_REPLACED_CLUSTERS:
        return None
    return (
        f"rejecting replacement {hash_to_hex(txid)}; too many conflicting clusters "
        f"({clusters} > {MAX_REPLACED_CLUSTERS})"
    )


def pays_too_little(txid: bytes, *, old_fees: int, new_fees: int, new_vsize: int, incremental_rate: int) -> str | None:
    """Why a replacement does not pay for itself, None if it does.

    Args:
        txid: the replacement.
        old_fees: modified fees of everything that goes, sat.
        new_fees: modified fees of what comes, sat.
        new_vsize: adjusted size of what comes, vB.
        incremental_rate: fee rate that the new bytes must add, sat/kvB.
    """
    rejecting = f"rejecting replacement {hash_to_hex(txid)}"
    if new_fees < old_fees:
        return f"{rejecting}, less fees than conflicting txs; {format_money(new_fees)} < {format_money(old_fees)}"
    needed = fee_at_rate(incremental_rate, new_vsize)
    if new_fees - old_fees < needed:
        return (
            f"{rejecting}, not enough additional fees to relay; "
            f"{format_money(new_fees - old_fees)} < {format_money(needed)}"
        )
    return None


def improves_mining(changes: ChangeSet) -> bool:
    """Whether a change leaves miners strictly better off for some block space and never worse."""
    before, after = changes.diagrams()
    return diagram_improves(before, after)
