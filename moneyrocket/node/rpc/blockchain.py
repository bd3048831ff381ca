"""RPC methods about blocks and the active chain."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc.block_json import block_json, difficulty, header_json
from moneyrocket.node.rpc.chain_access import find_block, read_block, read_raw_block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc import values
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_SAMPLE_HASH = '"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09"'
_HEADER_FIELDS = (
    "hash, confirmations (-1 outside of the active chain), height, version, versionHex, merkleroot, time, mediantime, "
    "nonce, bits, target, difficulty, chainwork, nTx, previousblockhash, nextblockhash"
)


@rpc_method(
    category="blockchain",
    help="Returns the height of the active chain; the genesis block has height 0.",
    result="number: the height",
    examples=(cli_example("getblockcount"), http_example("getblockcount")),
)
def getblockcount(node: NodeContext, args: Args) -> Json:
    return node.chainman.tip.height


@rpc_method(
    category="blockchain",
    help="Returns the hash of the active chain's last block.",
    result="hex string: the hash",
    examples=(cli_example("getbestblockhash"), http_example("getbestblockhash")),
)
def getbestblockhash(node: NodeContext, args: Args) -> Json:
    return hash_to_hex(node.chainman.tip.hash)


@rpc_method(
    category="blockchain",
    help="Returns the proof-of-work difficulty of the active chain's last block, as a multiple of the minimum.",
    result="number: the difficulty",
    examples=(cli_example("getdifficulty"), http_example("getdifficulty")),
)
def getdifficulty(node: NodeContext, args: Args) -> Json:
    return difficulty(node.chainman.tip.bits)


@rpc_method(
    category="blockchain",
    help="Returns the hash of the block at a height of the active chain.",
    params=(Param("height", ParamType.NUM, "Height of the block"),),
    result="hex string: the hash",
    examples=(cli_example("getblockhash", "1000"), http_example("getblockhash", "1000")),
)
def getblockhash(node: NodeContext, args: Args) -> Json:
    height = args.int("height")
    index = node.chainman.active_chain.get(height)
    if index is None:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Block height out of range")
    return hash_to_hex(index.hash)


@rpc_method(
    category="blockchain",
    help="Returns a block's header, as an object or as its 80 bytes in hex.",
    params=(
        Param("blockhash", ParamType.HEX, "Hash of the block"),
        Param("verbose", ParamType.BOOL, "Whether to return an object", default=True),
    ),
    result=f"object with {_HEADER_FIELDS}; or a hex string",
    examples=(cli_example("getblockheader", _SAMPLE_HASH), http_example("getblockheader", _SAMPLE_HASH)),
)
def getblockheader(node: NodeContext, args: Args) -> Json:
    block_hash = values.parse_hash(args.raw("blockhash"), "hash")
    index = find_block(node.chainman, block_hash)
    if not args.bool("verbose"):
        return index.header.serialize().hex()
    return header_json(index, node.chainman.tip)


@rpc_method(
    category="blockchain",
    help=(
        "Returns a block. Verbosity 0 gives its bytes in hex, 1 an object with transaction ids, 2 one with "
        "transactions, 3 one with transactions and the outputs that they spend."
    ),
    params=(
        Param("blockhash", ParamType.HEX, "Hash of the block"),
        Param("verbosity", ParamType.NUM, "0 to 3", default=1, aliases=("verbose",), skip_type_check=True),
    ),
    result=f"hex string; or object with size, strippedsize, weight, coinbase_tx, tx and {_HEADER_FIELDS}",
    examples=(cli_example("getblock", _SAMPLE_HASH), http_example("getblock", _SAMPLE_HASH)),
)
def getblock(node: NodeContext, args: Args) -> Json:
    block_hash = args.hash("blockhash")
    verbosity = values.parse_verbosity(args.given("verbosity"), 1)
    chainman = node.chainman
    index = find_block(chainman, block_hash)
    tip = chainman.tip
    if verbosity <= 0:
        return read_raw_block(chainman, index).hex()
    return block_json(chainman, read_block(chainman, index), index, tip, verbosity)


METHODS = (getblockcount, getbestblockhash, getdifficulty, getblockhash, getblockheader, getblock)
