"""How the values of the Mining interface travel: as the bytes of the P2P protocol, with Bitcoin Core's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from libmultiprocess import CustomType

from moneyrocket.interfaces.mining import MiningError, OptionalTransaction
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.serialize import DeserializeError, Reader
from moneyrocket.primitives.transaction import Transaction, TxOut

T = TypeVar("T")


def build_optional_transaction(tx: OptionalTransaction) -> bytes:
    """The transaction with its witnesses, no bytes for None."""
    return b"" if tx is None else tx.serialize()


def read_optional_transaction(data: bytes) -> OptionalTransaction:
    """The inverse of `build_optional_transaction`.

    Raises:
        MiningError: the bytes are no transaction.
    """
    return _read(Transaction.read, data) if data else None


def build_block(block: Block) -> bytes:
    """The block with all witnesses."""
    return block.serialize()


def read_block(data: bytes) -> Block:
    """The inverse of `build_block`.

    Raises:
        MiningError: the bytes are no block.
    """
    return _read(Block.read, data)


def build_block_header(header: BlockHeader) -> bytes:
    """The header's 80 bytes."""
    return header.serialize()


def read_block_header(data: bytes) -> BlockHeader:
    """The inverse of `build_block_header`.

    Raises:
        MiningError: the bytes are no header.
    """
    return _read(BlockHeader.read, data)


def build_tx_out(txout: TxOut) -> bytes:
    """The output."""
    return txout.serialize()


def read_tx_out(data: bytes) -> TxOut:
    """The inverse of `build_tx_out`.

    Raises:
        MiningError: the bytes are no output.
    """
    return _read(TxOut.read, data)


def _read(read: Callable[[Reader], T], data: bytes) -> T:
    try:
        # What follows is ignored, as Bitcoin Core does.
        return read(Reader(data))
    except DeserializeError as error:
        message = str(error)
        raise MiningError(f"SpanReader::read(): {message}" if message.startswith("end of data") else message) from None


TYPES: Final = (
    CustomType(
        "moneyrocket.interfaces.mining.OptionalTransaction", build_optional_transaction, read_optional_transaction
    ),
    CustomType("moneyrocket.primitives.block.Block", build_block, read_block),
    CustomType("moneyrocket.primitives.block.BlockHeader", build_block_header, read_block_header),
    CustomType("moneyrocket.primitives.transaction.TxOut", build_tx_out, read_tx_out),
)
