"""Merkle trees over transaction ids."""

from collections.abc import Sequence
from hashlib import sha256

from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import ZERO_HASH, hash256


def merkle_root(leaves: Sequence[bytes]) -> tuple[bytes, bool]:
    """Root of the tree over ``leaves``, and whether two equal neighbours were hashed together.

    The latter gives away a list that was made longer by repeating its end, which has the same root (CVE-2012-2459).
    """
    level = list(leaves)
    mutated = False
    while len(level) > 1:
        mutated = mutated or any(level[i] == level[i + 1] for i in range(0, len(level) - 1, 2))
        if len(level) & 1:
            level.append(level[-1])
        level = [sha256(sha256(level[i] + level[i + 1]).digest()).digest() for i in range(0, len(level), 2)]
    return (level[0] if level else ZERO_HASH), mutated


def block_merkle_root(block: Block) -> tuple[bytes, bool]:
    """Root over the txids of a block, and whether its end is repeated (see `merkle_root`)."""
    return merkle_root([tx.txid for tx in block.transactions])


def block_witness_merkle_root(block: Block) -> bytes:
    """Root over the wtxids of a block, that of the coinbase taken as zero (BIP141)."""
    return merkle_root([ZERO_HASH, *(tx.wtxid for tx in block.transactions[1:])])[0]


def merkle_path(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """The hashes that lead from the leaf at ``position`` to the root, lowest first."""
    path = []
    level = list(leaves)
    while len(level) > 1:
        if len(level) & 1:
            level.append(level[-1])
        path.append(level[position ^ 1])
        level = [hash256(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        position >>= 1
    return path
