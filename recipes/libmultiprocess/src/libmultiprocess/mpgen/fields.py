"""Schema fields and the Python values that belong to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from libmultiprocess.mpgen.context import field_default
from libmultiprocess.mpgen.converter import Converter, Mismatch, Scope, group
from libmultiprocess.mpgen.model import FieldModel, FieldsModel

if TYPE_CHECKING:
    from libmultiprocess.mpgen.convert import Converters


@dataclass(frozen=True)
class FieldPlan:
    """How a field crosses.

    Attributes:
        field: the field.
        converter: of its value.
        has: the Bool beside it that says whether it is there; empty if there is none.
        optional: whether None means that it is not there.
        default: what a null pointer stands for, if the schema says, as an expression.
    """

    field: FieldModel
    converter: Converter
    has: str = ""
    optional: bool = False
    default: str = ""

    @property
    def absent_as_none(self) -> bool:
        """Whether nothing is written for None."""
        return self.optional or self.converter.nullable

    def entries(self, text: str) -> str:
        """Entries of a message value, for a value that is there."""
        entry = f'"{self.field.name}": {self.converter.build(text)}'
        return f'{entry}, "{self.has}": True' if self.has else entry

    def statements(self, variable: str, text: str) -> list[str]:
        """Assignments to a message value, for a value that is there."""
        lines = [f'{variable}["{self.field.name}"] = {self.converter.build(text)}']
        if self.has:
            lines.append(f'{variable}["{self.has}"] = True')
        return lines

    def read(self, variable: str) -> str:
        """The Python value from a message value."""
        text = f'{variable}["{self.field.name}"]'
        if not self.optional:
            return self._read(text)
        value = self._read(text)
        return f'{group(value) if " if " in value else value} if {variable}["{self.has}"] else None'

    def read_parts(self, variable: str) -> list[str] | None:
        """As `read`, one expression for each part of a tuple; None if the converter makes it in one piece."""
        parts = self.converter.read_parts
        return None if parts is None else parts(self._not_null(f'{variable}["{self.field.name}"]'))

    def _read(self, text: str) -> str:
        return self.converter.read(self._not_null(text))

    def _not_null(self, text: str) -> str:
        if self.converter.nullable:
            return text
        if self.default:
            return f"{self.default} if {text} is None else {text}"
        return f"{text} or {self.converter.empty}" if self.converter.empty else text


def plan_field(
    converters: "Converters", item: FieldModel, fields: FieldsModel, annotation: Any, scope: Scope
) -> FieldPlan:
    """How a value annotated so becomes the field ``item`` of ``fields``.

    Raises:
        Mismatch: if it cannot.
    """
    resolved = converters.evaluate(annotation, scope.namespace)
    inner = converters.optional(resolved)
    has = fields.has(item)
    optional = inner is not None and bool(has)
    converter = converters.converter(inner if optional else resolved, item.type, scope)
    return FieldPlan(item, converter, has, optional, field_default(item, converters.imports))


def dict_text(plans: Sequence[FieldPlan], texts: Sequence[str]) -> str:
    """A message value with these fields, as one expression."""
    entries = [
        f"**({{}} if {text} is None else {{{plan.entries(text)}}})" if plan.absent_as_none else plan.entries(text)
        for plan, text in zip(plans, texts, strict=True)
    ]
    return f"{{{', '.join(entries)}}}"


@dataclass(frozen=True)
class Pairing:
    """Schema fields with the Python names that belong to each, in the order of the Python names.

    Attributes:
        pairs: fields with their names.
        names: Python names without a field.
        fields: fields without Python names.
    """

    pairs: list[tuple[FieldModel, list[int]]]
    names: list[str]
    fields: list[FieldModel]


def pair_up(fields: Sequence[FieldModel], names: Sequence[str]) -> Pairing:
    """Find the Python names for each field: by name, or for a field that counts several the next that have no field."""
    single: dict[str, FieldModel] = {}
    doubled = []
    for item in fields:
        if item.count == 1 and single.setdefault(item.python_name, item) is not item:
            doubled.append(item)
    several = [item for item in fields if item.count > 1]
    pairs: list[tuple[FieldModel, list[int]]] = []
    left: list[str] = []
    index = 0
    while index < len(names):
        name = names[index]
        count = 1
        if name in single:
            pairs.append((single.pop(name), [index]))
        elif several and _all_free(names[index : index + several[0].count], several[0].count, single):
            item = several.pop(0)
            count = item.count
            pairs.append((item, list(range(index, index + count))))
        else:
            left.append(name)
        index += count
    missing = [item for item in fields if item in several or item in doubled or item.python_name in single]
    return Pairing(pairs, left, missing)


def _all_free(names: Sequence[str], count: int, single: dict[str, FieldModel]) -> bool:
    return len(names) == count and not any(name in single for name in names)


def group_plan(
    converters: "Converters", item: FieldModel, fields: FieldsModel, annotations: Sequence[Any], scope: Scope
) -> FieldPlan:
    """How one or more Python values become the field ``item`` of ``fields``: several as a tuple of them.

    Raises:
        Mismatch: if they cannot.
    """
    if len(annotations) == 1:
        return plan_field(converters, item, fields, annotations[0], scope)
    parts = tuple(converters.evaluate(annotation, scope.namespace) for annotation in annotations)
    plan = plan_field(converters, item, fields, GenericAlias(tuple, parts), scope)
    if plan.absent_as_none:
        raise Mismatch(f"$Proxy.count({item.count}): several values together cannot be None")
    return plan


def group_text(plan: FieldPlan, texts: Sequence[str]) -> str:
    """Entries of a message value for the Python values of one plan."""
    if len(texts) == 1:
        return plan.entries(texts[0])
    parts = plan.converter.build_parts
    value = parts(texts) if parts is not None else plan.converter.build(f"({', '.join(texts)})")
    return f'"{plan.field.name}": {value}'


def group_reads(plan: FieldPlan, variable: str, names: Sequence[str], by_name: Sequence[bool]) -> list[str]:
    """Arguments for the Python values of one plan.

    Raises:
        Mismatch: if they are passed by name, but come from a hook in one piece.
    """
    if len(names) == 1:
        texts = [plan.read(variable)]
    else:
        parts = plan.read_parts(variable)
        if parts is None:
            if any(by_name):
                raise Mismatch(f"$Proxy.count({plan.field.count}): a hook cannot make parameters passed by name only")
            return [f"*{plan.read(variable)}"]
        texts = parts
    return [f"{name}={text}" if named else text for name, named, text in zip(names, by_name, texts, strict=True)]
