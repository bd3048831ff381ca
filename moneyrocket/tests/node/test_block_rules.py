"""Why blocks are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moneyrocket.common import clock
from moneyrocket.consensus.errors import ValidationError
from moneyrocket.node.miner import make_coinbase, with_commitment, with_merkle_root
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut
from moneyrocket.tests.node.chain_lab import ANYONE, ChainLab, solve, spend


def test_old_and_future_times(lab: ChainLab) -> None:
    lab.mine(3)

    assert lab.rejection(lab.make_block(time=lab.tip.median_time_past)) == "time-too-old"
    assert lab.rejection(lab.make_block(time=clock.now() + 2 * 60 * 60 + 1)) == "time-too-new"


def test_a_hash_above_the_target(lab: ChainLab) -> None:
    block = lab.make_block()
    unsolved = block
    while int.from_bytes(unsolved.hash, "little") <= lab.params.pow_limit:
        unsolved = Block(replace(unsolved.header, nonce=unsolved.header.nonce + 1), unsolved.transactions)

    assert lab.rejection(unsolved) == "high-hash"


def test_another_difficulty(lab: ChainLab) -> None:
    block = lab.make_block()

    assert lab.rejection(solve(Block(replace(block.header, bits=0x207FFFFE), block.transactions))) == "bad-diffbits"


def test_an_unknown_parent(lab: ChainLab) -> None:
    block = lab.make_block()
    orphan = solve(Block(replace(block.header, prev_hash=b"\x11" * 32), block.transactions))

    assert lab.rejection(orphan) == "prev-blk-not-found"


def test_a_merkle_root_of_other_transactions(lab: ChainLab) -> None:
    block = lab.make_block()
    wrong = solve(Block(replace(block.header, merkle_root=bytes(32)), block.transactions))

    assert lab.rejection(wrong) == "bad-txnmrklroot"


def test_a_mutated_copy_does_not_condemn_the_block(lab: ChainLab) -> None:
    block = lab.make_block()
    mutated = Block(block.header, (block.transactions[0], block.transactions[0]))

    assert lab.rejection(mutated) == "bad-txnmrklroot"
    assert lab.rejection(block) == ""


def test_a_coinbase_without_the_height(lab: ChainLab) -> None:
    wrong_height = replace(make_coinbase(7, ANYONE, 50 * 10**8), lock_time=0)

    assert lab.rejection(lab.make_block(coinbase=wrong_height)) == "bad-cb-height"


def test_a_coinbase_that_pays_too_much(lab: ChainLab) -> None:
    block = lab.make_block(coinbase=make_coinbase(1, ANYONE, 50 * 10**8 + 1))

    assert lab.rejection(block) == "bad-cb-amount"
    assert lab.chain.block_index[block.hash].failed


def test_fees_may_be_claimed(lab: ChainLab) -> None:
    lab.mine(101)
    paying = spend(lab.coinbase_of(1), fee=1000)
    coinbase = make_coinbase(102, ANYONE, 50 * 10**8 + 1000)

    assert lab.rejection(lab.make_block(transactions=[paying], coinbase=coinbase)) == ""


def test_a_wrong_witness_commitment(lab: ChainLab) -> None:
    block = lab.make_block()
    coinbase = block.transactions[0]
    commitment = coinbase.outputs[-1]
    wrong = replace(commitment, script_pubkey=commitment.script_pubkey[:-1] + b"\x00")
    coinbase = replace(coinbase, outputs=(*coinbase.outputs[:-1], wrong))

    assert lab.rejection(solve(with_merkle_root(Block(block.header, (coinbase,))))) == "bad-witness-merkle-match"


def test_an_immature_coinbase(lab: ChainLab) -> None:
    lab.mine(100)
    early = lab.make_block(transactions=[spend(lab.coinbase_of(2))])

    assert lab.rejection(early) == "bad-txns-premature-spend-of-coinbase"


def test_a_coin_spent_twice_or_never_made(lab: ChainLab) -> None:
    lab.mine(102)
    coinbase = lab.coinbase_of(1)
    twice = lab.make_block(transactions=[spend(coinbase), spend(coinbase, fee=1)])
    never = lab.make_block(transactions=[replace(spend(coinbase), inputs=(TxIn(OutPoint(b"\x22" * 32, 0)),))])

    assert lab.rejection(twice) == "bad-txns-inputs-missingorspent"
    assert lab.rejection(never) == "bad-txns-inputs-missingorspent"


def test_more_paid_than_spent(lab: ChainLab) -> None:
    lab.mine(101)
    assert lab.rejection(lab.make_block(transactions=[spend(lab.coinbase_of(1), fee=-1)])) == "bad-txns-in-belowout"


def test_a_script_that_fails(lab: ChainLab) -> None:
    lab.mine(101)
    funding = replace(spend(lab.coinbase_of(1)), outputs=(TxOut(1000, b"\x00"),))
    lab.submit(lab.make_block(transactions=[funding]))

    reason = lab.rejection(lab.make_block(transactions=[spend(funding)]))

    assert reason.startswith("block-script-verify-flag-failed")


def test_a_relative_lock_time(lab: ChainLab) -> None:
    lab.mine(101)
    locked = spend(lab.coinbase_of(1), sequence=150)

    assert lab.rejection(lab.make_block(transactions=[locked])) == "bad-txns-nonfinal"

    lab.mine(49)
    assert lab.rejection(lab.make_block(transactions=[locked])) == ""


def test_an_absolute_lock_time(lab: ChainLab) -> None:
    lab.mine(101)
    tx = spend(lab.coinbase_of(1), sequence=0)
    locked = Transaction(tx.version, tx.inputs, tx.outputs, 200)

    assert lab.rejection(lab.make_block(transactions=[locked])) == "bad-txns-nonfinal"


def test_an_invalid_block_stays_invalid(lab: ChainLab) -> None:
    block = lab.make_block(coinbase=make_coinbase(1, ANYONE, 51 * 10**8))
    lab.rejection(block)

    with pytest.raises(ValidationError) as caught:
        lab.chain.process_new_block(block)

    assert caught.value.reason == "duplicate-invalid"


def test_a_template_is_checked_without_changing_anything(lab: ChainLab) -> None:
    good = lab.make_block()
    lab.chain.test_block(good)
    bad = with_commitment(Block(good.header, (make_coinbase(1, ANYONE, 51 * 10**8),)), True)

    with pytest.raises(ValidationError, match="bad-cb-amount"):
        lab.chain.test_block(bad)

    assert lab.tip.height == 0
    assert good.hash not in lab.chain.block_index
