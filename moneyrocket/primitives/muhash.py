"""MuHash3072: a hash of a set to which elements can be added, and from which they can be taken, in any order."""

import struct
from typing import Final

from moneyrocket.primitives.hashes import sha256

_PRIME: Final = 2**3072 - 1103717
_SIZE: Final = 384
_BLOCKS: Final = _SIZE // 64
_ROUNDS: Final = 10
_CONSTANTS: Final = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)

# The six blocks of key stream that one element needs are worked out side by side: each word of the state is one big
# integer with a 32-bit word per block, 32 bits apart from one another so that shifts and carries do not meet.
_LANE: Final = 64
_ONES: Final = sum(1 << (_LANE * block) for block in range(_BLOCKS))
_MASK: Final = 0xFFFFFFFF * _ONES
_COUNTERS: Final = sum(block << (_LANE * block) for block in range(_BLOCKS))


class MuHash3072:
    """The hash of a set of byte strings."""

    __slots__ = ("_denominator", "_numerator")

    def __init__(self) -> None:
        self._numerator = 1
        self._denominator = 1

    def insert(self, data: bytes) -> None:
        """Add an element."""
        self._numerator = self._numerator * _element(data) % _PRIME

    def remove(self, data: bytes) -> None:
        """Take an element out."""
        self._denominator = self._denominator * _element(data) % _PRIME

    def digest(self) -> bytes:
        """The set's hash, 32 bytes."""
        value = self._numerator * pow(self._denominator, -1, _PRIME) % _PRIME
        return sha256(value.to_bytes(_SIZE, "little"))


def _element(data: bytes) -> int:
    """A number that stands for an element: the ChaCha20 key stream of its SHA-256."""
    return int.from_bytes(chacha20_stream(sha256(data)), "little")


def chacha20_stream(key: bytes) -> bytes:
    """The first 384 bytes of the ChaCha20 key stream (RFC 8439) with a zero nonce, counter from 0.

    Args:
        key: 32 bytes.
    """
    start = [word * _ONES for word in (*_CONSTANTS, *struct.unpack("<8I", key))] + [_COUNTERS, 0, 0, 0]
    state = list(start)
    for _ in range(_ROUNDS):
        _quarter(state, 0, 4, 8, 12)
        _quarter(state, 1, 5, 9, 13)
        _quarter(state, 2, 6, 10, 14)
        _quarter(state, 3, 7, 11, 15)
        _quarter(state, 0, 5, 10, 15)
        _quarter(state, 1, 6, 11, 12)
        _quarter(state, 2, 7, 8, 13)
        _quarter(state, 3, 4, 9, 14)
    words = [(a + b) & _MASK for a, b in zip(start, state, strict=True)]
    return b"".join(
        struct.pack("<16I", *((word >> (_LANE * block)) & 0xFFFFFFFF for word in words)) for block in range(_BLOCKS)
    )


def _quarter(state: list[int], i: int, j: int, k: int, m: int) -> None:
    a, b, c, d = state[i], state[j], state[k], state[m]
    a = (a + b) & _MASK
    d ^= a
    d = ((d << 16) | (d >> 16)) & _MASK
    c = (c + d) & _MASK
    b ^= c
    b = ((b << 12) | (b >> 20)) & _MASK
    a = (a + b) & _MASK
    d ^= a
    d = ((d << 8) | (d >> 24)) & _MASK
    c = (c + d) & _MASK
    b ^= c
    b = ((b << 7) | (b >> 25)) & _MASK
    state[i], state[j], state[k], state[m] = a, b, c, d
