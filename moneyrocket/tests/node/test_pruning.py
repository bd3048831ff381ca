"""Deleting old block files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from moneyrocket.common import clock
from moneyrocket.common.errors import InitError
from moneyrocket.node.block_files import BlockFileError
from moneyrocket.node.pruning import PRUNE_MANUALLY, last_pruned_height
from moneyrocket.node.verify_db import verify_chain
from moneyrocket.tests.node.chain_lab import ChainLab, chain_options_in, use_regtest_time


@pytest.fixture
def small_files(tmp_path: Path) -> Iterator[ChainLab]:
    """A chain of 400 blocks with about 60 in each file, that may be pruned on demand."""
    use_regtest_time()
    options = replace(chain_options_in(tmp_path), max_file_size=0x4000, prune_target=PRUNE_MANUALLY)
    lab = ChainLab(tmp_path, options=options)
    lab.mine(400)
    yield lab
    lab.chain.close()
    clock.set_mock_time(0)


def test_only_whole_old_files_go(small_files: ChainLab) -> None:
    chain = small_files.chain
    assert last_pruned_height(chain.active_chain) is None

    chain.prune(400)

    pruned = last_pruned_height(chain.active_chain)
    assert pruned is not None
    assert 0 < pruned <= 400 - 288
    assert chain.read_block(chain.active_chain[pruned + 1]).hash == chain.active_chain[pruned + 1].hash
    with pytest.raises(BlockFileError, match="not stored"):
        chain.read_block(chain.active_chain[pruned])
    assert not chain.store.files.path("blk", 0).exists()
    assert not chain.store.files.path("rev", 0).exists()


def test_a_pruned_chain_opens_and_grows(small_files: ChainLab) -> None:
    small_files.chain.prune(400)
    pruned = last_pruned_height(small_files.chain.active_chain)

    small_files.reopen()

    assert small_files.tip.height == 400
    assert last_pruned_height(small_files.chain.active_chain) == pruned
    small_files.mine(2)
    assert verify_chain(small_files.chain, 4, 50)


def test_a_pruned_chain_needs_the_option(small_files: ChainLab) -> None:
    small_files.chain.prune(400)
    small_files.chain.close()

    with pytest.raises(InitError, match="unpruned mode"):
        ChainLab(Path(), options=replace(small_files.options, prune_target=0))

    small_files.open()
