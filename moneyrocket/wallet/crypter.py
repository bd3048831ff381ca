"""Encryption of private keys: AES-256-GCM under a random master key, which a passphrase unlocks through scrypt."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

_KEY_SIZE: Final = 32
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_SCRYPT_COST: Final = 1 << 14
_SCRYPT_BLOCK: Final = 8
_SCRYPT_MEMORY: Final = 64 << 20
_MASTER_KEY: Final = b"master key"


@dataclass(frozen=True, slots=True)
class SealedMasterKey:
    """A master key as stored: salt and cost of the passphrase's key, and the sealed key itself."""

    salt: bytes
    cost: int
    sealed: bytes

    def serialize(self) -> bytes:
        """Salt (16 bytes), cost (32-bit little-endian), the sealed key."""
        return self.salt + self.cost.to_bytes(4, "little") + self.sealed

    @classmethod
    def deserialize(cls, data: bytes) -> SealedMasterKey:
        """Read what `serialize` writes."""
        rest = _SALT_SIZE + 4
        return cls(data[:_SALT_SIZE], int.from_bytes(data[_SALT_SIZE:rest], "little"), data[rest:])


def new_master_key() -> bytes:
    """A random master key, 32 bytes."""
    return secrets.token_bytes(_KEY_SIZE)


def seal_master_key(master_key: bytes, passphrase: str) -> SealedMasterKey:
    """Protect a master key with a passphrase."""
    salt = secrets.token_bytes(_SALT_SIZE)
    return SealedMasterKey(salt, _SCRYPT_COST, seal(_stretch(passphrase, salt, _SCRYPT_COST), master_key, _MASTER_KEY))


def open_master_key(sealed: SealedMasterKey, passphrase: str) -> bytes | None:
    """The master key, None if the passphrase is wrong."""
    return unseal(_stretch(passphrase, sealed.salt, sealed.cost), sealed.sealed, _MASTER_KEY)


def seal(key: bytes, data: bytes, context: bytes) -> bytes:
    """Encrypt data so that it can be opened only with the key and the same context."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_SIZE)
    return nonce + AESGCM(key).encrypt(nonce, data, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes | None:
    """Undo `seal`; None when key, data or context are wrong."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], context)
    except InvalidTag:
        return None


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    # Hashed first: scrypt begins with an HMAC, for which a passphrase and the same with zero bytes behind it are equal.
    digest = hashlib.sha256(passphrase.encode()).digest()
    return hashlib.scrypt(digest, salt=salt, n=cost, r=_SCRYPT_BLOCK, p=1, maxmem=_SCRYPT_MEMORY, dklen=_KEY_SIZE)
