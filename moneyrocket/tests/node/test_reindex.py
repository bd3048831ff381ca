"""Building index and coins anew from the block files."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from moneyrocket.common.errors import ChainLoadError
from moneyrocket.node.verify_db import verify_chain
from moneyrocket.tests.node.chain_lab import ChainLab, spend


def grow(lab: ChainLab) -> bytes:
    """A chain with a side branch, a spent coin, and files of different sizes; returns the tip's hash."""
    lab.mine(105)
    lab.mine(3, lab.chain.active_chain[50])
    lab.submit(lab.make_block(transactions=[spend(lab.coinbase_of(1), outputs=3)]))
    return lab.tip.hash


def test_everything_comes_back_from_the_files(lab: ChainLab) -> None:
    tip = grow(lab)
    known = len(lab.chain.block_index)
    lab.chain.close()
    lab.options = replace(lab.options, reindex=True)

    lab.open()

    assert lab.tip.hash == tip
    assert len(lab.chain.block_index) == known
    assert verify_chain(lab.chain, 4, 0)


def test_the_chain_grows_after_it(lab: ChainLab) -> None:
    grow(lab)
    lab.chain.close()
    lab.options = replace(lab.options, reindex=True)
    lab.open()
    lab.mine(5)
    tip = lab.tip.hash
    lab.options = replace(lab.options, reindex=False)

    lab.reopen()

    assert lab.tip.hash == tip
    assert verify_chain(lab.chain, 4, 0)


def test_coins_alone_come_back_from_the_blocks(lab: ChainLab) -> None:
    tip = grow(lab)
    lab.chain.close()
    lab.options = replace(lab.options, reindex_chainstate=True)

    lab.open()

    assert lab.tip.hash == tip
    assert verify_chain(lab.chain, 4, 0)


def test_an_interrupted_run_begins_anew(lab: ChainLab) -> None:
    tip = grow(lab)
    lab.chain.close()
    lab.options = replace(lab.options, reindex=True)
    lab.open(interrupted=lambda: True)
    assert lab.tip.height == 0
    lab.options = replace(lab.options, reindex=False)

    lab.reopen()

    assert lab.tip.hash == tip


def test_a_lost_index_is_told(lab: ChainLab) -> None:
    grow(lab)
    lab.chain.close()
    shutil.rmtree(lab.options.index_dir)

    with pytest.raises(ChainLoadError, match="Error initializing block database"):
        lab.open()

    lab.options = replace(lab.options, reindex=True)
    lab.open()
    assert lab.tip.height == 106
