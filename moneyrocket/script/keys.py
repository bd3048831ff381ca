"""Private and public keys, and their text form (WIF)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from moneyrocket.primitives.hashes import hash160, tagged_hash
from moneyrocket.script.base58 import Base58Error, base58check_decode, base58check_encode
from moneyrocket.script.standard import is_pubkey_size

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams


class InvalidKeyError(ValueError):
    """Text or bytes are no key."""


@dataclass(frozen=True)
class PublicKey:
    """A public key as it stands in scripts: 33 or 65 bytes. It need not be a point of the curve."""

    data: bytes

    @property
    def is_compressed(self) -> bool:
        """Whether it has 33 bytes."""
        return len(self.data) == 33

    @property
    def is_valid(self) -> bool:
        """Whether it is a point of the curve."""
        from moneyrocket.script.secp256k1 import is_valid_point

        return is_pubkey_size(self.data) and is_valid_point(self.data)

    @cached_property
    def key_id(self) -> bytes:
        """Hash of 20 bytes that names the key."""
        return hash160(self.data)

    @property
    def x_only(self) -> bytes:
        """x coordinate, 32 bytes (BIP340)."""
        return self.data[1:33]

    @property
    def fingerprint(self) -> bytes:
        """First four bytes of the hash (BIP32)."""
        return self.key_id[:4]

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Whether an ECDSA signature of 32 bytes is right."""
        from moneyrocket.script.secp256k1 import ecdsa_verify

        return ecdsa_verify(self.data, digest, signature)


@dataclass(frozen=True)
class PrivateKey:
    """A private key: 32 bytes, and whether its public key is used in compressed form."""

    secret: bytes
    compressed: bool = True

    def __repr__(self) -> str:
        return "PrivateKey(...)"

    @classmethod
    def from_bytes(cls, secret: bytes, *, compressed: bool = True) -> PrivateKey:
        """Check and wrap 32 bytes.

        Raises:
            InvalidKeyError: if they are no private key.
        """
        from moneyrocket.script.secp256k1 import is_valid_secret

        if not is_valid_secret(secret):
            raise InvalidKeyError("invalid private key")
        return cls(secret, compressed)

    @classmethod
    def generate(cls) -> PrivateKey:
        """A new random key."""
        import secrets

        from moneyrocket.script.secp256k1 import is_valid_secret

        while not is_valid_secret(secret := secrets.token_bytes(32)):
            pass
        return cls(secret)

    @classmethod
    def from_wif(cls, text: str, params: AddressParams) -> PrivateKey:
        """Read the text form of a private key.

        Raises:
            InvalidKeyError: if it is no private key of this chain.
        """
        try:
            data = base58check_decode(text, max_size=34)
        except Base58Error:
            raise InvalidKeyError("Invalid private key encoding") from None
        compressed = len(data) == 34 and data[33] == 1
        if not (compressed or len(data) == 33) or data[0] != params.secret_prefix:
            raise InvalidKeyError("Invalid private key encoding")
        return cls.from_bytes(data[1:33], compressed=compressed)

    def to_wif(self, params: AddressParams) -> str:
        """Text form of the key."""
        suffix = b"\x01" if self.compressed else b""
        return base58check_encode(bytes((params.secret_prefix,)) + self.secret + suffix)

    @cached_property
    def public_key(self) -> PublicKey:
        """The public key."""
        from moneyrocket.script.secp256k1 import public_key

        return PublicKey(public_key(self.secret, compressed=self.compressed))

    def sign(self, digest: bytes, *, grind: bool = True) -> bytes:
        """DER signature of 32 bytes, with low S, and with low R unless told otherwise."""
        from moneyrocket.script.secp256k1 import ecdsa_sign

        return ecdsa_sign(self.secret, digest, grind=grind)

    def sign_compact(self, digest: bytes) -> bytes:
        """Signature of 65 bytes from which the public key can be found."""
        from moneyrocket.script.secp256k1 import ecdsa_sign_recoverable

        signature, recovery_id = ecdsa_sign_recoverable(self.secret, digest)
        return bytes((27 + recovery_id + (4 if self.compressed else 0),)) + signature

    def sign_schnorr(self, digest: bytes, merkle_root: bytes | None = None, aux: bytes = bytes(32)) -> bytes:
        """BIP340 signature of 32 bytes.

        Args:
            digest: what to sign.
            merkle_root: sign as the taproot output key that commits to this root, empty for no scripts; None to sign
                as the key itself.
            aux: 32 bytes mixed into the nonce.
        """
        from moneyrocket.script.secp256k1 import schnorr_sign

        tweak = None if merkle_root is None else tagged_hash("TapTweak", self.public_key.x_only + merkle_root)
        return schnorr_sign(self.secret, digest, aux, tweak=tweak)


def recover_public_key(signature: bytes, digest: bytes) -> PublicKey | None:
    """The key that made a signature of `PrivateKey.sign_compact`, None if there is none."""
    from moneyrocket.script.secp256k1 import CurveError, ecdsa_recover

    if len(signature) != 65:
        return None
    header = signature[0] - 27 & 0xFF
    try:
        data = ecdsa_recover(signature[1:], header & 3, digest, compressed=bool(header & 4))
    except CurveError:
        return None
    return PublicKey(data)
