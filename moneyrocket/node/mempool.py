"""The mempool: unconfirmed transactions that the node would mine and relay.

It stores what `mempool_accept` found good, keeps the links between transactions, and removes them again when they are
mined, conflict with a block, grow old or pay too little. Whoever needs the chain and the mempool to agree holds the
chain's lock; the mempool's own lock is always taken after that one.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.chain import RemovalReason
from moneyrocket.node.fees import FeeEstimator
from moneyrocket.node.mempool_cluster import Chunk, Cluster, components
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.mempool_journal import MempoolJournal
from moneyrocket.node.mempool_options import MempoolOptions
from moneyrocket.node.rolling_fee import RollingMinimumFee
from moneyrocket.primitives.amount import format_money
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, Transaction

if TYPE_CHECKING:
    from moneyrocket.node.signals import ValidationSignals

log = category_logger("mempool")


class Mempool:
    """Unconfirmed transactions.

    Attributes:
        options: settings.
        lock: guards everything below.
        entries: the transactions by txid.
        deltas: fee changes by txid in sat, also for transactions that are not here.
        unbroadcast: txids of local transactions that no peer has asked for yet.
        sequence: number of changes so far, plus one.
        changes: number of changes that may alter a block template.
        loaded: whether the attempt to load the saved mempool is over.
        estimator: learns from transactions that are mined.
        journal: where local transactions are recorded, None if they are not.
        total_vsize: adjusted virtual size of all transactions, vB.
        total_fee: fees of all transactions, sat.
    """

    def __init__(
        self,
        options: MempoolOptions | None = None,
        signals: "ValidationSignals | None" = None,
        estimator: FeeEstimator | None = None,
    ) -> None:
        self.options = options or MempoolOptions()
        self.lock = threading.RLock()
        self.entries: dict[bytes, MempoolEntry] = {}
        self.deltas: dict[bytes, int] = {}
        self.unbroadcast: set[bytes] = set()
        self.sequence = 1
        self.changes = 0
        self.loaded = False
        self.estimator = estimator or FeeEstimator()
        self.journal: MempoolJournal | None = None
        self.total_vsize = 0
        self.total_fee = 0
        self._signals = signals
        self._rolling_fee = RollingMinimumFee(self.options.incremental_rate)
        self._by_wtxid: dict[bytes, MempoolEntry] = {}
        self._spenders: dict[OutPoint, MempoolEntry] = {}
        self._entry_usage = 0
        self._by_time: list[tuple[int, bytes]] = []
        self._clusters: dict[int, Cluster] = {}
        self._unranked: dict[int, Cluster] = {}
        self._worst: list[tuple[int, int, int, tuple[Chunk, ...]]] = []
        self._ranked = 0

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, txid: bytes) -> bool:
        return txid in self.entries

    # Questions

    def get(self, txid: bytes) -> Transaction | None:
        """The transaction with ``txid``."""
        entry = self.entries.get(txid)
        return entry.tx if entry else None

    def get_by_wtxid(self, wtxid: bytes) -> Transaction | None:
        """The transaction with ``wtxid``."""
        entry = self._by_wtxid.get(wtxid)
        return entry.tx if entry else None

    def entry(self, txid: bytes) -> MempoolEntry | None:
        """The entry of the transaction with ``txid``."""
        return self.entries.get(txid)

    def entry_by_wtxid(self, wtxid: bytes) -> MempoolEntry | None:
        """The entry of the transaction with ``wtxid``."""
        return self._by_wtxid.get(wtxid)

    def has_wtxid(self, wtxid: bytes) -> bool:
        """Whether exactly this transaction, witness included, is here."""
        return wtxid in self._by_wtxid

    def spender(self, outpoint: OutPoint) -> MempoolEntry | None:
        """The entry that spends ``outpoint``."""
        return self._spenders.get(outpoint)

    def parents_of(self, tx: Transaction) -> list[MempoolEntry]:
        """The entries that ``tx``, which need not be here itself, spends from."""
        txids = dict.fromkeys(txin.prevout.txid for txin in tx.inputs)
        return [self.entries[txid] for txid in txids if txid in self.entries]

    def ancestors(self, *entries: MempoolEntry) -> dict[bytes, MempoolEntry]:
        """The entries given and everything they depend on, by txid."""
        return _reach(entries, lambda entry: entry.parents.values())

    def descendants(self, *entries: MempoolEntry) -> dict[bytes, MempoolEntry]:
        """The entries given and everything that depends on them, by txid."""
        return _reach(entries, lambda entry: entry.children.values())

    def cluster_of(self, entry: MempoolEntry) -> Cluster:
        """The cluster of an entry that is here."""
        assert entry.cluster is not None
        return entry.cluster

    def chunk_of(self, entry: MempoolEntry) -> Chunk:
        """The chunk of an entry that is here."""
        return self.cluster_of(entry).chunk_of(entry)

    def clusters(self) -> Iterator[Cluster]:
        """All clusters, in no particular order."""
        return iter(self._clusters.values())

    def chunks(self) -> list[tuple[Cluster, Chunk]]:
        """All chunks in the order in which a miner takes them; those of one cluster keep their order."""
        found = []
        for cluster in self._clusters.values():
            chunks = cluster.chunks()
            tie_breaker = chunks[0].entries[0].txid
            found += [(-chunk.rate_key, tie_breaker, at, cluster, chunk) for at, chunk in enumerate(chunks)]
        found.sort(key=lambda item: item[:3])
        return [item[3:] for item in found]

    def ordered_entries(self) -> list[MempoolEntry]:
        """All entries in mining order: better-paying first, parents before children."""
        return [entry for _, chunk in self.chunks() for entry in chunk.entries]

    def memory_usage(self) -> int:
        """Estimated memory in bytes, as compared with -maxmempool."""
        return self._entry_usage + 96 * len(self.deltas)

    def min_fee_rate(self) -> int:
        """Fee rate in sat/kvB below which a full mempool takes nothing; 0 when it is not full."""
        return self._rolling_fee.current(self.memory_usage(), self.options.max_size)

    # Changes

    def add(self, entry: MempoolEntry) -> None:
        """Take in a transaction that was found acceptable."""
        tx = entry.tx
        entry.fee_delta = self.deltas.get(entry.txid, 0)
        entry.parents = {parent.txid: parent for parent in self.parents_of(tx)}
        entry.children = {}
        for index in range(len(tx.outputs)):
            child = self._spenders.get(OutPoint(entry.txid, index))
            if child is not None:
                entry.children[child.txid] = child
                child.parents[entry.txid] = entry
        for parent in entry.parents.values():
            parent.children[entry.txid] = entry
        for txin in tx.inputs:
            self._spenders[txin.prevout] = entry
        self.entries[entry.txid] = entry
        self._by_wtxid[entry.wtxid] = entry
        heappush(self._by_time, (entry.time, entry.txid))
        self.total_vsize += entry.vsize
        self.total_fee += entry.fee
        self._entry_usage += entry.usage
        self.changes += 1
        self._join(entry)

    def announce(self, entry: MempoolEntry) -> None:
        """Tell subscribers that ``entry`` came in, once it is sure to stay."""
        sequence = self._next_sequence()
        if self._signals is not None:
            self._signals.transaction_added_to_mempool(entry.tx, sequence)

    def remove(self, entries: Iterable[MempoolEntry], reason: RemovalReason) -> None:
        """Remove entries. Unless they are being mined, their descendants must be among them."""
        doomed = list(entries)
        torn: dict[int, Cluster] = {}
        for entry in doomed:
            self._unlink(entry, reason)
            cluster = self.cluster_of(entry)
            del cluster.members[entry.txid]
            torn[id(cluster)] = cluster
        for cluster in torn.values():
            self._forget_cluster(cluster)
            for group in components(cluster.members.values(), _neighbours):
                self._keep_cluster(Cluster(group))

    def remove_recursive(self, tx: Transaction, reason: RemovalReason) -> None:
        """Remove ``tx`` if it is here, and everything that spends from it."""
        entry = self.entries.get(tx.txid)
        if entry is not None:
            roots = [entry]
        else:
            spenders = (self._spenders.get(OutPoint(tx.txid, index)) for index in range(len(tx.outputs)))
            roots = [spender for spender in spenders if spender is not None]
        if roots:
            self.remove(self.descendants(*roots).values(), reason)

    def remove_for_block(self, block: Block, height: int) -> None:
        """Remove what ``block`` mined and whatever contradicts it."""
        with self.lock:
            mined: list[MempoolEntry] = []
            for tx in block.transactions:
                entry = self.entries.get(tx.txid)
                if entry is not None:
                    mined.append(entry)
                    self.remove((entry,), RemovalReason.BLOCK)
                for txin in tx.inputs:
                    conflict = self._spenders.get(txin.prevout)
                    if conflict is not None:
                        self.deltas.pop(conflict.txid, None)
                        self.remove(self.descendants(conflict).values(), RemovalReason.CONFLICT)
                self.deltas.pop(tx.txid, None)
            if mined and self._signals is not None:
                self._signals.mempool_transactions_removed_for_block([entry.tx for entry in mined], height)
            self._rolling_fee.block_connected()
            self.estimator.block_connected(height, mined)

    def expire(self, before: int) -> int:
        """Remove transactions that entered before a time (unix seconds), with their descendants; returns how many."""
        old: list[MempoolEntry] = []
        while self._by_time and self._by_time[0][0] < before:
            time, txid = heappop(self._by_time)
            entry = self.entries.get(txid)
            if entry is not None and entry.time == time:
                old.append(entry)
        doomed = self.descendants(*old)
        self.remove(doomed.values(), RemovalReason.EXPIRY)
        return len(doomed)

    def trim(self, max_size: int) -> None:
        """Remove the worst-paying chunks until the memory estimate is at most ``max_size`` bytes."""
        removed = 0
        highest = 0
        while self.entries and self.memory_usage() > max_size:
            chunk = self._worst_chunk()
            rate = chunk.fee * 1000 // chunk.vsize + self.options.incremental_rate
            self._rolling_fee.raise_to(rate)
            highest = max(highest, rate)
            removed += len(chunk.entries)
            self.remove(chunk.entries, RemovalReason.SIZE_LIMIT)
        if removed:
            log.debug("Removed %u txn, rolling minimum fee bumped to %s BTC/kvB", removed, format_money(highest))

    def enforce_cluster_limits(self) -> None:
        """Shrink clusters that grew too large because a disconnected block's transactions came back."""
        max_count = self.options.cluster_count
        max_weight = self.options.cluster_vsize * 4
        for cluster in list(self._clusters.values()):
            if len(cluster.members) <= max_count and cluster.weight <= max_weight:
                continue
            weight = 0
            dropped: list[MempoolEntry] = []
            in_order = [entry for chunk in cluster.chunks() for entry in chunk.entries]
            for number, entry in enumerate(in_order, 1):
                weight += entry.weight
                if number > max_count or weight > max_weight:
                    dropped.append(entry)
            self.remove(self.descendants(*dropped).values(), RemovalReason.SIZE_LIMIT)

    def prioritise(self, txid: bytes, delta: int) -> None:
        """Treat a transaction, here or to come, as if it paid ``delta`` sat more."""
        with self.lock:
            total = self.deltas.get(txid, 0) + delta
            entry = self.entries.get(txid)
            if entry is not None:
                entry.fee_delta += delta
                self._unrank(self.cluster_of(entry))
                self.changes += 1
            where = "" if entry is not None else "not "
            if total:
                self.deltas[txid] = total
                log.info(
                    "PrioritiseTransaction: %s (%sin mempool) fee += %s, new delta=%s",
                    hash_to_hex(txid),
                    where,
                    format_money(delta),
                    format_money(total),
                )
            else:
                self.deltas.pop(txid, None)
                log.info("PrioritiseTransaction: %s (%sin mempool) delta cleared", hash_to_hex(txid), where)

    def add_unbroadcast(self, txid: bytes) -> None:
        """Remember that no peer has asked for a local transaction yet."""
        with self.lock:
            if txid in self.entries:
                self.unbroadcast.add(txid)

    def remove_unbroadcast(self, txid: bytes) -> None:
        """Note that a peer has asked for a local transaction."""
        with self.lock:
            if txid in self.unbroadcast:
                self.unbroadcast.discard(txid)
                log.debug("Removed %s from set of unbroadcast txns", hash_to_hex(txid))

    # Inside

    def _next_sequence(self) -> int:
        sequence = self.sequence
        self.sequence += 1
        return sequence

    def _unlink(self, entry: MempoolEntry, reason: RemovalReason) -> None:
        sequence = self._next_sequence()
        if reason is not RemovalReason.BLOCK and self._signals is not None:
            self._signals.transaction_removed_from_mempool(entry.tx, reason, sequence)
        for parent in entry.parents.values():
            parent.children.pop(entry.txid, None)
        for child in entry.children.values():
            child.parents.pop(entry.txid, None)
        for txin in entry.tx.inputs:
            self._spenders.pop(txin.prevout, None)
        if entry.txid in self.unbroadcast:
            self.unbroadcast.discard(entry.txid)
            log.debug(
                "Removed %s from set of unbroadcast txns before confirmation that txn was sent out",
                hash_to_hex(entry.txid),
            )
        del self.entries[entry.txid]
        del self._by_wtxid[entry.wtxid]
        self.total_vsize -= entry.vsize
        self.total_fee -= entry.fee
        self._entry_usage -= entry.usage
        self.changes += 1

    def _join(self, entry: MempoolEntry) -> None:
        """Put a new entry into one cluster with its neighbours."""
        members = {entry.txid: entry}
        for neighbour in _neighbours(entry):
            cluster = self.cluster_of(neighbour)
            if id(cluster) in self._clusters:
                self._forget_cluster(cluster)
                members.update(cluster.members)
        self._keep_cluster(Cluster(members))

    def _keep_cluster(self, cluster: Cluster) -> None:
        for entry in cluster.members.values():
            entry.cluster = cluster
        self._clusters[id(cluster)] = cluster
        self._unranked[id(cluster)] = cluster

    def _forget_cluster(self, cluster: Cluster) -> None:
        del self._clusters[id(cluster)]
        self._unranked.pop(id(cluster), None)

    def _unrank(self, cluster: Cluster) -> None:
        cluster.changed()
        self._unranked[id(cluster)] = cluster

    def _worst_chunk(self) -> Chunk:
        """The worst-paying last chunk of any cluster."""
        if len(self._worst) > 4 * len(self._clusters) + 1000:
            self._worst.clear()
            self._unranked.update(self._clusters)
        for key, cluster in self._unranked.items():
            chunks = cluster.chunks()
            self._ranked += 1
            heappush(self._worst, (chunks[-1].rate_key, -self._ranked, key, chunks))
        self._unranked.clear()
        while True:
            _, _, key, chunks = self._worst[0]
            known = self._clusters.get(key)
            if known is not None and known.chunks() is chunks:
                return chunks[-1]
            heappop(self._worst)


def _reach(
    entries: Iterable[MempoolEntry], links: Callable[[MempoolEntry], Iterable[MempoolEntry]]
) -> dict[bytes, MempoolEntry]:
    found = {entry.txid: entry for entry in entries}
    stack = list(found.values())
    while stack:
        for entry in links(stack.pop()):
            if entry.txid not in found:
                found[entry.txid] = entry
                stack.append(entry)
    return found


def _neighbours(entry: MempoolEntry) -> Iterator[MempoolEntry]:
    yield from entry.parents.values()
    yield from entry.children.values()
