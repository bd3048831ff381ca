"""What the types in one generated module mean, and how to write them."""

import collections.abc
import importlib
import types
import typing
from collections.abc import Set
from pathlib import Path
from typing import Any

from libmultiprocess import chrono
from libmultiprocess.custom import CustomType
from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.converter import Mismatch
from libmultiprocess.mpgen.literals import literal
from libmultiprocess.mpgen.model import FieldModel, FieldsModel, FileModel, ModuleName, NodeModel, python_name
from libmultiprocess.mpgen.names import Imports
from libmultiprocess.mpgen.python_types import (
    evaluate,
    module_names,
    optional_of,
    resolve_callable,
    resolve_name,
    unit_of,
)
from libmultiprocess.mpgen.reader import Reader
from libmultiprocess.mpgen.values import empty_struct
from libmultiprocess.wire.types import WireType


class Context:
    """Everything converters for one generated module need to know.

    Args:
        model: the schema file.
        nodes: wrapped nodes of all files by schema id.
        import_prefix: package of the generated modules.
        reader: reads structs that have no wrap.
        cycle: schema files that import this one and are imported by it.

    Attributes:
        imports: what the module imports.
        defaults: module constants that stand for null structs: name to text.
    """

    def __init__(
        self,
        model: FileModel,
        nodes: dict[int, NodeModel],
        import_prefix: str,
        reader: Reader,
        cycle: Set[Path] = frozenset(),
    ) -> None:
        self.model = model
        self.imports = Imports()
        self.defaults: dict[str, str] = {}
        self._nodes = nodes
        self._prefix = import_prefix
        self._reader = reader
        self._cycle = cycle
        self._namespace: dict[str, Any] = {}
        for item in model.include:
            self._namespace.update(vars(_import(item)))
        self._custom: list[tuple[Any, CustomType]] = []
        for item in model.include_types:
            where = f"{item.where}: {item.name}.TYPES"
            for custom in getattr(_import(item), "TYPES", ()):
                self._custom.append((resolve_name(custom.name, where), custom))

    def node(self, wire: WireType) -> NodeModel | None:
        """The wrapped struct or interface of this type, if it is one."""
        return self._nodes.get(int(wire.schema.node.id))

    def node_of(self, schema: Any) -> NodeModel | None:
        """The wrapped struct or interface of this schema, if it is one."""
        return self._nodes.get(int(schema.node.id))

    def fields(self, wire: WireType) -> FieldsModel:
        """The fields of a struct without a wrap.

        Raises:
            Mismatch: if there are unions or groups.
        """
        try:
            return self._reader.fields(wire.schema, str(wire), wire.bindings)
        except SchemaError as error:
            raise Mismatch(str(error)) from None

    def default_struct(self, wire: WireType) -> str:
        """A name for the value of a struct with nothing set."""
        name = f"_DEFAULT_{python_name(str(wire).partition('(')[0].replace('.', '')).upper()}"
        text = literal(empty_struct(wire.schema), self.imports)
        while self.defaults.setdefault(name, text) != text:
            name += "_"
        return name

    def custom(self, annotation: Any) -> CustomType | None:
        """The hook for an annotation, if there is one."""
        for value, custom in self._custom:
            if annotation is value or (isinstance(annotation, str | type(value)) and annotation == value):
                return custom
            if isinstance(annotation, typing.ForwardRef) and annotation.__forward_arg__ == value:
                return custom
        return None

    def evaluate(self, annotation: Any, namespace: dict[str, Any]) -> Any:
        """The type behind an annotation.

        Raises:
            Mismatch: if a name in it is unknown.
        """
        try:
            return evaluate(annotation, {**self._namespace, **namespace}, self._is_known)
        except (NameError, AttributeError) as error:
            raise Mismatch(f"annotation {annotation!r}: {error}; name its module with $Proxy.include") from None
        except (TypeError, SyntaxError) as error:
            raise Mismatch(f"annotation {annotation!r}: {error}") from None

    def _is_known(self, annotation: Any) -> bool:
        return unit_of(annotation) is not None or self.custom(annotation) is not None

    def render(self, annotation: Any, namespace: dict[str, Any]) -> str:
        """Source text of an annotation; what it uses gets imported.

        Raises:
            Mismatch: if it is no type that can be written down.
        """
        annotation = self.evaluate(annotation, namespace)
        custom = self.custom(annotation)
        if custom is not None:
            module, _, name = custom.name.rpartition(".")
            return self.imports.add(module, name)
        if annotation is None or annotation is type(None):
            return "None"
        unit = unit_of(annotation)
        if unit is not None:
            return self._render_unit(annotation, unit.name)
        if isinstance(annotation, typing.NewType):
            return self.imports.add(str(annotation.__module__), annotation.__name__)
        origin = typing.get_origin(annotation)
        args = typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return " | ".join(self.render(item, namespace) for item in args)
        if origin is collections.abc.Callable:
            name = self.imports.add("collections.abc", "Callable")
            params = ", ".join(self.render(item, namespace) for item in args[0])
            return f"{name}[[{params}], {self.render(args[1], namespace)}]"
        if origin is not None:
            items = ", ".join("..." if item is Ellipsis else self.render(item, namespace) for item in args)
            return f"{self.render_class(origin)}[{items}]"
        if isinstance(annotation, type):
            return self.render_class(annotation)
        raise Mismatch(f"{annotation!r} is not a type that can cross processes")

    def render_class(self, cls: Any) -> str:
        """Source text of a class, which gets imported."""
        if cls.__module__ == "builtins":
            return str(cls.__name__)
        return self.imports.add(cls.__module__, cls.__qualname__)

    def _render_unit(self, annotation: Any, name: str) -> str:
        if getattr(chrono, name, None) == annotation:
            return self.imports.add("libmultiprocess.chrono", name)
        return self.render_class(typing.get_args(annotation)[0])

    def optional(self, annotation: Any) -> Any:
        """``T`` of ``T | None``; None if the annotation is something else, or has a hook of its own."""
        return None if self.custom(annotation) else optional_of(annotation)

    def generated(self, node: NodeModel, name: str) -> str:
        """A name from the module generated for ``node``'s file."""
        if node.file is self.model:
            return name
        module = f"{self._prefix}.{node.file.module}" if self._prefix else node.file.module
        return self.imports.add(module, name, late=self.in_cycle(node))

    def in_cycle(self, node: NodeModel) -> bool:
        """Whether ``node``'s file and this one import one another."""
        return node.file.path in self._cycle


def field_default(item: FieldModel, imports: Imports) -> str:
    """What a null pointer in this field stands for, as the schema says; empty if it says nothing."""
    return "" if item.default is None else literal(item.default, imports)


def wrapped_class(node: NodeModel) -> Any:
    """What an interface or struct stands for: a class, or a ``Callable``.

    Raises:
        SchemaError: if there is none of that name.
    """
    if "[" in node.wrap:
        return resolve_callable(node.wrap, node.where)
    value = resolve_name(node.wrap, f"{node.where}: {node.name}")
    if not isinstance(value, type):
        raise SchemaError(f"{node.where}: {node.name}: $Proxy.wrap names {node.wrap}, which is not a class")
    return value


def names_of(cls: Any) -> dict[str, Any]:
    """The namespace in which annotations of a wrapped class or ``Callable`` are looked up."""
    return module_names(cls) if isinstance(cls, type) else {}


def _import(item: ModuleName) -> Any:
    try:
        return importlib.import_module(item.name)
    except ImportError as error:
        raise SchemaError(f"{item.where}: cannot import {item.name}: {error}") from error
