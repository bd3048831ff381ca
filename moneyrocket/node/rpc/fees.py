"""RPC methods that estimate fees."""

from __future__ import annotations

from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json, check_object

_MODES: Final = ("unset", "economical", "conservative")


@rpc_method(
    category="util",
    help=(
        "Estimates the fee rate that gets a transaction mined within a number of blocks, and says for how many blocks "
        "the estimate holds. Sizes are virtual sizes (BIP141)."
    ),
    params=(
        Param("conf_target", ParamType.NUM, "Number of blocks (1 - 1008)"),
        Param(
            "estimate_mode",
            ParamType.STR,
            'How sure to be: "economical", "conservative", or "unset" for the default mode',
            default="economical",
        ),
        Param(
            "options",
            ParamType.OBJ,
            required=False,
            inner=(
                Param(
                    "fee_rate_estimator",
                    ParamType.STR,
                    'The estimator: "block_policy" or "none"; there is only the former here',
                    default="none",
                ),
                Param("verbosity", ParamType.NUM, "Level of detail", default=1),
            ),
        ),
    ),
    result="json object: feerate (BTC/kvB) or errors (array of strings), estimator, blocks",
    examples=(cli_example("estimatesmartfee", "6"), http_example("estimatesmartfee", "6")),
)
def estimatesmartfee(node: NodeContext, args: Args) -> Json:
    target = args.int("conf_target")
    node.signals.sync()
    mempool = node.mempool
    # Core's estimator tracks 1008 blocks from the start; ours answers any such target, if with an error.
    if not 1 <= target <= 1008:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Invalid conf_target, must be between 1 and 1008")
    mode = args.str("estimate_mode").lower()
    if mode not in _MODES:
        listed = '", "'.join(_MODES)
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f'Invalid estimate_mode parameter, must be one of: "{listed}"')
    options = args.opt_obj("options") or {}
    check_object(options, {"fee_rate_estimator": "string", "verbosity": "number"}, allow_null=True, strict=True)
    with mempool.lock:
        estimate = mempool.estimator.estimate(
            target, conservative=mode == "conservative", waiting=mempool.entries.values()
        )
        floor = max(mempool.min_fee_rate(), mempool.options.min_relay_rate)
    result: dict[str, Json] = {}
    if estimate.fee_rate is not None:
        result["feerate"] = amount_json(max(estimate.fee_rate, floor))
        if options.get("fee_rate_estimator", "none") == "none":
            result["estimator"] = "block_policy"
    else:
        result["errors"] = [*estimate.errors]
    result["blocks"] = estimate.blocks
    return result


METHODS = (estimatesmartfee,)
