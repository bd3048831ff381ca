"""Proofs that a block holds transactions: a header and the part of its Merkle tree that leads to them (BIP37)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import hash256
from moneyrocket.primitives.serialize import Reader, compact_size, var_bytes

_MAX_TRANSACTIONS = 4_000_000 // 240
"""No block can hold more."""


@dataclass(frozen=True, slots=True)
class PartialMerkleTree:
    """Part of a Merkle tree, in the order of a walk from the root, left before right.

    Attributes:
        total: number of transactions in the block.
        hashes: of nodes whose children are left out, and of the leaves reached.
        bits: for each node visited whether a wanted leaf lies below it, or is it.
    """

    total: int
    hashes: tuple[bytes, ...]
    bits: tuple[bool, ...]

    @classmethod
    def build(cls, txids: Sequence[bytes], wanted: Collection[bytes]) -> PartialMerkleTree:
        """The part of the tree over ``txids`` that leads to the wanted ones."""
        levels = [list(txids)]
        marks = [[txid in wanted for txid in txids]]
        while len(levels[-1]) > 1:
            below, marked = levels[-1], marks[-1]
            if len(below) & 1:
                below, marked = [*below, below[-1]], [*marked, False]
            levels.append([hash256(below[i] + below[i + 1]) for i in range(0, len(below), 2)])
            marks.append([marked[i] or marked[i + 1] for i in range(0, len(below), 2)])
        hashes: list[bytes] = []
        bits: list[bool] = []

        def visit(level: int, place: int) -> None:
            found = marks[level][place]
            bits.append(found)
            if level == 0 or not found:
                hashes.append(levels[level][place])
                return
            for child in (place * 2, place * 2 + 1):
                if child < len(levels[level - 1]):
                    visit(level - 1, child)

        visit(len(levels) - 1, 0)
        return cls(len(txids), tuple(hashes), tuple(bits))

    def extract(self) -> tuple[bytes, list[bytes]] | None:
        """Root of the tree and the wanted txids in it, None if the parts do not make a tree."""
        if not 0 < self.total <= _MAX_TRANSACTIONS or len(self.hashes) > self.total:
            return None
        widths = [self.total]
        while widths[-1] > 1:
            widths.append((widths[-1] + 1) // 2)
        hashes, bits = iter(self.hashes), iter(self.bits)
        matches: list[bytes] = []
        visited = 0

        def visit(level: int, place: int) -> bytes:
            nonlocal visited
            found = next(bits)
            visited += 1
            if level == 0 or not found:
                node = next(hashes)
                if level == 0 and found:
                    matches.append(node)
                return node
            left = visit(level - 1, place * 2)
            if place * 2 + 1 >= widths[level - 1]:
                return hash256(left + left)
            right = visit(level - 1, place * 2 + 1)
            if left == right:
                # Txids differ, so nobody needs to be told otherwise (CVE-2012-2459).
                raise _BadTreeError
            return hash256(left + right)

        try:
            root = visit(len(widths) - 1, 0)
        except (StopIteration, _BadTreeError):
            return None
        if next(hashes, None) is not None or (visited + 7) // 8 != (len(self.bits) + 7) // 8:
            return None
        return root, matches

    def serialize(self) -> bytes:
        """Number of transactions (32-bit), hashes, and the bits, eight to a byte from the lowest."""
        packed = bytearray((len(self.bits) + 7) // 8)
        for number, bit in enumerate(self.bits):
            packed[number // 8] |= bit << number % 8
        return (
            self.total.to_bytes(4, "little")
            + compact_size(len(self.hashes))
            + b"".join(self.hashes)
            + var_bytes(bytes(packed))
        )

    @classmethod
    def read(cls, reader: Reader) -> PartialMerkleTree:
        """Read what `serialize` writes.

        Raises:
            DeserializeError: if the bytes are none.
        """
        total = reader.u32()
        hashes = tuple(reader.vector(lambda r: r.take(32)))
        packed = reader.var_bytes()
        return cls(total, hashes, tuple(bool(byte >> bit & 1) for byte in packed for bit in range(8)))


class _BadTreeError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class MerkleBlock:
    """A header with the part of its tree that leads to some transactions."""

    header: BlockHeader
    tree: PartialMerkleTree

    @classmethod
    def of(cls, block: Block, wanted: Collection[bytes]) -> MerkleBlock:
        """The proof that ``block`` holds the wanted txids."""
        return cls(block.header, PartialMerkleTree.build([tx.txid for tx in block.transactions], wanted))

    def serialize(self) -> bytes:
        """The header and the tree."""
        return self.header.serialize() + self.tree.serialize()

    @classmethod
    def deserialize(cls, data: bytes) -> MerkleBlock:
        """Read what `serialize` writes; bytes behind it are ignored.

        Raises:
            DeserializeError: if the bytes are none.
        """
        reader = Reader(data)
        return cls(BlockHeader.read(reader), PartialMerkleTree.read(reader))
