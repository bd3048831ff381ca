"""Python values as source text."""

import dataclasses
import enum
import inspect
from datetime import timedelta
from typing import Any

from libmultiprocess.mpgen.names import Imports
from libmultiprocess.mpgen.python_types import struct_members

_ATOMS = (bool, int, str, bytes)


def literal(value: Any, imports: Imports) -> str:
    """Source text of a value.

    Raises:
        ValueError: if it has none.
    """
    kind = type(value)
    if value is None or kind in _ATOMS:
        return repr(value).replace("'", '"') if kind in (str, bytes) and _plain(value) else repr(value)
    if kind is float:
        return repr(value) if repr(value)[-1].isdigit() else f'float("{value}")'
    if isinstance(value, enum.Enum):
        return _enum_literal(value, imports)
    if kind in (list, tuple, set, frozenset, dict):
        return _container_literal(value, imports)
    if kind is timedelta:
        return f"{imports.add('datetime', 'timedelta')}(microseconds={value // timedelta(microseconds=1)})"
    if isinstance(value, type):
        return _class_literal(value, imports)
    members = struct_members(kind) if dataclasses.is_dataclass(kind) or isinstance(value, tuple) else None
    if members is None:
        raise ValueError(f"{value!r} cannot be written down")
    arguments = ", ".join(f"{item.name}={literal(getattr(value, item.name), imports)}" for item in members)
    return f"{_class_literal(kind, imports)}({arguments})"


def _plain(value: str | bytes) -> bool:
    text = repr(value)
    return "'" not in text[2:-1] and '"' not in text and "\\'" not in text


def _enum_literal(value: enum.Enum, imports: Imports) -> str:
    name = _class_literal(type(value), imports)
    # A combination of flags has no name of its own.
    return f"{name}.{value.name}" if value.name in type(value).__members__ else f"{name}({value.value!r})"


def _container_literal(value: Any, imports: Imports) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{literal(key, imports)}: {literal(item, imports)}" for key, item in value.items()) + "}"
        )
    ordered = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
    items = ", ".join(literal(item, imports) for item in ordered)
    if isinstance(value, list):
        return f"[{items}]"
    if isinstance(value, tuple):
        return f"({items},)" if len(value) == 1 else f"({items})"
    name = type(value).__name__
    return f"{name}(({items},))" if items else f"{name}()"


def _class_literal(cls: type, imports: Imports) -> str:
    if cls.__module__ == "builtins":
        return cls.__name__
    return imports.add(cls.__module__, cls.__qualname__)


def default_text(value: Any, imports: Imports) -> str | None:
    """Source text of a parameter's default, None if it has none.

    Raises:
        ValueError: if it has one that cannot be written down.
    """
    return None if value is inspect.Parameter.empty else literal(value, imports)
