"""Reads the options that send and fundrawtransaction share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.transaction import SEQUENCE_FINAL, OutPoint
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.params import Param, ParamType
from moneyrocket.rpc.values import amount_from_json, as_bool, as_int, as_list, as_obj, as_str, check_object, parse_hash
from moneyrocket.wallet.coin_control import CoinControl, Preset
from moneyrocket.wallet.rpc.outputs import with_fee_choice
from moneyrocket.wallet.rpc.util import invalid, output_type_from, script_from
from moneyrocket.wallet.settings import OutputType
from moneyrocket.wallet.spend import MAX_STANDARD_WEIGHT
from moneyrocket.wallet.wallet import Wallet

_MIN_INPUT_WEIGHT: Final = 165
_TRUC_MAX_WEIGHT: Final = 40_000

_TYPES: Final = {
    "add_inputs": "bool",
    "include_unsafe": "bool",
    "add_to_wallet": "bool",
    "changeAddress": "string",
    "change_address": "string",
    "changePosition": "number",
    "change_position": "number",
    "change_type": "string",
    "includeWatching": "bool",
    "include_watching": "bool",
    "inputs": "array",
    "lockUnspents": "bool",
    "lock_unspents": "bool",
    "locktime": "number",
    "fee_rate": "",
    "feeRate": "",
    "psbt": "bool",
    "solving_data": "object",
    "subtractFeeFromOutputs": "array",
    "subtract_fee_from_outputs": "array",
    "replaceable": "bool",
    "conf_target": "number",
    "estimate_mode": "string",
    "minconf": "number",
    "maxconf": "number",
    "input_weights": "array",
    "max_tx_weight": "number",
}

INPUT: Final = Param(
    "",
    ParamType.OBJ,
    required=False,
    inner=(
        Param("txid", ParamType.HEX, "Id of the transaction"),
        Param("vout", ParamType.NUM, "Index of the output"),
        Param("sequence", ParamType.NUM, "Sequence number", required=False),
        Param("weight", ParamType.NUM, "Weight of the signed input", required=False),
    ),
)

SEND_OPTIONS: Final = (
    Param("add_inputs", ParamType.BOOL, "The wallet may add inputs", default_hint="true without inputs"),
    Param("include_unsafe", ParamType.BOOL, "Unconfirmed payments of others may be spent", default=False),
    Param("minconf", ParamType.NUM, "Confirmations that added inputs need", default=0),
    Param("maxconf", ParamType.NUM, "Confirmations that added inputs may have", required=False),
    Param("add_to_wallet", ParamType.BOOL, "Store and send the transaction, if it is complete", default=True),
    Param("change_address", ParamType.STR, "Where change goes", default_hint="automatic"),
    Param("change_position", ParamType.NUM, "Index of the change output", default_hint="random"),
    Param("change_type", ParamType.STR, "Address type of the change", default_hint="set by -changetype"),
    Param("fee_rate", ParamType.AMOUNT, "Fee rate in sat/vB", required=False, also_positional=True),
    Param("include_watching", ParamType.BOOL, "No longer used", default=False),
    Param("inputs", ParamType.ARR, "Inputs to use", required=False, inner=(INPUT,)),
    Param("locktime", ParamType.NUM, "Lock time", default_hint="close to the tip"),
    Param("lock_unspents", ParamType.BOOL, "Lock the coins that are used", default=False),
    Param("psbt", ParamType.BOOL, "Return a PSBT (not built yet)", default_hint="automatic"),
    Param(
        "subtract_fee_from_outputs",
        ParamType.ARR,
        "Outputs that pay the fee, in equal shares",
        required=False,
        inner=(Param("vout_index", ParamType.NUM, "Index of an output, change not counted", required=False),),
    ),
    Param("max_tx_weight", ParamType.NUM, "Largest weight of the transaction", default=MAX_STANDARD_WEIGHT),
    Param("conf_target", ParamType.NUM, "Blocks within which it should confirm", required=False, also_positional=True),
    Param("estimate_mode", ParamType.STR, "How to estimate the fee", required=False, also_positional=True),
    Param("replaceable", ParamType.BOOL, "Signal that it may be replaced (BIP125)", default_hint="wallet default"),
    Param("solving_data", ParamType.OBJ, "Keys and scripts of foreign inputs (not built yet)", required=False),
)


@dataclass(frozen=True, slots=True)
class FundChoice:
    """What the options decide beside the coins.

    Attributes:
        control: choices for the transaction.
        change_position: index of the change output.
        lock: lock the coins that are used.
    """

    control: CoinControl
    change_position: int | None
    lock: bool


def read_inputs(value: Json, *, replaceable: bool, lock_time: int) -> dict[OutPoint, Preset]:
    """Read chosen inputs.

    Raises:
        RpcError: -8 when one is malformed.
    """
    default = 0xFFFFFFFD if replaceable else (0xFFFFFFFE if lock_time else SEQUENCE_FINAL)
    inputs: dict[OutPoint, Preset] = {}
    for entry in [] if value is None else as_list(value):
        given = as_obj(entry)
        txid = parse_hash(given.get("txid"), "txid")
        if not _is_number(given.get("vout")):
            raise invalid("Invalid parameter, missing vout key")
        n = as_int(given["vout"])
        if n < 0:
            raise invalid("Invalid parameter, vout cannot be negative")
        sequence = default
        if _is_number(given.get("sequence")):
            sequence = as_int(given["sequence"], bits=64)
            if not 0 <= sequence <= SEQUENCE_FINAL:
                raise invalid("Invalid parameter, sequence number is out of range")
        weight = read_weight(given) if "weight" in given else None
        inputs[OutPoint(txid, n)] = Preset(sequence=sequence, weight=weight)
    if replaceable and inputs and all(preset.sequence and preset.sequence > 0xFFFFFFFD for preset in inputs.values()):
        raise invalid("Invalid parameter combination: Sequence number(s) contradict replaceable option")
    return inputs


def read_weight(given: dict[str, Json]) -> int:
    """Read the weight of an input.

    Raises:
        RpcError: -8 when it is missing or impossible.
    """
    if not _is_number(given.get("weight")):
        raise invalid("Invalid parameter, missing weight key")
    weight = as_int(given["weight"], bits=64)
    if weight < _MIN_INPUT_WEIGHT:
        raise invalid(
            "Invalid parameter, weight cannot be less than 165 (41 bytes (size of outpoint + sequence + empty "
            "scriptSig) * 4 (witness scaling factor)) + 1 (empty witness)"
        )
    if weight > MAX_STANDARD_WEIGHT:
        raise invalid(
            f"Invalid parameter, weight cannot be greater than the maximum standard tx weight of {MAX_STANDARD_WEIGHT}"
        )
    return weight


def _is_number(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def read_options(
    wallet: Wallet, control: CoinControl, options: dict[str, Json], count: int, *, override_min_fee: bool
) -> FundChoice:
    """Read the options of a transaction with ``count`` outputs.

    Raises:
        RpcError: -3 for a wrong type or unknown option, -8 or -5 for a wrong value.
    """
    check_object(options, _TYPES, allow_null=True, strict=True)
    if options.get("solving_data") is not None:
        raise RpcError(RpcErrorCode.WALLET_ERROR, "solving_data is not built yet")
    if "add_inputs" in options:
        control = replace(control, other_inputs=as_bool(options["add_inputs"]))
    address = options.get("change_address", options.get("changeAddress"))
    if address is not None:
        script = script_from(wallet, as_str(address), "Change address must be a valid bitcoin address")
        control = replace(control, change_script=script)
    position: int | None = None
    given_position = options.get("change_position", options.get("changePosition"))
    if given_position is not None:
        position = as_int(given_position)
        if not 0 <= position <= count:
            raise invalid("changePosition out of bounds")
    if "change_type" in options:
        if address is not None:
            raise invalid("Cannot specify both change address and address type options")
        kind = output_type_from(as_str(options["change_type"]), OutputType.BECH32, "change")
        control = replace(control, change_type=kind)
    if "include_unsafe" in options:
        control = replace(control, include_unsafe=as_bool(options["include_unsafe"]))
    if "replaceable" in options:
        control = replace(control, signal_rbf=as_bool(options["replaceable"]))
    control = _with_depths(control, options)
    control = _with_rate(wallet, control, options, override_min_fee=override_min_fee)
    for entry in as_list(options.get("input_weights") or []):
        given = as_obj(entry)
        outpoint = OutPoint(parse_hash(given.get("txid"), "txid"), as_int(given.get("vout")))
        preset = control.inputs.get(outpoint, Preset())
        control = replace(control, inputs={**control.inputs, outpoint: replace(preset, weight=read_weight(given))})
    if "max_tx_weight" in options:
        control = replace(control, max_weight=as_int(options["max_tx_weight"]))
    if control.version == 3:
        control = replace(control, max_weight=min(control.max_weight or _TRUC_MAX_WEIGHT, _TRUC_MAX_WEIGHT))
    lock = options.get("lock_unspents", options.get("lockUnspents"))
    return FundChoice(control, position, lock=False if lock is None else as_bool(lock))


def _with_depths(control: CoinControl, options: dict[str, Json]) -> CoinControl:
    if "minconf" in options:
        control = replace(control, min_depth=as_int(options["minconf"]))
        if control.min_depth < 0:
            raise invalid("Negative minconf")
    if "maxconf" in options:
        control = replace(control, max_depth=as_int(options["maxconf"]))
        if control.max_depth < control.min_depth:
            raise invalid(f"maxconf can't be lower than minconf: {control.max_depth} < {control.min_depth}")
    return control


def _with_rate(
    wallet: Wallet, control: CoinControl, options: dict[str, Json], *, override_min_fee: bool
) -> CoinControl:
    if "feeRate" in options:
        if options.get("fee_rate") is not None:
            raise invalid("Cannot specify both fee_rate (sat/vB) and feeRate (BTC/kvB)")
        if options.get("conf_target") is not None:
            raise invalid(
                "Cannot specify both conf_target and feeRate. Please provide either a confirmation target in blocks "
                "for automatic fee estimation, or an explicit fee rate."
            )
        if options.get("estimate_mode") is not None:
            raise invalid("Cannot specify both estimate_mode and feeRate")
        control = replace(control, fee_rate=amount_from_json(options["feeRate"]), override_fee_rate=True)
    return with_fee_choice(
        control,
        wallet.chain,
        conf_target=options.get("conf_target"),
        estimate_mode=options.get("estimate_mode"),
        fee_rate=options.get("fee_rate"),
        override_min_fee=override_min_fee,
    )


def with_positional_fee(
    options: dict[str, Json], *, conf_target: Json, estimate_mode: Json, fee_rate: Json
) -> dict[str, Json]:
    """Put fee choices that were given as parameters of their own among the options.

    Raises:
        RpcError: -8 when they are given in both places, or incomplete.
    """
    result = dict(options)
    if "conf_target" in options or "estimate_mode" in options:
        if conf_target is not None or estimate_mode is not None:
            raise invalid(
                "Pass conf_target and estimate_mode either as arguments or in the options object, but not both"
            )
    else:
        result.update(conf_target=conf_target, estimate_mode=estimate_mode)
    if "fee_rate" in options:
        if fee_rate is not None:
            raise invalid("Pass the fee_rate either as an argument, or in the options object, but not both")
    else:
        result["fee_rate"] = fee_rate
    mode = result.get("estimate_mode")
    if result.get("conf_target") is not None and mode in (None, "unset"):
        raise invalid("Specify estimate_mode")
    return result


def reject_old_names(options: dict[str, Json]) -> None:
    """Name the new option for one that has gone.

    Raises:
        RpcError: -8.
    """
    for old, new in (
        ("feeRate", "fee_rate (sat/vB)"),
        ("changeAddress", "change_address"),
        ("changePosition", "change_position"),
        ("lockUnspents", "lock_unspents"),
        ("subtractFeeFromOutputs", "subtract_fee_from_outputs"),
    ):
        if old in options:
            raise invalid(f"Use {new} instead of {old}")
