"""RPC methods that wait for the chain."""

from __future__ import annotations

from collections.abc import Callable

from moneyrocket.interfaces.chain import BlockRef
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_TIMEOUT = Param("timeout", ParamType.NUM, "Milliseconds to wait at most, 0 for no limit", default=0)
_RESULT = "object with hash and height of the active chain's last block when the wait ended"


def _wait(node: NodeContext, args: Args, wanted: Callable[[BlockRef], bool]) -> Json:
    timeout = args.int("timeout")
    if timeout < 0:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Negative timeout")
    tip = node.notifications.wait_for(wanted, timeout / 1000 if timeout else None)
    if tip is None:
        raise RpcError(RpcErrorCode.MISC_ERROR, "The chain is not loaded")
    return {"hash": hash_to_hex(tip.hash), "height": tip.height}


@rpc_method(
    category="blockchain",
    help="Waits until the active chain ends in another block than now, or than the one given.",
    params=(
        _TIMEOUT,
        Param("current_tip", ParamType.HEX, "Hash of the block that the chain must leave", required=False),
    ),
    result=_RESULT,
    examples=(cli_example("waitfornewblock", "1000"),),
)
def waitfornewblock(node: NodeContext, args: Args) -> Json:
    known = node.chainman.tip.hash if args.is_null("current_tip") else args.hash("current_tip")
    return _wait(node, args, lambda tip: tip.hash != known)


@rpc_method(
    category="blockchain",
    help="Waits until the active chain ends in a given block.",
    params=(Param("blockhash", ParamType.HEX, "Hash of the block to wait for"), _TIMEOUT),
    result=_RESULT,
    examples=(cli_example("waitforblock", '"0000000000079f8ef3d2c688c244eb7a4570b24c9ed7b4a8c619eb02596f8862" 1000'),),
)
def waitforblock(node: NodeContext, args: Args) -> Json:
    block_hash = args.hash("blockhash")
    return _wait(node, args, lambda tip: tip.hash == block_hash)


@rpc_method(
    category="blockchain",
    help="Waits until the active chain has at least a given height.",
    params=(Param("height", ParamType.NUM, "Height to wait for"), _TIMEOUT),
    result=_RESULT,
    examples=(cli_example("waitforblockheight", "100 1000"),),
)
def waitforblockheight(node: NodeContext, args: Args) -> Json:
    height = args.int("height")
    return _wait(node, args, lambda tip: tip.height >= height)


@rpc_method(
    category="hidden",
    help="Waits until everything that happened up to now was told to all parts of the node.",
    examples=(cli_example("syncwithvalidationinterfacequeue"),),
)
def syncwithvalidationinterfacequeue(node: NodeContext, args: Args) -> Json:
    node.signals.sync()
    return None


METHODS = (waitfornewblock, waitforblock, waitforblockheight, syncwithvalidationinterfacequeue)
