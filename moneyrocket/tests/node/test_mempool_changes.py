"""Tests of planned changes, replacement rules and version 3 topology."""

from dataclasses import replace

import pytest

from moneyrocket.node import truc
from moneyrocket.node.fees import FeeEstimator
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_changes import ChangeSet
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.mempool_options import MempoolOptions
from moneyrocket.node.package_rules import is_child_with_parents, is_child_with_parents_tree, malformed_reason
from moneyrocket.node.rbf import improves_mining, pays_too_little, signals_replacement, too_many_clusters
from moneyrocket.primitives.transaction import Transaction, TxIn
from moneyrocket.tests.node.mempool_helpers import add, confirmed_outpoint, entry_of, output, spend


@pytest.fixture
def mempool() -> Mempool:
    return Mempool(MempoolOptions(cluster_count=3))


def _plan(mempool: Mempool, *added: MempoolEntry, removed: tuple[MempoolEntry, ...] = ()) -> ChangeSet:
    changes = ChangeSet(mempool)
    changes.added = {entry.txid: entry for entry in added}
    changes.removed = {entry.txid: entry for entry in removed}
    return changes


def test_cluster_limit_counts_what_is_joined(mempool: Mempool) -> None:
    left, right = spend(), spend()
    add(mempool, left)
    add(mempool, right)
    joint = entry_of(spend(output(left), output(right)))
    child = entry_of(spend(output(joint.tx)))

    assert not _plan(mempool, joint).exceeds_limits()
    assert _plan(mempool, joint, child).exceeds_limits()


def test_cluster_limit_does_not_count_what_is_replaced(mempool: Mempool) -> None:
    parent = spend(outputs=2)
    add(mempool, parent)
    first = add(mempool, spend(output(parent)))
    add(mempool, spend(output(parent, 1)))
    replacement = entry_of(spend(output(parent), outputs=3))

    assert _plan(mempool, replacement).exceeds_limits()
    assert not _plan(mempool, replacement, removed=(first,)).exceeds_limits()


def test_cluster_limit_counts_siblings_through_a_common_parent_in_the_plan(mempool: Mempool) -> None:
    parent = entry_of(spend(outputs=3))
    children = [entry_of(spend(output(parent.tx, index))) for index in range(3)]

    assert not _plan(mempool, parent, *children[:2]).exceeds_limits()
    assert _plan(mempool, parent, *children).exceeds_limits()


def test_cluster_size_limit() -> None:
    tx = spend(size=3000)
    mempool = Mempool(MempoolOptions(cluster_vsize=entry_of(tx).vsize + 50))

    assert not _plan(mempool, entry_of(tx)).exceeds_limits()
    assert _plan(mempool, entry_of(tx), entry_of(spend(output(tx)))).exceeds_limits()


@pytest.mark.parametrize(("fee", "better"), [(999, False), (1000, False), (1001, True)])
def test_replacement_must_improve_the_diagram(mempool: Mempool, fee: int, better: bool) -> None:
    coin = confirmed_outpoint()
    old = add(mempool, spend(coin), fee=1000)
    new = entry_of(replace(old.tx, lock_time=5), fee=fee)

    assert improves_mining(_plan(mempool, new, removed=(old,))) is better


def test_larger_replacement_with_a_lower_rate_does_not_improve(mempool: Mempool) -> None:
    coin = confirmed_outpoint()
    old = add(mempool, spend(coin), fee=10_000)
    new = entry_of(spend(coin, size=5000), fee=12_000)

    assert not improves_mining(_plan(mempool, new, removed=(old,)))


def test_replacement_fees() -> None:
    def check(old: int, new: int, vsize: int) -> str | None:
        return pays_too_little(bytes(32), old_fees=old, new_fees=new, new_vsize=vsize, incremental_rate=100)

    assert check(1000, 1010, 100) is None
    assert check(1000, 1009, 100) == (
        f"rejecting replacement {'00' * 32}, not enough additional fees to relay; 0.00000009 < 0.00000010"
    )
    assert check(1000, 999, 100) == (
        f"rejecting replacement {'00' * 32}, less fees than conflicting txs; 0.00000999 < 0.00001000"
    )


def test_replacement_touches_a_limited_number_of_clusters(mempool: Mempool) -> None:
    conflicts = [add(mempool, spend()) for _ in range(101)]

    assert too_many_clusters(mempool, bytes(32), conflicts[:100]) is None
    assert "too many conflicting clusters (101 > 100)" in str(too_many_clusters(mempool, bytes(32), conflicts))


@pytest.mark.parametrize(("sequence", "expected"), [(0xFFFFFFFD, True), (0xFFFFFFFE, False)])
def test_signalling(sequence: int, expected: bool) -> None:
    assert signals_replacement(Transaction(2, (TxIn(confirmed_outpoint(), sequence=sequence),))) is expected


def _version3(tx: Transaction) -> Transaction:
    return replace(tx, version=3)


def test_version_3_spends_only_version_3(mempool: Mempool) -> None:
    parent = add(mempool, spend())

    with pytest.raises(truc.TrucError, match="cannot spend from non-version=3 tx"):
        truc.check_single(mempool, _version3(spend(output(parent.tx))), [parent], (), 200)


def test_version_3_has_one_child_but_a_sibling_can_be_evicted(mempool: Mempool) -> None:
    parent = add(mempool, _version3(spend(outputs=2)))
    sibling = add(mempool, _version3(spend(output(parent.tx))))
    child = _version3(spend(output(parent.tx, 1)))

    with pytest.raises(truc.TrucError, match="would exceed descendant count limit") as raised:
        truc.check_single(mempool, child, [parent], (), 200)

    assert raised.value.sibling is sibling
    truc.check_single(mempool, child, [parent], {sibling.txid}, 200)


def test_version_3_child_is_small(mempool: Mempool) -> None:
    parent = add(mempool, _version3(spend()))
    child = _version3(spend(output(parent.tx)))

    truc.check_single(mempool, child, [parent], (), 1000)
    with pytest.raises(truc.TrucError, match="is too big: 1001 > 1000 virtual bytes"):
        truc.check_single(mempool, child, [parent], (), 1001)


def test_version_3_package_is_two_generations(mempool: Mempool) -> None:
    parent = _version3(spend())
    child = _version3(spend(output(parent)))
    grandchild = _version3(spend(output(child)))

    truc.check_in_package(mempool, child, [], [parent, child], 200)
    with pytest.raises(truc.TrucError, match="too many ancestors"):
        truc.check_in_package(mempool, child, [], [parent, child, grandchild], 200)


def test_package_shape() -> None:
    parent, other = spend(), spend()
    child = spend(output(parent), output(other))
    sibling = spend(output(parent))

    assert malformed_reason([parent, other, child]) is None
    assert malformed_reason([child, parent]) == "package-not-sorted"
    assert malformed_reason([parent, parent]) == "package-contains-duplicates"
    assert malformed_reason([parent, child, sibling]) == "conflict-in-package"
    assert malformed_reason([spend() for _ in range(26)]) == "package-too-many-transactions"
    assert malformed_reason([spend(size=60_000), spend(size=60_000)]) == "package-too-large"
    assert is_child_with_parents([parent, other, child])
    assert not is_child_with_parents([spend(), child])


def test_parents_in_a_tree_do_not_spend_from_one_another() -> None:
    grandparent = spend(outputs=2)
    parent = spend(output(grandparent))
    child = spend(output(grandparent, 1), output(parent))

    assert is_child_with_parents([grandparent, parent, child])
    assert not is_child_with_parents_tree([grandparent, parent, child])


def test_estimator_says_when_it_does_not_know() -> None:
    estimate = FeeEstimator().estimate(6, conservative=False)

    assert estimate.fee_rate is None
    assert estimate.errors == ["Insufficient data or no feerate found"]


def test_estimator_finds_the_rate_that_was_mined_in_time() -> None:
    estimator = FeeEstimator()
    for height in range(101, 131):
        quick = [MempoolEntry(spend(), fee=5000, time=0, height=height - 1, sequence=1) for _ in range(3)]
        slow = [MempoolEntry(spend(), fee=100, time=0, height=height - 30, sequence=1) for _ in range(3)]
        estimator.block_connected(height, quick + slow)

    soon = estimator.estimate(2, conservative=True)

    assert soon.fee_rate == 5000 * 1000 // quick[0].vsize
