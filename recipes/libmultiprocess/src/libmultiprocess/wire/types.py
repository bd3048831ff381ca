"""Types of fields and elements, read from a schema."""

import re
from dataclasses import dataclass
from typing import Any, Final

CONTEXT_ID: Final = 0x9C44E6645D0B22C6
POINTERS: Final = frozenset(("text", "data", "list", "struct", "interface", "anyPointer"))

_WITH_SCHEMA: Final = frozenset(("struct", "enum", "interface", "list"))

Bindings = tuple[tuple[tuple[int, int], "WireType"], ...]
"""What stands for the parameters of generic structs: (id of the struct, index of the parameter) and the type."""


@dataclass(frozen=True)
class WireType:
    """A field's type.

    Attributes:
        kind: name in schema.capnp, such as ``int32``, ``text``, ``list``, ``struct`` or ``interface``.
        element: of a list.
        schema: pycapnp's schema of a struct, enum or interface.
        bindings: for a generic struct, what stands for its parameters.
    """

    kind: str
    element: "WireType | None" = None
    schema: Any = None
    bindings: Bindings = ()

    @property
    def is_pointer(self) -> bool:
        """Whether a field of this type can be null."""
        return self.kind in POINTERS

    def __str__(self) -> str:
        if self.kind == "list":
            return f"List({self.element})"
        if self.schema is not None:
            name = str(self.schema.node.displayName).rpartition(":")[2]
            return f"{name}({', '.join(str(bound) for _, bound in self.bindings)})" if self.bindings else name
        names = {"uint": "UInt", "int": "Int", "float": "Float"}
        match = re.fullmatch(r"(uint|int|float)(\d+)", self.kind)
        return names[match[1]] + match[2] if match else self.kind[0].upper() + self.kind[1:]


def wire_type(proto: Any, owner: Any, bindings: Bindings = ()) -> WireType:
    """The type that a schema describes.

    Args:
        proto: the description.
        owner: the field or list of that type; its ``schema`` or ``elementType`` is what pycapnp has for the type.
        bindings: what stands for the parameters of the struct around it.
    """
    kind = str(proto.which())
    if kind == "anyPointer" and proto.anyPointer.which() == "parameter":
        parameter = proto.anyPointer.parameter
        return dict(bindings).get((parameter.scopeId, parameter.parameterIndex), WireType(kind))
    schema = _schema_of(owner) if kind in _WITH_SCHEMA else None
    return _typed(proto, schema, bindings)


def _schema_of(owner: Any) -> Any:
    return owner.schema if hasattr(owner, "proto") else owner.elementType


def _typed(proto: Any, schema: Any, bindings: Bindings) -> WireType:
    kind = str(proto.which())
    if kind == "list":
        return WireType(kind, wire_type(proto.list.elementType, schema, bindings))
    if kind == "struct":
        return WireType(kind, schema=schema, bindings=_bindings(proto.struct.brand, schema, bindings))
    return WireType(kind, schema=schema)


def _bindings(brand: Any, schema: Any, outer: Bindings) -> Bindings:
    found: list[tuple[tuple[int, int], WireType]] = []
    for scope in brand.scopes:
        if scope.which() == "inherit":
            found += [item for item in outer if item[0][0] == scope.scopeId]
            continue
        for index, binding in enumerate(scope.bind):
            key = (int(scope.scopeId), index)
            if binding.which() == "type":
                found.append((key, wire_type(binding.type, _Bound(schema, key), outer)))
    return tuple(found)


class _Bound:
    """Finds pycapnp's schema of what a parameter is bound to, which only a field of that type shows."""

    proto = None

    def __init__(self, struct: Any, key: tuple[int, int]) -> None:
        self._struct = struct
        self._key = key

    @property
    def schema(self) -> Any:
        for item in self._struct.fields_list:
            kind = item.proto.slot.type if item.proto.which() == "slot" else None
            if kind is not None and kind.which() == "anyPointer" and kind.anyPointer.which() == "parameter":
                parameter = kind.anyPointer.parameter
                if (parameter.scopeId, parameter.parameterIndex) == self._key:
                    return item.schema
        return None
