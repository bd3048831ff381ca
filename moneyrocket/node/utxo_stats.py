"""Statistics and hashes of the whole set of unspent outputs (gettxoutsetinfo)."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from moneyrocket.interfaces.chain import Coin
from moneyrocket.node.coins import CoinsSnapshot
from moneyrocket.primitives.hashes import ZERO_HASH, sha256
from moneyrocket.primitives.muhash import MuHash3072
from moneyrocket.primitives.transaction import OutPoint

_OUTPUT_OVERHEAD: Final = 32 + 4 + 4 + 8 + 2
"""What an output counts for besides its script in the size that does not depend on the database, bytes."""
_CODE: Final = struct.Struct("<I")
_INTERRUPT_EVERY: Final = 1024


class UtxoHashType(Enum):
    """How the set is hashed."""

    SERIALIZED = "hash_serialized_3"
    MUHASH = "muhash"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class UtxoStats:
    """What a scan found.

    Attributes:
        best_block: block that the set belongs to, internal byte order.
        outputs: number of unspent outputs.
        transactions: number of transactions with any.
        bogosize: size independent of the database, bytes.
        amount: sum of all outputs, sat.
        hash: the set's hash, internal byte order; zero without one.
    """

    best_block: bytes
    outputs: int
    transactions: int
    bogosize: int
    amount: int
    hash: bytes


def serialize_coin(outpoint: OutPoint, coin: Coin) -> bytes:
    """The bytes that stand for a coin in both hashes."""
    return outpoint.serialize() + _CODE.pack(coin.height * 2 + coin.is_coinbase) + coin.out.serialize()


def utxo_stats(snapshot: CoinsSnapshot, hash_type: UtxoHashType, check_interrupt: Callable[[], None]) -> UtxoStats:
    """Scan all coins.

    Args:
        snapshot: the coins.
        hash_type: what to hash.
        check_interrupt: called now and then; may raise to end the scan.
    """
    hasher: _Hasher
    match hash_type:
        case UtxoHashType.SERIALIZED:
            hasher = _SerializedHasher()
        case UtxoHashType.MUHASH:
            hasher = _MuHasher()
        case UtxoHashType.NONE:
            hasher = _NoHasher()
    outputs = transactions = bogosize = amount = 0
    last_txid = b""
    for outpoint, coin in snapshot:
        if outputs % _INTERRUPT_EVERY == 0:
            check_interrupt()
        if outpoint.txid != last_txid:
            transactions += 1
            last_txid = outpoint.txid
        outputs += 1
        amount += coin.out.value
        bogosize += _OUTPUT_OVERHEAD + len(coin.out.script_pubkey)
        hasher.add(outpoint, coin)
    return UtxoStats(snapshot.best_block(), outputs, transactions, bogosize, amount, hasher.result())


class _Hasher(Protocol):
    def add(self, outpoint: OutPoint, coin: Coin) -> None: ...

    def result(self) -> bytes: ...


class _SerializedHasher:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, outpoint: OutPoint, coin: Coin) -> None:
        self._hash.update(serialize_coin(outpoint, coin))

    def result(self) -> bytes:
        return sha256(self._hash.digest())


class _MuHasher:
    def __init__(self) -> None:
        self._hash = MuHash3072()

    def add(self, outpoint: OutPoint, coin: Coin) -> None:
        self._hash.insert(serialize_coin(outpoint, coin))

    def result(self) -> bytes:
        return self._hash.digest()


class _NoHasher:
    def add(self, outpoint: OutPoint, coin: Coin) -> None:
        pass

    def result(self) -> bytes:
        return ZERO_HASH
