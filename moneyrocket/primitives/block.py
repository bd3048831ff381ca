"""Block headers and blocks."""

import struct
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from moneyrocket.primitives.hashes import hash256, hash_to_hex
from moneyrocket.primitives.serialize import Reader, compact_size
from moneyrocket.primitives.transaction import Transaction

HEADER_SIZE: Final = 80
"""Bytes in a serialized header."""

_HEADER = struct.Struct("<i32s32sIII")


@dataclass(frozen=True)
class BlockHeader:
    """The 80 bytes that proof of work commits to. Hashes in internal byte order, ``time`` in unix seconds."""

    version: int
    prev_hash: bytes
    merkle_root: bytes
    time: int
    bits: int
    nonce: int

    @cached_property
    def hash(self) -> bytes:
        """Block hash, internal byte order."""
        return hash256(self.serialize())

    def serialize(self) -> bytes:
        """The header's 80 bytes."""
        return _HEADER.pack(self.version, self.prev_hash, self.merkle_root, self.time, self.bits, self.nonce)

    @classmethod
    def read(cls, reader: Reader) -> "BlockHeader":
        """Read what `serialize` writes."""
        return cls(*_HEADER.unpack(reader.take(HEADER_SIZE)))

    @classmethod
    def deserialize(cls, data: bytes) -> "BlockHeader":
        """Read a header that fills ``data`` exactly."""
        reader = Reader(data)
        header = cls.read(reader)
        reader.expect_end()
        return header

    def __str__(self) -> str:
        return f"BlockHeader({hash_to_hex(self.hash)})"


@dataclass(frozen=True)
class Block:
    """A header and the transactions it commits to, coinbase first."""

    header: BlockHeader
    transactions: tuple[Transaction, ...] = field(default=())

    @property
    def hash(self) -> bytes:
        """Block hash, internal byte order."""
        return self.header.hash

    def serialize(self, *, witness: bool = True) -> bytes:
        """Wire bytes, with witness data unless told otherwise."""
        if not witness:
            return self._serialize_stripped()
        return self._full

    @cached_property
    def _full(self) -> bytes:
        return b"".join(
            (
                self.header.serialize(),
                compact_size(len(self.transactions)),
                *(tx.serialize() for tx in self.transactions),
            )
        )

    def _serialize_stripped(self) -> bytes:
        return b"".join(
            (
                self.header.serialize(),
                compact_size(len(self.transactions)),
                *(tx.serialize(witness=False) for tx in self.transactions),
            )
        )

    @cached_property
    def stripped_size(self) -> int:
        """Bytes without witness data."""
        return len(self._serialize_stripped())

    @property
    def size(self) -> int:
        """Bytes with witness data."""
        return len(self._full)

    @property
    def weight(self) -> int:
        """Weight units (BIP141)."""
        return self.stripped_size * 3 + self.size

    @classmethod
    def read(cls, reader: Reader) -> "Block":
        """Read one block.

        Raises:
            DeserializeError: if the bytes are no block.
        """
        return cls(BlockHeader.read(reader), tuple(reader.vector(Transaction.read)))

    @classmethod
    def deserialize(cls, data: bytes) -> "Block":
        """Read a block that fills ``data`` exactly.

        Raises:
            DeserializeError: if the bytes are no block, or more than one.
        """
        reader = Reader(data)
        block = cls.read(reader)
        reader.expect_end()
        return block

    def __str__(self) -> str:
        return f"Block({hash_to_hex(self.hash)}, {len(self.transactions)} transactions)"


@dataclass(frozen=True)
class BlockLocator:
    """Block hashes from a tip back to the genesis block, ever sparser, by which two chains find their fork."""

    hashes: tuple[bytes, ...] = ()

    def serialize(self, version: int = 70016) -> bytes:
        """Protocol version (32-bit), then the hashes."""
        return version.to_bytes(4, "little") + compact_size(len(self.hashes)) + b"".join(self.hashes)

    @classmethod
    def read(cls, reader: Reader) -> "BlockLocator":
        """Read what `serialize` writes; the version is ignored, as every implementation does."""
        reader.i32()
        return cls(tuple(reader.vector(lambda r: r.take(32))))
