"""Between plain values and words: one codec for each type of a schema, made once."""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from libmultiprocess.errors import ConversionError, MalformedMessage
from libmultiprocess.wire.framing import MAX_MESSAGE_BYTES
from libmultiprocess.wire.layout import SCALARS, Layout, layout_of
from libmultiprocess.wire.message import STRUCT_LIST, ListAt, Message, Segment, StructAt
from libmultiprocess.wire.output import MAX_CAPABILITIES, MAX_ELEMENTS, Output
from libmultiprocess.wire.types import CONTEXT_ID, Bindings, WireType

Wire = dict[str, Any]
"""A struct as plain values: int, float, bool, str, bytes, list and Wire; enums by number; None for a null pointer;
references to objects as what the connection makes of them."""

# The rest of a call, and its table of objects.
_MOST_AROUND_CONTENT: Final = 256 + 32 * MAX_CAPABILITIES
# What a dictionary takes, in words, of which a short one has many more than its struct.
_STRUCT_COSTS: Final = 8
_WORD: Final = struct.Struct("<Q")
_ELEMENT_CODES: Final = {1: 2, 2: 3, 4: 4, 8: 5}
_SIZES: Final = (0, 0, 1, 2, 4, 8, 0)


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


class StructCodec:
    """One struct type.

    Args:
        layout: where its fields lie.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.size = layout.size
        self.pointer_bits = layout.data_words << 32 | layout.pointer_words << 48
        self._data_size = layout.data_words * 8
        self._plain = layout.plain
        self._names = tuple(name for name, _ in layout.plain)
        self._pack = struct.Struct(f"<{layout.format}{layout.pointer_words}Q").pack
        self._data = struct.Struct(f"<{layout.format}")
        self._mask = layout.defaults
        self._writers: list[tuple[str, PointerCodec] | None] | None = None
        self._readers: list[tuple[str, int, PointerCodec]] = []
        self._voids = layout.voids

    def _resolve(self) -> list[tuple[str, PointerCodec] | None]:
        """Codecs of the fields behind pointers; made at first use, since types may contain themselves."""
        writers: list[tuple[str, PointerCodec] | None] = [None] * self.layout.pointer_words
        readers: list[tuple[str, int, PointerCodec]] = []
        for item in self.layout.pointers:
            codec = pointer_codec(item.type)
            writers[item.index] = (item.name, codec)
            if not isinstance(codec, ContextCodec):
                readers.append((item.name, item.index, codec))
        # Two threads may do this at once, and each reads what it finds here complete.
        self._readers, self._writers = readers, writers
        return writers

    # Writing.

    def write_content(self, wire: Wire, out: Output) -> None:
        """Append a struct that begins at `Output.size`, and what it refers to.

        Raises:
            ConversionError: if a value does not fit its field; it says which.
        """
        try:
            self.write_in_place(wire, out)
            if out.size + _MOST_AROUND_CONTENT > MAX_MESSAGE_BYTES:
                raise ConversionError(f"{out.size} bytes are more than the {MAX_MESSAGE_BYTES} of a message")
            if len(out.capabilities) > MAX_CAPABILITIES:
                raise ConversionError(f"{len(out.capabilities)} objects are more than a message may refer to")
        except ConversionError:
            raise
        except (struct.error, TypeError, ValueError, OverflowError, AttributeError, KeyError) as error:
            raise ConversionError(self._culprit(wire) or str(error)) from error

    def write_in_place(self, wire: Wire, out: Output) -> None:
        """`write_content` with whatever error packing gives."""
        writers = self._writers
        if writers is None:
            writers = self._resolve()
        start = out.size
        out.size = start + self.size
        if not writers:
            out.chunks.append(self._data_section(wire))
            return
        slot = len(out.chunks)
        out.chunks.append(b"")
        out.chunks[slot] = self._sections(wire, out, start + self._data_size, writers)

    def _sections(
        self, wire: Wire, out: Output, position: int, writers: list[tuple[str, PointerCodec] | None]
    ) -> bytes:
        words = []
        get = wire.get
        for writer in writers:
            value = get(writer[0]) if writer is not None else None
            words.append(0 if value is None else writer[1].write(value, out, position))  # type: ignore[index]  # set with value
            position += 8
        if self._mask or self.layout.bits:
            return self._data_section(wire) + struct.pack(f"<{len(words)}Q", *words)
        return self._pack(*[get(name, default) for name, default in self._plain], *words)

    def _data_section(self, wire: Wire) -> bytes:
        get = wire.get
        values = [get(name, default) for name, default in self._plain]
        for position, bits in self.layout.bits:
            values.insert(position, sum(1 << bit for name, bit, default in bits if get(name, default)))
        data = self._data.pack(*values)
        if self._mask:
            return (int.from_bytes(data, "little") ^ self._mask).to_bytes(len(data), "little")
        return data

    def _culprit(self, wire: Wire) -> str:
        """Which field's value does not fit, as text."""
        for name, default in self._plain:
            kind = self.layout.kinds[name]
            try:
                struct.pack("<" + SCALARS[kind], wire.get(name, default))
            except (struct.error, OverflowError, TypeError):
                return f"{name} = {_short(wire.get(name))} does not fit {kind}"
        for item in self.layout.pointers:
            value = wire.get(item.name)
            if value is None:
                continue
            try:
                pointer_codec(item.type).write(value, Output(), 0)
            except ConversionError as error:
                return f"{item.name}: {error}"
            except Exception as error:
                return f"{item.name} = {_short(value)} does not fit {item.type.kind} ({error})"
        return ""

    def write(self, value: Wire, out: Output, base: int) -> int:
        """See `PointerCodec`."""
        word = (out.size - base - 8 >> 3) << 2 | self.pointer_bits if self.size else 0xFFFFFFFC
        self.write_in_place(value, out)
        return word

    # Reading.

    def read(self, message: Message, segment: Segment, position: int, capabilities: Sequence[Any]) -> Wire | None:
        """See `PointerCodec`."""
        found = message.struct_at(segment, position)
        if found is None:
            return None
        message.enter()
        wire = self.read_at(message, found, capabilities)
        message.depth -= 1
        return wire

    def read_at(self, message: Message, found: StructAt, capabilities: Sequence[Any]) -> Wire:
        """All fields of a struct but call contexts.

        Raises:
            MalformedMessage: if the message is not what the schema says.
        """
        if self._writers is None:
            self._resolve()
        segment, data, data_size, pointers, count = found
        if data_size < self._data_size:
            # An older peer knows fewer fields.
            segment_data: Segment = bytes(segment[data : data + data_size]).ljust(self._data_size, b"\0")
            data = 0
        else:
            segment_data = segment
        if self._mask:
            number = int.from_bytes(segment_data[data : data + self._data_size], "little") ^ self._mask
            segment_data, data = number.to_bytes(self._data_size, "little"), 0
        values: Any = self._data.unpack_from(segment_data, data)
        layout = self.layout
        if layout.bits:
            values = list(values)
            bytes_of_bits = [values.pop(position) for position, _ in reversed(layout.bits)]
            wire = dict(zip(self._names, values, strict=True))
            for (_, bits), byte in zip(reversed(layout.bits), bytes_of_bits, strict=True):
                for name, bit, _ in bits:
                    wire[name] = bool(byte >> bit & 1)
        else:
            wire = dict(zip(self._names, values, strict=True))
        for name in self._voids:
            wire[name] = None
        for name, index, codec in self._readers:
            if index < count:
                wire[name] = codec.read(message, segment, pointers + index * 8, capabilities)
            else:
                wire[name] = None
            if wire[name] is None and name in layout.pointer_defaults:
                wire[name] = layout.pointer_defaults[name]
        return wire

    def defaults(self) -> Wire:
        """The value of a struct with nothing set."""
        return self.read_at(Message(()), (b"", 0, 0, 0, 0), ())

    # Lists of the struct.

    def write_elements(self, items: Sequence[Wire], out: Output) -> None:
        """Append structs one after the other, then what they refer to."""
        writers = self._writers
        if writers is None:
            writers = self._resolve()
        size = self.size
        start = out.size
        out.size = start + size * len(items)
        if not writers:
            out.chunks.append(b"".join([self._data_section(item) for item in items]))
            return
        slot = len(out.chunks)
        out.chunks.append(b"")
        first = start + self._data_size
        sections = [self._sections(item, out, first + n * size, writers) for n, item in enumerate(items)]
        out.chunks[slot] = b"".join(sections)

    def read_elements(self, message: Message, found: ListAt, capabilities: Sequence[Any]) -> list[Wire]:
        """The structs of a list."""
        segment, start, code, count, data, pointers = found
        if code != STRUCT_LIST:
            # A list of plain values whose elements have become structs since.
            data, pointers = (0, 1) if code == 6 else (_SIZES[code], 0)
            if code == 1:
                raise MalformedMessage("a list of bits cannot be read as structs")
        message.spend(count * _STRUCT_COSTS)
        step = data + pointers * 8
        return [
            self.read_at(
                message,
                (segment, start + n * step, data, start + n * step + data, pointers),
                capabilities,
            )
            for n in range(count)
        ]


class StructListCodec:
    """A list of structs."""

    def __init__(self, element: StructCodec) -> None:
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


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


_NULLS: Final[dict[str, Callable[[], Any]]] = {"text": str, "data": bytes, "list": list}
_structs: dict[Any, StructCodec] = {}


def struct_codec(schema: Any, bindings: Bindings = ()) -> StructCodec:
    """The codec for a struct of a schema, shared between all who ask.

    Args:
        schema: pycapnp's struct schema.
        bindings: what stands for the parameters of a generic struct.
    """
    node = schema.node
    key = (node.id, node.displayName, *(_key(bound) for _, bound in bindings))
    codec = _structs.get(key)
    if codec is None:
        codec = _structs[key] = StructCodec(layout_of(schema, bindings))
    return codec


def _key(bound: WireType) -> Any:
    node_id = bound.schema.node.id if bound.kind == "struct" else None
    element = None if bound.element is None else _key(bound.element)
    return bound.kind, element, node_id, *(_key(inner) for _, inner in bound.bindings)


def pointer_codec(wanted: WireType) -> PointerCodec:
    """The codec for a type that is behind a pointer."""
    kind = wanted.kind
    if kind == "text":
        return TextCodec()
    if kind == "data":
        return DataCodec()
    if kind == "interface":
        return CapabilityCodec()
    if kind == "struct":
        if wanted.schema.node.id == CONTEXT_ID:
            return ContextCodec()
        return struct_codec(wanted.schema, wanted.bindings)
    if wanted.element is None:
        return NoCodec(kind)
    return _list_codec(wanted.element)


def _list_codec(element: WireType) -> PointerCodec:
    if element.kind == "struct":
        return StructListCodec(struct_codec(element.schema, element.bindings))
    if element.kind == "bool":
        return BoolListCodec()
    if element.kind == "void":
        return VoidListCodec()
    if element.kind in SCALARS:
        return ScalarListCodec(SCALARS[element.kind])
    return PointerListCodec(pointer_codec(element), _NULLS.get(element.kind))
