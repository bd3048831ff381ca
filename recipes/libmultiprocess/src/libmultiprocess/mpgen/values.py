"""Values in schemas, defaults and constants, as plain ones.

The runtime keeps its readers, and the schemas in them, for the life of the process. What is read here is gone when the
generator is done, so it must never get there.
"""

from typing import Any, Final

import capnp

from libmultiprocess.wire.types import CONTEXT_ID, POINTERS
from libmultiprocess.wire.values import Wire

_PLAIN: Final = (bool, int, float, str, bytes)


def plain(value: Any) -> Any:
    """What pycapnp reads from a schema or message, as a plain value; references to objects as None."""
    if value is None or isinstance(value, _PLAIN):
        return value
    kind = type(value)
    if kind is capnp.lib.capnp._DynamicListReader:
        return [plain(item) for item in value]
    if kind is capnp.lib.capnp._DynamicStructReader:
        return _struct(value)
    if kind is capnp.lib.capnp._DynamicEnum:
        return value.raw
    return None


def empty_struct(schema: Any) -> Wire:
    """The value of a struct with nothing set."""
    return _struct(_empty(schema))


def default(schema: Any, name: str) -> Any:
    """What a field holds if nothing is set."""
    return plain(_empty(schema)._get(name))


def _empty(schema: Any) -> Any:
    return capnp.lib.capnp._StructModule(schema, "").new_message().as_reader()


def _struct(value: Any) -> Wire:
    wire: Wire = {}
    for item in value.schema.fields_list:
        proto = item.proto
        kind = "group" if proto.which() == "group" else str(proto.slot.type.which())
        if kind == "group" or (kind == "struct" and item.schema.node.id == CONTEXT_ID):
            continue
        name = str(proto.name)
        wire[name] = None if kind in POINTERS and not value._has(name) else plain(value._get(name))
    return wire
