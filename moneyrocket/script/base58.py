"""Base58 and Base58Check."""

from typing import Final

from moneyrocket.primitives.hashes import hash256

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {char: value for value, char in enumerate(_ALPHABET)}
_SPACE: Final = " \f\n\r\t\v"


class Base58Error(ValueError):
    """Text is no Base58, too long, or has a wrong checksum."""


def base58_encode(data: bytes) -> str:
    """Spell bytes in Base58."""
    number = int.from_bytes(data, "big")
    digits = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(digits))


def base58_decode(text: str, *, max_size: int) -> bytes:
    """Read Base58; space around it does not matter.

    Raises:
        Base58Error: if it is none, or stands for more than ``max_size`` bytes.
    """
    text = text.strip(_SPACE)
    # Cheaper than to find it out by decoding: no byte takes less than one and a third digits.
    if len(text) > max_size * 138 // 100 + 2:
        raise Base58Error("too long")
    number = 0
    try:
        for char in text:
            number = number * 58 + _VALUES[char]
    except KeyError:
        raise Base58Error(f"invalid character {char!r}") from None
    zeros = len(text) - len(text.lstrip("1"))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(data) > max_size:
        raise Base58Error("too long")
    return data


def base58check_encode(data: bytes) -> str:
    """Spell bytes in Base58 with a checksum of four bytes behind them."""
    return base58_encode(data + hash256(data)[:4])


def base58check_decode(text: str, *, max_size: int) -> bytes:
    """Read what `base58check_encode` writes.

    Raises:
        Base58Error: if it is none, the checksum is wrong, or it stands for more than ``max_size`` bytes.
    """
    data = base58_decode(text, max_size=max_size + 4)
    if len(data) < 4 or hash256(data[:-4])[:4] != data[-4:]:
        raise Base58Error("wrong checksum")
    return data[:-4]
