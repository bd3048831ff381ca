"""RPC methods by which the operator steers the choice of the chain and checks the database."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.pruning import last_pruned_height
from moneyrocket.node.rpc.chain_access import find_block
from moneyrocket.node.verify_db import DEFAULT_CHECK_BLOCKS, DEFAULT_CHECK_LEVEL, verify_chain
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_FIRST_TIME = 1_000_000_000
"""A larger number is a time rather than a height."""
_TIME_WINDOW = 2 * 60 * 60
_BLOCK = (Param("blockhash", ParamType.HEX, "Hash of the block"),)


@rpc_method(
    category="blockchain",
    help="Treats a block as if it had arrived before all others of the same work, until the node restarts.",
    params=_BLOCK,
    examples=(cli_example("preciousblock", '"blockhash"'), http_example("preciousblock", '"blockhash"')),
)
def preciousblock(node: NodeContext, args: Args) -> Json:
    node.chainman.precious_block(find_block(node.chainman, args.hash("blockhash")))
    return None


@rpc_method(
    category="hidden",
    help="Marks a block as invalid for good, as if it broke a rule.",
    params=_BLOCK,
    examples=(cli_example("invalidateblock", '"blockhash"'), http_example("invalidateblock", '"blockhash"')),
)
def invalidateblock(node: NodeContext, args: Args) -> Json:
    index = find_block(node.chainman, args.hash("blockhash"))
    if index.prev is None:
        raise RpcError(RpcErrorCode.DATABASE_ERROR, "The genesis block cannot be invalid")
    node.chainman.invalidate_block(index)
    node.chainman.activate_best_chain()
    return None


@rpc_method(
    category="hidden",
    help="Takes back the mark of invalidity of a block, its ancestors and its descendants.",
    params=_BLOCK,
    examples=(cli_example("reconsiderblock", '"blockhash"'), http_example("reconsiderblock", '"blockhash"')),
)
def reconsiderblock(node: NodeContext, args: Args) -> Json:
    node.chainman.reconsider_block(find_block(node.chainman, args.hash("blockhash")))
    node.chainman.activate_best_chain()
    return None


@rpc_method(
    category="blockchain",
    help=(
        "Checks the stored blocks. Level 0 reads them, 1 checks each by itself, 2 reads the undo data, 3 disconnects "
        "the last blocks in memory, 4 connects them again."
    ),
    params=(
        Param("checklevel", ParamType.NUM, "How thoroughly", default_hint=f"{DEFAULT_CHECK_LEVEL}, range=0-4"),
        Param("nblocks", ParamType.NUM, "How many blocks", default_hint=f"{DEFAULT_CHECK_BLOCKS}, 0=all"),
    ),
    result="boolean: whether all is well; the log has the reason if not",
    examples=(cli_example("verifychain"), http_example("verifychain")),
)
def verifychain(node: NodeContext, args: Args) -> Json:
    level = args.opt_int("checklevel")
    blocks = args.opt_int("nblocks")
    return verify_chain(
        node.chainman,
        DEFAULT_CHECK_LEVEL if level is None else level,
        DEFAULT_CHECK_BLOCKS if blocks is None else blocks,
        node.shutdown.is_set,
    )


@rpc_method(
    category="blockchain",
    help=(
        "Deletes the files of old blocks, as far as they hold no block above a height, or one younger than two hours "
        "before a time. Needs -prune; the data can only come back from peers."
    ),
    params=(Param("height", ParamType.NUM, "Height, or UNIX time, up to which to prune"),),
    result="number: height of the last block whose data is gone, -1 if there is none",
    examples=(cli_example("pruneblockchain", "1000"), http_example("pruneblockchain", "1000")),
)
def pruneblockchain(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    if not chainman.options.prunes:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Cannot prune blocks because node is not in prune mode.")
    height = args.int("height")
    if height < 0:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Negative block height.")
    with chainman.lock:
        if height > _FIRST_TIME:
            index = chainman.active_chain.find_earliest_at_least(height - _TIME_WINDOW, 0)
            if index is None:
                raise RpcError(
                    RpcErrorCode.INVALID_PARAMETER, "Could not find block with at least the specified timestamp."
                )
            height = index.height
        tip_height = chainman.tip.height
        if tip_height < chainman.params.prune_after_height:
            raise RpcError(RpcErrorCode.MISC_ERROR, "Blockchain is too short for pruning.")
        if height > tip_height:
            raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Blockchain is shorter than the attempted prune height.")
        chainman.prune(height)
        pruned = last_pruned_height(chainman.active_chain)
        return -1 if pruned is None else pruned


METHODS = (preciousblock, invalidateblock, reconsiderblock, verifychain, pruneblockchain)
