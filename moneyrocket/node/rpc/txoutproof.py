"""RPC methods for proofs that a transaction is in a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc.chain_access import find_block, read_block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.merkle_block import MerkleBlock
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import OutPoint
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import as_str, parse_hash

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager

_MAX_OUTPUTS: Final = 4_000_000 // 36
"""No transaction has more outputs."""


@rpc_method(
    category="blockchain",
    help=(
        "Returns a proof that transactions are in a block. Unless the block is given, it is found by way of an output "
        "that is not spent yet, or by -txindex."
    ),
    params=(
        Param(
            "txids",
            ParamType.ARR,
            "The transactions",
            inner=(Param("txid", ParamType.HEX, "A transaction's id", required=False),),
        ),
        Param("blockhash", ParamType.HEX, "Hash of the block", required=False),
    ),
    result="hex string: the proof",
    examples=(cli_example("gettxoutproof", "'[\"mytxid\"]'"),),
)
def gettxoutproof(node: NodeContext, args: Args) -> Json:
    wanted = _txids(args.list("txids"))
    chainman = node.chainman
    if args.is_null("blockhash"):
        index = _block_with_unspent_output(chainman, wanted) or _indexed_block(node, wanted)
        if index is None:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Transaction not yet in block")
    else:
        index = find_block(chainman, args.hash("blockhash"))
    block = read_block(chainman, index)
    if sum(tx.txid in wanted for tx in block.transactions) != len(wanted):
        raise RpcError(
            RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Not all transactions found in specified or retrieved block"
        )
    return MerkleBlock.of(block, wanted).serialize().hex()


def _txids(given: list[Json]) -> set[bytes]:
    if not given:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Parameter 'txids' cannot be empty")
    txids: set[bytes] = set()
    for value in given:
        txid = parse_hash(value, "txid")
        if txid in txids:
            raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Invalid parameter, duplicated txid: {as_str(value)}")
        txids.add(txid)
    return txids


def _block_with_unspent_output(chainman: ChainstateManager, txids: set[bytes]) -> BlockIndex | None:
    with chainman.lock:
        for txid in sorted(txids):
            for n in range(_MAX_OUTPUTS):
                coin = chainman.get_coin(OutPoint(txid, n))
                if coin is not None:
                    return chainman.active_chain[coin.height]
    return None


def _indexed_block(node: NodeContext, txids: set[bytes]) -> BlockIndex | None:
    if node.tx_index is None:
        return None
    node.tx_index.wait_until_synced()
    found = node.tx_index.find(min(txids))
    return None if found is None else found[1]


@rpc_method(
    category="blockchain",
    help="Checks a proof of gettxoutproof, and returns the transactions that it is about.",
    params=(Param("proof", ParamType.HEX, "The proof"),),
    result="array of txids, empty if the proof is wrong",
    examples=(cli_example("verifytxoutproof", '"proof"'),),
)
def verifytxoutproof(node: NodeContext, args: Args) -> Json:
    try:
        proof = MerkleBlock.deserialize(args.hex("proof"))
    except DeserializeError as error:
        raise RpcError(RpcErrorCode.MISC_ERROR, str(error)) from None
    extracted = proof.tree.extract()
    if extracted is None or extracted[0] != proof.header.merkle_root:
        return []
    with node.chainman.lock:
        index = node.chainman.lookup(proof.header.hash)
        if index is None or index not in node.chainman.active_chain or not index.n_tx:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Block not found in chain")
        return [hash_to_hex(txid) for txid in extracted[1]] if index.n_tx == proof.tree.total else []


METHODS = (gettxoutproof, verifytxoutproof)
