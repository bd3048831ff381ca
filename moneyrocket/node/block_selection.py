"""Chooses the mempool's transactions for a new block."""

from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_entry import MempoolEntry

_MAX_FAILURES = 1000
"""Chunks that may fail to fit one after the other before a nearly full block is left as it is."""
_NEARLY_FULL = 4000
"""Weight units."""


def select_for_block(mempool: Mempool, max_weight: int, max_sigops: int, min_rate: int) -> list[MempoolEntry]:
    """Choose transactions that earn the most.

    Args:
        mempool: where they are.
        max_weight: weight units left in the block.
        max_sigops: signature operation cost left in the block.
        min_rate: fee rate below which nothing is taken, sat/kvB.

    Returns:
        Entries, parents before children.
    """
    with mempool.lock:
        chosen: list[MempoolEntry] = []
        weight = sigops = failures = 0
        left_out: set[int] = set()
        for cluster, chunk in mempool.chunks():
            if id(cluster) in left_out:
                continue
            if chunk.fee * 1000 < min_rate * chunk.vsize:
                break
            cost = sum(entry.sigop_cost for entry in chunk.entries)
            if weight + chunk.weight >= max_weight or sigops + cost >= max_sigops:
                # What follows in this cluster may depend on what does not fit.
                left_out.add(id(cluster))
                failures += 1
                if failures > _MAX_FAILURES and weight > max_weight - _NEARLY_FULL:
                    break
                continue
            failures = 0
            chosen += chunk.entries
            weight += sum(entry.tx.weight for entry in chunk.entries)
            sigops += cost
        return chosen
