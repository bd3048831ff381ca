"""Reads schema files through pycapnp's reflection."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.model import (
    ConstModel,
    FieldModel,
    FieldsModel,
    FileModel,
    InterfaceModel,
    MethodModel,
    ModuleName,
    StructModel,
    python_name,
)
from libmultiprocess.mpgen.values import default, plain
from libmultiprocess.schema import INCLUDE_DIR, SchemaSource
from libmultiprocess.wire.types import POINTERS, Bindings, WireType, wire_type


class Reader:
    """Reads schema files into models.

    Args:
        import_dirs: where absolute imports are looked for.
    """

    def __init__(self, import_dirs: tuple[Path, ...] = ()) -> None:
        self._source = SchemaSource(import_dirs)
        proxy = self._source.load(INCLUDE_DIR / "mp" / "proxy.capnp")
        self._annotation_names: dict[int, str] = {nested.id: nested.name for nested in proxy.schema.node.nestedNodes}

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
        return [_FileReader(self, path, self._source.load(path)).model for path in paths]

    def annotations(self, annotations: Any) -> dict[str, Any]:
        """Those of proxy.capnp by name."""
        found: dict[str, Any] = {}
        for annotation in annotations:
            name = self._annotation_names.get(annotation.id)
            if name is not None:
                value = annotation.value
                found[name] = getattr(value, str(value.which()))
        return found

    def fields(self, struct: Any, where: str, bindings: Bindings = ()) -> FieldsModel:
        """The fields of a struct, a method's parameters or its results.

        Raises:
            SchemaError: if there are unions or groups.
        """
        fields = []
        for item in sorted(struct.fields_list, key=lambda item: int(item.proto.codeOrder)):
            proto = item.proto
            if proto.which() == "group" or proto.discriminantValue != 0xFFFF:
                raise SchemaError(
                    f"{where}: {proto.name}: unions and groups have no Python counterpart; "
                    "use a struct of its own, and a hasX :Bool beside each field that may be absent"
                )
            type_ = wire_type(proto.slot.type, item, bindings)
            annotations = self.annotations(proto.annotations)
            count = self._count(annotations, type_)
            if count < 0:
                raise SchemaError(f"{where}: {proto.name}: $Proxy.count({count}) is negative")
            is_told = type_.kind in POINTERS and proto.slot.hadExplicitDefault
            told = default(struct, proto.name) if is_told else None
            fields.append(FieldModel(str(proto.name), type_, annotations, count, told))
        return FieldsModel(tuple(fields))

    def _count(self, annotations: dict[str, Any], type_: WireType) -> int:
        if "skip" in annotations:
            return 0
        if "count" not in annotations and type_.kind in ("struct", "interface"):
            annotations = self.annotations(type_.schema.node.annotations)
        return int(annotations.get("count", 1))


class _FileReader:
    """Reads one file; done when it is made."""

    def __init__(self, reader: Reader, path: Path, module: Any) -> None:
        self._reader = reader
        self._lines = path.read_text(encoding="utf-8").splitlines()
        self.model = FileModel(path, python_name(re.sub(r"\W", "_", path.stem)))
        node = module.schema.node
        for name, modules in (("include", self.model.include), ("includeTypes", self.model.include_types)):
            for annotation in node.annotations:
                if name in reader.annotations([annotation]):
                    text = str(annotation.value.text)
                    line = self._line(rf'\.{name}\s*\(\s*"{re.escape(text)}"')
                    modules.append(ModuleName(text, f"{path}:{line}"))
        self._walk(module.schema, module, (), 1)

    def _line(self, pattern: str, start: int = 1) -> int:
        for number, line in enumerate(self._lines[start - 1 :], start):
            if re.search(pattern, line.partition("#")[0]):
                return number
        return start

    def _walk(self, parent: Any, module: Any, path: tuple[str, ...], start: int) -> None:
        for nested in sorted(parent.node.nestedNodes, key=lambda item: str(item.name)):
            parsed = parent.get_nested(nested.name)
            kind = str(parsed.node.which())
            inner = (*path, str(nested.name))
            line = self._line(rf"\b{kind}\s+{nested.name}\b", start)
            if kind == "const":
                self._read_constant(parsed, getattr(module, nested.name), inner, line)
            elif kind in ("interface", "struct"):
                self._read_node(parsed, kind, inner, line)
                self._walk(parsed, getattr(module, nested.name), inner, line)

    def _read_node(self, parsed: Any, kind: str, path: tuple[str, ...], line: int) -> None:
        model = self.model
        wrap = self._reader.annotations(parsed.node.annotations).get("wrap")
        if not wrap:
            return
        name = "".join(part[0].upper() + part[1:] for part in path)
        if kind == "interface":
            interface = parsed.as_interface()
            methods = tuple(self._read_methods(interface, ".".join(path), line))
            model.interfaces.append(InterfaceModel(name, path, wrap, interface, line, model, methods))
            return
        if parsed.node.isGeneric:
            raise SchemaError(
                f"{model.path}:{line}: {name}: a generic struct stands for no single class; "
                "leave $Proxy.wrap away and use it for tuples, dicts and hooks"
            )
        struct = parsed.as_struct()
        members = self._reader.fields(struct, f"{model.path}:{line}: {'.'.join(path)}")
        lines = {item.name: self._line(rf"\b{item.name}\s*@", line) for item in members.fields}
        model.structs.append(StructModel(name, path, wrap, struct, line, model, members, lines))

    def _read_methods(self, interface: Any, name: str, line: int) -> list[MethodModel]:
        methods = []
        for proto in sorted(interface.node.interface.methods, key=lambda proto: int(proto.codeOrder)):
            at = self._line(rf"\b{proto.name}\s*@", line)
            where = f"{self.model.path}:{at}: {name}.{proto.name}"
            method = interface.methods[proto.name]
            params, results = (self._reader.fields(schema, where) for schema in (method.param_type, method.result_type))
            annotations = self._reader.annotations(proto.annotations)
            methods.append(MethodModel(str(proto.name), annotations, params, results, at))
        return methods

    def _read_constant(self, parsed: Any, value: Any, path: tuple[str, ...], line: int) -> None:
        kind = str(parsed.node.const.type.which())
        if kind in ("interface", "anyPointer"):
            raise SchemaError(f"{self.model.path}:{line}: {path[-1]}: a constant {kind} has no Python counterpart")
        name = "_".join(python_name(part) for part in path).upper()
        wire_type = _constant_type(parsed.node.const.type)
        self.model.constants.append(ConstModel(name, wire_type, plain(value), line))


def _constant_type(proto: Any) -> WireType:
    kind = str(proto.which())
    return WireType(kind, _constant_type(proto.list.elementType) if kind == "list" else None)
