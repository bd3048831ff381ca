"""Makes signatures: real ones, and ones that only have the right size."""

from __future__ import annotations

from typing import Final, Protocol

from moneyrocket.primitives.amount import money_range
from moneyrocket.primitives.hashes import hash160
from moneyrocket.script.keys import PrivateKey
from moneyrocket.script.sighash import SIGHASH_ALL, SIGHASH_DEFAULT, SighashError, TransactionHasher
from moneyrocket.script.signing_provider import SigningProvider


class SignatureCreator(Protocol):
    """Makes the signatures of one input."""

    def ecdsa(self, provider: SigningProvider, key_id: bytes, script_code: bytes, *, witness: bool) -> bytes | None:
        """Signature with hash type by the key with this hash; None if there is no key or it may not sign."""

    def schnorr(
        self, provider: SigningProvider, x_only: bytes, *, leaf_hash: bytes | None, merkle_root: bytes | None
    ) -> bytes | None:
        """Signature, with hash type unless that is the default; None without a key.

        Args:
            provider: finds the key.
            x_only: the key.
            leaf_hash: of the tapscript that checks the signature, None for the output key.
            merkle_root: tweak the key by this (maybe empty) root first, None to use it as it is.
        """


class TransactionSignatureCreator:
    """Signs one input of a transaction."""

    def __init__(
        self, hasher: TransactionHasher, input_index: int, amount: int | None, hash_type: int = SIGHASH_DEFAULT
    ) -> None:
        """Make a creator.

        Args:
            hasher: of the transaction.
            input_index: the input.
            amount: value of the output it spends, sat; None if unknown, which only legacy signatures allow.
            hash_type: what to sign; the default means ALL outside of taproot.
        """
        self._hasher = hasher
        self._index = input_index
        self._amount = amount
        self._hash_type = hash_type

    def ecdsa(self, provider: SigningProvider, key_id: bytes, script_code: bytes, *, witness: bool) -> bytes | None:
        """See `SignatureCreator.ecdsa`."""
        key = provider.private_keys.get(key_id)
        if key is None:
            return None
        hash_type = SIGHASH_ALL if self._hash_type == SIGHASH_DEFAULT else self._hash_type
        if witness:
            if not key.compressed or self._amount is None or not money_range(self._amount):
                return None
            digest = self._hasher.witness_v0(self._index, script_code, self._amount, hash_type)
        else:
            digest = self._hasher.legacy(self._index, script_code, hash_type)
        return key.sign(digest) + bytes((hash_type,))

    def schnorr(
        self, provider: SigningProvider, x_only: bytes, *, leaf_hash: bytes | None, merkle_root: bytes | None
    ) -> bytes | None:
        """See `SignatureCreator.schnorr`."""
        key = _key_by_x_only(provider, x_only)
        if key is None:
            return None
        try:
            digest = self._hasher.taproot(self._index, self._hash_type, leaf_hash=leaf_hash)
        except SighashError:
            return None
        suffix = bytes((self._hash_type,)) if self._hash_type != SIGHASH_DEFAULT else b""
        return key.sign_schnorr(digest, merkle_root) + suffix


class DummySignatureCreator:
    """Makes signatures of the right size by keys it does not have, to estimate sizes."""

    def __init__(self, *, low_r: bool = True) -> None:
        """Make a creator; ``low_r`` for the size that our own signatures have."""
        r = (b"" if low_r else b"\0") + b"\x01" * 32
        body = b"\x02" + bytes((len(r),)) + r + b"\x02\x20" + b"\x01" * 32
        self._signature: Final = b"\x30" + bytes((len(body),)) + body + bytes((SIGHASH_ALL,))

    def ecdsa(self, provider: SigningProvider, key_id: bytes, script_code: bytes, *, witness: bool) -> bytes | None:
        """See `SignatureCreator.ecdsa`."""
        return self._signature

    def schnorr(
        self, provider: SigningProvider, x_only: bytes, *, leaf_hash: bytes | None, merkle_root: bytes | None
    ) -> bytes | None:
        """See `SignatureCreator.schnorr`."""
        return bytes(64)


def _key_by_x_only(provider: SigningProvider, x_only: bytes) -> PrivateKey | None:
    key_id = provider.x_only_keys.get(x_only)
    if key_id is not None and key_id in provider.private_keys:
        return provider.private_keys[key_id]
    candidates = (hash160(prefix + x_only) for prefix in (b"\x02", b"\x03"))
    return next((provider.private_keys[key_id] for key_id in candidates if key_id in provider.private_keys), None)
