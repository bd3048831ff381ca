"""Fixtures for tests of the node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moneyrocket.common import clock
from moneyrocket.tests.node.chain_lab import ChainLab, use_regtest_time


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ChainLab]:
    """A regtest chain with its genesis block, at the genesis block's time."""
    use_regtest_time()
    lab = ChainLab(tmp_path)
    yield lab
    lab.chain.close()
    clock.set_mock_time(0)
