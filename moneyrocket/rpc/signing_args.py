"""What clients give for signing transactions, and what they get back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.amount import MAX_MONEY, format_money
from moneyrocket.primitives.hashes import hash160, hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, TxIn, TxOut
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.params import Param, ParamType
from moneyrocket.rpc.values import amount_from_json, as_int, as_list, as_str, check_object, parse_hash, parse_hex
from moneyrocket.script.asm import script_to_asm
from moneyrocket.script.script import is_pay_to_script_hash, is_pay_to_witness_script_hash
from moneyrocket.script.sighash import SIGHASH_DEFAULT, SIGHASH_NAMES
from moneyrocket.script.standard import p2sh, p2wsh

if TYPE_CHECKING:
    from moneyrocket.script.signing import SignResult

PREVTXS_PARAM: Final = Param(
    "prevtxs",
    ParamType.ARR,
    "Outputs that the transaction spends and that may not be in the chain yet",
    required=False,
    inner=(
        Param(
            "",
            ParamType.OBJ,
            required=False,
            inner=(
                Param("txid", ParamType.HEX, "The transaction id"),
                Param("vout", ParamType.NUM, "The output number"),
                Param("scriptPubKey", ParamType.HEX, "The output's script"),
                Param("redeemScript", ParamType.HEX, "Redeem script, needed for P2SH", required=False),
                Param("witnessScript", ParamType.HEX, "Witness script, needed for P2WSH", required=False),
                Param("amount", ParamType.AMOUNT, "The output's amount, needed for segwit", required=False),
            ),
        ),
    ),
)

SIGHASH_PARAM: Final = Param(
    "sighashtype",
    ParamType.STR,
    f"What to sign: one of {', '.join(SIGHASH_NAMES)}",
    default_hint="DEFAULT for Taproot, ALL otherwise",
)


def parse_sighash_type(value: Json) -> int:
    """A signature hash type by its name; null for the default.

    Raises:
        RpcError: -8 if there is none of that name.
    """
    if value is None:
        return SIGHASH_DEFAULT
    name = as_str(value)
    if name not in SIGHASH_NAMES:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"'{name}' is not a valid sighash parameter.")
    return SIGHASH_NAMES[name]


def parse_prevouts(given: Json, coins: dict[OutPoint, TxOut], scripts: dict[bytes, bytes] | None) -> None:
    """Add the outputs that the caller describes.

    Args:
        given: the array, or null.
        coins: outputs known so far; outputs are added. One without an amount gets `MAX_MONEY`.
        scripts: redeem and witness scripts by hash; those of the outputs are added. None if scripts do not matter.

    Raises:
        RpcError: -22, -8 or -3 if the description is wrong or contradicts what is known.
    """
    for value in [] if given is None else as_list(given):
        if not isinstance(value, dict):
            raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, 'expected object with {"txid\'","vout","scriptPubKey"}')
        check_object(value, {"txid": "string", "vout": "number", "scriptPubKey": "string"})
        txid = parse_hash(value["txid"], "txid")
        n = as_int(value["vout"])
        if n < 0:
            raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "vout cannot be negative")
        script = parse_hex(value["scriptPubKey"], "scriptPubKey")
        outpoint = OutPoint(txid, n)
        known = coins.get(outpoint)
        if known is not None and known.script_pubkey != script:
            raise RpcError(
                RpcErrorCode.DESERIALIZATION_ERROR,
                "Previous output scriptPubKey mismatch:\n"
                f"{script_to_asm(known.script_pubkey)}\nvs:\n{script_to_asm(script)}",
            )
        amount = amount_from_json(value["amount"]) if "amount" in value else MAX_MONEY
        coins[outpoint] = TxOut(amount, script)
        if scripts is not None and (is_pay_to_script_hash(script) or is_pay_to_witness_script_hash(script)):
            _add_scripts(value, script, scripts)


def _add_scripts(value: dict[str, Json], script_pubkey: bytes, scripts: dict[bytes, bytes]) -> None:
    check_object(value, {"redeemScript": "string", "witnessScript": "string"}, allow_null=True)
    redeem, witness = value.get("redeemScript"), value.get("witnessScript")
    if redeem is None and witness is None:
        raise _invalid("Missing redeemScript/witnessScript")
    script = parse_hex(witness, "witnessScript") if witness is not None else parse_hex(redeem, "redeemScript")
    # The wrapped form too: a P2SH-P2WSH output may come with its witness script as redeemScript.
    program = p2wsh(script)
    scripts[hash160(script)] = script
    scripts[hash160(program)] = program
    if (
        witness is not None
        and redeem is not None
        and witness != redeem
        and parse_hex(redeem, "redeemScript") != program
    ):
        raise _invalid("redeemScript does not correspond to witnessScript")
    fitting = (p2sh(script), p2sh(program)) if is_pay_to_script_hash(script_pubkey) else (program,)
    if script_pubkey not in fitting:
        raise _invalid("redeemScript/witnessScript does not match scriptPubKey")


def _invalid(message: str) -> RpcError:
    return RpcError(RpcErrorCode.INVALID_PARAMETER, message)


def sign_result_json(result: SignResult, coins: Mapping[OutPoint, TxOut]) -> dict[str, Json]:
    """The outcome of signing.

    Args:
        result: the outcome.
        coins: the outputs that were spent.

    Raises:
        RpcError: -3 if an amount was missing.
    """
    from moneyrocket.script.signing import MISSING_AMOUNT

    errors: list[Json] = []
    for number, message in sorted(result.errors.items()):
        txin = result.tx.inputs[number]
        if message == MISSING_AMOUNT:
            out = coins[txin.prevout]
            text = f"CTxOut(nValue={format_money(out.value)}, scriptPubKey={out.script_pubkey.hex()[:30]})"
            raise RpcError(RpcErrorCode.TYPE_ERROR, f"Missing amount for {text}")
        errors.append(_input_error(txin, message))
    shown: dict[str, Json] = {"hex": result.tx.serialize().hex(), "complete": result.complete}
    if errors:
        shown["errors"] = errors
    return shown


def _input_error(txin: TxIn, message: str) -> dict[str, Json]:
    return {
        "txid": hash_to_hex(txin.prevout.txid),
        "vout": txin.prevout.n,
        "witness": [item.hex() for item in txin.witness],
        "scriptSig": txin.script_sig.hex(),
        "sequence": txin.sequence,
        "error": message,
    }
