"""Parameters of RPC methods: declaration, help text, checks, and access from a method."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.rpc import json, values
from moneyrocket.rpc.errors import RpcErrorCode


class ParamType(Enum):
    """What kind of JSON value a parameter takes.

    OPTIONS is an object whose members may also be given as named parameters. ANY is not checked before the method
    runs.
    """

    STR = "string"
    HEX = "string (hex)"
    NUM = "numeric"
    BOOL = "boolean"
    AMOUNT = "numeric or string"
    RANGE = "numeric or array"
    OBJ = "json object"
    OPTIONS = "json object (options)"
    USER_KEYS = "json object (user keys)"
    ARR = "json array"
    ANY = "any"


_JSON_TYPE: Final = {
    ParamType.STR: "string",
    ParamType.HEX: "string",
    ParamType.NUM: "number",
    ParamType.BOOL: "bool",
    ParamType.OBJ: "object",
    ParamType.OPTIONS: "object",
    ParamType.USER_KEYS: "object",
    ParamType.ARR: "array",
}


class _Unset(Enum):
    UNSET = 0


UNSET: Final = _Unset.UNSET
"""Stands for "no default value" in `Param.default`; None is a default of null."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a method, or a member of one that is an object or array.

    Attributes:
        name: the name used for named parameters.
        type: what JSON value it takes.
        description: for the help text.
        required: must be given; ignored when there is a default or a hint.
        default: value that `Args` returns when it is missing or null.
        default_hint: default as the help text describes it, when the method computes it.
        aliases: other names.
        inner: members (OBJ, OPTIONS, USER_KEYS: by name; ARR: kinds of elements).
        hidden: neither it nor what follows shows in the help text.
        skip_type_check: the method checks the type itself.
        type_text: what the help text calls the type, when it needs more than the usual name.
        oneline: how the help's first line shows it, when the usual form would not do.
        also_positional: an OPTIONS member that may have the same name as a top-level parameter.
    """

    name: str
    type: ParamType
    description: str = ""
    required: bool = True
    default: Json | _Unset = UNSET
    default_hint: str = ""
    aliases: tuple[str, ...] = ()
    inner: tuple[Param, ...] = ()
    hidden: bool = False
    skip_type_check: bool = False
    type_text: str = ""
    oneline: str = ""
    also_positional: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether it may be left out."""
        return not self.required or self.default is not UNSET or bool(self.default_hint)

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)

    def mismatch(self, value: Json) -> str | None:
        """Returns why a value is of the wrong type, None when it is right."""
        expected = _JSON_TYPE.get(self.type)
        if self.skip_type_check or expected is None or (value is None and self.is_optional):
            return None
        actual = values.type_name(value)
        return None if actual == expected else f"JSON value of type {actual} is not of expected type {expected}"


def positional(params: Sequence[Param], request: RpcRequest) -> list[Json]:
    """Puts the parameters of a request into positional order.

    Members of an OPTIONS parameter may be named at the top level; ``args`` gives leading positional values.

    Raises:
        RpcError: -8 for unknown names and for values given twice.
    """
    given = request.params
    if given is None:
        return []
    if isinstance(given, list):
        return given
    if not isinstance(given, dict):
        raise RpcError(RpcErrorCode.INVALID_REQUEST, "Params must be an array or object")
    if isinstance(given, json.DuplicateKeys):
        raise _invalid(f"Parameter {given.first_duplicate} specified multiple times")
    left = dict(given)
    result: list[Json] = []
    hole = leading_hole = 0
    first_named = ""
    for param in params:
        options = _take_options(param, left) if param.type is ParamType.OPTIONS else {}
        name = next((name for name in param.names if name in left), None)
        if name is None and not options:
            hole += 1
            if not result:
                leading_hole = hole
            continue
        if name is not None and options:
            raise _invalid(f"Parameter {name} conflicts with parameter {next(iter(options))}")
        result.extend([None] * hole)
        hole = 0
        first_named = first_named or "|".join(param.names)
        result.append(left.pop(name) if name is not None else options)
    leading = left.get("args")
    if isinstance(leading, list):
        del left["args"]
        if first_named and leading_hole < len(leading):
            raise _invalid(f"Parameter {first_named} specified twice both as positional and named argument")
        result = leading + result[len(leading) :]
    if left:
        raise _invalid(f"Unknown named parameter {next(iter(left))}")
    return result


def _take_options(param: Param, left: dict[str, Json]) -> dict[str, Json]:
    options: dict[str, Json] = {}
    for member in param.inner:
        # A top-level parameter of the same name (`also_positional`) came earlier and has taken the value.
        name = next((name for name in member.names if name in left), None)
        if name is not None:
            options[name] = left.pop(name)
    return options


def _invalid(message: str) -> RpcError:
    return RpcError(RpcErrorCode.INVALID_PARAMETER, message)


class Args:
    """The parameters of one call, read by name and type.

    The plain accessors return the value or the declared default; the ``opt_`` ones return None for a parameter that
    is missing, null and without a default. A wrong type raises `RpcError` with Core's text.

    Attributes:
        request: the call they belong to.
    """

    __slots__ = ("_index", "_params", "_values", "request")

    def __init__(self, params: Sequence[Param], positional_values: builtins.list[Json], request: RpcRequest) -> None:
        self._params = params
        self._index = {name: number for number, param in enumerate(params) for name in param.names}
        self._values = positional_values
        self.request = request

    def __len__(self) -> builtins.int:
        """Number of values that the caller gave."""
        return len(self._values)

    def is_null(self, name: builtins.str) -> builtins.bool:
        """Whether the caller left it out or gave null."""
        return self.given(name) is None

    def given(self, name: builtins.str) -> Json:
        """The value as given, without the default; None when missing."""
        number = self._index[name]
        return self._values[number] if number < len(self._values) else None

    def raw(self, name: builtins.str) -> Json:
        """The value as given or its default, unchecked; None when there is neither."""
        value = self.given(name)
        if value is None:
            default = self._params[self._index[name]].default
            return None if default is UNSET else default
        return value

    def str(self, name: builtins.str) -> builtins.str:
        """A string."""
        return values.as_str(self.raw(name))

    def bool(self, name: builtins.str) -> builtins.bool:
        """A boolean."""
        return values.as_bool(self.raw(name))

    def int(self, name: builtins.str, *, bits: builtins.int = 32) -> builtins.int:
        """An integer of the given width."""
        return values.as_int(self.raw(name), bits=bits)

    def float(self, name: builtins.str) -> builtins.float:
        """A number."""
        return values.as_float(self.raw(name))

    def amount(self, name: builtins.str) -> builtins.int:
        """An amount in satoshi, given in BTC."""
        return values.amount_from_json(self.raw(name))

    def hash(self, name: builtins.str) -> bytes:
        """A hash in internal byte order, given in display order."""
        return values.parse_hash(self.raw(name), name)

    def hex(self, name: builtins.str) -> bytes:
        """Bytes given in hex."""
        return values.parse_hex(self.raw(name), name)

    def list(self, name: builtins.str) -> builtins.list[Json]:
        """An array."""
        return values.as_list(self.raw(name))

    def obj(self, name: builtins.str) -> dict[builtins.str, Json]:
        """An object; empty when an OPTIONS parameter is missing."""
        value = self.raw(name)
        if value is None and self._params[self._index[name]].type is ParamType.OPTIONS:
            return {}
        return values.as_obj(value)

    def opt_str(self, name: builtins.str) -> builtins.str | None:
        """A string, or None."""
        value = self.raw(name)
        return None if value is None else values.as_str(value)

    def opt_bool(self, name: builtins.str) -> builtins.bool | None:
        """A boolean, or None."""
        value = self.raw(name)
        return None if value is None else values.as_bool(value)

    def opt_int(self, name: builtins.str, *, bits: builtins.int = 32) -> builtins.int | None:
        """An integer, or None."""
        value = self.raw(name)
        return None if value is None else values.as_int(value, bits=bits)

    def opt_float(self, name: builtins.str) -> builtins.float | None:
        """A number, or None."""
        value = self.raw(name)
        return None if value is None else values.as_float(value)

    def opt_amount(self, name: builtins.str) -> builtins.int | None:
        """An amount in satoshi, or None."""
        value = self.raw(name)
        return None if value is None else values.amount_from_json(value)

    def opt_hash(self, name: builtins.str) -> bytes | None:
        """A hash in internal byte order, or None."""
        value = self.raw(name)
        return None if value is None else values.parse_hash(value, name)

    def opt_list(self, name: builtins.str) -> builtins.list[Json] | None:
        """An array, or None."""
        value = self.raw(name)
        return None if value is None else values.as_list(value)

    def opt_obj(self, name: builtins.str) -> dict[builtins.str, Json] | None:
        """An object, or None."""
        value = self.raw(name)
        return None if value is None else values.as_obj(value)
