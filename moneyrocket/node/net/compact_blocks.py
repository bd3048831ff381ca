"""Compact blocks (BIP152): a block as its header and six-byte hashes of its transactions."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.serialize import DeserializeError, Reader, compact_size, vector
from moneyrocket.primitives.transaction import Transaction

_MASK: Final = 0xFFFFFFFFFFFFFFFF
_SHORT_ID_SIZE: Final = 6
_MAX_BLOCK_WEIGHT: Final = 4_000_000
_MIN_TRANSACTION_WEIGHT: Final = 240


def siphash24(k0: int, k1: int, data: bytes) -> int:
    """SipHash-2-4 of ``data`` under a 128-bit key, as a 64-bit number."""
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573
    padded = data + bytes(-(len(data) + 1) % 8) + bytes((len(data) & 0xFF,))
    words = [int.from_bytes(padded[at : at + 8], "little") for at in range(0, len(padded), 8)]
    for number, word in enumerate((*words, None)):
        if word is None:
            v2 ^= 0xFF
        else:
            v3 ^= word
        for _ in range(4 if number == len(words) else 2):
            v0 = (v0 + v1) & _MASK
            v1 = ((v1 << 13) | (v1 >> 51)) & _MASK ^ v0
            v0 = ((v0 << 32) | (v0 >> 32)) & _MASK
            v2 = (v2 + v3) & _MASK
            v3 = ((v3 << 16) | (v3 >> 48)) & _MASK ^ v2
            v0 = (v0 + v3) & _MASK
            v3 = ((v3 << 21) | (v3 >> 43)) & _MASK ^ v0
            v2 = (v2 + v1) & _MASK
            v1 = ((v1 << 17) | (v1 >> 47)) & _MASK ^ v2
            v2 = ((v2 << 32) | (v2 >> 32)) & _MASK
        if word is not None:
            v0 ^= word
    return v0 ^ v1 ^ v2 ^ v3


class ReconstructionError(ValueError):
    """A compact block contradicts itself: whoever made it is at fault."""


@dataclass(frozen=True, slots=True)
class CompactBlock:
    """The ``cmpctblock`` message.

    Attributes:
        header: the block's header.
        nonce: salt of the short ids.
        short_ids: short ids of the transactions that are not prefilled, in block order.
        prefilled: transactions sent in full, by their index in the block.
    """

    header: BlockHeader
    nonce: int
    short_ids: tuple[bytes, ...]
    prefilled: tuple[tuple[int, Transaction], ...]

    @classmethod
    def from_block(cls, block: Block, nonce: int | None = None) -> "CompactBlock":
        """Make one that sends the coinbase in full."""
        salt = secrets.randbits(64) if nonce is None else nonce
        key = _short_id_key(block.header, salt)
        short_ids = tuple(_short_id(key, tx.wtxid) for tx in block.transactions[1:])
        return cls(block.header, salt, short_ids, ((0, block.transactions[0]),))

    @property
    def transaction_count(self) -> int:
        """Number of transactions of the block."""
        return len(self.short_ids) + len(self.prefilled)

    def serialize(self) -> bytes:
        """The payload."""
        parts = [self.header.serialize(), self.nonce.to_bytes(8, "little"), vector(self.short_ids)]
        parts.append(compact_size(len(self.prefilled)))
        previous = -1
        for index, tx in self.prefilled:
            parts += [compact_size(index - previous - 1), tx.serialize()]
            previous = index
        return b"".join(parts)

    @classmethod
    def read(cls, reader: Reader) -> "CompactBlock":
        """Read a payload.

        Raises:
            DeserializeError: if it is none, or an index is too large.
        """
        header = BlockHeader.read(reader)
        nonce = reader.u64()
        short_ids = tuple(reader.vector(lambda r: r.take(_SHORT_ID_SIZE)))
        prefilled = []
        index = -1
        for _ in range(reader.compact_size()):
            index += reader.compact_size() + 1
            _check_index(index)
            prefilled.append((index, Transaction.read(reader)))
        if len(short_ids) + len(prefilled) > 0xFFFF:
            raise DeserializeError("indexes overflowed 16 bits")
        return cls(header, nonce, short_ids, tuple(prefilled))


def _check_index(index: int) -> None:
    if index > 0xFFFF:
        raise DeserializeError("differential value overflow")


def _short_id_key(header: BlockHeader, nonce: int) -> tuple[int, int]:
    digest = hashlib.sha256(header.serialize() + nonce.to_bytes(8, "little")).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")


def _short_id(key: tuple[int, int], wtxid: bytes) -> bytes:
    return siphash24(*key, wtxid).to_bytes(8, "little")[:_SHORT_ID_SIZE]


def serialize_transactions_request(block_hash: bytes, indexes: Sequence[int]) -> bytes:
    """Payload of ``getblocktxn``: differences between the indexes."""
    parts = [block_hash, compact_size(len(indexes))]
    previous = -1
    for index in indexes:
        parts.append(compact_size(index - previous - 1))
        previous = index
    return b"".join(parts)


def read_transactions_request(reader: Reader) -> tuple[bytes, list[int]]:
    """Read what `serialize_transactions_request` writes."""
    block_hash = reader.take(32)
    indexes = []
    index = -1
    for _ in range(reader.compact_size()):
        index += reader.compact_size() + 1
        _check_index(index)
        indexes.append(index)
    return block_hash, indexes


def serialize_block_transactions(block_hash: bytes, transactions: Iterable[Transaction]) -> bytes:
    """Payload of ``blocktxn``."""
    return block_hash + vector(tx.serialize() for tx in transactions)


def read_block_transactions(reader: Reader) -> tuple[bytes, list[Transaction]]:
    """Read what `serialize_block_transactions` writes."""
    return reader.take(32), reader.vector(Transaction.read)


class PartialBlock:
    """A block that is being put together from a compact block, the mempool, and what the peer sends.

    Args:
        compact: the message.
        known: transactions that may be in it, such as the mempool.

    Attributes:
        collided: whether two short ids are equal, so that the block cannot be put together at all.

    Raises:
        ReconstructionError: if the message makes no sense.
    """

    def __init__(self, compact: CompactBlock, known: Iterable[Transaction]) -> None:
        count = compact.transaction_count
        if not count or count > _MAX_BLOCK_WEIGHT // _MIN_TRANSACTION_WEIGHT:
            raise ReconstructionError("number of transactions")
        self.header = compact.header
        self._slots: list[Transaction | None] = [None] * count
        for index, tx in compact.prefilled:
            if index >= count:
                raise ReconstructionError("index of a prefilled transaction")
            self._slots[index] = tx
        free = [index for index, tx in enumerate(self._slots) if tx is None]
        places = dict(zip(compact.short_ids, free, strict=True))
        self.collided = len(places) != len(free)
        if places and not self.collided:
            self._fill_known(places, _short_id_key(compact.header, compact.nonce), known)
        self.used = False
        """Whether the missing transactions have been given once."""

    def _fill_known(self, places: dict[bytes, int], key: tuple[int, int], known: Iterable[Transaction]) -> None:
        ambiguous: set[int] = set()
        for tx in known:
            index = places.get(_short_id(key, tx.wtxid))
            if index is None or index in ambiguous:
                continue
            slot = self._slots[index]
            if slot is None:
                self._slots[index] = tx
            elif slot.wtxid != tx.wtxid:
                self._slots[index] = None
                ambiguous.add(index)

    @property
    def missing(self) -> list[int]:
        """Indexes of transactions to ask for, ascending."""
        return [index for index, tx in enumerate(self._slots) if tx is None]

    def complete(self, transactions: Sequence[Transaction]) -> Block:
        """Fill the gaps, in order.

        Raises:
            ReconstructionError: if it is the wrong number of transactions.
        """
        missing = self.missing
        if len(missing) != len(transactions):
            raise ReconstructionError("number of transactions sent")
        self.used = True
        filled = list(self._slots)
        for index, tx in zip(missing, transactions, strict=True):
            filled[index] = tx
        return Block(self.header, tuple(tx for tx in filled if tx is not None))
