"""Arithmetic, signatures and tweaks on the curve secp256k1.

A thin layer over coincurve's copy of libsecp256k1, used at the level of bytes: parsing a key into an object and back
for each step would cost more than the step.
"""

from __future__ import annotations

from typing import Any, Final

from coincurve._libsecp256k1 import ffi, lib
from coincurve.context import GLOBAL_CONTEXT

_CTX: Final[Any] = GLOBAL_CONTEXT.ctx
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Number of points of the group."""


class CurveError(ValueError):
    """Bytes are no key, signature or tweak, or a result is none."""


def is_valid_secret(secret: bytes) -> bool:
    """Whether 32 bytes are a private key."""
    return len(secret) == 32 and bool(lib.secp256k1_ec_seckey_verify(_CTX, secret))


def is_valid_point(pubkey: bytes) -> bool:
    """Whether bytes are a public key, compressed, uncompressed or hybrid."""
    return bool(lib.secp256k1_ec_pubkey_parse(_CTX, ffi.new("secp256k1_pubkey *"), pubkey, len(pubkey)))


def public_key(secret: bytes, *, compressed: bool = True) -> bytes:
    """Public key (33 or 65 bytes) of a private one.

    Raises:
        CurveError: if ``secret`` is no private key.
    """
    point = ffi.new("secp256k1_pubkey *")
    if len(secret) != 32 or not lib.secp256k1_ec_pubkey_create(_CTX, point, secret):
        raise CurveError("invalid private key")
    return _serialize(point, compressed=compressed)


def ecdsa_sign(secret: bytes, digest: bytes, *, grind: bool = True) -> bytes:
    """DER signature with low S and a nonce from RFC6979.

    Args:
        secret: private key.
        digest: 32 bytes to sign.
        grind: repeat with other nonces until R is low too, which saves a byte.
    """
    signature = ffi.new("secp256k1_ecdsa_signature *")
    compact = ffi.new("unsigned char [64]")
    attempt = 0
    while True:
        extra = attempt.to_bytes(4, "little") + bytes(28) if attempt else ffi.NULL
        if not lib.secp256k1_ecdsa_sign(_CTX, signature, digest, secret, ffi.NULL, extra):
            raise CurveError("invalid private key")
        lib.secp256k1_ecdsa_signature_serialize_compact(_CTX, compact, signature)
        if not grind or compact[0] < 0x80:
            break
        attempt += 1
    return _serialize_der(signature)


def ecdsa_verify(pubkey: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether a signature in any kind of BER is right; high S is fine here."""
    parsed = _parse_lax_der(signature)
    if parsed is None:
        return False
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ec_pubkey_parse(_CTX, point, pubkey, len(pubkey)):
        return False
    lib.secp256k1_ecdsa_signature_normalize(_CTX, parsed, parsed)
    return bool(lib.secp256k1_ecdsa_verify(_CTX, parsed, digest, point))


def has_low_s(signature: bytes) -> bool:
    """Whether the S of a DER signature is in the lower half of its range."""
    parsed = _parse_lax_der(signature)
    return parsed is not None and not lib.secp256k1_ecdsa_signature_normalize(_CTX, ffi.NULL, parsed)


def ecdsa_sign_recoverable(secret: bytes, digest: bytes) -> tuple[bytes, int]:
    """Signature from which the public key can be found: 64 bytes (R, S) and the recovery id 0 to 3."""
    signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    if not lib.secp256k1_ecdsa_sign_recoverable(_CTX, signature, digest, secret, ffi.NULL, ffi.NULL):
        raise CurveError("invalid private key")
    compact = ffi.new("unsigned char [64]")
    recovery_id = ffi.new("int *")
    lib.secp256k1_ecdsa_recoverable_signature_serialize_compact(_CTX, compact, recovery_id, signature)
    return bytes(ffi.buffer(compact)), recovery_id[0]


def ecdsa_recover(signature: bytes, recovery_id: int, digest: bytes, *, compressed: bool) -> bytes:
    """Public key that made a signature of `ecdsa_sign_recoverable`.

    Raises:
        CurveError: if there is none.
    """
    parsed = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    point = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ecdsa_recoverable_signature_parse_compact(
        _CTX, parsed, signature, recovery_id
    ) or not lib.secp256k1_ecdsa_recover(_CTX, point, parsed, digest):
        raise CurveError("no key recovers from the signature")
    return _serialize(point, compressed=compressed)


def schnorr_sign(secret: bytes, digest: bytes, aux: bytes = bytes(32), *, tweak: bytes | None = None) -> bytes:
    """Signature of 64 bytes (BIP340).

    Args:
        secret: private key.
        digest: 32 bytes to sign.
        aux: 32 bytes mixed into the nonce.
        tweak: added to the key first, after its public key was made even (BIP341).

    Raises:
        CurveError: if the key is none, or the tweak leads to none.
    """
    keypair = ffi.new("secp256k1_keypair *")
    if not lib.secp256k1_keypair_create(_CTX, keypair, secret):
        raise CurveError("invalid private key")
    if tweak is not None and not lib.secp256k1_keypair_xonly_tweak_add(_CTX, keypair, tweak):
        raise CurveError("invalid tweak")
    signature = ffi.new("unsigned char [64]")
    if not lib.secp256k1_schnorrsig_sign32(_CTX, signature, digest, keypair, aux):
        raise CurveError("signing failed")
    return bytes(ffi.buffer(signature))


def schnorr_verify(x_only: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether a BIP340 signature is right."""
    point = ffi.new("secp256k1_xonly_pubkey *")
    if len(signature) != 64 or not lib.secp256k1_xonly_pubkey_parse(_CTX, point, x_only):
        return False
    return bool(lib.secp256k1_schnorrsig_verify(_CTX, signature, digest, len(digest), point))


def is_valid_x_only(x_only: bytes) -> bool:
    """Whether 32 bytes are the x coordinate of a point."""
    return len(x_only) == 32 and bool(
        lib.secp256k1_xonly_pubkey_parse(_CTX, ffi.new("secp256k1_xonly_pubkey *"), x_only)
    )


def tweak_x_only(x_only: bytes, tweak: bytes) -> tuple[bytes, bool]:
    """x coordinate of the point (with even y) plus ``tweak``, and whether its y is odd (BIP341).

    Raises:
        CurveError: if there is no such point.
    """
    internal = ffi.new("secp256k1_xonly_pubkey *")
    point = ffi.new("secp256k1_pubkey *")
    if (
        len(x_only) != 32
        or not lib.secp256k1_xonly_pubkey_parse(_CTX, internal, x_only)
        or not lib.secp256k1_xonly_pubkey_tweak_add(_CTX, point, internal, tweak)
    ):
        raise CurveError("invalid key or tweak")
    data = _serialize(point, compressed=True)
    return data[1:], data[0] == 3


def _serialize(point: Any, *, compressed: bool) -> bytes:
    size = 33 if compressed else 65
    output = ffi.new("unsigned char []", size)
    length = ffi.new("size_t *", size)
    flag = lib.SECP256K1_EC_COMPRESSED if compressed else lib.SECP256K1_EC_UNCOMPRESSED
    lib.secp256k1_ec_pubkey_serialize(_CTX, output, length, point, flag)
    return bytes(ffi.buffer(output, size))


def _serialize_der(signature: Any) -> bytes:
    output = ffi.new("unsigned char [72]")
    length = ffi.new("size_t *", 72)
    lib.secp256k1_ecdsa_signature_serialize_der(_CTX, output, length, signature)
    return bytes(ffi.buffer(output, length[0]))


def _parse_lax_der(data: bytes) -> Any:
    """Parse what the rules before BIP66 took for a signature; None if even they would not.

    Lengths may be in any BER form and reach over garbage; numbers that are too large stand for zero, which never
    verifies.
    """
    try:
        pos = 0
        if data[pos] != 0x30:
            return None
        pos = _skip_length(data, pos + 1)
        numbers = []
        for _ in range(2):
            if data[pos] != 0x02:
                return None
            pos, size = _ber_length(data, pos + 1)
            if size > len(data) - pos:
                return None
            numbers.append(data[pos : pos + size].lstrip(b"\0"))
            pos += size
    except IndexError:
        return None
    compact = bytes(64)
    if all(len(number) <= 32 for number in numbers):
        compact = b"".join(number.rjust(32, b"\0") for number in numbers)
    signature = ffi.new("secp256k1_ecdsa_signature *")
    if not lib.secp256k1_ecdsa_signature_parse_compact(_CTX, signature, compact):
        lib.secp256k1_ecdsa_signature_parse_compact(_CTX, signature, bytes(64))
    return signature


def _skip_length(data: bytes, pos: int) -> int:
    """Position behind the length of the sequence; what it says does not matter, so long as it is there."""
    first = data[pos]
    pos += 1
    if first & 0x80:
        count = first & 0x7F
        if count > len(data) - pos:
            raise IndexError
        pos += count
    return pos


def _ber_length(data: bytes, pos: int) -> tuple[int, int]:
    """Position behind a length, and the length."""
    first = data[pos]
    pos += 1
    if not first & 0x80:
        return pos, first
    count = first & 0x7F
    if count > len(data) - pos:
        raise IndexError
    digits = data[pos : pos + count]
    if len(digits.lstrip(b"\0")) > 3:
        raise IndexError
    return pos + count, int.from_bytes(digits, "big")
