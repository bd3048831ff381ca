"""Transactions (BIP144 serialization)."""

import struct
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple

from moneyrocket.primitives.hashes import ZERO_HASH, hash256, hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError, Reader, compact_size, var_bytes

SEQUENCE_FINAL: Final = 0xFFFFFFFF
NULL_INDEX: Final = 0xFFFFFFFF
WITNESS_SCALE_FACTOR: Final = 4

_OUTPOINT_INDEX = struct.Struct("<I")
_SEQUENCE = struct.Struct("<I")
_VALUE = struct.Struct("<q")


class OutPoint(NamedTuple):
    """Names one output: ``txid`` (32 bytes, internal order) and output index ``n``."""

    txid: bytes
    n: int

    def serialize(self) -> bytes:
        """36 bytes: txid, then the index as 32-bit little-endian."""
        return self.txid + _OUTPOINT_INDEX.pack(self.n)

    @classmethod
    def read(cls, reader: Reader) -> "OutPoint":
        """Read what `serialize` writes."""
        return cls(reader.take(32), reader.u32())

    @property
    def is_null(self) -> bool:
        """Whether this is the reference a coinbase input carries."""
        return self.n == NULL_INDEX and self.txid == ZERO_HASH

    def __str__(self) -> str:
        return f"{hash_to_hex(self.txid)}:{self.n}"


NULL_OUTPOINT: Final = OutPoint(ZERO_HASH, NULL_INDEX)


@dataclass(frozen=True, slots=True)
class TxIn:
    """A transaction input. ``witness`` is its stack, bottom first; empty for none."""

    prevout: OutPoint
    script_sig: bytes = b""
    sequence: int = SEQUENCE_FINAL
    witness: tuple[bytes, ...] = ()

    def serialize(self) -> bytes:
        """The input without its witness."""
        return self.prevout.serialize() + var_bytes(self.script_sig) + _SEQUENCE.pack(self.sequence)


@dataclass(frozen=True, slots=True)
class TxOut:
    """A transaction output: ``value`` in sat and the script that guards it."""

    value: int
    script_pubkey: bytes

    def serialize(self) -> bytes:
        """Value as 64-bit little-endian, then the length-prefixed script."""
        return _VALUE.pack(self.value) + var_bytes(self.script_pubkey)

    @classmethod
    def read(cls, reader: Reader) -> "TxOut":
        """Read what `serialize` writes."""
        return cls(reader.i64(), reader.var_bytes())


@dataclass(frozen=True)
class Transaction:
    """An immutable transaction. Equality and hash go by wtxid."""

    version: int = 2
    inputs: tuple[TxIn, ...] = field(default=())
    outputs: tuple[TxOut, ...] = field(default=())
    lock_time: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transaction) and self.wtxid == other.wtxid

    def __hash__(self) -> int:
        return hash(self.wtxid)

    @cached_property
    def has_witness(self) -> bool:
        """Whether any input carries a witness."""
        return any(txin.witness for txin in self.inputs)

    @cached_property
    def _stripped(self) -> bytes:
        return b"".join(
            (
                (self.version & 0xFFFFFFFF).to_bytes(4, "little"),
                compact_size(len(self.inputs)),
                *(txin.serialize() for txin in self.inputs),
                compact_size(len(self.outputs)),
                *(txout.serialize() for txout in self.outputs),
                self.lock_time.to_bytes(4, "little"),
            )
        )

    @cached_property
    def _full(self) -> bytes:
        if not self.has_witness:
            return self._stripped
        witness = b"".join(
            compact_size(len(txin.witness)) + b"".join(map(var_bytes, txin.witness)) for txin in self.inputs
        )
        stripped = self._stripped
        return stripped[:4] + b"\x00\x01" + stripped[4:-4] + witness + stripped[-4:]

    def serialize(self, *, witness: bool = True) -> bytes:
        """Wire bytes, with witness data unless told otherwise."""
        return self._full if witness else self._stripped

    @cached_property
    def txid(self) -> bytes:
        """Hash without witness data, internal byte order."""
        return hash256(self._stripped)

    @cached_property
    def wtxid(self) -> bytes:
        """Hash with witness data, internal byte order (BIP141)."""
        return hash256(self._full)

    @cached_property
    def weight(self) -> int:
        """Weight units (BIP141)."""
        return len(self._stripped) * (WITNESS_SCALE_FACTOR - 1) + len(self._full)

    @property
    def vsize(self) -> int:
        """Virtual size in vB, rounded up."""
        return (self.weight + WITNESS_SCALE_FACTOR - 1) // WITNESS_SCALE_FACTOR

    @property
    def is_coinbase(self) -> bool:
        """Whether this is a block's first transaction, which makes new coins."""
        return len(self.inputs) == 1 and self.inputs[0].prevout.is_null

    @property
    def value_out(self) -> int:
        """Sum of the outputs in sat, unchecked."""
        return sum(txout.value for txout in self.outputs)

    def without_witness(self) -> "Transaction":
        """The same transaction with every witness removed."""
        return replace(self, inputs=tuple(replace(txin, witness=()) for txin in self.inputs))

    @classmethod
    def read(cls, reader: Reader, *, allow_witness: bool = True) -> "Transaction":
        """Read one transaction.

        Raises:
            DeserializeError: if the bytes are no transaction.
        """
        start = reader.pos
        version = reader.i32()
        inputs = reader.vector(_read_input)
        flags = 0
        if not inputs and allow_witness:
            flags = reader.u8()
            if flags:
                inputs = reader.vector(_read_input)
                outputs = reader.vector(TxOut.read)
            else:
                outputs = []
        else:
            outputs = reader.vector(TxOut.read)
        if flags & 1:
            flags ^= 1
            stacks = [tuple(reader.vector(Reader.var_bytes)) for _ in inputs]
            if not any(stacks):
                raise DeserializeError("Superfluous witness record")
            inputs = [
                TxIn(txin.prevout, txin.script_sig, txin.sequence, stack)
                for txin, stack in zip(inputs, stacks, strict=True)
            ]
        if flags:
            raise DeserializeError("Unknown transaction optional data")
        tx = cls(version, tuple(inputs), tuple(outputs), reader.u32())
        if inputs:
            tx.__dict__["_full"] = reader.data[start : reader.pos]
        return tx

    @classmethod
    def deserialize(cls, data: bytes, *, allow_witness: bool = True) -> "Transaction":
        """Read a transaction that fills ``data`` exactly.

        Raises:
            DeserializeError: if the bytes are no transaction, or more than one.
        """
        reader = Reader(data)
        tx = cls.read(reader, allow_witness=allow_witness)
        reader.expect_end()
        return tx

    def __str__(self) -> str:
        return f"Transaction({hash_to_hex(self.txid)})"


def _read_input(reader: Reader) -> TxIn:
    return TxIn(OutPoint.read(reader), reader.var_bytes(), reader.u32())
