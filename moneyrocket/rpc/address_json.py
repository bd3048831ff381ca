"""Addresses as JSON."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.script.script import is_pay_to_anchor, witness_program
from moneyrocket.script.standard import TxoutType, solve

_SCRIPTS = (TxoutType.SCRIPTHASH, TxoutType.WITNESS_V0_SCRIPTHASH, TxoutType.WITNESS_V1_TAPROOT, TxoutType.ANCHOR)


def describe_address(script: bytes) -> dict[str, Json]:
    """What kind of output an address stands for.

    Args:
        script: its output script.
    """
    kind, _ = solve(script)
    program = witness_program(script)
    result: dict[str, Json] = {}
    if kind is not TxoutType.WITNESS_UNKNOWN:
        result["isscript"] = kind in _SCRIPTS
    result["iswitness"] = program is not None
    if program is not None and not is_pay_to_anchor(script):
        result["witness_version"] = program[0]
        result["witness_program"] = program[1].hex()
    return result
