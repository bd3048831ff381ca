"""Between plain values and words: text, bytes, references to objects."""

import struct
from collections.abc import Sequence
from typing import Any, Final, Protocol

from libmultiprocess.errors import ConversionError, MalformedMessage
from libmultiprocess.wire.message import Message, Segment
from libmultiprocess.wire.output import Output

Wire = dict[str, Any]
"""A struct as plain values: int, float, bool, str, bytes, list and Wire; enums by number; None for a null pointer;
references to objects as what the connection makes of them."""

# The rest of a call, and its table of objects.


class PointerCodec(Protocol):
    """How a value that a pointer refers to crosses."""

    def write(self, value: Any, out: Output, base: int) -> int:
        """Append ``value``; returns the pointer to it for position ``base`` of the segment."""

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> Any:
        """The value behind the pointer at ``position``, None for a null pointer."""


class TextCodec:
    """``Text``: UTF-8 with a zero byte after it."""

    def write(self, value: str, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        if type(value) is not str and not isinstance(value, str):
            raise TypeError(f"{type(value).__name__} is not text")
        return out.add_bytes(value.encode() + b"\0", base)

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> str | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        segment, start, code, count, _, _ = found
        if code != 2 or not count or segment[start + count - 1]:
            raise MalformedMessage("text was expected where something else is")
        try:
            return str(segment[start : start + count - 1], "utf-8")
        except UnicodeDecodeError as error:
            raise MalformedMessage(f"text that is not UTF-8: {error}") from None


class DataCodec:
    """``Data``: bytes."""

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        return out.add_bytes(value if type(value) is bytes else memoryview(value).tobytes(), base)

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> bytes | None:
        """See `PointerCodec`."""
        found = message.list_at(segment, position)
        if found is None:
            return None
        segment, start, code, count, _, _ = found
        if code != 2:
            raise MalformedMessage("data was expected where something else is")
        return bytes(segment[start : start + count])


class CapabilityCodec:
    """A reference to an object."""

    def write(self, value: Any, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        return out.add_capability(value)

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> Any:
        """See `PointerCodec`."""
        index = message.capability_at(segment, position)
        if index is None:
            return None
        if index >= len(capabilities):
            raise MalformedMessage("a capability pointer refers to no entry of the table")
        return capabilities[index]


class NoCodec:
    """A type that has no Python counterpart, such as ``AnyPointer``."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def write(self, value: Any, out: Output, base: int) -> int:
        """Refuse."""
        raise ConversionError(f"values of type {self._kind} cannot be sent")

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> None:
        """Nothing."""


class ContextCodec:
    """``Context``: the thread that shall run a call, and the one that waits."""

    def write(self, value: tuple[Any, Any], out: Output, base: int) -> int:
        """See `PointerCodec`."""
        word = (out.size - base - 8 >> 3) << 2 | 2 << 48
        out.chunks.append(_TWO_WORDS(out.add_capability(value[0]), out.add_capability(value[1])))
        out.size += 16
        return word

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> None:
        """Nothing: threads are looked up before a call is read."""


_TWO_WORDS: Final = struct.Struct("<QQ").pack
