"""Tests of the mempool's contents: links, clusters, removal, limits."""

from collections.abc import Iterator

import pytest

from moneyrocket.common import clock
from moneyrocket.interfaces.chain import RemovalReason
from moneyrocket.node.block_selection import select_for_block
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_options import MempoolOptions
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.tests.node.mempool_helpers import add, confirmed_outpoint, entry_of, output, spend


@pytest.fixture
def mempool() -> Mempool:
    return Mempool()


@pytest.fixture
def mock_time() -> Iterator[int]:
    clock.set_mock_time(1_700_000_000)
    yield 1_700_000_000
    clock.set_mock_time(0)


def _block(*transactions: Transaction) -> Block:
    return Block(BlockHeader(4, bytes(32), bytes(32), 0, 0, 0), transactions)


def test_links_parents_and_children(mempool: Mempool) -> None:
    parent = spend(outputs=2)
    child = spend(output(parent))
    grandchild = spend(output(child), output(parent, 1))

    first, second, third = (add(mempool, tx) for tx in (parent, child, grandchild))

    assert set(mempool.ancestors(third)) == {parent.txid, child.txid, grandchild.txid}
    assert set(mempool.descendants(first)) == {parent.txid, child.txid, grandchild.txid}
    assert mempool.cluster_of(first) is mempool.cluster_of(second) is mempool.cluster_of(third)
    assert mempool.spender(output(parent, 1)) is third


def test_a_parent_that_comes_back_finds_its_children(mempool: Mempool) -> None:
    parent = spend()
    child = add(mempool, spend(output(parent)))

    entry = add(mempool, parent)

    assert entry.children == {child.txid: child}
    assert child.parents == {parent.txid: entry}
    assert mempool.cluster_of(entry) is mempool.cluster_of(child)


def test_mining_a_joint_splits_the_cluster(mempool: Mempool) -> None:
    parent = spend(outputs=2)
    entry = add(mempool, parent)
    left = add(mempool, spend(output(parent)))
    right = add(mempool, spend(output(parent, 1)))
    assert mempool.cluster_of(left) is mempool.cluster_of(right)

    mempool.remove_for_block(_block(parent), 101)

    assert entry.txid not in mempool
    assert mempool.cluster_of(left) is not mempool.cluster_of(right)
    assert not left.parents


def test_a_block_removes_conflicts_with_their_descendants(mempool: Mempool) -> None:
    coin = confirmed_outpoint()
    loser = spend(coin)
    add(mempool, loser)
    add(mempool, spend(output(loser)))
    bystander = add(mempool, spend())
    mempool.prioritise(loser.txid, 5)

    mempool.remove_for_block(_block(spend(coin, outputs=2)), 101)

    assert list(mempool.entries) == [bystander.txid]
    assert not mempool.deltas


def test_recursive_removal_of_an_absent_transaction_takes_its_spenders(mempool: Mempool) -> None:
    absent = spend()
    child = spend(output(absent))
    add(mempool, child)
    add(mempool, spend(output(child)))

    mempool.remove_recursive(absent, RemovalReason.REORG)

    assert not mempool.entries
    assert mempool.total_vsize == mempool.total_fee == mempool.memory_usage() == 0


def test_expiry_takes_descendants(mempool: Mempool) -> None:
    old = spend()
    add(mempool, old, time=10)
    add(mempool, spend(output(old)), time=100)
    young = add(mempool, spend(), time=100)

    assert mempool.expire(50) == 2
    assert list(mempool.entries) == [young.txid]
    assert mempool.expire(50) == 0


def test_trimming_evicts_the_worst_chunk_and_raises_the_minimum(mempool: Mempool, mock_time: int) -> None:
    poor_parent = spend()
    poor = add(mempool, poor_parent, fee=0)
    saviour = add(mempool, spend(output(poor_parent)), fee=100_000)
    worst = add(mempool, spend(), fee=200)
    limit = mempool.memory_usage() - 1

    mempool.trim(limit)

    assert set(mempool.entries) == {poor.txid, saviour.txid}
    assert mempool.min_fee_rate() == 200 * 1000 // worst.vsize + 100


def test_minimum_falls_after_a_block(mempool: Mempool, mock_time: int) -> None:
    add(mempool, spend(), fee=100_000)
    mempool.trim(0)
    before = mempool.min_fee_rate()

    clock.set_mock_time(mock_time + 12 * 3600)
    assert mempool.min_fee_rate() == before
    mempool.remove_for_block(_block(), 1)
    clock.set_mock_time(mock_time + 15 * 3600)

    assert mempool.min_fee_rate() == pytest.approx(before / 2, abs=1)


def test_prioritising_changes_the_order(mempool: Mempool) -> None:
    low = add(mempool, spend(), fee=1000)
    high = add(mempool, spend(), fee=2000)
    assert mempool.ordered_entries() == [high, low]

    mempool.prioritise(low.txid, 5000)

    assert mempool.ordered_entries() == [low, high]
    assert low.modified_fee == 6000
    mempool.prioritise(low.txid, -5000)
    assert not mempool.deltas


def test_selection_keeps_parents_before_children_and_fits(mempool: Mempool) -> None:
    parent = spend(size=200)
    first = add(mempool, parent, fee=0)
    second = add(mempool, spend(output(parent)), fee=50_000)
    big = add(mempool, spend(size=5000), fee=60_000)
    cheap = add(mempool, spend(), fee=1)

    chosen = select_for_block(mempool, 4_000_000, 80_000, 1000)
    small = select_for_block(mempool, first.weight + second.weight + 1, 80_000, 0)

    assert chosen == [first, second, big]
    assert small == [first, second]
    assert cheap in select_for_block(mempool, 4_000_000, 80_000, 0)


def test_oversized_clusters_shrink() -> None:
    mempool = Mempool(MempoolOptions(cluster_count=3))
    transactions = [spend()]
    for _ in range(4):
        transactions.append(spend(output(transactions[-1])))
    for tx in transactions:
        add(mempool, tx)

    mempool.enforce_cluster_limits()

    assert list(mempool.entries) == [tx.txid for tx in transactions[:3]]


def test_fee_delta_known_before_the_transaction(mempool: Mempool) -> None:
    tx = spend()
    mempool.prioritise(tx.txid, 77)

    entry = entry_of(tx, fee=3)
    mempool.add(entry)

    assert entry.modified_fee == 80
