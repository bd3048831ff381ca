"""A planned change of the mempool: transactions that would come in, and others that would go.

Acceptance is decided on the plan, so a refused transaction leaves no trace.
"""

from collections.abc import Iterator

from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_cluster import Chunk, chunks_of, components
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.primitives.transaction import Transaction


class ChangeSet:
    """Additions and removals that were not made yet.

    Attributes:
        added: transactions to come in, by txid, parents first.
        removed: transactions to go, by txid.
    """

    def __init__(self, mempool: Mempool) -> None:
        self._mempool = mempool
        self.added: dict[bytes, MempoolEntry] = {}
        self.removed: dict[bytes, MempoolEntry] = {}

    def parents(self, entry: MempoolEntry) -> Iterator[MempoolEntry]:
        """What ``entry`` directly depends on after the change."""
        if entry.txid not in self.added:
            yield from (parent for parent in entry.parents.values() if parent.txid not in self.removed)
            return
        for txid in dict.fromkeys(txin.prevout.txid for txin in entry.tx.inputs):
            parent = self.added.get(txid) or self._mempool.entry(txid)
            if parent is not None and txid not in self.removed:
                yield parent

    def _neighbours(self, entry: MempoolEntry) -> Iterator[MempoolEntry]:
        yield from self.parents(entry)
        yield from (child for child in entry.children.values() if child.txid not in self.removed)
        for added in self.added.values():
            if any(parent is entry for parent in self.parents(added)):
                yield added

    def clusters(self) -> list[dict[bytes, MempoolEntry]]:
        """The clusters that the additions would belong to."""
        return components(self.added.values(), self._neighbours)

    def exceeds_limits(self) -> bool:
        """Whether a cluster would grow beyond -limitclustercount or -limitclustersize."""
        options = self._mempool.options
        return any(
            len(group) > options.cluster_count
            or sum(entry.weight for entry in group.values()) > options.cluster_vsize * 4
            for group in self.clusters()
        )

    def ancestors(self, entry: MempoolEntry) -> dict[bytes, MempoolEntry]:
        """Everything ``entry``, an addition, depends on, including what is to be removed."""
        parents = [self.added.get(parent.txid, parent) for parent in self._mempool.parents_of(entry.tx)]
        return self._mempool.ancestors(*parents)

    def diagrams(self) -> tuple[list[Chunk], list[Chunk]]:
        """Chunks of all clusters that the change touches: as they are, and as they would be."""
        touched = {id(self._mempool.cluster_of(entry)): entry for entry in self.removed.values()}
        for entry in self.added.values():
            for parent in self.parents(entry):
                if parent.txid not in self.added:
                    touched[id(self._mempool.cluster_of(parent))] = parent
        before: list[Chunk] = []
        survivors: list[MempoolEntry] = list(self.added.values())
        for representative in touched.values():
            cluster = self._mempool.cluster_of(representative)
            before += cluster.chunks()
            survivors += [entry for entry in cluster.members.values() if entry.txid not in self.removed]
        after: list[Chunk] = []
        for group in components(survivors, self._neighbours):
            after += chunks_of(list(group.values()), self.parents)[0]
        return before, after


def exceeds_cluster_limits(mempool: Mempool, tx: Transaction) -> bool:
    """Whether ``tx`` would make a cluster of the mempool grow beyond its limits."""
    with mempool.lock:
        changes = ChangeSet(mempool)
        changes.added[tx.txid] = MempoolEntry(tx, fee=0, time=0, height=0)
        return changes.exceeds_limits()
