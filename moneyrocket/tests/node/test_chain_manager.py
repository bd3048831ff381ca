"""Choosing, connecting and disconnecting blocks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from moneyrocket.consensus.errors import ValidationError
from moneyrocket.interfaces.chain import BlockRef
from moneyrocket.node.verify_db import verify_chain
from moneyrocket.primitives.block import BlockLocator
from moneyrocket.primitives.transaction import OutPoint
from moneyrocket.tests.node.chain_lab import ChainLab, chain_options_in, spend


def test_a_new_chain_has_the_genesis_block(lab: ChainLab) -> None:
    assert lab.tip.height == 0
    assert lab.chain.read_block(lab.tip) == lab.params.genesis
    assert lab.chain.get_coin(OutPoint(lab.params.genesis.transactions[0].txid, 0)) is None


def test_blocks_extend_the_chain_and_make_coins(lab: ChainLab) -> None:
    mined = lab.mine(3)

    assert lab.tip is mined[-1]
    coin = lab.chain.get_coin(OutPoint(lab.coinbase_of(2).txid, 0))
    assert coin is not None
    assert (coin.height, coin.is_coinbase, coin.out.value) == (2, True, 50 * 10**8)
    assert lab.recorder.events[-2:] == [("connected", 3), ("tip", 3)]
    assert lab.notifications.tip == BlockRef(lab.tip.hash, 3)


def test_a_known_block_is_no_news(lab: ChainLab) -> None:
    block = lab.make_block()

    assert lab.chain.process_new_block(block) is True
    assert lab.chain.process_new_block(block) is False


def test_the_first_of_two_equal_branches_stays(lab: ChainLab) -> None:
    first = lab.submit(lab.make_block())
    second = lab.submit(lab.make_block(lab.chain.active_chain[0]))

    assert lab.tip is first
    assert second.prev is first.prev


def test_more_work_makes_the_chain_move(lab: ChainLab) -> None:
    fork = lab.mine(2)[-1]
    lab.mine(2)
    abandoned = lab.coinbase_of(4).txid
    lab.recorder.events.clear()

    lab.mine(3, fork)

    assert lab.tip.height == 5
    assert lab.chain.get_coin(OutPoint(abandoned, 0)) is None
    assert lab.recorder.events == [
        ("disconnected", 4), ("disconnected", 3), ("connected", 3), ("connected", 4), ("connected", 5), ("tip", 5),
    ]  # fmt: skip
    assert verify_chain(lab.chain, 4, 0)


def test_spent_coins_return_when_their_block_is_disconnected(lab: ChainLab) -> None:
    lab.mine(101)
    coinbase = lab.coinbase_of(1)
    spent = OutPoint(coinbase.txid, 0)
    child = spend(coinbase, outputs=2)
    index = lab.submit(lab.make_block(transactions=[child]))
    assert lab.chain.get_coin(spent) is None
    assert lab.chain.get_coin(OutPoint(child.txid, 1)) is not None

    lab.chain.invalidate_block(index)

    coin = lab.chain.get_coin(spent)
    assert coin is not None
    assert (coin.out, coin.height, coin.is_coinbase) == (coinbase.outputs[0], 1, True)
    assert lab.chain.get_coin(OutPoint(child.txid, 1)) is None


def test_invalidate_moves_to_the_best_of_the_rest_and_reconsider_back(lab: ChainLab) -> None:
    lab.mine(3)
    best = lab.tip
    branch = lab.mine(2, lab.chain.active_chain[1])[-1]
    bad = lab.chain.active_chain[2]
    assert lab.tip is best is not branch

    lab.chain.invalidate_block(bad)
    lab.chain.activate_best_chain()
    assert lab.tip is branch
    failed_while_invalid = best.failed

    lab.chain.reconsider_block(bad)
    lab.chain.activate_best_chain()
    assert failed_while_invalid
    assert not best.failed
    assert lab.tip is best  # The two are equal, and it arrived first.


def test_nothing_is_built_upon_an_invalid_block(lab: ChainLab) -> None:
    bad = lab.mine(2)[-1]
    lab.chain.invalidate_block(bad)

    with pytest.raises(ValidationError, match="bad-prevblk"):
        lab.chain.process_new_block(lab.make_block(bad))


def test_precious_block_wins_among_equals(lab: ChainLab) -> None:
    first = lab.submit(lab.make_block())
    second = lab.submit(lab.make_block(lab.chain.active_chain[0]))

    lab.chain.precious_block(second)
    assert lab.tip is second
    lab.chain.precious_block(first)
    assert lab.tip is first


def test_headers_alone_move_only_the_best_header(lab: ChainLab) -> None:
    block = lab.make_block()

    last = lab.chain.process_new_headers([block.header])

    assert last is lab.chain.best_header
    assert last is not None
    assert last.height == 1
    assert lab.tip.height == 0


def test_blocks_may_arrive_before_their_parents(lab: ChainLab) -> None:
    first = lab.make_block()
    index = lab.chain.process_new_headers([first.header])
    second = lab.make_block(index)
    lab.chain.process_new_block(second)
    assert lab.tip.height == 0

    lab.chain.process_new_block(first)

    assert lab.tip.hash == second.hash


def test_an_invalid_branch_is_left_for_the_one_before(lab: ChainLab) -> None:
    lab.mine(2)
    best = lab.tip
    good = lab.submit(lab.make_block(lab.chain.active_chain[0]))
    too_early = lab.make_block(good, [spend(lab.chain.read_block(good).transactions[0])])
    bad = lab.submit(too_early)

    lab.submit(lab.make_block(bad))

    assert lab.recorder.verdicts[too_early.hash] == "bad-txns-premature-spend-of-coinbase"
    assert lab.tip is best
    assert bad.failed
    assert not good.failed


def test_a_restart_keeps_chain_branches_and_verdicts(lab: ChainLab) -> None:
    lab.mine(5)
    bad = lab.mine(1, lab.chain.active_chain[3])[0]
    lab.chain.invalidate_block(bad)
    tip = lab.tip.hash

    lab.reopen()

    assert lab.tip.hash == tip
    assert lab.chain.block_index[bad.hash].failed
    assert verify_chain(lab.chain, 4, 0)
    lab.mine(1)
    assert lab.tip.height == 6


def test_a_copy_taken_at_any_block_opens_at_that_height(lab: ChainLab, tmp_path: Path) -> None:
    for height in range(1, 6):
        lab.mine()
        copy = tmp_path / f"copy{height}"
        shutil.copytree(lab.options.chainstate_dir, copy / "chainstate")
        shutil.copytree(lab.options.blocks_dir, copy / "blocks")

        reopened = ChainLab(copy)

        assert reopened.tip.hash == lab.tip.hash
        assert verify_chain(reopened.chain, 4, 0)
        reopened.chain.close()


def test_coins_that_are_behind_the_blocks_catch_up(lab: ChainLab, tmp_path: Path) -> None:
    lab.mine(3)
    shutil.copytree(lab.options.chainstate_dir, tmp_path / "older")
    lab.mine(3)
    lab.chain.close()
    shutil.rmtree(lab.options.chainstate_dir)
    shutil.copytree(tmp_path / "older", lab.options.chainstate_dir)

    lab.open()

    assert lab.tip.height == 6


def test_coins_are_made_anew_when_they_are_lost(lab: ChainLab) -> None:
    lab.mine(3)
    lab.chain.close()
    shutil.rmtree(lab.options.chainstate_dir)

    lab.open()

    assert lab.tip.height == 3
    assert verify_chain(lab.chain, 4, 0)


def test_find_fork_uses_the_first_shared_hash(lab: ChainLab) -> None:
    lab.mine(4)
    side = lab.mine(1, lab.chain.active_chain[2])[0]

    fork = lab.chain.find_fork(
        BlockLocator((side.hash, lab.chain.active_chain[2].hash, lab.chain.active_chain[0].hash))
    )

    assert fork is lab.chain.active_chain[2]


def test_options_place_all_state_in_two_folders(tmp_path: Path) -> None:
    options = chain_options_in(tmp_path)
    ChainLab(tmp_path, options=options).chain.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocks", "chainstate"]
