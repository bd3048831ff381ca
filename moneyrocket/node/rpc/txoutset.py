"""RPC methods about unspent outputs."""

from __future__ import annotations

from moneyrocket.interfaces.chain import Coin
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.coins import CoinsSnapshot
from moneyrocket.node.context import NodeContext
from moneyrocket.node.utxo_stats import UtxoHashType, utxo_stats
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json, as_int

_MEMPOOL_HEIGHT = 0x7FFFFFFF


def coins_snapshot(node: NodeContext) -> CoinsSnapshot:
    """All coins as of the tip, on disk and unmoved by later blocks."""
    with node.chainman.lock:
        node.chainman.commit()
        return node.chainman.coins_db.snapshot()


def check_interrupt(node: NodeContext) -> None:
    """End a long scan when the node stops.

    Raises:
        RpcError: -9 once the node shall stop.
    """
    if node.shutdown.is_set():
        raise RpcError(RpcErrorCode.CLIENT_NOT_CONNECTED, "Shutting down")


def _hash_type(name: str) -> UtxoHashType:
    try:
        return UtxoHashType(name)
    except ValueError:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"'{name}' is not a valid hash_type") from None


@rpc_method(
    category="blockchain",
    help="Scans all unspent outputs and returns their number, sum and hash.",
    params=(
        Param("hash_type", ParamType.STR, "hash_serialized_3, muhash or none", default="hash_serialized_3"),
        Param(
            "hash_or_height",
            ParamType.NUM,
            "Block whose set is described; needs -coinstatsindex",
            default_hint="the current best block",
            skip_type_check=True,
            type_text="string or numeric",
        ),
        Param("use_index", ParamType.BOOL, "Use the coin statistics index if there is one", default=True),
    ),
    result=(
        "object with height, bestblock, txouts, bogosize, hash_serialized_3 or muhash, total_amount, transactions, "
        "disk_size"
    ),
    examples=(cli_example("gettxoutsetinfo"), cli_example("gettxoutsetinfo", '"muhash"')),
)
def gettxoutsetinfo(node: NodeContext, args: Args) -> Json:
    hash_type = _hash_type(args.str("hash_type"))
    if not args.is_null("hash_or_height"):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Querying specific block heights requires coinstatsindex")
    chainman = node.chainman
    with coins_snapshot(node) as snapshot:
        stats = utxo_stats(snapshot, hash_type, lambda: check_interrupt(node))
    index = chainman.block_index[stats.best_block]
    result: dict[str, Json] = {
        "height": index.height,
        "bestblock": hash_to_hex(stats.best_block),
        "txouts": stats.outputs,
        "bogosize": stats.bogosize,
    }
    if hash_type is not UtxoHashType.NONE:
        result[hash_type.value] = hash_to_hex(stats.hash)
    result["total_amount"] = amount_json(stats.amount)
    result["transactions"] = stats.transactions
    result["disk_size"] = chainman.coins_db.disk_size()
    return result


@rpc_method(
    category="blockchain",
    help="Returns an unspent output, or null if it was spent or never existed.",
    params=(
        Param("txid", ParamType.STR, "Transaction id"),
        Param("n", ParamType.NUM, "Number of the output"),
        Param("include_mempool", ParamType.BOOL, "Count what the mempool makes and spends as done", default=True),
    ),
    result="null; or object with bestblock, confirmations, value, scriptPubKey, coinbase",
    examples=(cli_example("gettxout", '"txid" 1'), http_example("gettxout", '"txid", 1')),
)
def gettxout(node: NodeContext, args: Args) -> Json:
    outpoint = OutPoint(args.hash("txid"), as_int(args.raw("n"), bits=32, signed=False))
    chainman = node.chainman
    with chainman.lock:
        tip = chainman.tip
        coin = _coin_with_mempool(node, outpoint) if args.bool("include_mempool") else chainman.get_coin(outpoint)
    if coin is None:
        return None
    from moneyrocket.rpc.transaction_json import script_json

    return {
        "bestblock": hash_to_hex(tip.hash),
        "confirmations": 0 if coin.height == _MEMPOOL_HEIGHT else tip.height - coin.height + 1,
        "value": amount_json(coin.out.value),
        "scriptPubKey": script_json(coin.out.script_pubkey, chainman.params),
        "coinbase": coin.is_coinbase,
    }


def _coin_with_mempool(node: NodeContext, outpoint: OutPoint) -> Coin | None:
    with node.mempool.lock:
        if node.mempool.spender(outpoint) is not None:
            return None
        tx = node.mempool.get(outpoint.txid)
    if tx is None:
        return node.chainman.get_coin(outpoint)
    return Coin(tx.outputs[outpoint.n], _MEMPOOL_HEIGHT, False) if outpoint.n < len(tx.outputs) else None


METHODS = (gettxoutsetinfo, gettxout)
