"""Signed messages: a text signed by the key of a P2PKH address."""

from __future__ import annotations

import base64
import binascii
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from moneyrocket.primitives.hashes import hash256
from moneyrocket.primitives.serialize import var_bytes
from moneyrocket.script.address import AddressError, decode_address
from moneyrocket.script.keys import PrivateKey, recover_public_key
from moneyrocket.script.standard import TxoutType, solve

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams

_MAGIC: Final = b"Bitcoin Signed Message:\n"
"""In front of each message, so that nobody can pass off a transaction as one."""


class MessageResult(Enum):
    """Outcome of `verify_message`."""

    OK = auto()
    INVALID_ADDRESS = auto()
    ADDRESS_NO_KEY = auto()
    MALFORMED_SIGNATURE = auto()
    PUBKEY_NOT_RECOVERED = auto()
    NOT_SIGNED = auto()


def message_hash(message: str) -> bytes:
    """The 32 bytes that a signature of ``message`` signs."""
    return hash256(var_bytes(_MAGIC) + var_bytes(message.encode()))


def sign_message(key: PrivateKey, message: str) -> str:
    """Signature of ``message`` in Base64."""
    return base64.b64encode(key.sign_compact(message_hash(message))).decode()


def verify_message(address: str, signature: str, message: str, params: AddressParams) -> MessageResult:
    """Check that the key of a P2PKH address signed ``message``.

    Args:
        address: the address.
        signature: in Base64.
        message: the text.
        params: the chain that the address belongs to.
    """
    try:
        kind, solutions = solve(decode_address(address, params))
    except AddressError:
        return MessageResult.INVALID_ADDRESS
    if kind is not TxoutType.PUBKEYHASH:
        return MessageResult.ADDRESS_NO_KEY
    try:
        data = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return MessageResult.MALFORMED_SIGNATURE
    key = recover_public_key(data, message_hash(message))
    if key is None:
        return MessageResult.PUBKEY_NOT_RECOVERED
    return MessageResult.OK if key.key_id == solutions[0] else MessageResult.NOT_SIGNED
