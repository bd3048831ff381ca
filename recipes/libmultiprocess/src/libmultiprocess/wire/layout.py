"""Where the fields of a struct lie, read from its schema."""

from dataclasses import dataclass, field
from typing import Any, Final

from libmultiprocess.wire.types import Bindings, WireType, wire_type

SCALARS: Final = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
    "enum": "H",
}
"""The letter that `struct` has for each kind of number."""

_SIZES: Final = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8, "d": 8}


@dataclass(frozen=True)
class PointerField:
    """A field that is a pointer."""

    name: str
    index: int
    type: WireType


@dataclass
class Layout:
    """Where everything of one struct lies.

    Attributes:
        data_words: 64-bit words of data.
        pointer_words: pointers after them.
        format: the data as `struct` sees it: numbers, and a byte for each group of booleans.
        plain: names of the numbers in the order of ``format``, with their defaults.
        bits: for each byte of booleans, its place among the values of ``format``, and names, bits and defaults.
        kinds: the schema's type of each number, by name.
        defaults: the data of a struct of defaults, as a number; data travels as the difference from it.
        voids: names of fields without content.
        pointers: fields that are pointers.
        pointer_defaults: values that stand for null pointers where that is not None.
    """

    data_words: int
    pointer_words: int
    format: str = ""
    plain: tuple[tuple[str, Any], ...] = ()
    bits: tuple[tuple[int, tuple[tuple[str, int, bool], ...]], ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    defaults: int = 0
    voids: tuple[str, ...] = ()
    pointers: tuple[PointerField, ...] = ()
    pointer_defaults: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of data and pointers together."""
        return (self.data_words + self.pointer_words) * 8


def layout_of(schema: Any, bindings: Bindings = ()) -> Layout:
    """The layout of a struct; fields of groups are left out.

    Args:
        schema: pycapnp's struct schema.
        bindings: what stands for its parameters, if the struct is generic.
    """
    node = schema.node.struct
    layout = Layout(int(node.dataWordCount), int(node.pointerCount))
    scalars: list[tuple[int, str, str, Any]] = []
    flags: dict[int, list[tuple[str, int, bool]]] = {}
    pointers, voids = [], []
    for item in schema.fields_list:
        proto = item.proto
        if proto.which() == "group":
            continue
        slot, name = proto.slot, str(proto.name)
        kind = str(slot.type.which())
        offset = int(slot.offset)
        if kind == "void":
            voids.append(name)
        elif kind == "bool":
            flags.setdefault(offset >> 3, []).append((name, offset & 7, bool(slot.defaultValue.bool)))
        elif kind in SCALARS:
            letter = SCALARS[kind]
            default = getattr(slot.defaultValue, kind)
            scalars.append((offset * _SIZES[letter], letter, name, default))
            layout.kinds[name] = kind
        else:
            pointers.append(PointerField(name, offset, wire_type(slot.type, item, bindings)))
            if slot.hadExplicitDefault and kind in ("text", "data"):
                layout.pointer_defaults[name] = getattr(slot.defaultValue, kind)
    layout.voids, layout.pointers = tuple(voids), tuple(pointers)
    _arrange(layout, scalars, flags)
    return layout


def _arrange(
    layout: Layout, scalars: list[tuple[int, str, str, Any]], flags: dict[int, list[tuple[str, int, bool]]]
) -> None:
    """Work out ``format`` and what belongs to it."""
    import struct

    entries: list[tuple[int, str, str, Any]] = [*scalars, *((offset, "B", "", None) for offset in flags)]
    entries.sort(key=lambda entry: entry[0])
    format_, position, plain, bits = "", 0, [], []
    for number, (offset, letter, name, default) in enumerate(entries):
        if offset > position:
            format_ += f"{offset - position}x"
        format_ += letter
        position = offset + _SIZES[letter]
        if name:
            plain.append((name, default))
        else:
            bits.append((number, tuple(flags[offset])))
    if layout.data_words * 8 > position:
        format_ += f"{layout.data_words * 8 - position}x"
    layout.format, layout.plain, layout.bits = format_, tuple(plain), tuple(bits)
    values = [default for _, default in plain]
    for number, items in bits:
        values.insert(number, sum(1 << bit for _, bit, default in items if default))
    layout.defaults = int.from_bytes(struct.pack("<" + format_, *values), "little")
