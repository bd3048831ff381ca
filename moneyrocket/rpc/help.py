"""Writes the help text of an RPC method from its declaration."""

from __future__ import annotations

from collections.abc import Sequence

from moneyrocket.rpc import json
from moneyrocket.rpc.params import UNSET, Param, ParamType

_TYPE_WORD = {
    ParamType.STR: "string",
    ParamType.HEX: "string",
    ParamType.NUM: "numeric",
    ParamType.BOOL: "boolean",
    ParamType.AMOUNT: "numeric or string",
    ParamType.RANGE: "numeric or array",
    ParamType.OBJ: "json object",
    ParamType.OPTIONS: "json object",
    ParamType.USER_KEYS: "json object",
    ParamType.ARR: "json array",
    ParamType.ANY: "any",
}
_GAP = 4

Row = tuple[str, str]


def method_help(name: str, params: Sequence[Param], text: str, result: str, examples: Sequence[str]) -> str:
    """Returns synopsis, description, parameters, result and examples of a method."""
    visible = []
    for param in params:
        if param.hidden:
            break
        visible.append(param)
    parts = [synopsis(name, visible), "\n\n", text.strip(), "\n"]
    rows: list[Row] = []
    named_rows: list[Row] = []
    for number, param in enumerate(visible, 1):
        rows.append((f"{number}. {param.name}", _describe(param)))
        if param.inner:
            rows.extend(_rows(param, indent=5, top=True, in_object=False))
        if param.type is ParamType.OPTIONS:
            named_rows.extend((member.name, _describe(member)) for member in param.inner)
    if rows:
        parts.append("\nArguments:\n" + _align(rows))
    if named_rows:
        parts.append("\nNamed Arguments:\n" + _align(named_rows))
    if result:
        parts.append(f"\nResult:\n{result.strip()}\n")
    if examples:
        parts.append("\nExamples:\n" + "".join(f"{line}\n" for line in examples))
    return "".join(parts)


def synopsis(name: str, params: Sequence[Param]) -> str:
    """Returns the one line that shows name and parameters, optional ones in parentheses."""
    words = [name]
    optional = False
    for param in params:
        if param.is_optional != optional:
            words.append("(" if param.is_optional else ")")
            optional = param.is_optional
        words.append(_short(param))
    if optional:
        words.append(")")
    return " ".join(words)


def _short(param: Param) -> str:
    if param.oneline:
        return param.oneline
    match param.type:
        case ParamType.STR | ParamType.HEX:
            return f'"{param.name}"'
        case ParamType.OBJ | ParamType.OPTIONS | ParamType.USER_KEYS:
            members = ",".join(f'"{member.name}":{_placeholder(member)}' for member in param.inner)
            return "{" + members + ("}" if param.type is ParamType.OBJ else ",...}")
        case ParamType.ARR:
            return "[" + "".join(f"{_short(member)}," for member in param.inner) + "...]"
        case _:
            return param.name


def _placeholder(param: Param) -> str:
    match param.type:
        case ParamType.STR:
            return '"str"'
        case ParamType.HEX:
            return '"hex"'
        case ParamType.NUM:
            return "n"
        case ParamType.RANGE:
            return "n or [n,n]"
        case ParamType.AMOUNT:
            return "amount"
        case ParamType.BOOL:
            return "bool"
        case ParamType.ARR:
            return "[" + "".join(f"{_short(member)}," for member in param.inner) + "...]"
        case ParamType.OBJ | ParamType.OPTIONS | ParamType.USER_KEYS:
            return "{...}"
        case ParamType.ANY:
            return "value"


def _describe(param: Param) -> str:
    word = param.type_text or _TYPE_WORD[param.type]
    if param.default is not UNSET:
        word += f", optional, default={json.dumps(param.default)}"
    elif param.default_hint:
        word += f", optional, default={param.default_hint}"
    else:
        word += ", required" if param.required else ", optional"
    return f"({word}) {param.description}".rstrip()


def _rows(param: Param, *, indent: int, top: bool, in_object: bool) -> list[Row]:
    pad = " " * indent
    key = f'"{param.name}": ' if in_object else ""
    note = "" if top else _describe(param)
    end = "" if top else ","
    match param.type:
        case ParamType.OBJ | ParamType.OPTIONS | ParamType.USER_KEYS:
            rows = [(f"{pad}{key}{{", note)]
            for member in param.inner:
                rows.extend(_rows(member, indent=indent + 2, top=False, in_object=True))
            if param.type is ParamType.USER_KEYS:
                rows.append((f"{pad}  ...", ""))
            rows.append((f"{pad}}}{end}", ""))
            return rows
        case ParamType.ARR:
            rows = [(f"{pad}{key}[", note)]
            for member in param.inner:
                rows.extend(_rows(member, indent=indent + 2, top=False, in_object=False))
            return [*rows, (f"{pad}  ...", ""), (f"{pad}]{end}", "")]
        case _:
            return [(f"{pad}{key}{_placeholder(param) if in_object else _short(param)}{end}", note)]


def _align(rows: Sequence[Row]) -> str:
    width = max(len(left) for left, _ in rows) + _GAP
    lines = []
    for left, right in rows:
        first, *rest = right.split("\n") if right else [""]
        lines.append(f"{left:<{width}}{first}".rstrip())
        lines.extend((" " * width + more.strip()).rstrip() for more in rest)
    return "".join(f"{line}\n" for line in lines)
