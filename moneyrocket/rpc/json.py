"""JSON in which amounts keep every digit: numbers with a fraction are `decimal.Decimal` in both directions."""

from __future__ import annotations

import json
import os
from decimal import Decimal

from moneyrocket.common.json import Json, JsonError

# Marks the decimals in the text that the C encoder makes; random, so that no string of a caller can contain it.
_MARK = os.urandom(16).hex()
_OPEN = f'"{_MARK}<'
_CLOSE = f'>{_MARK}"'

__all__ = ["DuplicateKeys", "JsonError", "dumps", "loads"]


class DuplicateKeys(dict[str, Json]):
    """An object whose text gave a key more than once; holds the first value of each.

    Attributes:
        first_duplicate: the first key that was repeated.
    """

    first_duplicate: str = ""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen = DuplicateKeys()
    for key, value in pairs:
        if key in seen:
            seen.first_duplicate = seen.first_duplicate or key
        else:
            seen[key] = value
    return seen


def _no_constant(name: str) -> Json:
    raise JsonError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_object)


def loads(text: str | bytes) -> Json:
    """Reads a JSON value; numbers with a fraction or exponent become `Decimal`.

    Raises:
        JsonError: the text is not UTF-8 or not JSON.
    """
    try:
        value: Json = _decoder.decode(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise JsonError(str(error)) from error
    return value


def _mark_decimal(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}<{value:f}>{_MARK}"
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_mark_decimal)
_pretty = json.JSONEncoder(ensure_ascii=False, indent=2, default=_mark_decimal)
_pretty_wide = json.JSONEncoder(ensure_ascii=False, indent=4, default=_mark_decimal)


def dumps(value: Json, *, indent: int = 0) -> str:
    """Writes a JSON value; a `Decimal` is written with exactly its digits, never with an exponent.

    Args:
        value: what to write.
        indent: 0 for one line without spaces, else 2 or 4 spaces a level.

    Raises:
        TypeError: a part of the value is not JSON.
    """
    encoder = {0: _compact, 2: _pretty, 4: _pretty_wide}[indent]
    text = encoder.encode(value)
    if _MARK in text:
        text = text.replace(_OPEN, "").replace(_CLOSE, "")
    return text
