"""Tests of cluster linearization."""

import random
from itertools import permutations

import pytest

from moneyrocket.node.linearize import Node, chunk, linearize


def _random_nodes(rng: random.Random, size: int, *, tree: bool) -> list[Node]:
    nodes = []
    for index in range(size):
        if tree:
            parents = 1 << rng.randrange(index) if index else 0
        else:
            parents = sum(1 << other for other in range(index) if rng.random() < 0.4)
        nodes.append(Node(rng.randrange(0, 50), rng.randrange(1, 10), parents))
    return nodes


def _is_valid(nodes: list[Node], order: tuple[int, ...]) -> bool:
    done = 0
    for index in order:
        if nodes[index].parents & ~done:
            return False
        done |= 1 << index
    return done == (1 << len(nodes)) - 1


def _curve(nodes: list[Node], order: tuple[int, ...]) -> list[float]:
    """Fees earned after each unit of weight, as the chunks of ``order`` promise them."""
    points = [0.0]
    for piece in chunk(nodes, order):
        fee = sum(nodes[index].fee for index in piece)
        weight = sum(nodes[index].weight for index in piece)
        start = points[-1]
        points += [start + fee * step / weight for step in range(1, weight + 1)]
    return points


@pytest.mark.parametrize("seed", range(40))
def test_respects_dependencies_and_falls_in_fee_rate(seed: int) -> None:
    rng = random.Random(seed)
    nodes = _random_nodes(rng, rng.randrange(2, 30), tree=False)

    found = linearize(nodes)

    assert _is_valid(nodes, found.order)
    assert [index for piece in found.chunks for index in piece] == list(found.order)
    rates = [sum(nodes[i].fee for i in piece) / sum(nodes[i].weight for i in piece) for piece in found.chunks]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("seed", range(25))
def test_no_order_of_a_tree_is_better(seed: int) -> None:
    rng = random.Random(seed)
    nodes = _random_nodes(rng, 6, tree=True)

    found = linearize(nodes)

    assert found.optimal
    ours = _curve(nodes, found.order)
    for order in permutations(range(6)):
        if _is_valid(nodes, order):
            assert all(a >= b - 1e-9 for a, b in zip(ours, _curve(nodes, order), strict=True))


def test_child_pays_for_parent() -> None:
    nodes = [Node(1, 100, 0), Node(1000, 100, 0b1), Node(300, 100, 0)]

    found = linearize(nodes)

    assert found.chunks == ((0, 1), (2,))


def test_refuses_a_cycle() -> None:
    with pytest.raises(ValueError, match="cycle"):
        linearize([Node(1, 1, 0b10), Node(1, 1, 0b01)])
