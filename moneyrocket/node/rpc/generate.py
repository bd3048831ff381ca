"""RPC methods that make blocks at once, for test chains."""

from __future__ import annotations

from dataclasses import replace

from moneyrocket.consensus.errors import ValidationError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.miner import solve_block, with_commitment
from moneyrocket.node.rpc.descriptor_args import NotADescriptorError, script_from_address, script_from_descriptor
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.rpc import values
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_MAX_TRIES = 1_000_000
_TRIES = Param("maxtries", ParamType.NUM, "How many hashes to try", default=_MAX_TRIES)
_HASHES = "array of hex strings: hashes of the new blocks"


def _generate(node: NodeContext, script: bytes, count: int, max_tries: int) -> Json:
    hashes: list[Json] = []
    while count > 0 and not node.shutdown.is_set():
        template = node.miner.create_block(script)
        block, max_tries = solve_block(template.block, max_tries, node.shutdown.is_set)
        if max_tries == 0:
            break
        if block is not None:
            _submit(node, block)
            count -= 1
            hashes.append(hash_to_hex(block.hash))
    return hashes


def _submit(node: NodeContext, block: Block) -> None:
    try:
        node.chainman.process_new_block(block)
    except ValidationError as error:
        raise RpcError(RpcErrorCode.INTERNAL_ERROR, "ProcessNewBlock, block not accepted") from error


@rpc_method(
    category="hidden",
    help="Mines blocks whose coinbase pays to an address.",
    params=(
        Param("nblocks", ParamType.NUM, "How many blocks"),
        Param("address", ParamType.STR, "Address that gets the new coins"),
        _TRIES,
    ),
    result=_HASHES,
    examples=(cli_example("generatetoaddress", '11 "myaddress"'),),
)
def generatetoaddress(node: NodeContext, args: Args) -> Json:
    count = args.int("nblocks")
    max_tries = args.int("maxtries", bits=64)
    script = script_from_address(args.str("address"), node.params)
    if script is None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Error: Invalid address")
    return _generate(node, script, count, max_tries)


@rpc_method(
    category="hidden",
    help="Mines blocks whose coinbase pays to a descriptor.",
    params=(
        Param("num_blocks", ParamType.NUM, "How many blocks"),
        Param("descriptor", ParamType.STR, "Descriptor that gets the new coins"),
        _TRIES,
    ),
    result=_HASHES,
    examples=(cli_example("generatetodescriptor", '11 "mydesc"'),),
)
def generatetodescriptor(node: NodeContext, args: Args) -> Json:
    count = args.int("num_blocks")
    max_tries = args.int("maxtries", bits=64)
    script = script_from_descriptor(args.str("descriptor"), node.params)
    return _generate(node, script, count, max_tries)


@rpc_method(
    category="hidden",
    help="Mines a block with exactly the transactions given, in that order. Their fees are not collected.",
    params=(
        Param("output", ParamType.STR, "Address or descriptor that gets the new coins"),
        Param(
            "transactions",
            ParamType.ARR,
            "Ids of mempool transactions, or transactions in hex",
            inner=(Param("rawtx/txid", ParamType.HEX, "", required=False),),
        ),
        Param("submit", ParamType.BOOL, "Put the block into the chain; otherwise only return it", default=True),
    ),
    result="object with hash, and hex if the block was not submitted",
    examples=(cli_example("generateblock", '"myaddress" \'["rawtx", "mempool_txid"]\''),),
)
def generateblock(node: NodeContext, args: Args) -> Json:
    output = args.str("output")
    try:
        script = script_from_descriptor(output, node.params)
    except NotADescriptorError:
        script_or_none = script_from_address(output, node.params)
        if script_or_none is None:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Error: Invalid address or descriptor") from None
        script = script_or_none
    transactions = [_transaction(node, values.as_str(text)) for text in args.list("transactions")]
    submit = args.bool("submit")
    with node.chainman.lock:
        block = _with_transactions(node, script, transactions)
        try:
            node.chainman.test_block(block)
        except ValidationError as error:
            raise RpcError(RpcErrorCode.VERIFY_ERROR, f"TestBlockValidity failed: {error}") from error
    solved, _ = solve_block(block, _MAX_TRIES, node.shutdown.is_set)
    if solved is None:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Failed to make block.")
    if not submit:
        return {"hash": hash_to_hex(solved.hash), "hex": solved.serialize().hex()}
    _submit(node, solved)
    return {"hash": hash_to_hex(solved.hash)}


def _with_transactions(node: NodeContext, script: bytes, transactions: list[Transaction]) -> Block:
    block = node.miner.create_block(script, use_mempool=False).block
    coinbase = block.transactions[0]
    if not transactions:
        return block
    # The commitment of the empty block is its last output; it is made anew for the transactions.
    bare = replace(coinbase.without_witness(), outputs=coinbase.outputs[:-1])
    return with_commitment(Block(block.header, (bare, *transactions)), coinbase.has_witness)


def _transaction(node: NodeContext, text: str) -> Transaction:
    if len(text) == 64 and values.is_hex(text):
        tx = node.mempool.get(bytes.fromhex(text)[::-1])
        if tx is None:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, f"Transaction {text} not in mempool.")
        return tx
    try:
        return Transaction.deserialize(bytes.fromhex(text))
    except (ValueError, DeserializeError):
        raise RpcError(
            RpcErrorCode.DESERIALIZATION_ERROR,
            f"Transaction decode failed for {text}. Make sure the tx has at least one input.",
        ) from None


@rpc_method(
    category="hidden",
    help="has been replaced by the -generate cli option. Refer to -help for more information.",
    result="",
)
def generate(node: NodeContext, args: Args) -> Json:
    raise RpcError(RpcErrorCode.METHOD_NOT_FOUND, generate.help_text())


METHODS = (generatetoaddress, generatetodescriptor, generateblock, generate)
