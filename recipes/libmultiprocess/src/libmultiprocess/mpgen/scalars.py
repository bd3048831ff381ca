"""Conversions of single values: numbers, text, bytes, enumerations, durations, and what hooks make."""

import inspect
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from libmultiprocess.custom import CustomType
from libmultiprocess.mpgen.converter import Converter, Mismatch, Scope, same
from libmultiprocess.mpgen.python_types import is_buffer, is_enum, resolve_name, unit_of
from libmultiprocess.wire.types import WireType

if TYPE_CHECKING:
    from libmultiprocess.mpgen.convert import Converters

INTS: Final = frozenset(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"))
FLOATS: Final = frozenset(("float32", "float64"))
_EMPTY: Final = {"text": '""', "data": 'b""', "list": "[]"}
_CHRONO: Final = "libmultiprocess.chrono"


def scalar(converters: "Converters", annotation: Any, wire: WireType, scope: Scope) -> Converter | None:
    """The conversion of a type that is neither a container nor an object; None if there is none.

    Raises:
        Mismatch: if there nearly is one.
    """
    if unit_of(annotation) is not None:
        return _time(converters, annotation, wire, scope)
    if annotation is None or annotation is type(None):
        return Converter(lambda text: "None", lambda text: "None", identity=True) if wire.kind == "void" else None
    if is_buffer(annotation) and wire.kind == "data":
        return Converter(lambda text: f"bytes({text})", lambda text: text, empty='b""')
    if not isinstance(annotation, type):
        return None
    return _enum(converters, annotation, wire, scope) or _plain(annotation, wire)


def _plain(cls: type, wire: WireType) -> Converter | None:
    if cls is bool and wire.kind == "bool":
        return same()
    if cls is int and wire.kind in INTS:
        return same()
    if cls is float and wire.kind in FLOATS:
        return same()
    if cls is str and wire.kind == "text":
        return same('""')
    if cls is bytes and wire.kind == "data":
        return same('b""')
    if cls in (bytearray, memoryview) and wire.kind == "data":
        return Converter(lambda text: f"bytes({text})", lambda text: f"{cls.__name__}({text})", empty='b""')
    return None


def _enum(converters: "Converters", cls: type, wire: WireType, scope: Scope) -> Converter | None:
    if is_enum(cls, int) and (wire.kind in INTS or wire.kind == "enum"):
        if wire.kind == "enum":
            _check_enum(cls, wire)
        number = "{}.value" if not issubclass(cls, int) else "int({})"
        return _member(converters, cls, number, "", scope)
    if is_enum(cls, str) and wire.kind == "text":
        return _member(converters, cls, "{}.value", '""', scope)
    return None


def _member(converters: "Converters", cls: type, build: str, empty: str, scope: Scope) -> Converter:
    name = converters.render_class(cls)
    member = converters.imports.add("libmultiprocess.custom", "enum_member")
    return Converter(build.format, lambda text: f'{member}({name}, {text}, "{scope.label}")', empty=empty)


def _check_enum(cls: Any, wire: WireType) -> None:
    ours = {member.value for member in cls}
    theirs = set(wire.schema.enumerants.values())
    if ours != theirs:
        raise Mismatch(f"values of {cls.__qualname__} are {sorted(ours)}, of {wire} {sorted(theirs)}")


def _time(converters: "Converters", annotation: Any, wire: WireType, scope: Scope) -> Converter:
    unit = unit_of(annotation)
    assert unit is not None
    cls = annotation.__origin__
    names = {
        (timedelta, True): ("to_ticks", "from_ticks"),
        (timedelta, False): ("to_fractional_ticks", "from_fractional_ticks"),
        (datetime, True): ("to_unix_ticks", "from_unix_ticks"),
    }.get((cls, wire.kind in INTS))
    if names is None or wire.kind not in INTS | FLOATS:
        raise Mismatch(f"{unit.name}, a {cls.__qualname__}, does not fit {wire}")
    build, read = (converters.imports.add(_CHRONO, name) for name in names)
    rest = f'{unit.nanoseconds:_}, "{scope.label}"'
    return Converter(lambda text: f"{build}({text}, {rest})", lambda text: f"{read}({text}, {rest})")


def hook(converters: "Converters", custom: CustomType, wire: WireType) -> Converter:
    """The conversion that the application brings along.

    Raises:
        Mismatch: if one of its functions cannot be imported.
    """
    build, read = (_function(converters, custom, item) for item in (custom.build, custom.read))
    empty = _EMPTY.get(wire.kind, "")
    if wire.kind == "struct" and not custom.nullable:
        empty = converters.default_struct(wire)
    return Converter(
        lambda text: f"{build}({text})",
        lambda text: f"{read}({text})",
        empty="" if custom.nullable else empty,
        nullable=custom.nullable and wire.is_pointer,
    )


def _function(converters: "Converters", custom: CustomType, function: Any) -> str:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if module is None or not name or "<" in name or inspect.ismethod(function):
        raise Mismatch(f"the hook of {custom.name} is {function!r}, which is not a function that can be imported")
    if resolve_name(f"{module}.{name}", custom.name) is not function:
        raise Mismatch(f"the hook of {custom.name}, {module}.{name}, is not what that name means when it is imported")
    return converters.imports.add(module, name)
