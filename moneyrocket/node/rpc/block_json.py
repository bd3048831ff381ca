"""Headers and blocks as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.consensus.pow import target_from_bits
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.block_files import BlockFileError
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.values import real_json

if TYPE_CHECKING:
    from moneyrocket.interfaces.chain import Coin
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.primitives.block import Block
    from moneyrocket.primitives.transaction import Transaction


def difficulty(bits: int) -> float:
    """How many times harder than the easiest main chain target a compact target is."""
    shift = bits >> 24
    ratio = 0xFFFF / (bits & 0x00FFFFFF)
    while shift < 29:
        ratio *= 256.0
        shift += 1
    while shift > 29:
        ratio /= 256.0
        shift -= 1
    return real_json(ratio)


def bits_text(bits: int) -> str:
    """A compact target in hexadecimal."""
    return f"{bits:08x}"


def target_text(bits: int) -> str:
    """The 256-bit number that a block hash must not exceed, in hexadecimal."""
    return f"{target_from_bits(bits):064x}"


def work_text(chain_work: int) -> str:
    """Work as 64 hexadecimal digits."""
    return f"{chain_work:064x}"


def header_json(index: BlockIndex, tip: BlockIndex) -> dict[str, Json]:
    """A header as getblockheader shows it; ``tip`` is that of the active chain."""
    following = tip.ancestor(index.height + 1)
    if following is not None and following.prev is index:
        confirmations = tip.height - index.height + 1
    else:
        following = None
        confirmations = 1 if index is tip else -1
    result: dict[str, Json] = {
        "hash": hash_to_hex(index.hash),
        "confirmations": confirmations,
        "height": index.height,
        "version": index.version,
        "versionHex": f"{index.version & 0xFFFFFFFF:08x}",
        "merkleroot": hash_to_hex(index.merkle_root),
        "time": index.time,
        "mediantime": index.median_time_past,
        "nonce": index.nonce,
        "bits": bits_text(index.bits),
        "target": target_text(index.bits),
        "difficulty": difficulty(index.bits),
        "chainwork": work_text(index.chain_work),
        "nTx": index.n_tx,
    }
    if index.prev is not None:
        result["previousblockhash"] = hash_to_hex(index.prev.hash)
    if following is not None:
        result["nextblockhash"] = hash_to_hex(following.hash)
    return result


def _coinbase_json(tx: Transaction) -> dict[str, Json]:
    txin = tx.inputs[0]
    result: dict[str, Json] = {
        "version": tx.version & 0xFFFFFFFF,
        "locktime": tx.lock_time,
        "sequence": txin.sequence,
        "coinbase": txin.script_sig.hex(),
    }
    if txin.witness:
        result["witness"] = txin.witness[0].hex()
    return result


def block_json(
    chainman: ChainstateManager, block: Block, index: BlockIndex, tip: BlockIndex, verbosity: int
) -> dict[str, Json]:
    """A block as getblock shows it.

    Args:
        chainman: where undo data is.
        block: the block.
        index: its entry.
        tip: tip of the active chain.
        verbosity: 1 for transaction ids, 2 for transactions, 3 for transactions with the outputs they spend.
    """
    result = header_json(index, tip)
    result["strippedsize"] = block.stripped_size
    result["size"] = block.size
    result["weight"] = block.weight
    result["coinbase_tx"] = _coinbase_json(block.transactions[0])
    if verbosity <= 1:
        result["tx"] = [hash_to_hex(tx.txid) for tx in block.transactions]
        return result
    from moneyrocket.rpc.transaction_json import transaction_json

    spent: tuple[tuple[Coin, ...], ...] = ()
    if index.have_undo:
        try:
            spent = chainman.read_undo(index).spent
        except BlockFileError:
            raise RpcError(
                RpcErrorCode.INTERNAL_ERROR,
                "Undo data expected but can't be read. This could be due to disk corruption or a conflict with a "
                "pruning event.",
            ) from None
    transactions: list[Json] = []
    for number, tx in enumerate(block.transactions):
        coins = spent[number - 1] if number and spent else None
        transactions.append(transaction_json(tx, chainman.params, spent=coins, with_prevouts=verbosity >= 3))
    result["tx"] = transactions
    return result
