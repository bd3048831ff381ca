"""RPC methods about mining: statistics, and the blocks and headers that miners bring."""

from __future__ import annotations

from moneyrocket.consensus.errors import ValidationError
from moneyrocket.consensus.params import Deployment
from moneyrocket.consensus.pow import next_work_required
from moneyrocket.consensus.witness_commitment import add_reserved_value
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.block_submission import submit_block
from moneyrocket.node.chain_manager import ChainstateManager
from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc.block_json import bits_text, difficulty, target_text
from moneyrocket.node.rpc.warnings_json import warnings_json
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError, Reader
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json


def decode_block(text: str) -> Block:
    """A block given in hex; what follows it is ignored.

    Raises:
        RpcError: -22 if it is none.
    """
    try:
        return Block.read(Reader(bytes.fromhex(text)))
    except (ValueError, DeserializeError):
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "Block decode failed") from None


def bip22_result(error: ValidationError | None) -> Json:
    """The result of a block's check as BIP22 spells it: null, or the reason for which it was refused."""
    return None if error is None else error.reason or "rejected"


@rpc_method(
    category="mining",
    help=(
        "Estimates the hash rate of the network from the last blocks: -1 for those since the difficulty changed. "
        "With a height, estimates it for the time when that block was found."
    ),
    params=(
        Param("nblocks", ParamType.NUM, "Number of blocks", default=120),
        Param("height", ParamType.NUM, "Height of the last block", default=-1),
    ),
    result="number: hashes per second",
    examples=(cli_example("getnetworkhashps"), http_example("getnetworkhashps")),
)
def getnetworkhashps(node: NodeContext, args: Args) -> Json:
    return network_hash_rate(node.chainman, args.int("nblocks"), args.int("height"))


def network_hash_rate(chainman: ChainstateManager, blocks: int = 120, height: int = -1) -> float | int:
    """Hashes per second that the work of some blocks took.

    Raises:
        RpcError: -8 for numbers out of range.
    """
    if blocks < -1 or blocks == 0:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Invalid nblocks. Must be a positive number or -1.")
    with chainman.lock:
        last = chainman.tip if height == -1 else chainman.active_chain.get(height)
    if last is None:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Block does not exist at specified height")
    if last.height == 0:
        return 0
    if blocks == -1:
        blocks = last.height % chainman.params.difficulty_adjustment_interval + 1
    first = last
    earliest = latest = last.time
    for _ in range(min(blocks, last.height)):
        assert first.prev is not None
        first = first.prev
        earliest = min(earliest, first.time)
        latest = max(latest, first.time)
    if earliest == latest:
        return 0
    return (last.chain_work - first.chain_work) / (latest - earliest)


@rpc_method(
    category="mining",
    help="Returns what a miner may want to know of the chain and the mempool.",
    result=(
        "object with blocks, currentblockweight, currentblocktx, bits, difficulty, target, networkhashps, pooledtx, "
        "blockmintxfee, chain, next (height, bits, difficulty, target of the next block), warnings"
    ),
    examples=(cli_example("getmininginfo"), http_example("getmininginfo")),
)
def getmininginfo(node: NodeContext, args: Args) -> Json:
    chainman = node.chainman
    miner = node.miner
    with chainman.lock:
        tip = chainman.tip
        result: dict[str, Json] = {"blocks": tip.height}
        if miner.last_weight is not None:
            result["currentblockweight"] = miner.last_weight
        if miner.last_transactions is not None:
            result["currentblocktx"] = miner.last_transactions
        result["bits"] = bits_text(tip.bits)
        result["difficulty"] = difficulty(tip.bits)
        result["target"] = target_text(tip.bits)
        result["networkhashps"] = network_hash_rate(chainman)
        result["pooledtx"] = len(node.mempool)
        result["blockmintxfee"] = amount_json(miner.options.min_rate)
        result["chain"] = chainman.params.name
        bits = _next_bits(chainman, tip)
        result["next"] = {
            "height": tip.height + 1,
            "bits": bits_text(bits),
            "difficulty": difficulty(bits),
            "target": target_text(bits),
        }
    if chainman.params.signet_challenge is not None:
        result["signet_challenge"] = chainman.params.signet_challenge.hex()
    result["warnings"] = warnings_json(node)
    return result


def _next_bits(chainman: ChainstateManager, tip: BlockIndex) -> int:
    from moneyrocket.common import clock
    from moneyrocket.node.miner import minimum_time

    time = max(minimum_time(tip, chainman.params), clock.now())
    return next_work_required(tip, BlockHeader(0, tip.hash, bytes(32), time, 0, 0), chainman.params)


@rpc_method(
    category="mining",
    help="Puts a block into the chain and relays it (BIP22).",
    params=(
        Param("hexdata", ParamType.HEX, "The block in hex"),
        Param("dummy", ParamType.STR, "Ignored", default_hint="ignored"),
    ),
    result="null if it was accepted; otherwise a string with the reason (BIP22)",
    examples=(cli_example("submitblock", '"mydata"'), http_example("submitblock", '"mydata"')),
)
def submitblock(node: NodeContext, args: Args) -> Json:
    block = decode_block(args.str("hexdata"))
    chainman = node.chainman
    prev = chainman.lookup(block.header.prev_hash)
    if prev is not None and chainman.params.is_active_after(Deployment.SEGWIT, prev):
        block = add_reserved_value(block)
    verdict = submit_block(chainman, node.signals, block)
    return None if verdict.result else verdict.reason


@rpc_method(
    category="mining",
    help="Offers a header, whose block may then be fetched from peers. An invalid one is an error.",
    params=(Param("hexdata", ParamType.HEX, "The header in hex"),),
    examples=(cli_example("submitheader", '"aabbcc"'), http_example("submitheader", '"aabbcc"')),
)
def submitheader(node: NodeContext, args: Args) -> Json:
    try:
        header = BlockHeader.read(Reader(bytes.fromhex(args.str("hexdata"))))
    except (ValueError, DeserializeError):
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "Block header decode failed") from None
    chainman = node.chainman
    if chainman.lookup(header.prev_hash) is None:
        raise RpcError(
            RpcErrorCode.VERIFY_ERROR, f"Must submit previous header ({hash_to_hex(header.prev_hash)}) first"
        )
    try:
        chainman.process_new_headers([header])
    except ValidationError as error:
        raise RpcError(RpcErrorCode.VERIFY_ERROR, error.reason) from error
    return None


METHODS = (getnetworkhashps, getmininginfo, submitblock, submitheader)
