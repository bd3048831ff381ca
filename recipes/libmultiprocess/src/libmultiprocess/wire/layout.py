"""Where the fields of a struct lie, read from its schema."""

from dataclasses import dataclass, field
from typing import Any, Final

CONTEXT_ID: Final = 0x9C44E6645D0B22C6

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
class FieldType:
    """The type of a field or element.

    Attributes:
        kind: the schema's word for it.
        element: of a list, the type of its elements.
        schema: of a struct, pycapnp's schema.
        bindings: of a generic struct, the types of its parameters.
    """

    kind: str
    element: "FieldType | None" = None
    schema: Any = field(default=None, compare=False)
    bindings: tuple["FieldType", ...] = ()


@dataclass(frozen=True)
class PointerField:
    """A field that is a pointer."""

    name: str
    index: int
    type: FieldType


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


def layout_of(schema: Any, bindings: tuple[FieldType, ...] = ()) -> Layout:
    """The layout of a struct; fields of groups are left out.

    Args:
        schema: pycapnp's struct schema.
        bindings: types of the parameters, if the struct is generic.
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
            nested = item.schema if kind in ("struct", "list") else None
            pointers.append(PointerField(name, offset, field_type(slot.type, nested, bindings)))
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


def field_type(proto: Any, schema: Any, bindings: tuple[FieldType, ...]) -> FieldType:
    """The type that a schema's description means.

    Args:
        proto: the description.
        schema: pycapnp's schema of the type, for structs and lists.
        bindings: types of the parameters of the struct around it.
    """
    kind = str(proto.which())
    if kind == "list":
        element = proto.list.elementType
        nested = schema.elementType if element.which() in ("struct", "list") else None
        return FieldType(kind, field_type(element, nested, bindings))
    if kind == "struct":
        bound: list[FieldType] = []
        for scope in proto.struct.brand.scopes:
            if scope.which() == "bind":
                bound.extend(_bound_type(binding, bindings) for binding in scope.bind)
            elif scope.which() == "inherit":
                bound.extend(bindings)
        return FieldType(kind, schema=schema, bindings=tuple(bound))
    if kind == "anyPointer" and proto.anyPointer.which() == "parameter" and bindings:
        return bindings[int(proto.anyPointer.parameter.parameterIndex)]
    return FieldType(kind)


def _bound_type(binding: Any, bindings: tuple[FieldType, ...]) -> FieldType:
    if binding.which() == "type" and binding.type.which() in ("text", "data", "anyPointer"):
        return field_type(binding.type, None, bindings)
    return FieldType("anyPointer")
