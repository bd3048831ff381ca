"""Which Python expression makes a message value from a Python value, and back."""

import collections.abc
import inspect
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from libmultiprocess.custom import CustomType
from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.model import FieldModel, FieldsModel, FileModel, NodeModel, WireType, fields_of, python_name
from libmultiprocess.mpgen.python_types import (
    evaluate,
    is_enum,
    optional_of,
    resolve_callable,
    resolve_name,
    struct_members,
)

_INTS: Final = frozenset(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"))
_LISTS: Final = {
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    collections.abc.Sequence: "list",
    collections.abc.Iterable: "list",
    collections.abc.Collection: "list",
    collections.abc.Set: "set",
}

Expression = Callable[[str], str]


@dataclass(frozen=True)
class Converter:
    """How one type crosses.

    Attributes:
        build: from a Python expression to one for the message value.
        read: the inverse; the value may be None only if the type is nullable.
        identity: whether both are the same value.
        empty: what a null pointer stands for where None is not a value, as an expression.
        nullable: whether None is written as a null pointer, and read as None.
    """

    build: Expression
    read: Expression
    identity: bool = False
    empty: str = ""
    nullable: bool = False

    def read_field(self, text: str) -> str:
        """Read a struct member or result, which may be a null pointer."""
        if self.empty:
            return self.read(f"{text} or {self.empty}")
        return self.read(text)


_SAME: Final = Converter(lambda text: text, lambda text: text, identity=True)
_TEXT: Final = Converter(lambda text: text, lambda text: text, identity=True, empty='""')
_DATA: Final = Converter(lambda text: text, lambda text: text, identity=True, empty='b""')


@dataclass
class Imports:
    """Names that a generated module takes from elsewhere."""

    names: dict[str, set[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def add(self, module: str, name: str) -> str:
        """Import ``name`` and return how to write it."""
        top = name.partition(".")[0]
        if self.owners.setdefault(top, module) != module:
            raise SchemaError(f"{module} and {self.owners[top]} both define {top}; one of them needs another name")
        self.names.setdefault(module, set()).add(top)
        return name

    def lines(self) -> list[str]:
        """Import statements, the standard library's first."""
        lines: list[str] = []
        standard = [name for name in sorted(self.names) if name.partition(".")[0] in sys.stdlib_module_names]
        others = [name for name in sorted(self.names) if name not in standard]
        for module in (*standard, "", *others):
            if not module:
                lines.append("")
                continue
            names = sorted(self.names[module])
            line = f"from {module} import {', '.join(names)}"
            if len(line) > 120:
                line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
            lines.append(line)
        return lines


class Mismatch(Exception):
    """A Python annotation and a schema type do not fit; the text says how."""


class Context:
    """Everything converters for one generated module need to know.

    Args:
        model: the schema file.
        nodes: wrapped nodes of all files by schema id.
        import_prefix: package of the generated modules.
        annotation_names: annotation ids of proxy.capnp.
    """

    def __init__(
        self, model: FileModel, nodes: dict[int, NodeModel], import_prefix: str, annotation_names: dict[int, str]
    ) -> None:
        self.model = model
        self.imports = Imports()
        self._nodes = nodes
        self._prefix = import_prefix
        self._annotation_names = annotation_names
        self._namespace: dict[str, Any] = {}
        for name in model.include:
            self._namespace.update(vars(resolve_module(name, str(model.path))))
        self._custom: list[tuple[Any, CustomType]] = []
        for name in model.include_types:
            module = resolve_module(name, str(model.path))
            for custom in getattr(module, "TYPES", ()):
                self._custom.append((resolve_name(custom.name, f"{module.__name__}.TYPES"), custom))

    def custom(self, annotation: Any) -> CustomType | None:
        """The hook for an annotation, if there is one."""
        for value, custom in self._custom:
            if annotation is value or (isinstance(annotation, str | type(value)) and annotation == value):
                return custom
            if isinstance(annotation, typing.ForwardRef) and annotation.__forward_arg__ == value:
                return custom
        return None

    def evaluate(self, annotation: Any, namespace: dict[str, Any]) -> Any:
        """The type behind an annotation."""
        try:
            merged = {**self._namespace, **namespace}
            return evaluate(annotation, merged, lambda item: self.custom(item) is not None)
        except NameError as error:
            raise Mismatch(f"annotation {annotation!r}: {error}; name its module with $Proxy.include") from None

    def render(self, annotation: Any, namespace: dict[str, Any]) -> str:
        """Source text of an annotation; what it uses gets imported."""
        annotation = self.evaluate(annotation, namespace)
        custom = self.custom(annotation)
        if custom is not None:
            module, _, name = custom.name.rpartition(".")
            return self.imports.add(module, name)
        if annotation is None or annotation is type(None):
            return "None"
        optional = optional_of(annotation)
        if optional is not None:
            return f"{self.render(optional, namespace)} | None"
        origin = typing.get_origin(annotation)
        args = typing.get_args(annotation)
        if origin is collections.abc.Callable:
            name = self.imports.add("collections.abc", "Callable")
            params = ", ".join(self.render(item, namespace) for item in args[0])
            return f"{name}[[{params}], {self.render(args[1], namespace)}]"
        if origin is not None:
            items = ", ".join("..." if item is Ellipsis else self.render(item, namespace) for item in args)
            return f"{self._render_class(origin)}[{items}]"
        if isinstance(annotation, type):
            return self._render_class(annotation)
        raise Mismatch(f"{annotation!r} is not a type that can cross processes")

    def _render_class(self, cls: Any) -> str:
        if cls.__module__ == "builtins":
            return str(cls.__name__)
        return self.imports.add(cls.__module__, cls.__qualname__)

    def generated(self, node: NodeModel, name: str) -> str:
        """A name from the module generated for ``node``'s file."""
        if node.file is self.model:
            return name
        return self.imports.add(f"{self._prefix}.{node.file.module}" if self._prefix else node.file.module, name)

    def converter(self, annotation: Any, wire: WireType, namespace: dict[str, Any]) -> Converter:
        """How a value annotated so becomes a field of type ``wire``.

        Raises:
            Mismatch: if it cannot.
        """
        annotation = self.evaluate(annotation, namespace)
        custom = self.custom(annotation)
        if custom is not None:
            return self._custom_converter(custom, wire)
        optional = optional_of(annotation)
        if optional is not None:
            return self._optional(optional, wire, namespace)
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if wire.kind == "interface":
            return self._interface(annotation, wire)
        if wire.kind == "list" and origin in _LISTS:
            return self._list(_LISTS[origin], args, wire, namespace)
        if wire.kind == "list" and origin in (dict, collections.abc.Mapping):
            return self._dict(args, wire, namespace)
        if wire.kind == "struct" and origin is tuple:
            return self._tuple(args, wire, namespace)
        if wire.kind == "struct" and isinstance(annotation, type):
            return self._struct(annotation, wire)
        if isinstance(annotation, type):
            scalar = self._scalar(annotation, wire)
            if scalar is not None:
                return scalar
        raise Mismatch(f"{self._name(annotation)} does not fit {wire}")

    @staticmethod
    def _name(annotation: Any) -> str:
        return getattr(annotation, "__qualname__", None) or str(annotation)

    def _scalar(self, cls: type, wire: WireType) -> Converter | None:
        if cls is bool and wire.kind == "bool":
            return _SAME
        if is_enum(cls, int) and (wire.kind in _INTS or wire.kind == "enum"):
            name = self._render_class(cls)
            if wire.kind == "enum":
                self._check_enum(cls, wire)
            return Converter(lambda text: f"int({text})", lambda text: f"{name}({text})")
        if is_enum(cls, str) and wire.kind == "text":
            name = self._render_class(cls)
            return Converter(lambda text: f"{text}.value", lambda text: f"{name}({text})", empty='""')
        if cls is int and wire.kind in _INTS:
            return _SAME
        if cls is float and wire.kind in ("float32", "float64"):
            return _SAME
        if cls is str and wire.kind == "text":
            return _TEXT
        if cls is bytes and wire.kind == "data":
            return _DATA
        return None

    def _check_enum(self, cls: Any, wire: WireType) -> None:
        ours = {member.value for member in cls}
        theirs = set(wire.schema.enumerants.values())
        if ours != theirs:
            raise Mismatch(f"values of {cls.__qualname__} are {sorted(ours)}, of {wire} {sorted(theirs)}")

    def _custom_converter(self, custom: CustomType, wire: WireType) -> Converter:
        build, read = (self.imports.add(item.__module__, item.__name__) for item in (custom.build, custom.read))
        empty = {"text": '""', "data": 'b""', "list": "[]", "struct": "{}"}.get(wire.kind, "")
        return Converter(
            lambda text: f"{build}({text})",
            lambda text: f"{read}({text})",
            empty="" if custom.nullable else empty,
        )

    def _optional(self, inner: Any, wire: WireType, namespace: dict[str, Any]) -> Converter:
        box = self._box(wire)
        if box is not None:
            name, content, has = box
            inside = self.converter(inner, content, namespace)

            def build(text: str) -> str:
                extra = f', "{has}": True' if has else ""
                return f'{{}} if {text} is None else {{"{name}": {inside.build(text)}{extra}}}'

            def read(text: str) -> str:
                item = f'{text}["{name}"]'
                condition = f'not {text}["{has}"]' if has else f"{item} is None"
                return f"None if {condition} else {inside.read_field(item)}"

            return Converter(build, read)
        if wire.kind not in ("text", "data", "list", "struct", "interface"):
            raise Mismatch(f"an optional {wire} needs a Bool field with the same name after 'has' beside it")
        inside = self.converter(inner, wire, namespace)
        return Converter(
            inside.build,
            lambda text: text if inside.identity else f"None if {text} is None else {inside.read(text)}",
            nullable=True,
        )

    def _box(self, wire: WireType) -> tuple[str, WireType, str] | None:
        """A struct without a wrap around one value: how a list holds optional elements."""
        if wire.kind != "struct" or wire.schema.node.id in self._nodes:
            return None
        fields = fields_of(wire.schema, self._annotation_names, bindings=wire.bindings)
        visible = fields.visible()
        if len(visible) != 1:
            return None
        item = visible[0]
        has = item.has_name if fields.has(item) else ""
        if not has and item.type.kind not in ("text", "data", "list", "struct", "interface"):
            return None
        return item.name, item.type, has

    def _list(self, target: str, args: tuple[Any, ...], wire: WireType, namespace: dict[str, Any]) -> Converter:
        if target == "tuple" and (len(args) != 2 or args[1] is not Ellipsis):
            raise Mismatch(f"a tuple of {len(args)} parts does not fit {wire}; only tuple[T, ...] does")
        assert wire.element is not None
        item = self.converter(args[0], wire.element, namespace)

        def build(text: str) -> str:
            return f"list({text})" if item.identity else f"[{item.build('item')} for item in {text}]"

        def read(text: str) -> str:
            if target == "list":
                return f"list({text})" if item.identity else f"[{item.read('item')} for item in {text}]"
            return f"{target}({text})" if item.identity else f"{target}({item.read('item')} for item in {text})"

        return Converter(build, lambda text: read(f"({text})" if " or " in text else text), empty="()")

    def _dict(self, args: tuple[Any, ...], wire: WireType, namespace: dict[str, Any]) -> Converter:
        element = wire.element
        assert element is not None
        if element.kind != "struct":
            raise Mismatch(f"a dict needs a list of pairs, not {wire}")
        pair = fields_of(element.schema, self._annotation_names, bindings=element.bindings).visible()
        if len(pair) != 2:
            raise Mismatch(f"a dict needs a list of structs of two fields, not {wire}")
        first, second = pair
        key = self.converter(args[0], first.type, namespace)
        value = self.converter(args[1], second.type, namespace)

        def build(text: str) -> str:
            pairs = f'{{"{first.name}": {key.build("key")}, "{second.name}": {value.build("value")}}}'
            return f"[{pairs} for key, value in {text}.items()]"

        def read(text: str) -> str:
            read_key = key.read_field(f'item["{first.name}"]')
            read_value = value.read_field(f'item["{second.name}"]')
            return f"{{{read_key}: {read_value} for item in {text}}}"

        return Converter(build, lambda text: read(f"({text})" if " or " in text else text), empty="()")

    def _tuple(self, args: tuple[Any, ...], wire: WireType, namespace: dict[str, Any]) -> Converter:
        fields = fields_of(wire.schema, self._annotation_names, bindings=wire.bindings).visible()
        if len(fields) != len(args):
            raise Mismatch(f"a tuple of {len(args)} parts does not fit {wire}, which has {len(fields)} fields")
        parts = [(item.name, self.converter(arg, item.type, namespace)) for arg, item in zip(args, fields, strict=True)]

        def build(text: str) -> str:
            inner = ", ".join(f'"{name}": {part.build(f"{text}[{n}]")}' for n, (name, part) in enumerate(parts))
            return f"{{{inner}}}"

        def read(text: str) -> str:
            return "(" + ", ".join(part.read_field(f'{text}["{name}"]') for name, part in parts) + ",)"

        return Converter(build, read)

    def _struct(self, cls: type, wire: WireType) -> Converter:
        node = self._nodes.get(wire.schema.node.id)
        if node is None:
            raise Mismatch(f"struct {wire} has no $Proxy.wrap, so {cls.__qualname__} does not fit it")
        if resolve_name(node.wrap, node.where) is not cls:
            raise Mismatch(f"{cls.__qualname__} does not fit {wire}, which wraps {node.wrap} ({node.where})")
        name = python_name(node.name)
        build, read = self.generated(node, f"build_{name}"), self.generated(node, f"read_{name}")
        return Converter(lambda text: f"{build}({text}, connection)", lambda text: f"{read}({text}, connection)")

    def _interface(self, annotation: Any, wire: WireType) -> Converter:
        node = self._nodes.get(wire.schema.node.id)
        if node is None:
            raise Mismatch(f"interface {wire} has no $Proxy.wrap")
        wrapped = wrapped_class(node)
        if wrapped != annotation and not (
            isinstance(annotation, type) and isinstance(wrapped, type) and issubclass(wrapped, annotation)
        ):
            raise Mismatch(f"{self._name(annotation)} does not fit {wire}, which wraps {node.wrap} ({node.where})")
        server, client = self.generated(node, f"{node.name}Server"), self.generated(node, f"{node.name}Client")
        return Converter(
            lambda text: f"connection.export({server}({text}, connection))",
            lambda text: f"connection.client({client}, {text})",
        )

    def exception(self, item: FieldModel, where: str) -> tuple[str, Converter]:
        """The class and converter of an exception result."""
        cls = resolve_name(item.annotations["exception"], where)
        if not (isinstance(cls, type) and issubclass(cls, BaseException)):
            raise SchemaError(f"{where}: {item.annotations['exception']} is not an exception")
        name = self._render_class(cls)
        if item.type.kind == "text":
            return name, Converter(lambda text: f"str({text})", lambda text: f"{name}({text})")
        try:
            node = self._nodes.get(item.type.schema.node.id) if item.type.kind == "struct" else None
            if node is not None and wrapped_class(node) is cls:
                return name, self.converter(cls, item.type, {})
            members = struct_members(cls) or []
            if len(members) != 1:
                raise Mismatch(f"{cls.__qualname__} neither is what {item.type} wraps nor holds one value")
            member, annotation = members[0]
            inside = self.converter(annotation, item.type, dict(vars(sys.modules[cls.__module__])))
        except Mismatch as error:
            raise SchemaError(f"{where}: {item.name}: {error}") from None
        return name, Converter(
            lambda text: inside.build(f"{text}.{member}"), lambda text: f"{name}({inside.read(text)})"
        )


def wrapped_class(node: NodeModel) -> Any:
    """What an interface or struct stands for: a class, or a ``Callable``.

    Raises:
        SchemaError: if there is none of that name.
    """
    if "[" in node.wrap:
        return resolve_callable(node.wrap, node.where)
    value = resolve_name(node.wrap, node.where)
    if not isinstance(value, type):
        raise SchemaError(f"{node.where}: $Proxy.wrap names {node.wrap}, which is not a class")
    return value


def resolve_module(name: str, where: str) -> Any:
    """Import a module named by a schema."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SchemaError(f"{where}: cannot import {name}: {error}") from error


def struct_plan(cls: type, members: FieldsModel, where: str) -> list[tuple[FieldModel, str, Any]]:
    """Pairs each member of a class with its schema field.

    Raises:
        SchemaError: if one side has a member that the other has not.
    """
    from libmultiprocess.mpgen.python_types import location

    python_members = struct_members(cls)
    if python_members is None:
        raise SchemaError(f"{where}: {cls.__qualname__} ({location(cls)}) is no dataclass, named tuple or exception")
    annotations = dict(python_members)
    fields = {item.python_name: item for item in members.visible()}
    for name in annotations:
        if name not in fields:
            raise SchemaError(f"{where}: {cls.__qualname__}.{name} ({location(cls)}) has no field in the schema")
    for name, item in fields.items():
        if name not in annotations:
            raise SchemaError(
                f"{where}: field {item.name} has no member {name} in {cls.__qualname__} ({location(cls)})"
            )
    return [(fields[name], name, annotation) for name, annotation in python_members]


def default_text(value: Any) -> str | None:
    """Source text of a parameter's default, None if it has none, or one that has no text."""
    if value is inspect.Parameter.empty:
        return None
    if value is None or type(value) in (bool, int, float, str, bytes):
        return repr(value)
    return None
