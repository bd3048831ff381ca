"""The compact form in which Bitcoin Core stores coins: variable-length integers, amounts and scripts."""

from typing import Final

from moneyrocket.primitives.serialize import DeserializeError, Reader
from moneyrocket.primitives.transaction import TxOut

_SPECIAL_SCRIPTS: Final = 6
_FIELD_PRIME: Final = 2**256 - 2**32 - 977
_MAX_SCRIPT_SIZE: Final = 10_000
_OP_RETURN: Final = b"\x6a"


def varint(n: int) -> bytes:
    """Encode a non-negative integer in base 128, most significant digit first, each form unique."""
    digits = bytearray((n & 0x7F,))
    while n > 0x7F:
        n = (n >> 7) - 1
        digits.append(n & 0x7F | 0x80)
    digits.reverse()
    return bytes(digits)


def read_varint(reader: Reader) -> int:
    """Read what `varint` writes."""
    n = 0
    while True:
        byte = reader.u8()
        n = n << 7 | byte & 0x7F
        if not byte & 0x80:
            return n
        n += 1


def compress_amount(amount: int) -> int:
    """Map an amount (sat) to an integer that is small for round amounts."""
    if amount == 0:
        return 0
    exponent = 0
    while amount % 10 == 0 and exponent < 9:
        amount //= 10
        exponent += 1
    if exponent < 9:
        amount, digit = divmod(amount, 10)
        return 1 + (amount * 9 + digit - 1) * 10 + exponent
    return 1 + (amount - 1) * 10 + 9


def decompress_amount(compressed: int) -> int:
    """Undo `compress_amount`."""
    if compressed == 0:
        return 0
    rest, exponent = divmod(compressed - 1, 10)
    if exponent < 9:
        rest, digit = divmod(rest, 9)
        return int((rest * 10 + digit + 1) * 10**exponent)
    return int((rest + 1) * 10**exponent)


def compress_script(script: bytes) -> bytes:
    """Encode a script: templates by a type byte and their hash or key, anything else behind its length."""
    size = len(script)
    if size == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return b"\x00" + script[3:23]
    if size == 23 and script[:2] == b"\xa9\x14" and script[22] == 0x87:
        return b"\x01" + script[2:22]
    if size == 35 and script[0] == 33 and script[1] in (2, 3) and script[34] == 0xAC:
        return script[1:34]
    if size == 67 and script[:2] == b"\x41\x04" and script[66] == 0xAC and _on_curve(script[2:34], script[34:66]):
        return bytes((4 | script[65] & 1,)) + script[2:34]
    return varint(size + _SPECIAL_SCRIPTS) + script


def read_script(reader: Reader) -> bytes:
    """Read what `compress_script` writes.

    Raises:
        DeserializeError: if the bytes end too soon.
    """
    kind = read_varint(reader)
    if kind == 0:
        return b"\x76\xa9\x14" + reader.take(20) + b"\x88\xac"
    if kind == 1:
        return b"\xa9\x14" + reader.take(20) + b"\x87"
    if kind in (2, 3):
        return bytes((33, kind)) + reader.take(32) + b"\xac"
    if kind in (4, 5):
        x = reader.take(32)
        y = _lift(int.from_bytes(x, "big"), odd=kind == 5)
        if y is None:
            raise DeserializeError("compressed script names no point of the curve")
        return b"\x41\x04" + x + y.to_bytes(32, "big") + b"\xac"
    size = kind - _SPECIAL_SCRIPTS
    if size > _MAX_SCRIPT_SIZE:
        # Nobody can spend such an output, so its text need not be kept.
        reader.take(size)
        return _OP_RETURN
    return reader.take(size)


def compress_output(out: TxOut) -> bytes:
    """Encode an output."""
    return varint(compress_amount(out.value)) + compress_script(out.script_pubkey)


def read_output(reader: Reader) -> TxOut:
    """Read what `compress_output` writes."""
    return TxOut(decompress_amount(read_varint(reader)), read_script(reader))


def _lift(x: int, *, odd: bool) -> int | None:
    square = (pow(x, 3, _FIELD_PRIME) + 7) % _FIELD_PRIME
    y = pow(square, (_FIELD_PRIME + 1) // 4, _FIELD_PRIME)
    if x >= _FIELD_PRIME or y * y % _FIELD_PRIME != square:
        return None
    return y if bool(y & 1) == odd else _FIELD_PRIME - y


def _on_curve(x: bytes, y: bytes) -> bool:
    return _lift(int.from_bytes(x, "big"), odd=bool(y[31] & 1)) == int.from_bytes(y, "big")
