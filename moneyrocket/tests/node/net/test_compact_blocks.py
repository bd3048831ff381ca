from dataclasses import replace

import pytest

from moneyrocket.node.net.compact_blocks import (
    CompactBlock,
    PartialBlock,
    ReconstructionError,
    read_block_transactions,
    read_transactions_request,
    serialize_block_transactions,
    serialize_transactions_request,
    siphash24,
)
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.serialize import DeserializeError, Reader
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut


def _tx(number: int) -> Transaction:
    return Transaction(inputs=(TxIn(OutPoint(bytes((number,)) * 32, 0)),), outputs=(TxOut(number, b"\x51"),))


COINBASE = Transaction(inputs=(TxIn(NULL_OUTPOINT, b"\x51"),), outputs=(TxOut(50, b"\x51"),))
BLOCK = Block(BlockHeader(4, bytes(32), bytes(32), 1, 2, 3), (COINBASE, _tx(1), _tx(2), _tx(3)))


def test_siphash_has_the_published_values() -> None:
    k0, k1 = 0x0706050403020100, 0x0F0E0D0C0B0A0908

    assert siphash24(k0, k1, b"") == 0x726FDB47DD0E0E31
    assert siphash24(k0, k1, bytes(range(15))) == 0xA129CA6149BE45E5


def test_message_survives_the_wire() -> None:
    compact = CompactBlock.from_block(BLOCK, nonce=5)

    assert CompactBlock.read(Reader(compact.serialize())) == compact


def test_block_is_rebuilt_from_known_and_sent_transactions() -> None:
    compact = CompactBlock.from_block(BLOCK, nonce=5)

    partial = PartialBlock(compact, [_tx(9), _tx(2)])

    assert partial.missing == [1, 3]
    assert partial.complete([_tx(1), _tx(3)]) == BLOCK


def test_wrong_number_of_transactions_is_an_error() -> None:
    partial = PartialBlock(CompactBlock.from_block(BLOCK), [])

    with pytest.raises(ReconstructionError):
        partial.complete([_tx(1)])


def test_equal_short_ids_cannot_be_used() -> None:
    compact = CompactBlock.from_block(BLOCK, nonce=5)

    partial = PartialBlock(replace(compact, short_ids=(compact.short_ids[0],) * 3), [])

    assert partial.collided


@pytest.mark.parametrize(
    "compact", [CompactBlock(BLOCK.header, 0, (), ()), CompactBlock(BLOCK.header, 0, (), ((1, COINBASE),))]
)
def test_nonsense_is_refused(compact: CompactBlock) -> None:
    with pytest.raises(ReconstructionError):
        PartialBlock(compact, [])


def test_requests_and_answers_survive_the_wire() -> None:
    block_hash = BLOCK.hash

    assert read_transactions_request(Reader(serialize_transactions_request(block_hash, [0, 5, 6]))) == (
        block_hash,
        [0, 5, 6],
    )
    assert read_block_transactions(Reader(serialize_block_transactions(block_hash, [_tx(1)]))) == (block_hash, [_tx(1)])


def test_indexes_beyond_16_bits_are_refused() -> None:
    with pytest.raises(DeserializeError):
        read_transactions_request(Reader(serialize_transactions_request(BLOCK.hash, [0xFFFF, 0x10000])))
