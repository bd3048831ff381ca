"""The protocol's serialization: little-endian integers, compact sizes, length-prefixed bytes."""

import struct
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

MAX_SIZE = 0x02000000
"""Largest length a compact size may announce, in bytes or elements."""

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_I32 = struct.Struct("<i")
_U64 = struct.Struct("<Q")
_I64 = struct.Struct("<q")


class DeserializeError(ValueError):
    """Bytes do not hold what they should."""


def compact_size(n: int) -> bytes:
    """Encode a length."""
    if n < 0xFD:
        return bytes((n,))
    if n <= 0xFFFF:
        return b"\xfd" + _U16.pack(n)
    if n <= 0xFFFFFFFF:
        return b"\xfe" + _U32.pack(n)
    return b"\xff" + _U64.pack(n)


def var_bytes(data: bytes) -> bytes:
    """Encode bytes behind their length."""
    return compact_size(len(data)) + data


def vector(items: Iterable[bytes]) -> bytes:
    """Encode serialized items behind their count."""
    listed = list(items)
    return compact_size(len(listed)) + b"".join(listed)


class Reader:
    """Reads a serialized value from front to back.

    Every read raises `DeserializeError` when the bytes end too soon.
    """

    __slots__ = ("data", "pos")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self.data = data
        self.pos = pos

    def take(self, n: int) -> bytes:
        """The next ``n`` bytes."""
        end = self.pos + n
        if end > len(self.data):
            raise DeserializeError(f"end of data: {n} bytes wanted at {self.pos}, {len(self.data) - self.pos} left")
        chunk = self.data[self.pos : end]
        self.pos = end
        return chunk

    def u8(self) -> int:
        """Unsigned 8-bit integer."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Unsigned 16-bit integer, little-endian."""
        return int(_U16.unpack(self.take(2))[0])

    def u16_be(self) -> int:
        """Unsigned 16-bit integer, big-endian (ports in network addresses)."""
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        """Unsigned 32-bit integer, little-endian."""
        return int(_U32.unpack(self.take(4))[0])

    def i32(self) -> int:
        """Signed 32-bit integer, little-endian."""
        return int(_I32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Unsigned 64-bit integer, little-endian."""
        return int(_U64.unpack(self.take(8))[0])

    def i64(self) -> int:
        """Signed 64-bit integer, little-endian."""
        return int(_I64.unpack(self.take(8))[0])

    def compact_size(self, limit: int = MAX_SIZE) -> int:
        """A length.

        Raises:
            DeserializeError: if it is not in its shortest form, or above ``limit``.
        """
        first = self.u8()
        if first < 0xFD:
            size = first
        elif first == 0xFD:
            size = self.u16()
            if size < 0xFD:
                raise DeserializeError("non-canonical ReadCompactSize()")
        elif first == 0xFE:
            size = self.u32()
            if size <= 0xFFFF:
                raise DeserializeError("non-canonical ReadCompactSize()")
        else:
            size = self.u64()
            if size <= 0xFFFFFFFF:
                raise DeserializeError("non-canonical ReadCompactSize()")
        if size > limit:
            raise DeserializeError(f"size too large: {size}")
        return size

    def var_bytes(self) -> bytes:
        """Bytes behind their length."""
        return self.take(self.compact_size())

    def vector(self, read: Callable[["Reader"], T]) -> list[T]:
        """As many items as the count in front says, each read by ``read``."""
        return [read(self) for _ in range(self.compact_size())]

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.pos

    def expect_end(self) -> None:
        """Raise `DeserializeError` unless everything has been read."""
        if self.remaining:
            raise DeserializeError(f"{self.remaining} bytes too many")
