"""Hash functions of the protocol, and the two spellings of a 32-byte hash."""

import hashlib
from functools import lru_cache

ZERO_HASH = bytes(32)


def sha256(data: bytes) -> bytes:
    """Single SHA-256."""
    return hashlib.sha256(data).digest()


def hash256(data: bytes) -> bytes:
    """Double SHA-256, as used for transaction and block ids. Internal byte order."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256, as used for key and script hashes."""
    return ripemd160(hashlib.sha256(data).digest())


def ripemd160(data: bytes) -> bytes:
    """RIPEMD-160.

    Raises:
        ValueError: if the OpenSSL that Python uses was built without it.
    """
    return hashlib.new("ripemd160", data).digest()


@lru_cache(maxsize=64)
def _tag_prefix(tag: str) -> bytes:
    return sha256(tag.encode()) * 2


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 in the domain named by ``tag`` (BIP340)."""
    return hashlib.sha256(_tag_prefix(tag) + data).digest()


def hash_to_hex(value: bytes) -> str:
    """Spell a hash for people: byte-reversed hexadecimal."""
    return value[::-1].hex()


def hash_from_hex(text: str) -> bytes:
    """Read the byte-reversed hexadecimal spelling of a 32-byte hash.

    Raises:
        ValueError: if ``text`` is not 64 hexadecimal digits.
    """
    if len(text) != 64:
        raise ValueError(f"a hash has 64 hexadecimal digits, not {len(text)}")
    return bytes.fromhex(text)[::-1]
