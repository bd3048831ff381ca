"""The RPC method that shows orphan transactions."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import parse_verbosity


def _orphan_json(tx: Transaction, announcers: tuple[int, ...], verbosity: int) -> Json:
    if verbosity == 0:
        return hash_to_hex(tx.txid)
    result: dict[str, Json] = {
        "txid": hash_to_hex(tx.txid),
        "wtxid": hash_to_hex(tx.wtxid),
        "bytes": len(tx.serialize()),
        "vsize": tx.vsize,
        "vsize_bip141": tx.vsize,
        "weight": tx.weight,
        "from": list[Json](announcers),
    }
    if verbosity == 2:
        result["hex"] = tx.serialize().hex()
    return result


@rpc_method(
    category="hidden",
    help="Shows the transactions that wait for their parents.",
    params=(
        Param(
            "verbosity",
            ParamType.NUM,
            "0 for txids, 1 for details, 2 for details with the transactions in hex",
            default=0,
            skip_type_check=True,
        ),
    ),
    result="array of strings or objects",
    examples=(cli_example("getorphantxs", "2"), http_example("getorphantxs", "2")),
)
def getorphantxs(node: NodeContext, args: Args) -> Json:
    orphans = node.peerman.orphans()
    verbosity = parse_verbosity(args.given("verbosity"), 0, allow_bool=False)
    if verbosity not in (0, 1, 2):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Invalid verbosity value {verbosity}")
    return [_orphan_json(tx, announcers, verbosity) for tx, announcers in orphans]


METHODS = (getorphantxs,)
