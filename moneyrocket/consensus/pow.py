"""Proof of work: compact targets, difficulty and its adjustment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moneyrocket.consensus.block_tree import BlockTreeEntry
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.primitives.block import BlockHeader


def target_from_bits(bits: int) -> int:
    """The 256-bit target that a compact form stands for; 0 if it is negative or too large to be one."""
    size = bits >> 24
    word = bits & 0x007FFFFF
    target = word >> 8 * (3 - size) if size <= 3 else word << 8 * (size - 3)
    if bits & 0x00800000 or target >> 256:
        return 0
    return target


def bits_from_target(target: int) -> int:
    """Compact form of a target, rounded down."""
    size = (target.bit_length() + 7) // 8
    word = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if word & 0x00800000:
        # The top bit of the word is a sign.
        word >>= 8
        size += 1
    return word | size << 24


def block_proof(bits: int) -> int:
    """Expected number of hashes to find a block with this compact target."""
    target = target_from_bits(bits)
    return (1 << 256) // (target + 1) if target else 0


def check_proof_of_work(block_hash: bytes, bits: int, params: ChainParams) -> bool:
    """Whether the hash (internal byte order) reaches the target, and the target is one that the chain allows."""
    target = target_from_bits(bits)
    return 0 < target <= params.pow_limit and int.from_bytes(block_hash, "little") <= target


def next_work_required(prev: BlockTreeEntry, header: BlockHeader, params: ChainParams) -> int:
    """Compact target that a block upon ``prev`` must have.

    Args:
        prev: its parent.
        header: the block; only its time is looked at.
        params: the chain.
    """
    limit_bits = bits_from_target(params.pow_limit)
    interval = params.difficulty_adjustment_interval
    if (prev.height + 1) % interval == 0:
        first = prev.ancestor(prev.height - (interval - 1))
        assert first is not None
        return _retarget(prev, first, params)
    if not params.pow_allow_min_difficulty_blocks:
        return prev.bits
    if header.time > prev.time + params.pow_target_spacing * 2:
        return limit_bits
    # The difficulty before those blocks that were late enough for the lowest.
    walk = prev
    while walk.prev is not None and walk.height % interval and walk.bits == limit_bits:
        walk = walk.prev
    return walk.bits


def _retarget(prev: BlockTreeEntry, first: BlockTreeEntry, params: ChainParams) -> int:
    if params.pow_no_retargeting:
        return prev.bits
    timespan = params.pow_target_timespan
    actual = min(max(prev.time - first.time, timespan // 4), timespan * 4)
    # BIP94: the first block of a period can not have the exceptional lowest difficulty, so it tells the true one.
    old = target_from_bits(first.bits if params.enforce_bip94 else prev.bits)
    return bits_from_target(min(old * actual // timespan, params.pow_limit))


def permitted_difficulty_transition(params: ChainParams, height: int, old_bits: int, new_bits: int) -> bool:
    """Whether a header at ``height`` may have ``new_bits`` after one with ``old_bits``, whatever the times are."""
    if params.pow_allow_min_difficulty_blocks:
        return True
    if height % params.difficulty_adjustment_interval:
        return old_bits == new_bits
    timespan = params.pow_target_timespan
    old, new = target_from_bits(old_bits), target_from_bits(new_bits)
    bounds = (
        target_from_bits(bits_from_target(min(old * span // timespan, params.pow_limit)))
        for span in (timespan // 4, timespan * 4)
    )
    smallest, largest = bounds
    return smallest <= new <= largest
