"""Conversions of what has a wrap: structs, interfaces, exceptions."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.context import names_of, wrapped_class
from libmultiprocess.mpgen.converter import Converter, Mismatch, Scope
from libmultiprocess.mpgen.model import FieldModel, python_name
from libmultiprocess.mpgen.python_types import name_of, resolve_name, struct_members
from libmultiprocess.wire.types import WireType

if TYPE_CHECKING:
    from libmultiprocess.mpgen.convert import Converters


def struct(converters: "Converters", cls: type, wire: WireType, scope: Scope) -> Converter:
    """A class that a struct wraps."""
    node = converters.node(wire)
    if node is None:
        raise Mismatch(
            f"struct {wire} has no $Proxy.wrap in the files of this run, so {cls.__qualname__} does not fit it"
        )
    if wrapped_class(node) is not cls:
        raise Mismatch(f"{cls.__qualname__} does not fit {wire}, which wraps {node.wrap} ({node.where})")
    name = python_name(node.name)
    build, read = converters.generated(node, f"build_{name}"), converters.generated(node, f"read_{name}")
    return Converter(
        lambda text: f"{build}({text}, {scope.connection})", lambda text: f"{read}({text}, {scope.connection})"
    )


def interface(converters: "Converters", annotation: Any, wire: WireType, scope: Scope) -> Converter:
    """An abstract class or callable that an interface wraps."""
    node = converters.node(wire)
    if node is None:
        raise Mismatch(f"interface {wire} has no $Proxy.wrap in the files of this run")
    wrapped = wrapped_class(node)
    if not _fits(converters, annotation, wrapped, scope):
        raise Mismatch(f"{name_of(annotation)} does not fit {wire}, which wraps {node.wrap} ({node.where})")
    server, client = converters.generated(node, f"{node.name}Server"), converters.generated(node, f"{node.name}Client")
    return Converter(
        lambda text: f"{scope.connection}.export({server}({text}, {scope.connection}))",
        lambda text: f"{scope.connection}.client({client}, {text})",
    )


def _fits(converters: "Converters", annotation: Any, wrapped: Any, scope: Scope) -> bool:
    if wrapped == annotation:
        return True
    if isinstance(wrapped, type):
        return isinstance(annotation, type) and issubclass(wrapped, annotation)
    # Callables may spell the same types in other ways.
    return converters.render(wrapped, names_of(wrapped)) == converters.render(annotation, scope.namespace)


def exception(converters: "Converters", item: FieldModel, where: str, scope: Scope) -> tuple[type, str, Converter]:
    """The class of an exception result, its name, and its conversion.

    Raises:
        SchemaError: if the field cannot hold it.
    """
    cls = resolve_name(item.annotations["exception"], f"{where}: {item.name}")
    if not (isinstance(cls, type) and issubclass(cls, BaseException)):
        raise SchemaError(f"{where}: {item.name}: {item.annotations['exception']} is not an exception")
    name = converters.render_class(cls)
    try:
        return cls, name, _exception(converters, cls, name, item.type, scope)
    except Mismatch as error:
        raise SchemaError(f"{where}: {item.name}: {error}") from None


def _exception(converters: "Converters", cls: type, name: str, wire: WireType, scope: Scope) -> Converter:
    if wire.kind == "text":
        return Converter(lambda text: f"str({text})", lambda text: f"{name}({text})")
    node = converters.node(wire) if wire.kind == "struct" else None
    if converters.custom(cls) is not None or (node is not None and wrapped_class(node) is cls):
        return converters.converter(cls, wire, scope)
    members = struct_members(cls) or []
    if len(members) != 1:
        raise Mismatch(f"{cls.__qualname__} neither is what {wire} wraps nor holds one value")
    member = members[0]
    namespace = {**vars(sys.modules[cls.__module__]), **member.namespace}
    inside = converters.converter(member.annotation, wire, replace(scope, namespace=namespace))
    keyword = f"{member.name}=" if member.keyword_only else ""
    return Converter(
        lambda text: inside.build(f"{text}.{member.name}"), lambda text: f"{name}({keyword}{inside.read(text)})"
    )
