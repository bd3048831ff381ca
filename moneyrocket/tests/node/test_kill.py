"""A node's chain survives the end of its process at any instant."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from moneyrocket.node.verify_db import verify_chain
from moneyrocket.tests.node.chain_lab import ChainLab, use_regtest_time

MINER = """
import sys
from pathlib import Path
from moneyrocket.tests.node.chain_lab import ChainLab, spend, use_regtest_time
use_regtest_time()
lab = ChainLab(Path(sys.argv[1]))
while True:
    height = lab.tip.height
    if height % 7 == 6:
        lab.mine(2, lab.chain.active_chain[height - 1])
    elif height > 101 and height % 3 == 0:
        lab.submit(lab.make_block(transactions=[spend(lab.coinbase_of(height - 100), outputs=5)]))
    else:
        lab.mine(1)
    sys.stdout.write(f"{lab.tip.height} {lab.tip.hash.hex()}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_told_is_there_after_a_kill(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    use_regtest_time()
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", MINER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(chance.randrange(1, 60))]
        process.kill()
        told += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        height, block_hash = next(line.split() for line in reversed(told) if line.endswith("\n"))

        lab = ChainLab(tmp_path)

        index = lab.chain.lookup(bytes.fromhex(block_hash))
        assert index is not None
        assert lab.tip.height >= int(height)
        assert lab.tip.chain_work >= index.chain_work
        assert verify_chain(lab.chain, 4, 0)
        lab.chain.close()
