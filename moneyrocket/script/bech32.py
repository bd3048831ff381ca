"""Bech32 and Bech32m (BIP173, BIP350), and the search for mistyped characters."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

_CHARSET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {char: value for value, char in enumerate(_CHARSET)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_SIZE: Final = 6
MAX_SIZE: Final = 90
"""Characters of the longest text."""


class Encoding(IntEnum):
    """The two checksums; the value is what a right text leaves."""

    BECH32 = 1
    BECH32M = 0x2BC830A3


class Bech32Error(ValueError):
    """Text is no Bech32."""


class Decoded(NamedTuple):
    """A decoded text: its checksum, human-readable part in lower case, and values 0 to 31."""

    encoding: Encoding
    hrp: str
    values: tuple[int, ...]


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


def _expand(hrp: str) -> list[int]:
    return [*(ord(char) >> 5 for char in hrp), 0, *(ord(char) & 31 for char in hrp)]


def bech32_encode(encoding: Encoding, hrp: str, values: Sequence[int]) -> str:
    """Spell values (0 to 31) with a checksum."""
    residue = _polymod([*_expand(hrp), *values, *[0] * _CHECKSUM_SIZE]) ^ encoding
    checksum = (residue >> 5 * (_CHECKSUM_SIZE - 1 - i) & 31 for i in range(_CHECKSUM_SIZE))
    return f"{hrp}1" + "".join(_CHARSET[value] for value in (*values, *checksum))


def bech32_decode(text: str) -> Decoded:
    """Read a text with either checksum.

    Raises:
        Bech32Error: if it is none; `locate_errors` may tell where.
    """
    if _bad_characters(text):
        raise Bech32Error("invalid character or mixed case")
    separator = text.rfind("1")
    if len(text) > MAX_SIZE or separator < 1 or separator + _CHECKSUM_SIZE >= len(text):
        raise Bech32Error("invalid length or separator")
    lower = text.lower()
    hrp = lower[:separator]
    try:
        values = [_VALUES[char] for char in lower[separator + 1 :]]
    except KeyError:
        raise Bech32Error("invalid character") from None
    residue = _polymod([*_expand(hrp), *values])
    if residue not in (Encoding.BECH32, Encoding.BECH32M):
        raise Bech32Error("wrong checksum")
    return Decoded(Encoding(residue), hrp, tuple(values[:-_CHECKSUM_SIZE]))


def _bad_characters(text: str) -> list[int]:
    """Positions of characters that can not be in any Bech32, or are of another case than the first letter."""
    bad = []
    lower = upper = False
    for position, char in enumerate(text):
        if "a" <= char <= "z":
            if upper:
                bad.append(position)
            else:
                lower = True
        elif "A" <= char <= "Z":
            if lower:
                bad.append(position)
            else:
                upper = True
        elif not 33 <= ord(char) <= 126:
            bad.append(position)
    return bad


def locate_errors(text: str) -> tuple[str, list[int]]:
    """Find what is wrong with a text: a message and the positions of up to two wrong characters.

    The message is empty if nothing is wrong.
    """
    if len(text) > MAX_SIZE:
        return "Bech32 string too long", list(range(MAX_SIZE, len(text)))
    bad = _bad_characters(text)
    if bad:
        return "Invalid character or mixed case", bad
    separator = text.rfind("1")
    if separator < 0:
        return "Missing separator", []
    if separator == 0 or separator + _CHECKSUM_SIZE >= len(text):
        return "Invalid separator position", [separator]
    lower = text.lower()
    values = []
    for position in range(separator + 1, len(text)):
        value = _VALUES.get(lower[position])
        if value is None:
            return "Invalid Base 32 character", [position]
        values.append(value)
    residue = _polymod([*_expand(lower[:separator]), *values])
    best: list[int] = []
    message = "Invalid checksum"
    for encoding, text_of in (
        (Encoding.BECH32, "Invalid Bech32 checksum"),
        (Encoding.BECH32M, "Invalid Bech32m checksum"),
    ):
        if residue == encoding:
            return "", []
        found = _error_positions(residue ^ encoding, len(values))
        if found and (not best or len(found) < len(best)):
            best = [len(text) - 1 - distance for distance in found]
            message = text_of
    return message, best


def _error_positions(syndrome: int, length: int) -> list[int]:
    """One or two characters, counted from the end, whose change alone explains ``syndrome``; farthest first.

    The checksum is linear: each wrong character adds a fixed amount of its own. Up to two errors can be told from any
    other two, because distinct texts of this length differ in at least five characters.
    """
    amounts = {}
    for distance in range(length):
        for value in range(1, 32):
            amounts[_error_amount(value, distance)] = distance
    if syndrome in amounts:
        return [amounts[syndrome]]
    for amount, distance in amounts.items():
        other = amounts.get(syndrome ^ amount)
        if other is not None and other != distance:
            return sorted((distance, other), reverse=True)
    return []


def _error_amount(value: int, distance: int) -> int:
    """What a character that is off by ``value`` adds to the checksum when ``distance`` characters follow."""
    amount = value
    for _ in range(distance):
        top = amount >> 25
        amount = (amount & 0x1FFFFFF) << 5
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                amount ^= generator
    return amount


def to_base32(data: bytes) -> list[int]:
    """Bytes as values of five bits, padded with zeros."""
    number = int.from_bytes(data, "big")
    bits = len(data) * 8
    count = (bits + 4) // 5
    number <<= count * 5 - bits
    return [number >> 5 * (count - 1 - i) & 31 for i in range(count)]


def from_base32(values: Sequence[int]) -> bytes:
    """Values of five bits as bytes.

    Raises:
        Bech32Error: if the padding is a whole value or not zero.
    """
    bits = len(values) * 5
    number = 0
    for value in values:
        number = number << 5 | value
    padding = bits % 8
    if padding >= 5 or number & ((1 << padding) - 1):
        raise Bech32Error("invalid padding")
    return (number >> padding).to_bytes(bits // 8, "big")
