import pytest

from moneyrocket.consensus.params import chain_params
from moneyrocket.consensus.pow import (
    bits_from_target,
    block_proof,
    check_proof_of_work,
    next_work_required,
    permitted_difficulty_transition,
    target_from_bits,
)
from moneyrocket.primitives.block import BlockHeader
from moneyrocket.tests.consensus.fake_tree import Entry

MAIN = chain_params("main")


class _LinkedEntry(Entry):
    """A block that knows one ancestor far below, and none between."""

    first: Entry

    def ancestor(self, height: int) -> Entry | None:
        return self.first if height == self.first.height else None


@pytest.mark.parametrize(
    ("bits", "target"),
    [
        (0x00000000, 0),
        (0x01003456, 0),
        (0x01123456, 0x12),
        (0x02123456, 0x1234),
        (0x03123456, 0x123456),
        (0x04123456, 0x12345600),
        (0x05009234, 0x92340000),
        (0x20123456, 0x123456 << 232),
        (0x04923456, 0),
        (0xFF123456, 0),
    ],
)
def test_compact_targets(bits: int, target: int) -> None:
    assert target_from_bits(bits) == target


@pytest.mark.parametrize("bits", [0x1D00FFFF, 0x207FFFFF, 0x1B0404CB, 0x05009234, 0x03123456])
def test_compact_targets_survive_a_round_trip(bits: int) -> None:
    assert bits_from_target(target_from_bits(bits)) == bits


# Retargets of the main chain, and bounds.
@pytest.mark.parametrize(
    ("first_time", "height", "time", "bits", "expected"),
    [
        (1261130161, 32255, 1262152739, 0x1D00FFFF, 0x1D00D86A),
        (1231006505, 2015, 1233061996, 0x1D00FFFF, 0x1D00FFFF),
        (1279008237, 68543, 1279297671, 0x1C05A3F4, 0x1C0168FD),
        (1263163443, 46367, 1269211443, 0x1C387F6F, 0x1D00E1FD),
    ],
)
def test_difficulty_follows_the_time_that_a_period_took(
    first_time: int, height: int, time: int, bits: int, expected: int
) -> None:
    first = Entry(height - 2015, None, first_time, bits)
    last = _LinkedEntry(height, None, time, bits)
    last.first = first

    found = next_work_required(last, BlockHeader(1, bytes(32), bytes(32), time + 600, 0, 0), MAIN)

    assert found == expected
    assert permitted_difficulty_transition(MAIN, height + 1, bits, found)


def test_test_chains_let_late_blocks_be_easy_and_then_forget_them() -> None:
    params = chain_params("test")
    hard = 0x1B0404CB
    before = Entry(2017, Entry(2016, None, 0, hard), 600, hard)
    easy = Entry(2018, before, 5000, 0x1D00FFFF)

    def required(prev: Entry, time: int) -> int:
        return next_work_required(prev, BlockHeader(1, bytes(32), bytes(32), time, 0, 0), params)

    assert required(before, before.time + 1201) == 0x1D00FFFF
    assert required(easy, easy.time + 600) == hard


def test_work_above_the_limit_of_the_chain_does_not_count() -> None:
    assert check_proof_of_work(bytes(32), 0x1D00FFFF, MAIN)
    assert not check_proof_of_work(bytes(32), 0x207FFFFF, MAIN)
    assert not check_proof_of_work(b"\xff" * 32, 0x1D00FFFF, MAIN)
    assert block_proof(0x207FFFFF) == 2
