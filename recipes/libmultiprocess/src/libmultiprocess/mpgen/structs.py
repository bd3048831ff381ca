"""Writes the two functions that convert a wrapped struct."""

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.context import wrapped_class
from libmultiprocess.mpgen.convert import Converters
from libmultiprocess.mpgen.converter import Mismatch, Scope
from libmultiprocess.mpgen.fields import FieldPlan, group_plan, group_reads, pair_up
from libmultiprocess.mpgen.model import StructModel, python_name
from libmultiprocess.mpgen.python_types import Member, location, struct_members
from libmultiprocess.mpgen.text import build_lines

Members = list[tuple[FieldPlan, list[Member]]]


def struct_text(converters: Converters, struct: StructModel) -> str:
    """The functions for one struct.

    Raises:
        SchemaError: if struct and class do not fit together.
    """
    cls = wrapped_class(struct)
    class_name = converters.render_class(cls)
    reader = converters.imports.add("libmultiprocess", "struct_codec")
    name = python_name(struct.name)
    build, reads = [], []
    for plan, members in _plans(converters, struct, cls):
        build.append((plan, [f"value.{member.name}" for member in members]))
        names, by_name = [member.name for member in members], [member.keyword_only for member in members]
        try:
            reads += group_reads(plan, "wire", names, by_name)
        except Mismatch as error:
            raise SchemaError(f"{struct.where_is(plan.field)}: {struct.name}.{plan.field.name}: {error}") from None
    lines = [
        f"_{name.upper()} = {reader}(_SCHEMA.{'.'.join(struct.path)}.schema)",
        "",
        "",
        f"def build_{name}(value: {class_name}, connection: Connection) -> Wire:",
        f'    """{class_name} as a message value."""',
        *("    " + line for line in build_lines("wire", build)),
        "    return wire",
        "",
        "",
        f"def read_{name}(wire: Wire | None, connection: Connection) -> {class_name}:",
        f'    """The inverse of `build_{name}`; None stands for a struct of defaults."""',
    ]
    if reads:
        lines += ["    if wire is None:", f"        wire = _{name.upper()}.defaults()"]
        lines += [f"    return {class_name}(", *(f"        {text}," for text in reads), "    )"]
    else:
        lines.append(f"    return {class_name}()")
    return "\n".join(lines) + "\n"


def _plans(converters: Converters, struct: StructModel, cls: type) -> Members:
    """Pairs the members of a class with schema fields."""
    members = struct_members(cls)
    at = f"{cls.__qualname__} ({location(cls)})"
    if members is None:
        raise SchemaError(f"{struct.where}: {struct.name}: {at} is no dataclass, named tuple or exception")
    pairing = pair_up(struct.members.visible(), [member.name for member in members])
    for name in pairing.names:
        raise SchemaError(f"{struct.where}: {struct.name}: {cls.__qualname__}.{name} ({location(cls)}) has no field")
    for item in pairing.fields:
        wanted = f"member {item.python_name}" if item.count == 1 else f"{item.count} members in a row"
        raise SchemaError(f"{struct.where_is(item)}: {struct.name}: field {item.name} has no {wanted} in {at}")
    found = []
    for item, indexes in pairing.pairs:
        group = [members[index] for index in indexes]
        scope = Scope(group[0].namespace, f"{struct.name}: {item.name}")
        try:
            plan = group_plan(converters, item, struct.members, [member.annotation for member in group], scope)
        except Mismatch as error:
            names = ", ".join(f"{cls.__qualname__}.{member.name}" for member in group)
            where = f"{struct.where_is(item)}: {struct.name}.{item.name} / {names} ({location(cls)})"
            raise SchemaError(f"{where}: {error}") from None
        found.append((plan, group))
    return found
