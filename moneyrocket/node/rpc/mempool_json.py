"""How the mempool's contents are spelled in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_cluster import Chunk, Cluster
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.rbf import is_replaceable
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.values import amount_json

ENTRY_RESULT: Final = (
    "json object: vsize_adjusted, vsize (deprecated, the same), vsize_bip141, weight, time, height, descendantcount, "
    "descendantsize, ancestorcount, ancestorsize, wtxid, chunkweight, fees (base, modified, ancestor, descendant and "
    "chunk, in BTC), depends (txids), spentby (txids), unbroadcast"
)


def entry_json(mempool: Mempool, entry: MempoolEntry, *, bip125: bool = False) -> dict[str, Json]:
    """Describe one entry.

    Args:
        mempool: where it is; must be locked.
        entry: the entry.
        bip125: add the deprecated ``bip125-replaceable``.
    """
    ancestors = mempool.ancestors(entry).values()
    descendants = mempool.descendants(entry).values()
    chunk = mempool.chunk_of(entry)
    result: dict[str, Json] = {
        "vsize_adjusted": entry.vsize,
        "vsize": entry.vsize,
        "vsize_bip141": entry.tx.vsize,
        "weight": entry.tx.weight,
        "time": entry.time,
        "height": entry.height,
        "descendantcount": len(descendants),
        "descendantsize": sum(other.vsize for other in descendants),
        "ancestorcount": len(ancestors),
        "ancestorsize": sum(other.vsize for other in ancestors),
        "wtxid": hash_to_hex(entry.wtxid),
        "chunkweight": chunk.weight,
        "fees": {
            "base": amount_json(entry.fee),
            "modified": amount_json(entry.modified_fee),
            "ancestor": amount_json(sum(other.modified_fee for other in ancestors)),
            "descendant": amount_json(sum(other.modified_fee for other in descendants)),
            "chunk": amount_json(chunk.fee),
        },
        "depends": _sorted_txids(entry.parents),
        "spentby": _sorted_txids(entry.children),
        "unbroadcast": entry.txid in mempool.unbroadcast,
    }
    if bip125:
        result["bip125-replaceable"] = is_replaceable(mempool, entry)
    return result


def entries_json(
    mempool: Mempool, entries: Iterable[MempoolEntry], *, verbose: bool, bip125: bool = False
) -> list[Json] | dict[str, Json]:
    """List entries by txid, or with ``verbose`` describe them, keyed by txid."""
    if verbose:
        return {hash_to_hex(entry.txid): entry_json(mempool, entry, bip125=bip125) for entry in entries}
    return [hash_to_hex(entry.txid) for entry in entries]


def cluster_json(cluster: Cluster) -> dict[str, Json]:
    """Describe a cluster and its chunks in mining order."""
    return {
        "clusterweight": cluster.weight,
        "txcount": len(cluster.members),
        "chunks": [_chunk_json(chunk) for chunk in cluster.chunks()],
    }


def _chunk_json(chunk: Chunk) -> Json:
    return {
        "chunkfee": amount_json(chunk.fee),
        "chunkweight": chunk.weight,
        "txs": [hash_to_hex(entry.txid) for entry in chunk.entries],
    }


def _sorted_txids(txids: Iterable[bytes]) -> list[Json]:
    return [*sorted(hash_to_hex(txid) for txid in txids)]
