"""In which order a miner should take the transactions of one cluster.

A *linearization* is an order in which every transaction follows its ancestors. Cut into *chunks* of falling fee rate
it says what each next piece of block space earns. The order found here starts from the best ancestor sets and is then
improved by moving groups past one another; for clusters whose dependencies form a tree the result is optimal.

All sets of transactions are bit masks over their position in the input.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from moneyrocket.node.feerate import higher_rate


@dataclass(frozen=True, slots=True)
class Node:
    """One transaction: what it pays (sat), what it weighs (weight units), and the mask of its direct parents."""

    fee: int
    weight: int
    parents: int


@dataclass(frozen=True, slots=True)
class Linearization:
    """An order of a cluster's transactions.

    Attributes:
        order: positions in the input, parents before children.
        chunks: the same positions cut into pieces, highest fee rate first.
        optimal: whether no better order is known to exist.
    """

    order: tuple[int, ...]
    chunks: tuple[tuple[int, ...], ...]
    optimal: bool


@dataclass(slots=True)
class _Group:
    members: int
    order: list[int]
    fee: int
    weight: int


def linearize(nodes: Sequence[Node]) -> Linearization:
    """Find a good linearization of a cluster.

    Args:
        nodes: the transactions, in any order. Dependencies must not form a cycle.
    """
    if len(nodes) == 1:
        return Linearization((0,), ((0,),), True)
    topological, ancestors = _close(nodes)
    descendants = _descendants(topological, ancestors)
    order = _by_ancestor_sets(nodes, ancestors, descendants)
    order = _improve_backward(nodes, order, descendants)
    order = _improve_forward(nodes, order, ancestors)
    return Linearization(tuple(order), chunk(nodes, order), _is_tree(nodes, ancestors))


def chunk(nodes: Sequence[Node], order: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Cut ``order`` into pieces of falling fee rate, merging a piece that pays more than the one before it."""
    groups: list[_Group] = []
    for index in order:
        group = _single(nodes, index)
        while groups and higher_rate(group.fee, group.weight, groups[-1].fee, groups[-1].weight):
            group = _merge(groups.pop(), group)
        groups.append(group)
    return tuple(tuple(group.order) for group in groups)


def _close(nodes: Sequence[Node]) -> tuple[list[int], list[int]]:
    """A topological order, and each transaction's ancestors, itself included."""
    ancestors = [0] * len(nodes)
    topological: list[int] = []
    waiting = list(range(len(nodes)))
    done = 0
    while waiting:
        later = []
        for index in waiting:
            if nodes[index].parents & ~done:
                later.append(index)
                continue
            mask = 1 << index
            for parent in _positions(nodes[index].parents):
                mask |= ancestors[parent]
            ancestors[index] = mask
            topological.append(index)
            done |= 1 << index
        if len(later) == len(waiting):
            raise ValueError("the dependencies form a cycle")
        waiting = later
    return topological, ancestors


def _descendants(topological: Sequence[int], ancestors: Sequence[int]) -> list[int]:
    descendants = [0] * len(ancestors)
    for index in topological:
        for ancestor in _positions(ancestors[index]):
            descendants[ancestor] |= 1 << index
    return descendants


def _by_ancestor_sets(nodes: Sequence[Node], ancestors: Sequence[int], descendants: Sequence[int]) -> list[int]:
    """Take the best-paying set of a transaction with all its missing ancestors, again and again."""
    fees = [sum(nodes[a].fee for a in _positions(mask)) for mask in ancestors]
    weights = [sum(nodes[a].weight for a in _positions(mask)) for mask in ancestors]
    remaining = (1 << len(nodes)) - 1
    order: list[int] = []
    while remaining:
        best = -1
        for index in _positions(remaining):
            if best < 0 or higher_rate(fees[index], weights[index], fees[best], weights[best]):
                best = index
        taken = sorted(_positions(ancestors[best] & remaining), key=lambda i: ancestors[i].bit_count())
        for index in taken:
            for descendant in _positions(descendants[index] & remaining):
                fees[descendant] -= nodes[index].fee
                weights[descendant] -= nodes[index].weight
            remaining &= ~(1 << index)
        order += taken
    return order


def _improve_backward(nodes: Sequence[Node], order: Sequence[int], descendants: Sequence[int]) -> list[int]:
    """From the end to the front, let a low-paying group sink behind better ones that do not depend on it."""
    groups: list[_Group] = []  # The last element comes first in the order.
    for index in reversed(order):
        group = _single(nodes, index)
        below = descendants[index]
        position = len(groups)
        while position and higher_rate(groups[position - 1].fee, groups[position - 1].weight, group.fee, group.weight):
            other = groups[position - 1]
            if below & other.members:
                group = _merge(group, other)
                below |= _union(descendants, other.members)
                del groups[position - 1]
            position -= 1
        groups.insert(position, group)
    return [index for group in reversed(groups) for index in group.order]


def _improve_forward(nodes: Sequence[Node], order: Sequence[int], ancestors: Sequence[int]) -> list[int]:
    """From the front to the end, let a high-paying group rise before worse ones that it does not depend on."""
    groups: list[_Group] = []
    for index in order:
        group = _single(nodes, index)
        above = ancestors[index]
        position = len(groups)
        while position and higher_rate(group.fee, group.weight, groups[position - 1].fee, groups[position - 1].weight):
            other = groups[position - 1]
            if above & other.members:
                group = _merge(other, group)
                above |= _union(ancestors, other.members)
                del groups[position - 1]
            position -= 1
        groups.insert(position, group)
    return [index for group in groups for index in group.order]


def _is_tree(nodes: Sequence[Node], ancestors: Sequence[int]) -> bool:
    """Whether the dependencies, leaving out those that others imply, join the transactions without any circle."""
    edges = 0
    for node in nodes:
        implied = 0
        for parent in _positions(node.parents):
            implied |= ancestors[parent] & ~(1 << parent)
        edges += (node.parents & ~implied).bit_count()
    return edges < len(nodes)


def _single(nodes: Sequence[Node], index: int) -> _Group:
    return _Group(1 << index, [index], nodes[index].fee, nodes[index].weight)


def _merge(first: _Group, second: _Group) -> _Group:
    return _Group(
        first.members | second.members,
        first.order + second.order,
        first.fee + second.fee,
        first.weight + second.weight,
    )


def _union(masks: Sequence[int], members: int) -> int:
    result = 0
    for index in _positions(members):
        result |= masks[index]
    return result


def _positions(mask: int) -> list[int]:
    """Positions of the set bits, lowest first."""
    positions = []
    while mask:
        low = mask & -mask
        positions.append(low.bit_length() - 1)
        mask ^= low
    return positions
