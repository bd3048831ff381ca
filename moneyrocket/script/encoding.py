"""Form of signatures and public keys in scripts (BIP62, BIP66)."""

from typing import Final

from moneyrocket.script.sighash import SIGHASH_ANYONECANPAY

SIGHASH_TYPES: Final = {
    0x01: "ALL",
    0x81: "ALL|ANYONECANPAY",
    0x02: "NONE",
    0x82: "NONE|ANYONECANPAY",
    0x03: "SINGLE",
    0x83: "SINGLE|ANYONECANPAY",
}
"""Names of the hash types that a legacy or version 0 signature may end with."""


def is_strict_der(signature: bytes) -> bool:
    """Whether a signature with its hash type behind is in the one form that BIP66 allows.

    That is: 0x30, total length, 0x02, length of R, R, 0x02, length of S, S, hash type; R and S positive and in their
    shortest form.
    """
    size = len(signature)
    if not 9 <= size <= 73 or signature[0] != 0x30 or signature[1] != size - 3:
        return False
    r_size = signature[3]
    if 5 + r_size >= size:
        return False
    s_size = signature[5 + r_size]
    if r_size + s_size + 7 != size or signature[2] != 0x02 or signature[4 + r_size] != 0x02:
        return False
    return _is_positive_shortest(signature[4 : 4 + r_size]) and _is_positive_shortest(signature[6 + r_size : -1])


def _is_positive_shortest(number: bytes) -> bool:
    if not number or number[0] & 0x80:
        return False
    return not (len(number) > 1 and number[0] == 0 and not number[1] & 0x80)


def is_defined_hash_type(signature: bytes) -> bool:
    """Whether a signature ends with a known hash type."""
    return bool(signature) and 1 <= signature[-1] & ~SIGHASH_ANYONECANPAY <= 3


def is_compressed_or_uncompressed(pubkey: bytes) -> bool:
    """Whether a public key is in one of the two common forms, so not hybrid."""
    if not pubkey:
        return False
    return len(pubkey) == (65 if pubkey[0] == 4 else 33 if pubkey[0] in (2, 3) else -1)


def is_compressed(pubkey: bytes) -> bool:
    """Whether a public key is in compressed form."""
    return len(pubkey) == 33 and pubkey[0] in (2, 3)
