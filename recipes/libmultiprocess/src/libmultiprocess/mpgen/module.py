"""Writes the Python module for one schema file."""

import re
from collections.abc import Set
from pathlib import Path

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.convert import Converters
from libmultiprocess.mpgen.interfaces import InterfaceWriter
from libmultiprocess.mpgen.literals import literal
from libmultiprocess.mpgen.model import ConstModel, FileModel, InterfaceModel, NodeModel, python_name
from libmultiprocess.mpgen.reader import Reader
from libmultiprocess.mpgen.scalars import FLOATS, INTS
from libmultiprocess.mpgen.structs import struct_text
from libmultiprocess.mpgen.wrap import LINE_LENGTH, wrap
from libmultiprocess.wire.types import WireType

_ALWAYS_SO_CALLED = {
    "libmultiprocess": ("Connection", "Method", "ProxyClient", "ProxyServer", "Wire", "load_schema", "struct_codec"),
    "collections.abc": ("Callable", "Mapping"),
    "pathlib": ("Path",),
    "typing": ("Any", "ClassVar", "Final"),
}
"""Imported before anything else, so that a class of the application that has one of these names gets an alias."""

_CONSTANT_TYPES = {"bool": "bool", "text": "str", "data": "bytes", "void": "None", "enum": "int", "struct": "Wire"}


class ModuleWriter:
    """Makes the text of one generated module.

    Args:
        model: the schema file.
        nodes: wrapped nodes of all files by schema id.
        import_prefix: package of the generated modules.
        reader: what read the schema files.
        cycle: schema files that import this one and are imported by it.
    """

    def __init__(
        self,
        model: FileModel,
        nodes: dict[int, NodeModel],
        import_prefix: str,
        reader: Reader,
        cycle: Set[Path] = frozenset(),
    ) -> None:
        self._model = model
        self._converters = Converters(model, nodes, import_prefix, reader, cycle)

    def write(self) -> str:
        """The module's text.

        Raises:
            SchemaError: if schema and classes do not fit together.
        """
        imports = self._converters.imports
        self._reserve()
        for module, names in _ALWAYS_SO_CALLED.items():
            for name in names:
                imports.add(module, name)
        constants = [self._constant(constant) for constant in sorted(self._model.constants, key=lambda item: item.line)]
        bodies = [struct_text(self._converters, struct) for struct in self._model.structs]
        bodies += [InterfaceWriter(self._converters, item).write() for item in _in_order(self._model.interfaces)]
        text = _wrapped("\n\n".join(bodies).rstrip("\n"))
        name = self._model.path.name
        top = [f'_SCHEMA: Any = load_schema(Path(__file__).with_name("{name}"))']
        defaults = self._converters.defaults.items()
        top += [f"{name}: Wire = {value}" for name, value in defaults if re.search(rf"\b{name}\b", text)]
        if constants:
            top += ["", *constants]
        if bodies:
            top += ["\n", text]
        head = [
            f'"""Proxies for {name}, written by mpgen: edits are lost at the next build."""\n',
            *imports.lines("\n".join(top)),
            "",
        ]
        late = imports.late_lines("\n".join(top))
        if late:
            late = ["\n", "# That module imports this one as well, so each defines its own names first.", *late]
        return "\n".join([*head, *top, *late]) + "\n"

    def _reserve(self) -> None:
        """Keep the names that the module defines, so that imports get others."""
        names = [(constant.name, constant.line) for constant in self._model.constants]
        names += [(item.name + end, item.line) for item in self._model.interfaces for end in ("Client", "Server")]
        names += [
            (f"{start}_{python_name(item.name)}", item.line)
            for item in self._model.structs
            for start in ("build", "read")
        ]
        seen: dict[str, int] = {}
        for name, line in names:
            if seen.setdefault(name, line) != line:
                raise SchemaError(f"{self._model.path}:{line}: {name} is already what line {seen[name]} is called")
            self._converters.imports.reserve(name)

    def _constant(self, constant: ConstModel) -> str:
        imports = self._converters.imports
        final = imports.add("typing", "Final")
        value = tuple(constant.value) if constant.type.kind == "list" else constant.value
        return f"{constant.name}: {final}[{_type_name(constant.type)}] = {literal(value, imports)}"


def _wrapped(text: str) -> str:
    return "\n".join(line for long in text.split("\n") for line in (wrap(long) if len(long) > LINE_LENGTH else [long]))


def _type_name(wire: WireType) -> str:
    if wire.kind == "list":
        assert wire.element is not None
        element = _type_name(wire.element).replace("tuple[", "list[").replace(", ...]", "]")
        return f"tuple[{element}, ...]"
    if wire.kind in INTS:
        return "int"
    return "float" if wire.kind in FLOATS else _CONSTANT_TYPES[wire.kind]


def _in_order(interfaces: list[InterfaceModel]) -> list[InterfaceModel]:
    """Base interfaces before those that extend them."""
    ids = {item.id: item for item in interfaces}
    done: dict[int, InterfaceModel] = {}

    def visit(item: InterfaceModel) -> None:
        for parent in item.schema.superclasses:
            if int(parent.node.id) in ids:
                visit(ids[int(parent.node.id)])
        done.setdefault(item.id, item)

    for item in interfaces:
        visit(item)
    return list(done.values())
