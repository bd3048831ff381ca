"""One transaction of the mempool, with what the node worked out when it accepted it."""

from typing import TYPE_CHECKING, Final

from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.node.mempool_cluster import Cluster

_ENTRY_USAGE: Final = 600
"""Bytes that an entry costs beside its transaction: indexes, links and its share of a cluster."""
_INLINE_SCRIPT: Final = 36
"""Scripts up to this length are counted inside their input or output."""


def adjusted_weight(weight: int, sigop_cost: int, bytes_per_sigop: int) -> int:
    """Weight units that a transaction counts for when signature operations are priced in."""
    return max(weight, sigop_cost * bytes_per_sigop)


def virtual_size(weight: int) -> int:
    """Virtual size in vB of ``weight`` weight units, rounded up."""
    return (weight + 3) // 4


class MempoolEntry:
    """A transaction in (or on its way into) the mempool.

    Attributes:
        tx: the transaction.
        txid: its id, internal byte order.
        wtxid: its witness id, internal byte order.
        fee: what it pays, sat.
        fee_delta: what `prioritisetransaction` added, sat.
        weight: adjusted weight in weight units (signature operations priced in).
        vsize: adjusted virtual size, vB.
        sigop_cost: signature operation cost (BIP141).
        time: when it entered, unix seconds.
        height: height of the tip when it entered.
        sequence: mempool sequence number when it entered; 0 if it came back from a disconnected block.
        spends_coinbase: whether any input spends a coinbase output.
        parents: mempool transactions it spends from, by txid.
        children: mempool transactions that spend from it, by txid.
        cluster: the connected component it belongs to, once it is in the mempool.
        usage: estimated memory, bytes.
    """

    __slots__ = (
        "children",
        "cluster",
        "fee",
        "fee_delta",
        "height",
        "parents",
        "sequence",
        "sigop_cost",
        "spends_coinbase",
        "time",
        "tx",
        "txid",
        "usage",
        "vsize",
        "weight",
        "wtxid",
    )

    def __init__(
        self,
        tx: Transaction,
        *,
        fee: int,
        time: int,
        height: int,
        sequence: int = 0,
        spends_coinbase: bool = False,
        sigop_cost: int = 0,
        bytes_per_sigop: int = 20,
        fee_delta: int = 0,
    ) -> None:
        self.tx = tx
        self.txid = tx.txid
        self.wtxid = tx.wtxid
        self.fee = fee
        self.fee_delta = fee_delta
        self.weight = adjusted_weight(tx.weight, sigop_cost, bytes_per_sigop)
        self.vsize = virtual_size(self.weight)
        self.sigop_cost = sigop_cost
        self.time = time
        self.height = height
        self.sequence = sequence
        self.spends_coinbase = spends_coinbase
        self.parents: dict[bytes, MempoolEntry] = {}
        self.children: dict[bytes, MempoolEntry] = {}
        self.cluster: Cluster | None = None
        self.usage = _ENTRY_USAGE + transaction_usage(tx)

    @property
    def modified_fee(self) -> int:
        """Fee with `prioritisetransaction` counted in, sat."""
        return self.fee + self.fee_delta

    def __repr__(self) -> str:
        return f"MempoolEntry({self.txid[::-1].hex()})"


def transaction_usage(tx: Transaction) -> int:
    """Bytes of memory that a transaction counts for against -maxmempool.

    The measure is that of the reference implementation's data layout rather than Python's, so that a -maxmempool
    setting keeps as many transactions here as its user is used to.
    """
    usage = 224 + _allocated(112 * len(tx.inputs)) + _allocated(48 * len(tx.outputs)) + 80 * len(tx.inputs)
    for txin in tx.inputs:
        if len(txin.script_sig) > _INLINE_SCRIPT:
            usage += _allocated(len(txin.script_sig))
        if txin.witness:
            usage += _allocated(24 * len(txin.witness)) + sum(_allocated(len(item)) for item in txin.witness)
    for txout in tx.outputs:
        if len(txout.script_pubkey) > _INLINE_SCRIPT:
            usage += _allocated(len(txout.script_pubkey))
    return usage


def _allocated(size: int) -> int:
    """Bytes that an allocator hands out for ``size``."""
    return (size + 31) // 16 * 16 if size else 0
