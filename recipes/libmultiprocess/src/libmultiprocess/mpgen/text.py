"""Pieces of text that clients, servers and structs have in common."""

import re
from collections.abc import Iterable, Sequence

from libmultiprocess.mpgen.fields import FieldPlan, group_text

Build = Sequence[tuple[FieldPlan, Sequence[str]]]

_LINE_LENGTH = 112
_CONNECTION = re.compile(r'(?<![\w".])connection_*\b(?!["=:])')


def build_lines(variable: str, build: Build, more: Iterable[str] = ()) -> list[str]:
    """Statements that make a message value of Python expressions.

    Args:
        variable: its name.
        build: fields with the expressions for them.
        more: further entries.
    """
    plain = [group_text(plan, texts) for plan, texts in build if not plan.absent_as_none]
    lines = dict_lines(f"{variable}: Wire = ", [*plain, *more])
    for plan, texts in build:
        if plan.absent_as_none:
            lines.append(f"if {texts[0]} is not None:")
            lines += ["    " + line for line in plan.statements(variable, texts[0])]
    return lines


def dict_lines(start: str, entries: Sequence[str], end: str = "") -> list[str]:
    """A statement that ends with a dict, on one line if it is short enough."""
    line = f"{start}{{{', '.join(entries)}}}{end}"
    if len(line) <= _LINE_LENGTH:
        return [line]
    return [f"{start}{{", *(f"    {entry}," for entry in entries), f"}}{end}"]


def call_lines(start: str, arguments: Sequence[str]) -> list[str]:
    """A statement that ends with a call, on one line if it is short enough."""
    line = f"{start}({', '.join(arguments)})"
    if len(line) <= _LINE_LENGTH or not arguments:
        return [line]
    return [f"{start}(", *(f"    {argument}," for argument in arguments), ")"]


def with_connection(body: list[str], variable: str = "connection") -> list[str]:
    """The body of a method, which begins with finding the connection if it needs it."""
    if any(_CONNECTION.search(line) for line in body):
        return [f"{variable} = self._connection", *body]
    return body


def indented(lines: Iterable[str], depth: int) -> list[str]:
    """Lines moved to the right."""
    return [" " * 4 * depth + line if line else "" for line in lines]
