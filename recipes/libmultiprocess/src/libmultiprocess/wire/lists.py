"""Between plain values and words: lists."""

import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from libmultiprocess.errors import ConversionError, MalformedMessage
from libmultiprocess.wire.message import STRUCT_LIST, Message, Segment
from libmultiprocess.wire.output import MAX_ELEMENTS, Output
from libmultiprocess.wire.values import PointerCodec, Wire

if TYPE_CHECKING:
    from libmultiprocess.wire.codec import StructCodec

_WORD: Final = struct.Struct("<Q")
_ELEMENT_CODES: Final = {1: 2, 2: 3, 4: 4, 8: 5}


class StructListCodec:
    """A list of structs."""

    def __init__(self, element: "StructCodec") -> None:
        self._element = element

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        items = value if isinstance(value, list) else list(value)
        words = len(items) * self._element.size >> 3
        if words > MAX_ELEMENTS:
            raise ConversionError(f"a list of {len(items)} elements is more than a message can hold")
        word = 0x7_00000001 | (out.size - base - 8 >> 3) << 2 | words << 35
        out.chunks.append(_WORD.pack(len(items) << 2 | self._element.pointer_bits))
        out.size += 8
        self._element.write_elements(items, out)
        return word

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> list[Wire] | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        message.enter()
        items = self._element.read_elements(message, found, capabilities)
        message.depth -= 1
        return items


class PointerListCodec:
    """A list of what pointers refer to: texts, bytes, lists, objects.

    Args:
        element: how an element crosses.
        null: makes what a null pointer stands for, None if that is None.
    """

    def __init__(self, element: PointerCodec, null: Callable[[], Any] | None) -> None:
        self._element = element
        self._make_null = null

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        items = value if isinstance(value, list) else list(value)
        word = 0x6_00000001 | (out.size - base - 8 >> 3) << 2 | len(items) << 35
        slot = len(out.chunks)
        out.chunks.append(b"")
        position = out.size
        out.size += len(items) * 8
        write = self._element.write
        words = [0 if item is None else write(item, out, position + n * 8) for n, item in enumerate(items)]
        out.chunks[slot] = struct.pack(f"<{len(words)}Q", *words)
        return word

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> list[Any] | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        segment, start, code, count, data, pointers = found
        step = 8
        if code == STRUCT_LIST and pointers:
            start, step = start + data, data + pointers * 8
        elif code != 6 and count:
            raise MalformedMessage("a list of pointers was expected where something else is")
        message.enter()
        read = self._element.read
        items = [read(message, segment, start + n * step, capabilities) for n in range(count)]
        message.depth -= 1
        if self._make_null is not None and None in items:
            # Elements have no way to be absent, so a null pointer is an empty one.
            return [self._make_null() if item is None else item for item in items]
        return items


class ScalarListCodec:
    """A list of numbers.

    Args:
        letter: `struct`'s letter for one.
    """

    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._size = struct.calcsize("<" + letter)
        self._code = _ELEMENT_CODES[self._size]

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        items = value if isinstance(value, list | tuple) else list(value)
        data = struct.pack(f"<{len(items)}{self._letter}", *items)
        # The pointer counts elements, `add_bytes` bytes.
        word = out.add_bytes(data, base) & 0xFFFFFFFF
        return word | self._code << 32 | len(items) << 35

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> list[Any] | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        segment, start, code, count, data, pointers = found
        message.spend(count)
        if code == self._code:
            return list(struct.unpack_from(f"<{count}{self._letter}", segment, start))
        if code == STRUCT_LIST and data >= self._size:
            step = data + pointers * 8
            one = struct.Struct("<" + self._letter).unpack_from
            return [one(segment, start + n * step)[0] for n in range(count)]
        if not count:
            return []
        raise MalformedMessage("a list of numbers was expected where something else is")


class BoolListCodec:
    """A list of booleans, a bit each."""

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        items: list[object] = list(value)
        number = int("".join("1" if item else "0" for item in reversed(items)) or "0", 2)
        word = out.add_bytes(number.to_bytes(len(items) + 7 >> 3, "little"), base) & 0xFFFFFFFF
        return word | 1 << 32 | len(items) << 35

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> list[bool] | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        segment, start, code, count, _, _ = found
        if code != 1 and count:
            raise MalformedMessage("a list of booleans was expected where something else is")
        message.spend(count)
        number = int.from_bytes(segment[start : start + (count + 7 >> 3)], "little")
        digits = bin(number)[:1:-1].ljust(count, "0")
        return [digit == "1" for digit in digits[:count]]


class VoidListCodec:
    """A list of nothings; only their number travels."""

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        return 1 | (out.size - base - 8 >> 3) << 2 | len(list(value)) << 35

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> list[None] | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        message.spend(found[3])
        return [None] * found[3]
