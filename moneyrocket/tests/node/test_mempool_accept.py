"""Tests of what enters the mempool, on a real chain."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.node.mempool_accept import AcceptResult
from moneyrocket.node.mempool_coins import MempoolCoins
from moneyrocket.node.mempool_journal import MempoolJournal
from moneyrocket.node.mempool_persist import attach_journal, dump_mempool, load_at_start, load_mempool, record_local
from moneyrocket.node.package import AlreadyInMempool, DifferentWitness, accept_package, examine_package
from moneyrocket.node.storage import Durability
from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut
from moneyrocket.tests.node.mempool_chain import ANYONE, OP_TRUE, SUBSIDY, MempoolChain, pay
from moneyrocket.tests.node.mempool_helpers import confirmed_outpoint, output


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MempoolChain]:
    chain = MempoolChain(tmp_path_factory.mktemp("chain"))
    chain.mine(150)
    yield chain
    chain.chainman.close()


@pytest.fixture
def coin(chain: MempoolChain) -> Iterator[OutPoint]:
    """A mature coin that no other test spends; the mempool is emptied afterwards."""
    yield chain.coins[1]
    chain.mempool.expire(1 << 40)
    chain.mempool.deltas.clear()


def _refusal(chain: MempoolChain, tx: Transaction) -> ValidationError:
    before = list(chain.mempool.entries)
    with pytest.raises(ValidationError) as raised:
        chain.accept(tx)
    assert list(chain.mempool.entries) == before
    return raised.value


def test_accepts_and_counts(chain: MempoolChain, coin: OutPoint) -> None:
    tx = pay(coin)

    result = chain.accept(tx)

    assert (result.base_fee, result.vsize, result.effective_rate) == (1000, tx.vsize, 1_000_000 // tx.vsize)
    entry = chain.mempool.entry(tx.txid)
    assert entry is not None
    assert entry.spends_coinbase
    assert entry.height == 150


def _script(kind: str) -> TxOut:
    scripts = {
        "nonstandard": b"\x61" * 30,
        "multisig 1 of 4": b"\x51" + (b"\x21\x02" + bytes(32)) * 4 + b"\x54\xae",
        "dust": ANYONE,
    }
    return TxOut(1, scripts[kind])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 4}, "version"),
        ({"version": 0}, "version"),
        ({"outputs": (_script("nonstandard"),)}, "scriptpubkey"),
        ({"outputs": (_script("multisig 1 of 4"),)}, "scriptpubkey"),
        ({"outputs": (_script("dust"), _script("dust"))}, "dust"),
        ({"outputs": (_script("dust"),)}, "dust, tx with dust output must be 0-fee"),
        ({"outputs": (TxOut(0, b"\x6a" + bytes(100_001)),)}, "tx-size"),
        ({"outputs": tuple(TxOut(0, b"\x6a\x4e" + (50_000).to_bytes(4, "little") + bytes(50_000)) for _ in "ab")},
         "tx-size"),
        ({"fee": 1}, "min relay fee not met, 1 < 10"),
        ({"fee": -1}, "bad-txns-in-belowout, value in (50.00000000) < value out (50.00000001)"),
        ({"lock_time": 151}, "non-final"),
        ({"sequence": 151}, "non-BIP68-final"),
        ({"witness": ()}, "mempool-script-verify-flag-failed (Witness program was passed an empty witness)"),
        ({"witness": (b"\x52",)}, "mempool-script-verify-flag-failed (Witness program hash mismatch), input 0 of"),
        ({"witness": (b"", OP_TRUE)}, "mempool-script-verify-flag-failed (Stack size must be exactly one"),
        ({"witness": (b"\x00" * 81, OP_TRUE)}, "bad-witness-nonstandard"),
    ],
)  # fmt: skip
def test_refuses(chain: MempoolChain, coin: OutPoint, change: dict[str, object], reason: str) -> None:
    error = _refusal(chain, pay(coin, **change))  # type: ignore[arg-type]

    assert str(error).startswith(reason)


def test_refuses_unsuitable_input_scripts(chain: MempoolChain, coin: OutPoint) -> None:
    def with_script_sig(script: bytes) -> Transaction:
        tx = pay(coin)
        return replace(tx, inputs=(replace(tx.inputs[0], script_sig=script),))

    assert _refusal(chain, with_script_sig(b"\x61")).reason == "scriptsig-not-pushonly"
    assert _refusal(chain, with_script_sig(b"\x00" * 1651)).reason == "scriptsig-size"


def test_refuses_small_transactions(chain: MempoolChain, coin: OutPoint) -> None:
    tx = Transaction(2, (TxIn(coin, witness=(OP_TRUE,)),), (TxOut(0, b"\x6a"),))

    assert _refusal(chain, tx).reason == "tx-size-small"


def test_refuses_an_immature_coinbase(chain: MempoolChain, coin: OutPoint) -> None:
    chain.accept(pay(chain.coins[51]))

    error = _refusal(chain, pay(chain.coins[52]))

    assert str(error) == "bad-txns-premature-spend-of-coinbase, tried to spend coinbase at depth 99"


def test_refuses_scripts_that_are_valid_but_not_standard(chain: MempoolChain, coin: OutPoint) -> None:
    nop = b"\xb9\x51"
    funding = pay(coin, outputs=(TxOut(10_000, b"\x00\x20" + sha256(nop)),))
    chain.accept(funding)

    error = _refusal(chain, pay(output(funding, 1), value=10_000, witness=(nop,)))

    assert error.reason == "mempool-script-verify-flag-failed (NOPx reserved for soft-fork upgrades)"
    assert error.result is TxResult.NOT_STANDARD


def test_missing_inputs_name_the_parents(chain: MempoolChain, coin: OutPoint) -> None:
    unknown = confirmed_outpoint()
    tx = pay(coin, unknown)

    error = _refusal(chain, tx)

    assert (error.reason, error.result) == ("bad-txns-inputs-missingorspent", TxResult.MISSING_INPUTS)
    assert MempoolCoins(chain.chainman, chain.mempool).missing_parents(tx) == [unknown.txid]


def test_the_same_transaction_again(chain: MempoolChain, coin: OutPoint) -> None:
    tx = pay(coin)
    chain.accept(tx)

    other_witness = replace(tx, inputs=(replace(tx.inputs[0], witness=(b"", OP_TRUE)),))

    assert _refusal(chain, tx).reason == "txn-already-in-mempool"
    assert _refusal(chain, other_witness).reason == "txn-same-nonwitness-data-in-mempool"


def test_replacement(chain: MempoolChain, coin: OutPoint) -> None:
    original = pay(coin, fee=1000, sequence=0xFFFFFFFF)
    child = pay(output(original), value=SUBSIDY - 1000)
    chain.accept(original)
    chain.accept(child)

    too_little = _refusal(chain, pay(coin, fee=1999))
    result = chain.accept(pay(coin, fee=2100))

    assert too_little.reason == "insufficient fee"
    assert too_little.result is TxResult.RECONSIDERABLE
    assert {tx.txid for tx in result.replaced} == {original.txid, child.txid}
    assert list(chain.mempool.entries) == [result.tx.txid]


def test_spending_what_it_replaces(chain: MempoolChain, coin: OutPoint) -> None:
    original = pay(coin, outputs=(TxOut(SUBSIDY // 2, ANYONE),))
    chain.accept(original)

    tx = Transaction(
        2,
        (TxIn(coin, witness=(OP_TRUE,)), TxIn(output(original, 1), witness=(OP_TRUE,))),
        (TxOut(SUBSIDY, ANYONE),),
    )

    assert _refusal(chain, tx).reason == "bad-txns-spends-conflicting-tx"


def test_version_3_sibling_is_evicted(chain: MempoolChain, coin: OutPoint) -> None:
    half = SUBSIDY // 2
    parent = pay(coin, outputs=(TxOut(half, ANYONE),), version=3)
    first = pay(output(parent, 1), value=half, version=3)
    chain.accept(parent)
    chain.accept(first)

    cheap = _refusal(chain, pay(output(parent), value=half - 1000, fee=1000, version=3))
    second = pay(output(parent), value=half - 1000, fee=2000, version=3)
    chain.accept(second)

    assert cheap.reason == "insufficient fee (including sibling eviction)"
    assert set(chain.mempool.entries) == {parent.txid, second.txid}
    mixed = pay(output(second), value=half - 3000)
    assert _refusal(chain, mixed).reason == "TRUC-violation"


def test_a_child_pays_for_its_parent(chain: MempoolChain, coin: OutPoint) -> None:
    parent = pay(coin, fee=0)
    child = pay(output(parent), fee=1000)

    result = accept_package(chain.chainman, chain.mempool, [parent, child])

    assert result.error is None
    found = result.transactions[parent.wtxid]
    assert isinstance(found, AcceptResult)
    assert found.fee_wtxids == (parent.wtxid, child.wtxid)
    assert found.effective_rate == 1000 * 1000 // (parent.vsize + child.vsize)
    assert set(chain.mempool.entries) == {parent.txid, child.txid}


def test_a_package_reports_what_was_there_before(chain: MempoolChain, coin: OutPoint) -> None:
    first, second = pay(coin), pay(chain.coins[2])
    chain.accept(first)
    chain.accept(second)
    padded = replace(second, inputs=(replace(second.inputs[0], witness=(b"", OP_TRUE)),))
    child = pay(output(first), output(second), value=SUBSIDY - 1000)

    result = accept_package(chain.chainman, chain.mempool, [first, padded, child])

    assert result.transactions[first.wtxid] == AlreadyInMempool(first.vsize, 1000)
    assert result.transactions[padded.wtxid] == DifferentWitness(second.wtxid)
    assert isinstance(result.transactions[child.wtxid], AcceptResult)


def test_a_failed_package_leaves_its_good_part(chain: MempoolChain, coin: OutPoint) -> None:
    good, bad = pay(coin), pay(chain.coins[2], version=0)
    child = pay(output(good), output(bad), value=SUBSIDY - 1000)

    result = accept_package(chain.chainman, chain.mempool, [good, bad, child])

    assert str(result.error) == "transaction failed"
    assert str(result.transactions[bad.wtxid]) == "version"
    assert set(chain.mempool.entries) == {good.txid}


def test_examining_a_package_changes_nothing(chain: MempoolChain, coin: OutPoint) -> None:
    parent = pay(coin)
    child = pay(output(parent), value=SUBSIDY - 1000)

    result = examine_package(chain.chainman, chain.mempool, [parent, child])

    assert all(isinstance(found, AcceptResult) for found in result.transactions.values())
    assert not chain.mempool.entries


def test_dust_must_be_spent_in_the_package(chain: MempoolChain, coin: OutPoint) -> None:
    parent = pay(coin, fee=0, outputs=(TxOut(1, ANYONE),))
    leaving = pay(output(parent), value=SUBSIDY - 1, fee=2000)
    sweeping = Transaction(
        2,
        (TxIn(output(parent), witness=(OP_TRUE,)), TxIn(output(parent, 1), witness=(OP_TRUE,))),
        (TxOut(SUBSIDY - 2000, ANYONE),),
    )

    refused = accept_package(chain.chainman, chain.mempool, [parent, leaving])
    taken = accept_package(chain.chainman, chain.mempool, [parent, sweeping])

    assert str(refused.error) == "unspent-dust"
    assert taken.error is None


@pytest.fixture
def short_chain(tmp_path: Path) -> Iterator[MempoolChain]:
    chain = MempoolChain(tmp_path)
    chain.mine(110)
    yield chain
    chain.chainman.close()


def test_mined_and_disconnected(short_chain: MempoolChain) -> None:
    chain = short_chain
    parent = pay(chain.coins[1])
    chain.accept(parent)
    block = chain.mine()
    child = pay(output(parent), value=SUBSIDY - 1000)
    immature_later = pay(chain.coins[12])
    chain.accept(child)
    chain.accept(immature_later)

    chain.chainman.invalidate_block(chain.chainman.block_index[block.hash])

    assert set(chain.mempool.entries) == {parent.txid, child.txid}
    entry = chain.mempool.entries[parent.txid]
    assert entry.sequence == 0
    assert set(entry.children) == {child.txid}


def test_a_killed_node_takes_up_what_it_had_promised(
    chain: MempoolChain, coin: OutPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "regtest"
    folder.mkdir()
    args = ArgsManager(NODE_OPTIONS, Settings(forced={"datadir": str(tmp_path), "regtest": "1"}))
    monkeypatch.setattr(chain.mempool, "journal", None)
    attach_journal(args, chain.mempool, Durability.PROCESS)
    parent = pay(coin, fee=0)
    child = pay(output(parent), fee=1000)
    accept_package(chain.chainman, chain.mempool, [parent, child])
    record_local(chain.mempool, child)
    chain.mempool.expire(1 << 40)
    attach_journal(args, chain.mempool, Durability.PROCESS)

    load_at_start(args, chain.chainman, chain.mempool, lambda: False)

    assert set(chain.mempool.entries) == chain.mempool.unbroadcast == {parent.txid, child.txid}


def test_saved_and_loaded(chain: MempoolChain, coin: OutPoint, tmp_path: Path) -> None:
    parent = pay(coin)
    child = pay(output(parent), value=SUBSIDY - 1000)
    for tx in (parent, child):
        chain.accept(tx)
    chain.mempool.prioritise(child.txid, 500)
    assert dump_mempool(chain.mempool, tmp_path / "mempool.dat")
    chain.mempool.expire(1 << 40)
    chain.mempool.deltas.clear()

    loaded = load_mempool(
        chain.chainman,
        chain.mempool,
        tmp_path / "mempool.dat",
        use_current_time=False,
        apply_deltas=True,
        apply_unbroadcast=True,
        interrupted=lambda: False,
    )

    assert loaded
    assert set(chain.mempool.entries) == {parent.txid, child.txid}
    assert chain.mempool.entries[child.txid].modified_fee == 1500


def test_a_local_transaction_is_recorded_with_its_ancestors(
    chain: MempoolChain, coin: OutPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = MempoolJournal(tmp_path / "journal")
    monkeypatch.setattr(chain.mempool, "journal", journal)
    parent = pay(coin)
    child = pay(output(parent), value=SUBSIDY - 1000)
    for tx in (parent, child):
        chain.accept(tx)

    record_local(chain.mempool, child)

    assert [tx for tx, _ in MempoolJournal(tmp_path / "journal").read()] == [parent, child]
