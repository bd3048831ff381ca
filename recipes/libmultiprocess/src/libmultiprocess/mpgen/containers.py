"""Conversions of what holds other values: lists, dicts, tuples, optionals."""

import collections
import collections.abc
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from libmultiprocess.mpgen.context import field_default
from libmultiprocess.mpgen.converter import Converter, Mismatch, Scope, group
from libmultiprocess.mpgen.fields import FieldPlan, dict_text, plan_field
from libmultiprocess.wire.types import WireType

if TYPE_CHECKING:
    from libmultiprocess.mpgen.convert import Converters

LISTS: Final = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
DICTS: Final = {
    dict: dict,
    collections.OrderedDict: collections.OrderedDict,
    collections.abc.Mapping: dict,
    collections.abc.MutableMapping: dict,
}


def sequence(converters: "Converters", target: type, args: tuple[Any, ...], wire: WireType, scope: Scope) -> Converter:
    """A list, set or tuple of any length."""
    if target is tuple and (len(args) != 2 or args[1] is not Ellipsis):
        raise Mismatch(f"a tuple of {len(args)} parts does not fit {wire}; only tuple[T, ...] does")
    if not args:
        raise Mismatch(f"a {target.__name__} without the type of its elements does not fit {wire}")
    assert wire.element is not None
    item = _element(converters, args[0], wire.element, scope.inside())
    name = converters.render_class(target)
    variable = scope.variable("item")

    def build(text: str) -> str:
        if item.identity:
            return f"list({text})"
        return f"[{item.build(variable)} for {variable} in {group(text)}]"

    def read(text: str) -> str:
        if item.identity:
            return f"{name}({text})"
        items = f"{item.read(variable)} for {variable} in {group(text)}"
        if target in (list, set):
            return f"[{items}]" if target is list else f"{{{items}}}"
        return f"{name}({items})"

    return Converter(build, read, empty="()")


def _element(converters: "Converters", annotation: Any, wire: WireType, scope: Scope) -> Converter:
    resolved = converters.evaluate(annotation, scope.namespace)
    inner = converters.optional(resolved)
    if inner is None:
        return converters.converter(resolved, wire, scope)
    found = _boxed(converters, inner, wire, scope)
    if found is None:
        raise Mismatch(f"an element that may be None needs a list of a struct, without a wrap, around one {wire}")
    return found


def mapping(converters: "Converters", target: type, args: tuple[Any, ...], wire: WireType, scope: Scope) -> Converter:
    """A dict: a list of structs of two fields."""
    element = wire.element
    assert element is not None
    if len(args) != 2:
        raise Mismatch(f"a {target.__name__} without the types of its keys and values does not fit {wire}")
    if element.kind != "struct":
        raise Mismatch(f"a dict needs a list of pairs, not {wire}")
    fields = converters.fields(element)
    pair = fields.visible()
    if len(pair) != 2:
        raise Mismatch(f"a dict needs a list of structs of two fields, not {wire}")
    inside = scope.inside()
    plans = [plan_field(converters, item, fields, arg, inside) for item, arg in zip(pair, args, strict=True)]
    key, value, item = scope.variable("key"), scope.variable("value"), scope.variable("item")

    def build(text: str) -> str:
        return f"[{dict_text(plans, (key, value))} for {key}, {value} in {group(text)}.items()]"

    def read(text: str) -> str:
        read_key, read_value = (plan.read(item) for plan in plans)
        if target is dict:
            return f"{{{group(read_key)}: {read_value} for {item} in {group(text)}}}"
        return f"{converters.render_class(target)}(({read_key}, {read_value}) for {item} in {group(text)})"

    return Converter(build, read, empty="()")


def record(converters: "Converters", args: tuple[Any, ...], wire: WireType, scope: Scope) -> Converter:
    """A tuple: a struct with as many fields, in order."""
    if Ellipsis in args:
        raise Mismatch(f"a tuple of any length does not fit {wire}, only List(...)")
    fields = converters.fields(wire)
    visible = fields.visible()
    if len(visible) != len(args):
        raise Mismatch(f"a tuple of {len(args)} parts does not fit {wire}, which has {len(visible)} fields")
    plans = [plan_field(converters, item, fields, arg, scope) for item, arg in zip(visible, args, strict=True)]

    def build_parts(texts: Sequence[str]) -> str:
        return dict_text(plans, texts)

    def read_parts(text: str) -> list[str]:
        return [plan.read(group(text)) for plan in plans]

    def read(text: str) -> str:
        parts = read_parts(text)
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    return Converter(
        lambda text: build_parts([f"{group(text)}[{index}]" for index in range(len(plans))]),
        read,
        empty=converters.default_struct(wire),
        build_parts=build_parts,
        read_parts=read_parts,
    )


def optional(converters: "Converters", inner: Any, wire: WireType, scope: Scope) -> Converter:
    """What may be None: a null pointer, or a struct around it that is empty."""
    # A hook makes the struct itself, whatever is in it.
    if converters.custom(converters.evaluate(inner, scope.namespace)) is None:
        boxed = _boxed(converters, inner, wire, scope)
        if boxed is not None:
            return boxed
    if not wire.is_pointer:
        raise Mismatch(f"an optional {wire} needs a Bool field with the same name after 'has' beside it")
    inside = converters.converter(inner, wire, scope)
    return Converter(
        inside.build,
        lambda text: text if inside.identity else f"None if {text} is None else {inside.read(text)}",
        identity=inside.identity,
        nullable=True,
    )


def _boxed(converters: "Converters", inner: Any, wire: WireType, scope: Scope) -> Converter | None:
    """A struct without a wrap around one value: how a list holds optional elements."""
    plan = _box(converters, inner, wire, scope)
    if plan is None:
        return None

    def build(text: str) -> str:
        return f"{{}} if {text} is None else {{{plan.entries(text)}}}"

    return Converter(build, lambda text: plan.read(group(text)), empty=converters.default_struct(wire))


def _box(converters: "Converters", inner: Any, wire: WireType, scope: Scope) -> FieldPlan | None:
    if wire.kind != "struct" or converters.node(wire) is not None:
        return None
    fields = converters.fields(wire)
    visible = fields.visible()
    if len(visible) != 1 or not (fields.has(visible[0]) or visible[0].type.is_pointer):
        return None
    item, has = visible[0], fields.has(visible[0])
    convert = converters.converter if has else partial(optional, converters)
    default = field_default(item, converters.imports)
    return FieldPlan(item, convert(inner, item.type, scope), has, bool(has), default)
