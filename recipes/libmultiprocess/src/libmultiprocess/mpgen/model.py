"""Schema files as mpgen sees them."""

import keyword
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from libmultiprocess.wire.types import CONTEXT_ID, WireType

THREAD_MAP_ID: Final = 0xEE5E37179AD9DC9D


@dataclass(frozen=True)
class FieldModel:
    """A parameter, result or struct member.

    Attributes:
        name: in the schema.
        type: what it holds.
        annotations: those of proxy.capnp.
        count: how many Python parameters or members it stands for.
        default: what a null pointer stands for, as a plain value, if the schema says; None otherwise.
    """

    name: str
    type: WireType
    annotations: dict[str, Any]
    count: int = 1
    default: Any = None

    @property
    def python_name(self) -> str:
        """Name on the Python side."""
        return str(self.annotations.get("name") or python_name(self.name))

    @property
    def has_name(self) -> str:
        """Name of the Bool that says whether an optional value is there."""
        return "has" + self.name[0].upper() + self.name[1:]

    @property
    def want_name(self) -> str:
        """Name of the Bool parameter that says whether the caller wants this result."""
        return "want" + self.name[0].upper() + self.name[1:]

    @property
    def skipped(self) -> bool:
        """Whether the runtime, not the caller, fills it in."""
        return self.count == 0 or self.is_context or self.is_thread_map

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
            if not item.skipped
            and "exception" not in item.annotations
            and not (item.type.kind == "bool" and item.name in has_names)
        ]

    def has(self, item: FieldModel) -> str:
        """The Bool beside ``item`` that says whether it is there; empty if there is none."""
        return item.has_name if self._is_bool(item.has_name) else ""

    def want(self, item: FieldModel) -> str:
        """The Bool among these parameters that says whether the result ``item`` is wanted; empty if there is none."""
        return item.want_name if self._is_bool(item.want_name) else ""

    def _is_bool(self, name: str) -> bool:
        return any(other.name == name and other.type.kind == "bool" for other in self.fields)


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

    def visible_params(self) -> list[FieldModel]:
        """Parameters with a Python counterpart: a caller in Python wants every result, so it is not asked."""
        wants = {self.params.want(item) for item in self.results.fields}
        return [item for item in self.params.visible() if item.name not in wants]


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

    @property
    def id(self) -> int:
        """The schema's id."""
        return int(self.schema.node.id)


@dataclass(frozen=True)
class InterfaceModel(NodeModel):
    """A wrapped interface."""

    methods: tuple[MethodModel, ...] = ()

    def method(self, name: str) -> MethodModel | None:
        """The method that the interface itself declares under this name."""
        return next((item for item in self.methods if item.name == name), None)


@dataclass(frozen=True)
class StructModel(NodeModel):
    """A wrapped struct."""

    members: FieldsModel = FieldsModel(())
    lines: dict[str, int] = field(default_factory=dict)

    def where_is(self, item: FieldModel) -> str:
        """File and line of a member."""
        return f"{self.file.path}:{self.lines.get(item.name, self.line)}"


@dataclass(frozen=True)
class ConstModel:
    """A constant.

    Attributes:
        name: on the Python side.
        type: what it holds.
        value: as a plain value.
        line: where it is declared.
    """

    name: str
    type: WireType
    value: Any
    line: int


@dataclass(frozen=True)
class ModuleName:
    """A Python module that a schema names, and the line where it does."""

    name: str
    where: str


@dataclass
class FileModel:
    """One schema file."""

    path: Path
    module: str
    include: list[ModuleName] = field(default_factory=list)
    include_types: list[ModuleName] = field(default_factory=list)
    constants: list[ConstModel] = field(default_factory=list)
    interfaces: list[InterfaceModel] = field(default_factory=list)
    structs: list[StructModel] = field(default_factory=list)


def python_name(name: str) -> str:
    """camelCase to snake_case; a word that Python keeps for itself gets an underscore."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return snake + "_" if keyword.iskeyword(snake) else snake
