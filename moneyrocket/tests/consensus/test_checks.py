from dataclasses import replace

import pytest

from moneyrocket.consensus.block_checks import check_block, check_block_context, check_header_context, is_block_mutated
from moneyrocket.consensus.errors import BlockResult, TxResult, ValidationError
from moneyrocket.consensus.merkle import block_merkle_root, merkle_path, merkle_root
from moneyrocket.consensus.params import chain_params
from moneyrocket.consensus.subsidy import block_subsidy
from moneyrocket.consensus.tx_checks import check_transaction
from moneyrocket.consensus.tx_verify import (
    SEQUENCE_LOCKTIME_TYPE_FLAG,
    calculate_sequence_locks,
    check_tx_inputs,
    is_final_tx,
    sequence_locks_met,
    transaction_sigop_cost,
)
from moneyrocket.consensus.witness_commitment import add_witness_commitment
from moneyrocket.interfaces.chain import Coin
from moneyrocket.primitives.amount import COIN, MAX_MONEY
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import hash256, sha256
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut
from moneyrocket.script.script import build_script, push_int
from moneyrocket.script.standard import multisig, p2sh, p2wsh
from moneyrocket.tests.consensus.fake_tree import Entry, extend

REGTEST = chain_params("regtest")
PREVOUT = OutPoint(b"\x01" * 32, 0)
GOOD = Transaction(2, (TxIn(PREVOUT),), (TxOut(1, b"\x51"),))


def _coinbase(height: int, *outputs: TxOut) -> Transaction:
    return Transaction(2, (TxIn(NULL_OUTPOINT, push_int(height) + b"\0"),), outputs or (TxOut(50 * COIN, b"\x51"),))


def _block(*transactions: Transaction, prev: Entry | None = None) -> Block:
    header = BlockHeader(0x20000000, prev.hash if prev else bytes(32), bytes(32), 1_100_000, 0x207FFFFF, 0)
    block = Block(header, transactions)
    root, _ = block_merkle_root(block)
    return replace(block, header=replace(header, merkle_root=root))


@pytest.mark.parametrize(
    ("tx", "reason"),
    [
        (replace(GOOD, inputs=()), "bad-txns-vin-empty"),
        (replace(GOOD, outputs=()), "bad-txns-vout-empty"),
        (replace(GOOD, outputs=(TxOut(-1, b""),)), "bad-txns-vout-negative"),
        (replace(GOOD, outputs=(TxOut(MAX_MONEY + 1, b""),)), "bad-txns-vout-toolarge"),
        (replace(GOOD, outputs=(TxOut(MAX_MONEY, b""), TxOut(1, b""))), "bad-txns-txouttotal-toolarge"),
        (replace(GOOD, inputs=(TxIn(PREVOUT), TxIn(PREVOUT, b"\x51"))), "bad-txns-inputs-duplicate"),
        (replace(GOOD, inputs=(TxIn(PREVOUT), TxIn(NULL_OUTPOINT))), "bad-txns-prevout-null"),
        (replace(GOOD, inputs=(TxIn(NULL_OUTPOINT, b"\x51"),)), "bad-cb-length"),
        (replace(GOOD, inputs=(TxIn(NULL_OUTPOINT, bytes(101)),)), "bad-cb-length"),
        (replace(GOOD, outputs=(TxOut(1, bytes(1_000_000)),)), "bad-txns-oversize"),
    ],
)
def test_transactions_are_refused_for_the_right_reason(tx: Transaction, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        check_transaction(tx)

    assert (caught.value.reason, caught.value.result) == (reason, TxResult.CONSENSUS)


def test_a_good_transaction_passes() -> None:
    check_transaction(GOOD)


@pytest.mark.parametrize(
    ("transactions", "reason"),
    [
        ((), "bad-blk-length"),
        ((GOOD,), "bad-cb-missing"),
        ((_coinbase(1), _coinbase(2)), "bad-cb-multiple"),
        ((_coinbase(1), replace(GOOD, outputs=(TxOut(-1, b""),))), "bad-txns-vout-negative"),
        ((_coinbase(1), replace(GOOD, outputs=(TxOut(1, b"\xac" * 20_001),))), "bad-blk-sigops"),
        ((_coinbase(1), replace(GOOD, lock_time=1), GOOD, GOOD), "bad-txns-duplicate"),
    ],
)
def test_blocks_are_refused_for_the_right_reason(transactions: tuple[Transaction, ...], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        check_block(_block(*transactions), REGTEST, check_pow=False)

    assert caught.value.reason == reason


def test_a_block_must_commit_to_its_transactions() -> None:
    block = _block(_coinbase(1), GOOD)
    stripped = replace(block, transactions=block.transactions[:1])

    with pytest.raises(ValidationError, match="bad-txnmrklroot") as caught:
        check_block(stripped, REGTEST, check_pow=False)

    assert caught.value.result is BlockResult.MUTATED
    assert is_block_mutated(stripped, check_witness_root=True)
    assert not is_block_mutated(block, check_witness_root=True)


def test_coinbases_begin_with_the_height() -> None:
    tip = extend(None, 20)

    check_block_context(_block(_coinbase(20)), tip, REGTEST)
    with pytest.raises(ValidationError, match="bad-cb-height"):
        check_block_context(_block(_coinbase(21)), tip, REGTEST)


def test_witnesses_need_a_commitment() -> None:
    tip = extend(None, 20)
    spend = replace(GOOD, inputs=(TxIn(PREVOUT, witness=(b"x",)),))
    block = _block(_coinbase(20), spend)
    committed = add_witness_commitment(block)

    check_block_context(committed, tip, REGTEST)
    with pytest.raises(ValidationError, match="unexpected-witness"):
        check_block_context(block, tip, REGTEST)
    other = replace(spend, inputs=(TxIn(PREVOUT, witness=(b"y",)),))
    with pytest.raises(ValidationError, match="bad-witness-merkle-match"):
        check_block_context(replace(committed, transactions=(committed.transactions[0], other)), tip, REGTEST)


def test_headers_must_fit_their_parents() -> None:
    tip = extend(None, 20)
    good = BlockHeader(0x20000000, tip.hash, bytes(32), tip.time + 1, tip.bits, 0)

    check_header_context(good, tip, REGTEST, now=tip.time)
    for bad, reason in (
        (replace(good, bits=0x1D00FFFF), "bad-diffbits"),
        (replace(good, time=tip.median_time_past), "time-too-old"),
        (replace(good, time=tip.time + 7201), "time-too-new"),
        (replace(good, version=3), "bad-version(0x00000003)"),
    ):
        with pytest.raises(ValidationError) as caught:
            check_header_context(bad, tip, REGTEST, now=tip.time)
        assert caught.value.reason == reason


def test_the_merkle_root_hides_a_repeated_end_that_is_noticed() -> None:
    leaves = [bytes([n]) * 32 for n in range(6)]

    root, mutated = merkle_root(leaves)
    longer, noticed = merkle_root(leaves + leaves[4:])

    assert longer == root
    assert (mutated, noticed) == (False, True)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_a_merkle_path_leads_to_the_root(count: int) -> None:
    leaves = [bytes([n]) * 32 for n in range(count)]

    for position in range(count):
        node, place = leaves[position], position
        for sibling in merkle_path(leaves, position):
            node = hash256(sibling + node if place & 1 else node + sibling)
            place >>= 1
        assert node == merkle_root(leaves)[0]


def test_the_subsidy_halves_until_it_is_gone() -> None:
    main = chain_params("main")

    assert block_subsidy(209_999, main) == 50 * COIN
    assert block_subsidy(210_000, main) == 25 * COIN
    assert block_subsidy(210_000 * 64, main) == 0
    assert block_subsidy(150, REGTEST) == 25 * COIN


def test_coins_must_exist_be_mature_and_suffice() -> None:
    coin = Coin(TxOut(10, b""), 5, True)

    assert check_tx_inputs(GOOD, [coin], 105) == 9
    for coins, height, reason in (
        ([None], 105, "bad-txns-inputs-missingorspent"),
        ([coin], 104, "bad-txns-premature-spend-of-coinbase"),
        ([Coin(TxOut(0, b""), 5, False)], 6, "bad-txns-in-belowout"),
        ([Coin(TxOut(MAX_MONEY + 1, b""), 5, False)], 6, "bad-txns-inputvalues-outofrange"),
    ):
        with pytest.raises(ValidationError) as caught:
            check_tx_inputs(GOOD, coins, height)
        assert caught.value.reason == reason


def test_lock_times_are_heights_or_times() -> None:
    locked = replace(GOOD, inputs=(TxIn(PREVOUT, sequence=0),), lock_time=100)

    assert not is_final_tx(locked, 100, 0)
    assert is_final_tx(locked, 101, 0)
    assert is_final_tx(replace(locked, inputs=GOOD.inputs), 100, 0)
    assert not is_final_tx(replace(locked, lock_time=500_000_000), 600_000_000, 500_000_000)


def test_relative_lock_times_count_blocks_or_time() -> None:
    tip = extend(None, 100)
    by_height = replace(GOOD, inputs=(TxIn(PREVOUT, sequence=5),))
    by_time = replace(GOOD, inputs=(TxIn(PREVOUT, sequence=SEQUENCE_LOCKTIME_TYPE_FLAG | 2),))

    height_locks = calculate_sequence_locks(by_height, [90], tip)
    time_locks = calculate_sequence_locks(by_time, [90], tip)

    assert not sequence_locks_met(height_locks, 94, tip.time)
    assert sequence_locks_met(height_locks, 95, tip.time)
    coin_time = tip.ancestor(89).median_time_past  # type: ignore[union-attr]
    assert not sequence_locks_met(time_locks, 200, coin_time + 1023)
    assert sequence_locks_met(time_locks, 200, coin_time + 1024)
    assert calculate_sequence_locks(replace(by_height, version=1), [90], tip) == (-1, -1)


def test_signature_checks_weigh_less_in_a_witness() -> None:
    script = multisig(1, [b"\x02" * 33, b"\x03" * 33])
    bare = replace(GOOD, outputs=(TxOut(1, script),))
    wrapped = replace(GOOD, inputs=(TxIn(PREVOUT, build_script(script)),))
    witness = replace(GOOD, inputs=(TxIn(PREVOUT, witness=(b"", script)),))

    assert transaction_sigop_cost(bare, [TxOut(1, b"\x51")]) == 80
    assert transaction_sigop_cost(wrapped, [TxOut(1, p2sh(script))]) == 8
    assert transaction_sigop_cost(witness, [TxOut(1, p2wsh(script))]) == 2
    assert transaction_sigop_cost(GOOD, [TxOut(1, build_script(0, sha256(b"")[:20]))]) == 1
