"""Between plain values and words: structs, and the codec for each type of a schema, made once."""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

from libmultiprocess.errors import ConversionError, MalformedMessage
from libmultiprocess.wire.framing import MAX_MESSAGE_BYTES
from libmultiprocess.wire.layout import SCALARS, Layout, layout_of
from libmultiprocess.wire.lists import (
    BoolListCodec,
    PointerListCodec,
    ScalarListCodec,
    StructListCodec,
    VoidListCodec,
)
from libmultiprocess.wire.message import STRUCT_LIST, ListAt, Message, Segment, StructAt
from libmultiprocess.wire.output import MAX_CAPABILITIES, Output
from libmultiprocess.wire.types import CONTEXT_ID, Bindings, WireType
from libmultiprocess.wire.values import (
    CapabilityCodec,
    ContextCodec,
    DataCodec,
    NoCodec,
    PointerCodec,
    TextCodec,
    Wire,
)

_MOST_AROUND_CONTENT: Final = 256 + 32 * MAX_CAPABILITIES
# What a dictionary takes, in words, of which a short one has many more than its struct.
_STRUCT_COSTS: Final = 8
_SIZES: Final = (0, 0, 1, 2, 4, 8, 0)


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
