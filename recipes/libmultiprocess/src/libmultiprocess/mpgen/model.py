"""Schema files as mpgen sees them, read through pycapnp's reflection."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from libmultiprocess.errors import SchemaError
from libmultiprocess.schema import INCLUDE_DIR, SchemaSource
from libmultiprocess.wire.layout import CONTEXT_ID

THREAD_MAP_ID: Final = 0xEE5E37179AD9DC9D


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
    bindings: tuple["WireType", ...] = ()

    def __str__(self) -> str:
        if self.kind == "list":
            return f"List({self.element})"
        if self.schema is not None:
            return str(self.schema.node.displayName).rpartition(":")[2]
        names = {"uint": "UInt", "int": "Int", "float": "Float"}
        match = re.fullmatch(r"(uint|int|float)(\d+)", self.kind)
        return names[match[1]] + match[2] if match else self.kind.capitalize()


@dataclass(frozen=True)
class FieldModel:
    """A parameter, result or struct member."""

    name: str
    type: WireType
    annotations: dict[str, Any]

    @property
    def python_name(self) -> str:
        """Name on the Python side."""
        return str(self.annotations.get("name") or python_name(self.name))

    @property
    def has_name(self) -> str:
        """Name of the Bool that says whether an optional value is there."""
        return "has" + self.name[0].upper() + self.name[1:]

    @property
    def skipped(self) -> bool:
        """Whether the runtime, not the caller, fills it in."""
        if "skip" in self.annotations or self.annotations.get("count") == 0:
            return True
        return self.is_context or self.is_thread_map

    @property
    def is_context(self) -> bool:
        """Whether this is the pair of threads that a call carries."""
        return self.type.kind == "struct" and self.type.schema.node.id == CONTEXT_ID

    @property
    def is_thread_map(self) -> bool:
        """Whether this lets the other side start threads."""
        return self.type.kind == "interface" and self.type.schema.node.id == THREAD_MAP_ID


@dataclass(frozen=True)
class FieldsModel:
    """All fields of a struct, a method's parameters or its results, in the order of the schema text."""

    fields: tuple[FieldModel, ...]

    def visible(self) -> list[FieldModel]:
        """Fields with a Python counterpart: without contexts, exceptions and the ``has`` halves of optionals."""
        has_names = {item.has_name for item in self.fields}
        return [
            item
            for item in self.fields
            if not item.skipped and "exception" not in item.annotations and not self._is_has(item, has_names)
        ]

    def has(self, item: FieldModel) -> bool:
        """Whether ``item`` has a Bool beside it that says whether it is there."""
        return any(other.name == item.has_name and other.type.kind == "bool" for other in self.fields)

    @staticmethod
    def _is_has(item: FieldModel, has_names: set[str]) -> bool:
        return item.type.kind == "bool" and item.name in has_names


@dataclass(frozen=True)
class MethodModel:
    """A method of an interface."""

    name: str
    annotations: dict[str, Any]
    params: FieldsModel
    results: FieldsModel
    line: int

    @property
    def python_name(self) -> str:
        """Name on the Python side."""
        return str(self.annotations.get("name") or python_name(self.name))

    @property
    def has_context(self) -> bool:
        """Whether calls carry threads."""
        return any(item.is_context for item in self.params.fields)

    @property
    def reserved(self) -> bool:
        """Whether only the ordinal is taken: nothing goes in or out."""
        return not self.params.fields and not self.results.fields


@dataclass(frozen=True)
class NodeModel:
    """An interface or struct with a ``$Proxy.wrap``."""

    name: str
    path: tuple[str, ...]
    wrap: str
    schema: Any
    line: int
    file: "FileModel" = field(repr=False)

    @property
    def where(self) -> str:
        """File and line, for messages."""
        return f"{self.file.path}:{self.line}"


@dataclass(frozen=True)
class InterfaceModel(NodeModel):
    """A wrapped interface."""

    methods: tuple[MethodModel, ...] = ()


@dataclass(frozen=True)
class StructModel(NodeModel):
    """A wrapped struct."""

    members: FieldsModel = FieldsModel(())


@dataclass
class FileModel:
    """One schema file."""

    path: Path
    module: str
    include: list[str] = field(default_factory=list)
    include_types: list[str] = field(default_factory=list)
    interfaces: list[InterfaceModel] = field(default_factory=list)
    structs: list[StructModel] = field(default_factory=list)


def python_name(name: str) -> str:
    """camelCase to snake_case; a word that Python keeps for itself gets an underscore."""
    import keyword

    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return snake + "_" if keyword.iskeyword(snake) else snake


class Reader:
    """Reads schema files into models.

    Args:
        import_dirs: where absolute imports are looked for.
    """

    def __init__(self, import_dirs: tuple[Path, ...] = ()) -> None:
        self._source = SchemaSource(import_dirs)
        proxy = self._source.load(INCLUDE_DIR / "mp" / "proxy.capnp")
        self.annotation_names: dict[int, str] = {nested.id: nested.name for nested in proxy.schema.node.nestedNodes}

    def read_all(self, paths: Sequence[Path]) -> list[FileModel]:
        """Read schema files.

        Raises:
            SchemaError: if one is no valid schema, or uses what has no Python counterpart.
        """
        for path in paths:
            if not path.is_file():
                raise SchemaError(f"{path}: there is no such file")
        errors = self._source.check(paths)
        if errors:
            raise SchemaError(errors)
        return [self._read(path) for path in paths]

    def _read(self, path: Path) -> FileModel:
        module = self._source.load(path)
        model = FileModel(path, python_name(path.stem))
        self._text = path.read_text(encoding="utf-8").splitlines()
        node = module.schema.node
        for annotation in node.annotations:
            name = self.annotation_names.get(annotation.id)
            if name == "include":
                model.include.append(annotation.value.text)
            elif name == "includeTypes":
                model.include_types.append(annotation.value.text)
        self._walk(model, module.schema, node, ())
        return model

    def _line(self, pattern: str, start: int = 0) -> int:
        for number, line in enumerate(self._text[start:], start + 1):
            if re.search(pattern, line.partition("#")[0]):
                return number
        return start or 1

    def _walk(self, model: FileModel, parent: Any, node: Any, path: tuple[str, ...]) -> None:
        for nested in sorted(node.nestedNodes, key=lambda item: str(item.name)):
            parsed = parent.get_nested(nested.name)
            child = parsed.node
            kind = str(child.which())
            inner = (*path, nested.name)
            wrap = self._annotations(child.annotations).get("wrap")
            line = self._line(rf"\b{'interface' if kind == 'interface' else 'struct'}\s+{nested.name}\b")
            name = "".join(part[0].upper() + part[1:] for part in inner)
            if kind == "interface" and wrap:
                interface = parsed.as_interface()
                methods = tuple(self._methods(interface, line))
                model.interfaces.append(InterfaceModel(name, inner, wrap, interface, line, model, methods))
            elif kind == "struct" and wrap:
                struct = parsed.as_struct()
                members = self._fields(struct, f"{model.path}:{line}")
                model.structs.append(StructModel(name, inner, wrap, struct, line, model, members))
            self._walk(model, parsed, child, inner)

    def _methods(self, interface: Any, line: int) -> list[MethodModel]:
        protos = sorted(interface.node.interface.methods, key=lambda proto: int(proto.codeOrder))
        methods = []
        for proto in protos:
            where = self._line(rf"\b{proto.name}\s*@", line)
            method = interface.methods[proto.name]
            at = f"line {where}"
            params, results = (self._fields(schema, at) for schema in (method.param_type, method.result_type))
            methods.append(MethodModel(proto.name, self._annotations(proto.annotations), params, results, where))
        return methods

    def _fields(self, struct: Any, where: str) -> FieldsModel:
        return fields_of(struct, self.annotation_names, where)

    def _annotations(self, annotations: Any) -> dict[str, Any]:
        return _read_annotations(annotations, self.annotation_names)


def _read_annotations(annotations: Any, names: dict[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for annotation in annotations:
        name = names.get(annotation.id)
        if name is not None:
            value = annotation.value
            found[name] = getattr(value, str(value.which()))
    return found


def fields_of(struct: Any, names: dict[int, str], where: str = "", bindings: tuple[WireType, ...] = ()) -> FieldsModel:
    """The fields of a struct schema; unions and groups are refused."""
    fields = []
    for item in sorted(struct.fields_list, key=lambda item: int(item.proto.codeOrder)):
        proto = item.proto
        if proto.which() == "group" or proto.discriminantValue != 0xFFFF:
            raise SchemaError(f"{where}: {proto.name}: unions and groups have no Python counterpart")
        schema = item.schema if proto.slot.type.which() in ("struct", "enum", "interface", "list") else None
        wire_type = _wire_type(proto.slot.type, schema, bindings)
        fields.append(FieldModel(proto.name, wire_type, _read_annotations(proto.annotations, names)))
    return FieldsModel(tuple(fields))


def _wire_type(proto: Any, schema: Any, bindings: tuple[WireType, ...]) -> WireType:
    kind = str(proto.which())
    if kind == "list":
        element = proto.list.elementType
        needs_schema = element.which() in ("struct", "enum", "interface", "list")
        return WireType(kind, _wire_type(element, schema.elementType if needs_schema else None, bindings))
    if kind == "struct":
        bound: list[WireType] = []
        for scope in proto.struct.brand.scopes:
            if scope.which() == "bind":
                for binding in scope.bind:
                    bound.append(_bound_type(binding))
        return WireType(kind, schema=schema, bindings=tuple(bound))
    if kind in ("enum", "interface"):
        return WireType(kind, schema=schema)
    if kind == "anyPointer" and proto.anyPointer.which() == "parameter" and bindings:
        return bindings[int(proto.anyPointer.parameter.parameterIndex)]
    return WireType(kind)


def _bound_type(binding: Any) -> WireType:
    if binding.which() == "type" and binding.type.which() in ("text", "data"):
        return WireType(str(binding.type.which()))
    return WireType("anyPointer")
