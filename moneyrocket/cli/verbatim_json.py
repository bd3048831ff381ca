"""JSON as a client passes it on: numbers keep their spelling, and the layout is that of Bitcoin Core's tools."""

from __future__ import annotations

import json

from moneyrocket.common.json import Json, JsonError


class VerbatimNumber(float):
    """A number with a fraction that is written exactly as it was read.

    Attributes:
        text: the spelling.
    """

    text: str

    def __new__(cls, text: str) -> VerbatimNumber:
        """Reads a JSON number."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def _no_constant(name: str) -> Json:
    raise JsonError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_float=VerbatimNumber, parse_constant=_no_constant)
_scalar = json.JSONEncoder(ensure_ascii=False)


def loads(text: str) -> Json:
    """Reads a JSON value.

    Raises:
        JsonError: the text is not JSON.
    """
    try:
        value: Json = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise JsonError(str(error)) from error
    return value


def dumps(value: Json, *, pretty: bool = False) -> str:
    """Writes a JSON value, on one line or with an indentation of two spaces a level."""
    parts: list[str] = []
    _write(value, parts, "\n" if pretty else None)
    return "".join(parts)


def show(value: Json) -> str:
    """Returns a value as part of a sentence: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else dumps(value)


def _write(value: Json, parts: list[str], line: str | None) -> None:
    """Appends a value to `parts`; `line` is a line break with the indentation here, None for no layout."""
    match value:
        case VerbatimNumber():
            parts.append(value.text)
        case list():
            inner = None if line is None else line + "  "
            _write_all([("", item) for item in value], "[]", parts, line, inner)
        case dict():
            inner = None if line is None else line + "  "
            space = "" if line is None else " "
            members = [(f"{_scalar.encode(key)}:{space}", item) for key, item in value.items()]
            _write_all(members, "{}", parts, line, inner)
        case _:
            parts.append(_scalar.encode(value))


def _write_all(
    members: list[tuple[str, Json]], brackets: str, parts: list[str], line: str | None, inner: str | None
) -> None:
    parts.append(brackets[0])
    for number, (key, item) in enumerate(members):
        parts.append(("," if number else "") + (inner or "") + key)
        _write(item, parts, inner)
    parts.append((line or "") + brackets[1])
