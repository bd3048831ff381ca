"""Templates and proof of work."""

from __future__ import annotations

import pytest

from moneyrocket.common import clock
from moneyrocket.node.miner import Miner, make_coinbase, solve_block
from moneyrocket.node.mining_options import MiningOptions
from moneyrocket.tests.node.chain_lab import ANYONE, ChainLab


@pytest.mark.parametrize(
    ("height", "script_sig"), [(1, "5100"), (16, "6000"), (17, "0111"), (128, "028000"), (500, "02f401")]
)
def test_the_coinbase_begins_with_the_height(height: int, script_sig: str) -> None:
    coinbase = make_coinbase(height, ANYONE, 50)

    assert coinbase.inputs[0].script_sig.hex() == script_sig
    assert (coinbase.version, coinbase.inputs[0].sequence, coinbase.lock_time) == (2, 0xFFFFFFFE, height - 1)


def test_a_template_builds_upon_the_tip(lab: ChainLab) -> None:
    lab.mine(2)

    template = Miner(lab.chain, None, MiningOptions()).create_block(ANYONE)

    header = template.block.header
    assert (template.height, header.prev_hash, header.nonce, header.version) == (3, lab.tip.hash, 0, 0x20000000)
    assert header.time == max(lab.tip.median_time_past + 1, clock.now())
    assert template.block.transactions[0].inputs[0].witness == (bytes(32),)
    assert template.witness_commitment is not None
    block, _ = solve_block(template.block, 1000)
    assert block is not None
    assert lab.submit(block) is lab.tip


def test_the_signal_of_testdummy_begins_with_its_period(lab: ChainLab) -> None:
    miner = Miner(lab.chain, None, MiningOptions())
    lab.mine(143)

    assert miner.create_block(ANYONE).block.header.version == 0x30000000


def test_the_version_can_be_chosen(lab: ChainLab) -> None:
    assert Miner(lab.chain, None, MiningOptions(version=7)).create_block(ANYONE).block.header.version == 7


def test_tries_are_counted(lab: ChainLab) -> None:
    block = Miner(lab.chain, None, MiningOptions()).create_block(ANYONE).block

    solved, left = solve_block(block, 1000)

    assert solved is not None
    assert left == 1000 - solved.header.nonce
    assert int.from_bytes(solved.hash, "little") <= lab.params.pow_limit
    assert solve_block(block, 0) == (None, 0)
