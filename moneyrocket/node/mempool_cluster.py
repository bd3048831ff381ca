"""Clusters: the connected groups of mempool transactions, and their order for mining."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from moneyrocket.node.linearize import Node, linearize
from moneyrocket.node.mempool_entry import MempoolEntry

Neighbours: TypeAlias = Callable[[MempoolEntry], Iterable[MempoolEntry]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Transactions that a miner takes or leaves together, in mining order.

    Attributes:
        entries: the transactions, parents before children.
        fee: their modified fees, sat.
        weight: their adjusted weights, weight units.
    """

    entries: tuple[MempoolEntry, ...]
    fee: int
    weight: int

    @property
    def rate_key(self) -> int:
        """Orders chunks by fee rate, exactly (weights stay below 2**32)."""
        return (self.fee << 64) // self.weight

    @property
    def vsize(self) -> int:
        """Virtual size in vB, rounded up."""
        return (self.weight + 3) // 4


class Cluster:
    """A connected group of mempool transactions. Its linearization is worked out when first asked for."""

    __slots__ = ("_chunks", "_optimal", "members")

    def __init__(self, members: dict[bytes, MempoolEntry]) -> None:
        self.members = members
        self._chunks: tuple[Chunk, ...] | None = None
        self._optimal = True

    def chunks(self) -> tuple[Chunk, ...]:
        """The chunks in mining order, highest fee rate first."""
        if self._chunks is None:
            self._chunks, self._optimal = chunks_of(list(self.members.values()))
        return self._chunks

    @property
    def optimal(self) -> bool:
        """Whether the linearization is known to be the best one."""
        self.chunks()
        return self._optimal

    @property
    def weight(self) -> int:
        """Adjusted weight of all members, weight units."""
        return sum(entry.weight for entry in self.members.values())

    def chunk_of(self, entry: MempoolEntry) -> Chunk:
        """The chunk that ``entry`` belongs to."""
        return next(chunk for chunk in self.chunks() if entry in chunk.entries)

    def changed(self) -> None:
        """Forget the linearization, because a fee or a dependency changed."""
        self._chunks = None


def chunks_of(entries: list[MempoolEntry], parents: Neighbours | None = None) -> tuple[tuple[Chunk, ...], bool]:
    """Linearize connected transactions.

    Args:
        entries: the transactions.
        parents: their direct dependencies if other than those in the mempool; ones outside ``entries`` are ignored.

    Returns:
        The chunks in mining order, and whether that order is known to be the best.
    """
    entries.sort(key=lambda entry: entry.txid)
    position = {entry.txid: index for index, entry in enumerate(entries)}
    nodes = []
    for entry in entries:
        mask = 0
        for parent in entry.parents.values() if parents is None else parents(entry):
            if parent.txid in position:
                mask |= 1 << position[parent.txid]
        nodes.append(Node(entry.modified_fee, entry.weight, mask))
    found = linearize(nodes)
    chunks = tuple(_chunk(tuple(entries[index] for index in piece)) for piece in found.chunks)
    return chunks, found.optimal


def _chunk(entries: tuple[MempoolEntry, ...]) -> Chunk:
    return Chunk(entries, sum(entry.modified_fee for entry in entries), sum(entry.weight for entry in entries))


def components(entries: Iterable[MempoolEntry], neighbours: Neighbours) -> list[dict[bytes, MempoolEntry]]:
    """Split transactions into connected groups, following ``neighbours`` also beyond ``entries``."""
    seen: set[bytes] = set()
    groups: list[dict[bytes, MempoolEntry]] = []
    for start in entries:
        if start.txid in seen:
            continue
        group = {start.txid: start}
        stack = [start]
        while stack:
            for entry in neighbours(stack.pop()):
                if entry.txid not in group:
                    group[entry.txid] = entry
                    stack.append(entry)
        seen.update(group)
        groups.append(group)
    return groups


def diagram_improves(old: Iterable[Chunk], new: Iterable[Chunk]) -> bool:
    """Whether ``new`` earns a miner at least as much as ``old`` for every amount of space, and more for some."""
    before = _Diagram(old)
    after = _Diagram(new)
    better = False
    for weight in sorted({*before.weights, *after.weights}):
        new_fee, new_scale = after.fee_at(weight)
        old_fee, old_scale = before.fee_at(weight)
        difference = new_fee * old_scale - old_fee * new_scale
        if difference < 0:
            return False
        better = better or difference > 0
    return better


class _Diagram:
    """Fees earned as a function of the weight used, best chunks first."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self.weights = [0]
        self.fees = [0]
        for chunk in sorted(chunks, key=lambda chunk: chunk.rate_key, reverse=True):
            self.weights.append(self.weights[-1] + chunk.weight)
            self.fees.append(self.fees[-1] + chunk.fee)

    def fee_at(self, weight: int) -> tuple[int, int]:
        """Fees earned with ``weight`` weight units, as numerator and denominator."""
        if weight >= self.weights[-1]:
            return self.fees[-1], 1
        right = next(i for i, reached in enumerate(self.weights) if reached > weight)
        span = self.weights[right] - self.weights[right - 1]
        rise = self.fees[right] - self.fees[right - 1]
        return self.fees[right - 1] * span + rise * (weight - self.weights[right - 1]), span
