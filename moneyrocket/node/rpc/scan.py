"""scantxoutset: finds unspent outputs that belong to descriptors."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc.descriptor_args import scripts_of_scan_object
from moneyrocket.node.rpc.txoutset import check_interrupt, coins_snapshot
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json

_EXAMPLE = "start '[\"raw(76a91411b366edfc0a8b66feebae5c2e25a7b6a5d1cf3188ac)#fm24fxxy\"]'"


@rpc_method(
    category="blockchain",
    help=(
        "Scans the unspent outputs for those that descriptors describe: addr(), raw(), combo(), pkh(), wpkh(), sh(), "
        "wsh(), tr() and others. The action start runs a scan, status returns the progress of a running one, abort "
        "ends it."
    ),
    params=(
        Param("action", ParamType.STR, "start, status or abort"),
        Param(
            "scanobjects",
            ParamType.ARR,
            "What to look for; needed for start",
            required=False,
            oneline="[scanobjects,...]",
            inner=(
                Param("descriptor", ParamType.STR, "A descriptor", required=False),
                Param(
                    "",
                    ParamType.OBJ,
                    "A descriptor with a range",
                    required=False,
                    inner=(
                        Param("desc", ParamType.STR, "The descriptor"),
                        Param("range", ParamType.RANGE, "Last index, or first and last", default=1000),
                    ),
                ),
            ),
        ),
    ),
    result=(
        "for start: object with success, txouts, height, bestblock, unspents, total_amount; for status: object with "
        "progress in percent, or null; for abort: whether a scan was running"
    ),
    examples=(cli_example("scantxoutset", _EXAMPLE), cli_example("scantxoutset", "status")),
)
def scantxoutset(node: NodeContext, args: Args) -> Json:
    action = args.str("action")
    scanner = node.utxo_scanner
    if action == "status":
        progress = scanner.progress
        return None if progress is None else {"progress": progress}
    if action == "abort":
        return scanner.abort()
    if action != "start":
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Invalid action '{action}'")
    if not scanner.begin():
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, 'Scan already in progress, use action "abort" or "status"')
    try:
        return _scan(node, args.opt_list("scanobjects"))
    finally:
        scanner.end()


def _scan(node: NodeContext, objects: list[Json] | None) -> Json:
    if objects is None:
        raise RpcError(RpcErrorCode.MISC_ERROR, "scanobjects argument is required for the start action")
    params = node.chainman.params
    wanted = {script: desc for item in objects for script, desc in scripts_of_scan_object(item, params)}
    with coins_snapshot(node) as snapshot:
        tip = node.chainman.block_index[snapshot.best_block()]
        found, count, complete = node.utxo_scanner.find(snapshot, wanted, lambda: check_interrupt(node))
    unspents: list[Json] = []
    for outpoint, coin in found.items():
        block = tip.ancestor(coin.height)
        assert block is not None
        unspents.append(
            {
                "txid": hash_to_hex(outpoint.txid),
                "vout": outpoint.n,
                "scriptPubKey": coin.out.script_pubkey.hex(),
                "desc": wanted[coin.out.script_pubkey],
                "amount": amount_json(coin.out.value),
                "coinbase": coin.is_coinbase,
                "height": coin.height,
                "blockhash": hash_to_hex(block.hash),
                "confirmations": tip.height - coin.height + 1,
            }
        )
    return {
        "success": complete,
        "txouts": count,
        "height": tip.height,
        "bestblock": hash_to_hex(tip.hash),
        "unspents": unspents,
        "total_amount": amount_json(sum(coin.out.value for coin in found.values())),
    }


METHODS = (scantxoutset,)
