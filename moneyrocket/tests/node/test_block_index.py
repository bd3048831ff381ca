"""The header tree and the active chain."""

from __future__ import annotations

import pytest

from moneyrocket.node.block_index import ActiveChain, BlockIndex, last_common_ancestor, make_locator
from moneyrocket.primitives.block import BlockHeader

BITS = 0x207FFFFF


def grow(prev: BlockIndex | None, count: int, *, salt: int = 0) -> list[BlockIndex]:
    """A branch of ``count`` headers upon ``prev``, ten seconds apart."""
    branch = []
    for _ in range(count):
        time = 1000 if prev is None else prev.time + 10
        prev_hash = bytes(32) if prev is None else prev.hash
        prev = BlockIndex(BlockHeader(1, prev_hash, bytes(32), time, BITS, salt), prev)
        branch.append(prev)
    return branch


def test_ancestors_at_every_height() -> None:
    chain = grow(None, 300)

    for index in (chain[299], chain[256], chain[17]):
        for height in range(index.height + 1):
            assert index.ancestor(height) is chain[height]
    assert chain[5].ancestor(6) is None
    assert chain[5].ancestor(-1) is None


def test_a_header_comes_back_as_it_went_in() -> None:
    chain = grow(None, 2)

    assert chain[1].header.serialize() == BlockHeader(1, chain[0].hash, bytes(32), 1010, BITS, 0).serialize()
    assert chain[1].header.hash == chain[1].hash


def test_median_time_past_of_short_and_long_chains() -> None:
    chain = grow(None, 20)

    assert chain[0].median_time_past == 1000
    assert chain[1].median_time_past == 1010
    assert chain[19].median_time_past == chain[14].time


def test_work_adds_up() -> None:
    chain = grow(None, 3)

    assert [index.chain_work for index in chain] == [2, 4, 6]


def test_the_fork_of_two_branches() -> None:
    trunk = grow(None, 100)
    left = grow(trunk[70], 50, salt=1)
    right = grow(trunk[70], 9, salt=2)

    assert last_common_ancestor(left[-1], right[-1]) is trunk[70]
    assert last_common_ancestor(left[-1], trunk[30]) is trunk[30]


def test_a_locator_gets_sparser_and_ends_in_the_genesis_block() -> None:
    chain = grow(None, 101)

    heights = [next(i.height for i in chain if i.hash == h) for h in make_locator(chain[100]).hashes]

    assert heights[:12] == [100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89]
    assert heights[12:] == [87, 83, 75, 59, 27, 0]


def test_the_active_chain_moves_between_branches() -> None:
    trunk = grow(None, 5)
    branch = grow(trunk[2], 4, salt=1)
    chain = ActiveChain()
    chain.set_tip(trunk[4])

    chain.set_tip(branch[3])

    assert chain.tip is branch[3]
    assert chain.height == 6
    assert trunk[2] in chain
    assert trunk[3] not in chain
    assert chain.find_fork(trunk[4]) is trunk[2]
    assert chain.next(trunk[2]) is branch[0]
    assert list(chain.missing_from(trunk[4])) == [trunk[3], trunk[4]]


def test_a_height_outside_of_the_chain() -> None:
    chain = ActiveChain()
    chain.set_tip(grow(None, 2)[1])

    assert chain.get(2) is None
    with pytest.raises(IndexError):
        chain[-1]


def test_the_first_block_that_is_late_and_high_enough() -> None:
    blocks = grow(None, 10)
    chain = ActiveChain()
    chain.set_tip(blocks[9])

    assert chain.find_earliest_at_least(1045, 0) is blocks[5]
    assert chain.find_earliest_at_least(0, 7) is blocks[7]
    assert chain.find_earliest_at_least(5000, 0) is None
