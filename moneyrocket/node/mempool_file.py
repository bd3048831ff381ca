"""The format of mempool.dat (version 2, and the older version 1 without obfuscation)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from moneyrocket.common import own_files
from moneyrocket.primitives.serialize import DeserializeError, Reader, compact_size
from moneyrocket.primitives.transaction import Transaction

_VERSION_PLAIN: Final = 1
_VERSION_OBFUSCATED: Final = 2
_KEY_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class SavedTransaction:
    """A transaction, when it entered the mempool (unix seconds), and its fee delta (sat)."""

    tx: Transaction
    time: int
    fee_delta: int


@dataclass(frozen=True, slots=True)
class SavedMempool:
    """What the file holds.

    Attributes:
        transactions: the mempool, parents before children.
        deltas: fee deltas in sat of transactions that were not in the mempool, by txid.
        unbroadcast: txids of local transactions that no peer had asked for.
    """

    transactions: tuple[SavedTransaction, ...] = ()
    deltas: Mapping[bytes, int] = field(default_factory=dict)
    unbroadcast: frozenset[bytes] = frozenset()


def encode(saved: SavedMempool, *, plain: bool = False) -> bytes:
    """The bytes of the file.

    Args:
        saved: what to save.
        plain: write version 1, which older programs can read.
    """
    parts = [_i64(len(saved.transactions))]
    for item in saved.transactions:
        parts += (item.tx.serialize(), _i64(item.time), _i64(item.fee_delta))
    parts.append(compact_size(len(saved.deltas)))
    parts += (txid + _i64(delta) for txid, delta in sorted(saved.deltas.items()))
    parts.append(compact_size(len(saved.unbroadcast)))
    parts += sorted(saved.unbroadcast)
    body = b"".join(parts)
    if plain:
        return _i64(_VERSION_PLAIN) + body
    key = os.urandom(_KEY_SIZE)
    head = _i64(_VERSION_OBFUSCATED) + compact_size(_KEY_SIZE) + key
    return head + _obfuscate(body, key, len(head))


def decode(data: bytes) -> SavedMempool:
    """Read what `encode` writes.

    Raises:
        DeserializeError: if the bytes are no mempool file of a known version.
    """
    reader = Reader(data)
    version = reader.u64()
    if version == _VERSION_OBFUSCATED:
        key = reader.var_bytes()
        if len(key) != _KEY_SIZE:
            raise DeserializeError(f"Obfuscation key size should be exactly {_KEY_SIZE} bytes long")
        reader = Reader(_obfuscate(data[reader.pos :], key, reader.pos))
    elif version != _VERSION_PLAIN:
        raise DeserializeError(f"unknown mempool file version {version}")
    transactions = tuple(
        SavedTransaction(Transaction.read(reader), reader.i64(), reader.i64()) for _ in range(reader.u64())
    )
    deltas = {reader.take(32): reader.i64() for _ in range(reader.compact_size())}
    unbroadcast = frozenset(reader.take(32) for _ in range(reader.compact_size()))
    return SavedMempool(transactions, deltas, unbroadcast)


def write(path: Path, saved: SavedMempool, *, plain: bool = False) -> int:
    """Replace the file in one step; returns its size in bytes.

    Raises:
        OSError: if it cannot be written.
    """
    data = encode(saved, plain=plain)
    new = path.with_name(path.name + ".new")
    own_files.write_bytes(new, data, sync=True)
    own_files.rename(new, path)
    return len(data)


def _i64(value: int) -> bytes:
    return value.to_bytes(8, "little", signed=True)


def _obfuscate(data: bytes, key: bytes, offset: int) -> bytes:
    """Combine data with a repeated key by exclusive or; ``offset`` is the data's place in the file."""
    start = offset % _KEY_SIZE
    mask = (key[start:] + key * (len(data) // _KEY_SIZE + 1))[: len(data)]
    return (int.from_bytes(data, "little") ^ int.from_bytes(mask, "little")).to_bytes(len(data), "little")
