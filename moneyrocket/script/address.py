"""Addresses: base58 (P2PKH, P2SH) and segwit (BIP173, BIP350)."""

from __future__ import annotations

from typing import Protocol

from moneyrocket.script.base58 import Base58Error, base58_decode, base58check_decode, base58check_encode
from moneyrocket.script.bech32 import (
    Bech32Error,
    Encoding,
    bech32_decode,
    bech32_encode,
    from_base32,
    locate_errors,
    to_base32,
)
from moneyrocket.script.script import witness_program
from moneyrocket.script.standard import (
    TxoutType,
    p2pkh,
    p2sh_from_hash,
    pay_to_witness_program,
    solve,
)


class AddressParams(Protocol):
    """What addresses and keys need to know of a chain; `ChainParams` has it."""

    @property
    def pubkey_prefix(self) -> int:
        """Version byte of P2PKH addresses."""

    @property
    def script_prefix(self) -> int:
        """Version byte of P2SH addresses."""

    @property
    def secret_prefix(self) -> int:
        """Version byte of private keys."""

    @property
    def ext_public_prefix(self) -> bytes:
        """Version bytes of extended public keys."""

    @property
    def ext_secret_prefix(self) -> bytes:
        """Version bytes of extended private keys."""

    @property
    def bech32_hrp(self) -> str:
        """Human-readable part of segwit addresses."""


class AddressError(ValueError):
    """Text is no address of the chain, or a script has none.

    Attributes:
        locations: positions of characters that are probably wrong.
    """

    def __init__(self, message: str, locations: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.locations = locations


def encode_address(script: bytes, params: AddressParams) -> str:
    """The address of an output script.

    Raises:
        AddressError: if it has none (a bare public key has none either).
    """
    program = witness_program(script)
    if program is not None:
        version, data = program
        if version == 0 and len(data) not in (20, 32):
            raise AddressError("Script has no address")
        encoding = Encoding.BECH32M if version else Encoding.BECH32
        return bech32_encode(encoding, params.bech32_hrp, [version, *to_base32(data)])
    kind, solutions = solve(script)
    if kind is TxoutType.PUBKEYHASH:
        return base58check_encode(bytes((params.pubkey_prefix,)) + solutions[0])
    if kind is TxoutType.SCRIPTHASH:
        return base58check_encode(bytes((params.script_prefix,)) + solutions[0])
    raise AddressError("Script has no address")


def has_address(script: bytes) -> bool:
    """Whether `encode_address` knows an address for the script."""
    program = witness_program(script)
    if program is not None:
        return program[0] != 0 or len(program[1]) in (20, 32)
    return solve(script)[0] in (TxoutType.PUBKEYHASH, TxoutType.SCRIPTHASH)


def decode_address(text: str, params: AddressParams) -> bytes:
    """The output script that an address stands for.

    Raises:
        AddressError: if it is no address of this chain, with the probable places of typing errors.
    """
    hrp = params.bech32_hrp
    # An address of another chain's prefix is taken for base58 here, and told to be neither.
    if text[: len(hrp)].lower() == hrp:
        return _decode_segwit(text, hrp)
    return _decode_base58(text, params)


def _decode_base58(text: str, params: AddressParams) -> bytes:
    try:
        data = base58check_decode(text, max_size=21)
    except Base58Error:
        try:
            base58_decode(text, max_size=100)
        except Base58Error:
            raise AddressError("Invalid or unsupported Segwit (Bech32) or Base58 encoding.") from None
        raise AddressError("Invalid checksum or length of Base58 address (P2PKH or P2SH)") from None
    makers = {params.pubkey_prefix: p2pkh, params.script_prefix: p2sh_from_hash}
    make = makers.get(data[0]) if data else None
    if make is None:
        raise AddressError("Invalid or unsupported Base58-encoded address.")
    if len(data) != 21:
        raise AddressError("Invalid length for Base58 address (P2PKH or P2SH)")
    return make(data[1:])


def _decode_segwit(text: str, hrp: str) -> bytes:
    try:
        decoded = bech32_decode(text)
    except Bech32Error:
        message, locations = locate_errors(text)
        raise AddressError(message, tuple(locations)) from None
    if not decoded.values:
        raise AddressError("Empty Bech32 data section")
    if decoded.hrp != hrp:
        raise AddressError(
            f"Invalid or unsupported prefix for Segwit (Bech32) address (expected {hrp}, got {decoded.hrp})."
        )
    version = decoded.values[0]
    if version == 0 and decoded.encoding is not Encoding.BECH32:
        raise AddressError("Version 0 witness address must use Bech32 checksum")
    if version != 0 and decoded.encoding is not Encoding.BECH32M:
        raise AddressError("Version 1+ witness address must use Bech32m checksum")
    try:
        program = from_base32(decoded.values[1:])
    except Bech32Error:
        raise AddressError("Invalid padding in Bech32 data section") from None
    size = f"{len(program)} {'byte' if len(program) == 1 else 'bytes'}"
    if version == 0 and len(program) not in (20, 32):
        raise AddressError(f"Invalid Bech32 v0 address program size ({size}), per BIP141")
    if version > 16:
        raise AddressError("Invalid Bech32 address witness version")
    if not 2 <= len(program) <= 40:
        raise AddressError(f"Invalid Bech32 address program size ({size})")
    return pay_to_witness_program(version, program)
