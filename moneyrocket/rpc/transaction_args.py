"""Inputs and outputs of transactions as clients give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.transaction import SEQUENCE_FINAL, OutPoint, Transaction, TxIn, TxOut
from moneyrocket.rpc import json
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.params import Param, ParamType
from moneyrocket.rpc.values import amount_from_json, as_int, as_list, as_obj, parse_hash, parse_hex
from moneyrocket.script.address import AddressError, decode_address
from moneyrocket.script.opcodes import OP_RETURN
from moneyrocket.script.script import build_script

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams

MAX_RBF_SEQUENCE: Final = SEQUENCE_FINAL - 2
"""An input with a sequence up to here lets the transaction be replaced (BIP125)."""
_MIN_VERSION: Final = 1
_MAX_VERSION: Final = 3
_MAX_LOCK_TIME: Final = 0xFFFFFFFF

CREATE_PARAMS: Final = (
    Param(
        "inputs",
        ParamType.ARR,
        "The inputs",
        inner=(
            Param(
                "",
                ParamType.OBJ,
                required=False,
                inner=(
                    Param("txid", ParamType.HEX, "The transaction id"),
                    Param("vout", ParamType.NUM, "The output number"),
                    Param(
                        "sequence",
                        ParamType.NUM,
                        "The sequence number",
                        default_hint="depends on the value of the 'replaceable' and 'locktime' arguments",
                    ),
                ),
            ),
        ),
    ),
    Param(
        "outputs",
        ParamType.ARR,
        "The outputs, each an object with one member. An address may stand only once. One object with all of them "
        "is taken too.",
        skip_type_check=True,
        inner=(
            Param(
                "",
                ParamType.USER_KEYS,
                required=False,
                inner=(Param("address", ParamType.AMOUNT, "The address as key, the amount in BTC as value"),),
            ),
            Param(
                "",
                ParamType.OBJ,
                required=False,
                inner=(Param("data", ParamType.HEX, "Data that an output carries which nobody can spend"),),
            ),
        ),
    ),
    Param("locktime", ParamType.NUM, "Lock time; one that is not 0 also changes the inputs' sequence", default=0),
    Param(
        "replaceable",
        ParamType.BOOL,
        "Whether the transaction may be replaced by one with a higher fee (BIP125)",
        default=True,
    ),
    Param("version", ParamType.NUM, "Transaction version", default=2),
)
"""Parameters of createrawtransaction, and the first ones of createpsbt."""


def construct_transaction(
    inputs: Json, outputs: Json, lock_time: Json, replaceable: bool | None, version: Json, params: ChainParams
) -> Transaction:
    """Put a transaction together as createrawtransaction does.

    Args:
        inputs: array of objects, or null for none.
        outputs: array of objects, or one object.
        lock_time: number, or null for 0.
        replaceable: whether it may be replaced; None if the caller did not say, which means yes.
        version: number.
        params: the chain, for addresses.

    Raises:
        RpcError: -8, -5 or -3.
    """
    lock = 0 if lock_time is None else as_int(lock_time, bits=64)
    if not 0 <= lock <= _MAX_LOCK_TIME:
        raise _invalid("Invalid parameter, locktime out of range")
    number = as_int(version, bits=32, signed=False)
    if not _MIN_VERSION <= number <= _MAX_VERSION:
        raise _invalid(f"Invalid parameter, version out of range({_MIN_VERSION}~{_MAX_VERSION})")
    if replaceable is None or replaceable:
        sequence = MAX_RBF_SEQUENCE
    else:
        sequence = SEQUENCE_FINAL - 1 if lock else SEQUENCE_FINAL
    listed = [] if inputs is None else as_list(inputs)
    txins = tuple(_input(as_obj(value), sequence) for value in listed)
    txouts = tuple(TxOut(amount, script) for script, amount in parse_outputs(outputs, params))
    if replaceable and txins and not any(txin.sequence <= MAX_RBF_SEQUENCE for txin in txins):
        raise _invalid("Invalid parameter combination: Sequence number(s) contradict replaceable option")
    return Transaction(number, txins, txouts, lock)


def _input(value: dict[str, Json], sequence: int) -> TxIn:
    txid = parse_hash(value.get("txid"), "txid")
    vout = value.get("vout")
    if isinstance(vout, bool) or vout is None or isinstance(vout, str | list | dict):
        raise _invalid("Invalid parameter, missing vout key")
    n = as_int(vout)
    if n < 0:
        raise _invalid("Invalid parameter, vout cannot be negative")
    given = value.get("sequence")
    if given is not None and not isinstance(given, bool | str | list | dict):
        sequence = as_int(given, bits=64)
        if not 0 <= sequence <= SEQUENCE_FINAL:
            raise _invalid("Invalid parameter, sequence number is out of range")
    return TxIn(OutPoint(txid, n), b"", sequence)


def parse_outputs(outputs: Json, params: ChainParams) -> list[tuple[bytes, int]]:
    """Output scripts with their amounts in sat, from an object or an array of objects with one member each.

    Raises:
        RpcError: -8 for a wrong form or an address given twice, -5 for what is no address, -3 for a wrong amount.
    """
    result: list[tuple[bytes, int]] = []
    seen: set[bytes] = set()
    seen_data = False
    for name, value in _members(outputs):
        if name == "data":
            if seen_data:
                raise _invalid("Invalid parameter, duplicate key: data")
            seen_data = True
            data = parse_hex(value if isinstance(value, str) else str(value), "Data")
            result.append((build_script(OP_RETURN, data), 0))
            continue
        amount = amount_from_json(value)
        try:
            script = decode_address(name, params)
        except AddressError:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, f"Invalid Bitcoin address: {name}") from None
        if script in seen:
            raise _invalid(f"Invalid parameter, duplicated address: {name}")
        seen.add(script)
        result.append((script, amount))
    return result


def _members(outputs: Json) -> list[tuple[str, Json]]:
    if outputs is None:
        raise _invalid("Invalid parameter, output argument must be non-null")
    if isinstance(outputs, json.DuplicateKeys):
        name = outputs.first_duplicate
        if name == "data":
            raise _invalid("Invalid parameter, duplicate key: data")
        raise _invalid(f"Invalid parameter, duplicated address: {name}")
    if isinstance(outputs, dict):
        return list(outputs.items())
    members: list[tuple[str, Json]] = []
    for value in as_list(outputs):
        if not isinstance(value, dict):
            raise _invalid("Invalid parameter, key-value pair not an object as expected")
        if len(value) != 1 or isinstance(value, json.DuplicateKeys):
            raise _invalid("Invalid parameter, key-value pair must contain exactly one key")
        members += value.items()
    return members


def _invalid(message: str) -> RpcError:
    return RpcError(RpcErrorCode.INVALID_PARAMETER, message)
