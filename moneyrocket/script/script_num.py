"""Numbers as scripts know them: little-endian with a sign bit, shortest form."""


class ScriptNumError(ValueError):
    """Bytes are no number in the allowed form."""


def encode_script_num(value: int) -> bytes:
    """Shortest bytes of a number; zero is empty."""
    if value == 0:
        return b""
    size = (abs(value).bit_length() + 8) // 8
    magnitude = bytearray(abs(value).to_bytes(size, "little"))
    if value < 0:
        magnitude[-1] |= 0x80
    return bytes(magnitude)


def decode_script_num(data: bytes, *, max_size: int = 4, require_minimal: bool = True) -> int:
    """Read a number.

    Args:
        data: its bytes.
        max_size: most bytes it may have.
        require_minimal: refuse numbers that could be written in fewer bytes.

    Raises:
        ScriptNumError: if it is too long or not in its shortest form.
    """
    if len(data) > max_size:
        raise ScriptNumError("script number overflow")
    if not data:
        return 0
    if require_minimal and not data[-1] & 0x7F and (len(data) == 1 or not data[-2] & 0x80):
        raise ScriptNumError("non-minimally encoded script number")
    value = int.from_bytes(data, "little")
    if data[-1] & 0x80:
        return -(value & ~(0x80 << 8 * (len(data) - 1)))
    return value
