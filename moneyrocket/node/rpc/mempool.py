"""RPC methods about the mempool."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.mempool_persist import dump_mempool, load_mempool, mempool_path
from moneyrocket.node.policy import dust_outputs
from moneyrocket.node.rpc.mempool_json import ENTRY_RESULT, cluster_json, entries_json, entry_json
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json, as_bool, as_int, as_obj, check_object, parse_hash

_EXAMPLE_TXID: Final = '"mytxid"'
_VERBOSE: Final = Param("verbose", ParamType.BOOL, "Describe the transactions instead of listing ids", default=False)
_TXID: Final = Param("txid", ParamType.HEX, "Id of a transaction in the mempool")
_RELATIVES_RESULT: Final = f"json array of txids, or if verbose, json object: for each txid a {ENTRY_RESULT}"


def _bip125(node: NodeContext) -> bool:
    return "bip125" in node.args.get_list("-deprecatedrpc")


def _require_entry(node: NodeContext, txid: bytes) -> MempoolEntry:
    entry = node.mempool.entry(txid)
    if entry is None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Transaction not in mempool")
    return entry


@rpc_method(
    category="blockchain",
    help="Returns the state of the mempool: what it holds, its limits, and what it asks for.",
    result=(
        "json object: loaded, size (transactions), bytes (sum of adjusted sizes, vB), usage (bytes), total_fee (BTC), "
        "maxmempool (bytes), mempoolminfee (BTC/kvB), minrelaytxfee (BTC/kvB), incrementalrelayfee (BTC/kvB), "
        "unbroadcastcount, permitbaremultisig, maxdatacarriersize (bytes), limitclustercount, limitclustersize (vB), "
        "optimal (whether the order of every cluster is known to be the best)"
    ),
    examples=(cli_example("getmempoolinfo"), http_example("getmempoolinfo")),
)
def getmempoolinfo(node: NodeContext, args: Args) -> Json:
    mempool = node.mempool
    options = mempool.options
    with mempool.lock:
        info: dict[str, Json] = {
            "loaded": mempool.loaded,
            "size": len(mempool),
            "bytes": mempool.total_vsize,
            "usage": mempool.memory_usage(),
            "total_fee": amount_json(mempool.total_fee),
            "maxmempool": options.max_size,
            "mempoolminfee": amount_json(max(mempool.min_fee_rate(), options.min_relay_rate)),
            "minrelaytxfee": amount_json(options.min_relay_rate),
            "incrementalrelayfee": amount_json(options.incremental_rate),
            "unbroadcastcount": len(mempool.unbroadcast),
            "permitbaremultisig": options.permit_bare_multisig,
            "maxdatacarriersize": options.max_datacarrier_bytes,
            "limitclustercount": options.cluster_count,
            "limitclustersize": options.cluster_vsize,
            "optimal": all(cluster.optimal for cluster in mempool.clusters()),
        }
    if "fullrbf" in node.args.get_list("-deprecatedrpc"):
        info["fullrbf"] = True
    return info


@rpc_method(
    category="blockchain",
    help="Lists the transactions in the mempool, best-paying first. For a single one use getmempoolentry.",
    params=(
        _VERBOSE,
        Param(
            "mempool_sequence",
            ParamType.BOOL,
            "Without verbose: return the list together with the mempool's sequence number",
            default=False,
        ),
    ),
    result=(
        f"json array of txids; if verbose, json object: for each txid a {ENTRY_RESULT}; "
        "with mempool_sequence, json object: txids, mempool_sequence"
    ),
    examples=(cli_example("getrawmempool", "true"), http_example("getrawmempool", "true")),
)
def getrawmempool(node: NodeContext, args: Args) -> Json:
    verbose = args.bool("verbose")
    with_sequence = args.bool("mempool_sequence")
    if verbose and with_sequence:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Verbose results cannot contain mempool sequence values.")
    mempool = node.mempool
    with mempool.lock:
        listed = entries_json(mempool, mempool.ordered_entries(), verbose=verbose, bip125=_bip125(node))
        if with_sequence:
            return {"txids": listed, "mempool_sequence": mempool.sequence}
        return listed


@rpc_method(
    category="blockchain",
    help="Describes a transaction in the mempool.",
    params=(_TXID,),
    result=ENTRY_RESULT,
    examples=(cli_example("getmempoolentry", _EXAMPLE_TXID), http_example("getmempoolentry", _EXAMPLE_TXID)),
)
def getmempoolentry(node: NodeContext, args: Args) -> Json:
    txid = args.hash("txid")
    with node.mempool.lock:
        return entry_json(node.mempool, _require_entry(node, txid), bip125=_bip125(node))


@rpc_method(
    category="blockchain",
    help="Lists the mempool transactions that a mempool transaction depends on.",
    params=(_TXID, _VERBOSE),
    result=_RELATIVES_RESULT,
    examples=(
        cli_example("getmempoolancestors", _EXAMPLE_TXID),
        http_example("getmempoolancestors", _EXAMPLE_TXID),
    ),
)
def getmempoolancestors(node: NodeContext, args: Args) -> Json:
    verbose = args.bool("verbose")
    txid = args.hash("txid")
    mempool = node.mempool
    with mempool.lock:
        entry = _require_entry(node, txid)
        others = [other for other in mempool.ancestors(entry).values() if other is not entry]
        return entries_json(mempool, others, verbose=verbose, bip125=_bip125(node))


@rpc_method(
    category="blockchain",
    help="Lists the mempool transactions that depend on a mempool transaction.",
    params=(_TXID, _VERBOSE),
    result=_RELATIVES_RESULT,
    examples=(
        cli_example("getmempooldescendants", _EXAMPLE_TXID),
        http_example("getmempooldescendants", _EXAMPLE_TXID),
    ),
)
def getmempooldescendants(node: NodeContext, args: Args) -> Json:
    verbose = args.bool("verbose")
    txid = args.hash("txid")
    mempool = node.mempool
    with mempool.lock:
        entry = _require_entry(node, txid)
        others = [other for other in mempool.descendants(entry).values() if other is not entry]
        return entries_json(mempool, others, verbose=verbose, bip125=_bip125(node))


@rpc_method(
    category="blockchain",
    help="Describes the cluster of a mempool transaction: everything linked with it, in the order a miner would take.",
    params=(Param("txid", ParamType.HEX, "Id of any transaction in the cluster"),),
    result=(
        "json object: clusterweight (adjusted weight units), txcount, chunks (each with chunkfee in BTC, chunkweight, "
        "txs)"
    ),
    examples=(cli_example("getmempoolcluster", _EXAMPLE_TXID), http_example("getmempoolcluster", _EXAMPLE_TXID)),
)
def getmempoolcluster(node: NodeContext, args: Args) -> Json:
    txid = args.hash("txid")
    with node.mempool.lock:
        return cluster_json(node.mempool.cluster_of(_require_entry(node, txid)))


@rpc_method(
    category="hidden",
    help="Returns what a miner earns from the mempool as a function of the space used.",
    result="json array of objects: weight (cumulative, adjusted weight units), fee (cumulative, BTC)",
    examples=(cli_example("getmempoolfeeratediagram"), http_example("getmempoolfeeratediagram")),
)
def getmempoolfeeratediagram(node: NodeContext, args: Args) -> Json:
    weight = fee = 0
    points: list[Json] = [{"weight": 0, "fee": amount_json(0)}]
    with node.mempool.lock:
        for _, chunk in node.mempool.chunks():
            weight += chunk.weight
            fee += chunk.fee
            points.append({"weight": weight, "fee": amount_json(fee)})
    return points


@rpc_method(
    category="blockchain",
    help="Finds the mempool transactions that spend given outputs.",
    params=(
        Param(
            "outputs",
            ParamType.ARR,
            "The outputs",
            inner=(
                Param(
                    "output",
                    ParamType.OBJ,
                    inner=(
                        Param("txid", ParamType.HEX, "Id of the transaction that made it"),
                        Param("vout", ParamType.NUM, "Its index"),
                    ),
                ),
            ),
        ),
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            inner=(
                Param(
                    "mempool_only",
                    ParamType.BOOL,
                    "Look at the mempool only; otherwise also in the index of spent outputs",
                    default_hint="true without such an index",
                ),
                Param("return_spending_tx", ParamType.BOOL, "Return the spending transactions in full", default=False),
            ),
        ),
    ),
    result="json array of objects: txid, vout, and if the output is spent, spendingtxid and spendingtx (if asked for)",
    examples=(cli_example("gettxspendingprevout", '"[{\\"txid\\":\\"mytxid\\",\\"vout\\":3}]"'),),
)
def gettxspendingprevout(node: NodeContext, args: Args) -> Json:
    outputs = args.list("outputs")
    if not outputs:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Invalid parameter, outputs are missing")
    options = args.obj("options")
    check_object(options, {"mempool_only": "bool", "return_spending_tx": "bool"}, allow_null=True, strict=True)
    mempool_only = as_bool(options.get("mempool_only", True))
    in_full = as_bool(options.get("return_spending_tx", False))
    asked = [(as_obj(output), _outpoint(as_obj(output))) for output in outputs]
    results: list[Json] = []
    with node.mempool.lock:
        for output, outpoint in asked:
            spender = node.mempool.spender(outpoint)
            if spender is None and not mempool_only:
                raise RpcError(
                    RpcErrorCode.MISC_ERROR,
                    "Mempool lacks a relevant spend, and txospenderindex is unavailable.",
                )
            result = dict(output)
            if spender is not None:
                result["spendingtxid"] = hash_to_hex(spender.txid)
                if in_full:
                    result["spendingtx"] = spender.tx.serialize().hex()
            results.append(result)
    return results


def _outpoint(output: dict[str, Json]) -> OutPoint:
    check_object(output, {"txid": "string", "vout": "number"}, strict=True)
    txid = parse_hash(output["txid"], "txid")
    index = as_int(output["vout"])
    if index < 0:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Invalid parameter, vout cannot be negative")
    return OutPoint(txid, index)


@rpc_method(
    category="mining",
    help="Makes the node treat a transaction, when choosing what to mine, as if it paid more (or less) than it does.",
    params=(
        Param("txid", ParamType.HEX, "Id of the transaction; it need not be in the mempool yet"),
        Param("dummy", ParamType.NUM, "Of no use any more: zero or null", required=False),
        Param("fee_delta", ParamType.NUM, "What to add to its fee, in satoshi; may be negative"),
    ),
    result="boolean: true",
    examples=(
        cli_example("prioritisetransaction", '"txid" 0.0 10000'),
        http_example("prioritisetransaction", '"txid", 0.0, 10000'),
    ),
)
def prioritisetransaction(node: NodeContext, args: Args) -> Json:
    txid = args.hash("txid")
    dummy = args.opt_float("dummy")
    delta = args.int("fee_delta", bits=64)
    if dummy:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER,
            "Priority is no longer supported, dummy argument to prioritisetransaction must be 0.",
        )
    mempool = node.mempool
    with mempool.lock:
        tx = mempool.get(txid)
        if tx is not None and mempool.options.require_standard and dust_outputs(tx, mempool.options.dust_relay_rate):
            raise RpcError(
                RpcErrorCode.INVALID_PARAMETER, "Priority is not supported for transactions with dust outputs."
            )
        mempool.prioritise(txid, delta)
    return True


@rpc_method(
    category="mining",
    help="Lists the fee changes made with prioritisetransaction.",
    result="json object: for each txid fee_delta (satoshi), in_mempool, and modified_fee (satoshi) if it is there",
    examples=(cli_example("getprioritisedtransactions"), http_example("getprioritisedtransactions")),
)
def getprioritisedtransactions(node: NodeContext, args: Args) -> Json:
    mempool = node.mempool
    result: dict[str, Json] = {}
    with mempool.lock:
        for txid, delta in sorted(mempool.deltas.items()):
            entry = mempool.entry(txid)
            item: dict[str, Json] = {"fee_delta": delta, "in_mempool": entry is not None}
            if entry is not None:
                item["modified_fee"] = entry.modified_fee
            result[hash_to_hex(txid)] = item
    return result


@rpc_method(
    category="blockchain",
    help="Writes the mempool to disk. Fails until the file of the last run is loaded.",
    result="json object: filename (where it was written)",
    examples=(cli_example("savemempool"), http_example("savemempool")),
)
def savemempool(node: NodeContext, args: Args) -> Json:
    if not node.mempool.loaded:
        raise RpcError(RpcErrorCode.MISC_ERROR, "The mempool was not loaded yet")
    path = mempool_path(node.args)
    if not dump_mempool(node.mempool, path):
        raise RpcError(RpcErrorCode.MISC_ERROR, "Unable to dump mempool to disk")
    return {"filename": str(path)}


@rpc_method(
    category="blockchain",
    help=(
        "Adds the transactions of a mempool.dat file to the mempool. Do not import files that you do not trust, least "
        "of all with their metadata."
    ),
    params=(
        Param("filepath", ParamType.STR, "The file"),
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            oneline="options",
            inner=(
                Param(
                    "use_current_time",
                    ParamType.BOOL,
                    "Let the transactions enter now rather than at the times the file gives",
                    default=True,
                ),
                Param(
                    "apply_fee_delta_priority",
                    ParamType.BOOL,
                    "Add the file's fee changes (prioritisetransaction) to those already made",
                    default=False,
                ),
                Param(
                    "apply_unbroadcast_set",
                    ParamType.BOOL,
                    "Announce again what the file marks as not yet taken by any peer",
                    default=False,
                ),
            ),
        ),
    ),
    result="json object: empty",
    examples=(cli_example("importmempool", "/path/to/mempool.dat"),),
)
def importmempool(node: NodeContext, args: Args) -> Json:
    if node.chainman.is_initial_block_download():
        raise RpcError(
            RpcErrorCode.CLIENT_IN_INITIAL_DOWNLOAD,
            "Can only import the mempool after the block download and sync is done.",
        )
    path = Path(args.str("filepath"))
    options = args.obj("options")
    loaded = load_mempool(
        node.chainman,
        node.mempool,
        path,
        use_current_time=as_bool(options.get("use_current_time", True)),
        apply_deltas=as_bool(options.get("apply_fee_delta_priority", False)),
        apply_unbroadcast=as_bool(options.get("apply_unbroadcast_set", False)),
        interrupted=node.shutdown.is_set,
    )
    if not loaded:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Unable to import mempool file, see debug log for details.")
    return {}


METHODS = (
    getmempoolinfo,
    getrawmempool,
    getmempoolentry,
    getmempoolancestors,
    getmempooldescendants,
    getmempoolcluster,
    getmempoolfeeratediagram,
    gettxspendingprevout,
    prioritisetransaction,
    getprioritisedtransactions,
    savemempool,
    importmempool,
)
