"""RPC methods about the state of the chain as a whole."""

from __future__ import annotations

from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.block_index import BlockIndex, BlockStatus
from moneyrocket.node.chain_manager import ChainstateManager
from moneyrocket.node.context import NodeContext
from moneyrocket.node.pruning import PRUNE_MANUALLY, last_pruned_height
from moneyrocket.node.rpc.block_json import bits_text, difficulty, target_text, work_text
from moneyrocket.node.rpc.chain_access import find_block
from moneyrocket.node.rpc.deployment_json import deployments_json, script_flag_names
from moneyrocket.node.rpc.warnings_json import warnings_json
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_MONTH: Final = 30 * 24 * 60 * 60


@rpc_method(
    category="blockchain",
    help="Returns the state of the chain: its height, its work, and how far verification is.",
    result=(
        "object with chain, blocks, headers, bestblockhash, bits, target, difficulty, time, mediantime, "
        "verificationprogress, initialblockdownload, chainwork, size_on_disk, pruned, warnings; when pruning also "
        "pruneheight, automatic_pruning, prune_target_size"
    ),
    examples=(cli_example("getblockchaininfo"), http_example("getblockchaininfo")),
)
def getblockchaininfo(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    with chainman.lock:
        tip = chainman.tip
        result: dict[str, Json] = {
            "chain": chainman.params.name,
            "blocks": tip.height,
            "headers": chainman.best_header.height,
            "bestblockhash": hash_to_hex(tip.hash),
            "bits": bits_text(tip.bits),
            "target": target_text(tip.bits),
            "difficulty": difficulty(tip.bits),
            "time": tip.time,
            "mediantime": tip.median_time_past,
            "verificationprogress": chainman.guess_progress(tip),
            "initialblockdownload": chainman.is_initial_block_download(),
            "chainwork": work_text(tip.chain_work),
            "size_on_disk": chainman.store.files.total_size,
            "pruned": chainman.options.prunes,
        }
        if chainman.options.prunes:
            height = last_pruned_height(chainman.active_chain)
            result["pruneheight"] = 0 if height is None else height + 1
            automatic = chainman.options.prune_target != PRUNE_MANUALLY
            result["automatic_pruning"] = automatic
            if automatic:
                result["prune_target_size"] = chainman.options.prune_target
    if chainman.params.signet_challenge is not None:
        result["signet_challenge"] = chainman.params.signet_challenge.hex()
    result["warnings"] = warnings_json(node)
    return result


@rpc_method(
    category="blockchain",
    help="Returns the state of rule changes at the active chain's last block or at another one.",
    params=(Param("blockhash", ParamType.HEX, "Hash of the block", default_hint="hash of current chain tip"),),
    result="object with hash, height, script_flags and deployments",
    examples=(cli_example("getdeploymentinfo"), http_example("getdeploymentinfo")),
)
def getdeploymentinfo(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    block_hash = args.opt_hash("blockhash")
    index = chainman.tip if block_hash is None else find_block(chainman, block_hash)
    return {
        "hash": hash_to_hex(index.hash),
        "height": index.height,
        "script_flags": list[Json](script_flag_names(chainman, index)),
        "deployments": deployments_json(chainman, index),
    }


@rpc_method(
    category="blockchain",
    help=(
        "Returns the ends of all branches of the block tree. The status is active for the active chain, invalid for a "
        "branch with an invalid block, headers-only if blocks are missing, valid-headers if they are here but were "
        "never connected, valid-fork if they were."
    ),
    result="array of objects with height, hash, branchlen, status",
    examples=(cli_example("getchaintips"), http_example("getchaintips")),
)
def getchaintips(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    with chainman.lock:
        chain = chainman.active_chain
        side = [index for index in chainman.block_index.values() if index not in chain]
        parents = {id(index.prev) for index in side}
        tips = [index for index in side if id(index) not in parents]
        tips.append(chainman.tip)
        # Highest first; among equals the active one, which clients of long standing expect.
        tips.sort(key=lambda index: (-index.height, index not in chain))
        return [_tip_json(chainman, index) for index in tips]


def _tip_json(chainman: ChainstateManager, index: BlockIndex) -> Json:
    fork = chainman.active_chain.find_fork(index)
    return {
        "height": index.height,
        "hash": hash_to_hex(index.hash),
        "branchlen": index.height - (fork.height if fork is not None else 0),
        "status": _tip_status(chainman, index),
    }


def _tip_status(chainman: ChainstateManager, index: BlockIndex) -> str:
    if index in chainman.active_chain:
        return "active"
    if index.failed:
        return "invalid"
    if not index.have_chain_data:
        return "headers-only"
    return "valid-fork" if index.is_valid(BlockStatus.VALID_SCRIPTS) else "valid-headers"


@rpc_method(
    category="blockchain",
    help="Returns how many transactions the chain has, and at what rate they came in a window of blocks.",
    params=(
        Param("nblocks", ParamType.NUM, "Size of the window in blocks", default_hint="one month"),
        Param("blockhash", ParamType.HEX, "Hash of the window's last block", default_hint="chain tip"),
    ),
    result=(
        "object with time, txcount, window_final_block_hash, window_final_block_height, window_block_count, and for a "
        "window that is not empty window_interval (seconds), window_tx_count, txrate (per second)"
    ),
    examples=(cli_example("getchaintxstats"), http_example("getchaintxstats", "2016")),
)
def getchaintxstats(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    last = _window_end(chainman, args.opt_hash("blockhash"))
    count = args.opt_int("nblocks")
    if count is None:
        count = max(0, min(_MONTH // chainman.params.pow_target_spacing, last.height - 1))
    elif count < 0 or (count > 0 and count >= last.height):
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER, "Invalid block count: should be between 0 and the block's height - 1"
        )
    first = last.ancestor(last.height - count)
    assert first is not None
    result: dict[str, Json] = {"time": last.time}
    if last.chain_tx:
        result["txcount"] = last.chain_tx
    result["window_final_block_hash"] = hash_to_hex(last.hash)
    result["window_final_block_height"] = last.height
    result["window_block_count"] = count
    if count > 0:
        interval = last.median_time_past - first.median_time_past
        result["window_interval"] = interval
        if last.chain_tx and first.chain_tx:
            transactions = last.chain_tx - first.chain_tx
            result["window_tx_count"] = transactions
            if interval > 0:
                result["txrate"] = transactions / interval
    return result


def _window_end(chainman: ChainstateManager, block_hash: bytes | None) -> BlockIndex:
    if block_hash is None:
        return chainman.tip
    index = find_block(chainman, block_hash)
    if index not in chainman.active_chain:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Block is not in main chain")
    return index


@rpc_method(
    category="blockchain",
    help="Returns the chain states that the node keeps: one, fully validated.",
    result="object with headers and chainstates",
    examples=(cli_example("getchainstates"), http_example("getchainstates")),
)
def getchainstates(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    with chainman.lock:
        tip = chainman.tip
        state: dict[str, Json] = {
            "blocks": tip.height,
            "bestblockhash": hash_to_hex(tip.hash),
            "bits": bits_text(tip.bits),
            "target": target_text(tip.bits),
            "difficulty": difficulty(tip.bits),
            "verificationprogress": chainman.guess_progress(tip),
            "coins_db_cache_bytes": 0,
            "coins_tip_cache_bytes": chainman.coins.memory_usage(),
            "validated": True,
        }
        return {"headers": chainman.best_header.height, "chainstates": [state]}


METHODS = (getblockchaininfo, getdeploymentinfo, getchaintips, getchaintxstats, getchainstates)
