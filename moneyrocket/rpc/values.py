"""Reads JSON values as the types a method wants, with the error texts that clients of Bitcoin Core know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.amount import COIN, money_range
from moneyrocket.rpc.errors import RpcErrorCode

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)
_MAX_EXPONENT = 18


def type_name(value: Json) -> str:
    """Returns the JSON name of a value's type, as error texts give it."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float() | Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _mismatch(value: Json, expected: str) -> RpcError:
    return RpcError(
        RpcErrorCode.TYPE_ERROR, f"JSON value of type {type_name(value)} is not of expected type {expected}"
    )


def as_str(value: Json) -> str:
    """Returns a string, or raises `RpcError` -3."""
    if not isinstance(value, str):
        raise _mismatch(value, "string")
    return value


def as_bool(value: Json) -> bool:
    """Returns a boolean, or raises `RpcError` -3."""
    if not isinstance(value, bool):
        raise _mismatch(value, "bool")
    return value


def as_int(value: Json, *, bits: int = 32, signed: bool = True) -> int:
    """Returns an integer that fits the given width.

    Raises:
        RpcError: -3 for another type, -1 for a fraction or a number out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _mismatch(value, "number")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not isinstance(value, int) or not low <= value <= high:
        raise RpcError(RpcErrorCode.MISC_ERROR, "JSON integer out of range")
    return value


def as_float(value: Json) -> float:
    """Returns a number as a float, or raises `RpcError` -3."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _mismatch(value, "number")
    return float(value)


def as_list(value: Json) -> list[Json]:
    """Returns an array, or raises `RpcError` -3."""
    if not isinstance(value, list):
        raise _mismatch(value, "array")
    return value


def as_obj(value: Json) -> dict[str, Json]:
    """Returns an object, or raises `RpcError` -3."""
    if not isinstance(value, dict):
        raise _mismatch(value, "object")
    return value


def parse_fixed_point(text: str, decimals: int) -> int | None:
    """Reads a decimal number as an integer count of ``10**-decimals``; None when it is malformed or not exact."""
    if not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if number and not -_MAX_EXPONENT - decimals <= number.adjusted() <= _MAX_EXPONENT:
        return None
    scaled = number.scaleb(decimals)
    if scaled != scaled.to_integral_value() or abs(scaled) >= 10**_MAX_EXPONENT:
        return None
    return int(scaled)


def amount_from_json(value: Json, decimals: int = 8) -> int:
    """Reads an amount given as a number or a string.

    Args:
        value: amount in BTC (or another unit of ``10**decimals`` parts).
        decimals: digits after the point.

    Returns:
        The amount in satoshi (parts of the unit).

    Raises:
        RpcError: -3 when it is no amount, has too many digits, or is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Amount is not a number or string")
    amount = parse_fixed_point(str(value), decimals)
    if amount is None:
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Invalid amount")
    if not money_range(amount):
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Amount out of range")
    return amount


def amount_json(amount: int) -> Decimal:
    """Returns an amount in satoshi as the JSON number of BTC with eight decimals."""
    return Decimal(amount).scaleb(-8)


def real_json(value: float) -> float:
    """Returns a number rounded to the 16 significant digits that clients expect to see."""
    return float(f"{value:.16g}")


def fee_rate_from_json(value: Json) -> int:
    """Reads a fee rate in BTC/kvB; returns sat/kvB.

    Raises:
        RpcError: -3 as for an amount, -8 for 1 BTC/kvB and more.
    """
    rate = amount_from_json(value)
    if rate >= COIN:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Fee rates larger than or equal to 1BTC/kvB are not accepted")
    return rate


def parse_hash(value: Json, name: str) -> bytes:
    """Reads a 32-byte hash in display order (reversed hex); returns it in internal byte order.

    Args:
        value: the JSON value.
        name: the parameter's name, for the error text.

    Raises:
        RpcError: -3 when it is no string, -8 when it is no 64-digit hex string.
    """
    text = as_str(value)
    if len(text) != 64:
        message = f"{name} must be of length 64 (not {len(text)}, for '{text}')"
    elif not _HEX.fullmatch(text):
        message = f"{name} must be hexadecimal string (not '{text}')"
    else:
        return bytes.fromhex(text)[::-1]
    raise RpcError(RpcErrorCode.INVALID_PARAMETER, message)


def is_hex(text: str) -> bool:
    """Returns whether a text is a non-empty, even number of hex digits."""
    return bool(text) and len(text) % 2 == 0 and _HEX.fullmatch(text) is not None


def parse_hex(value: Json, name: str) -> bytes:
    """Reads a hex string as bytes.

    Raises:
        RpcError: -3 when it is no string, -8 when it is not hex.
    """
    text = value if isinstance(value, str) else ""
    if not is_hex(text):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"{name} must be hexadecimal string (not '{text}')")
    return bytes.fromhex(text)


def parse_verbosity(value: Json, default: int, *, allow_bool: bool = True) -> int:
    """Reads a verbosity given as a number or, for older clients, as a boolean.

    Raises:
        RpcError: -3 when it is neither.
    """
    if value is None:
        return default
    if isinstance(value, bool):
        if not allow_bool:
            raise RpcError(RpcErrorCode.TYPE_ERROR, "Verbosity was boolean but only integer allowed")
        return int(value)
    return as_int(value)


def check_object(
    value: Mapping[str, Json], expected: Mapping[str, str], *, allow_null: bool = False, strict: bool = False
) -> None:
    """Checks the types of an object's members.

    Args:
        value: the object.
        expected: for each key the JSON type name (see `type_name`), or ``""`` for any type.
        allow_null: members may be missing or null.
        strict: other keys are an error.

    Raises:
        RpcError: -3.
    """
    for key, expected_type in expected.items():
        actual = value.get(key)
        if actual is None and allow_null:
            continue
        if actual is None:
            raise RpcError(RpcErrorCode.TYPE_ERROR, f"Missing {key}")
        if expected_type and type_name(actual) != expected_type:
            raise RpcError(
                RpcErrorCode.TYPE_ERROR,
                f"JSON value of type {type_name(actual)} for field {key} is not of expected type {expected_type}",
            )
    if strict:
        for key in value:
            if key not in expected:
                raise RpcError(RpcErrorCode.TYPE_ERROR, f"Unexpected key {key}")
