"""Looks up blocks for RPC methods, with the errors that clients know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.block_files import BlockFileError
from moneyrocket.rpc import values
from moneyrocket.rpc.errors import RpcErrorCode

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.undo import BlockUndo
    from moneyrocket.primitives.block import Block


def find_block(chainman: ChainstateManager, block_hash: bytes) -> BlockIndex:
    """The known block with this hash.

    Raises:
        RpcError: -5 if there is none.
    """
    index = chainman.lookup(block_hash)
    if index is None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Block not found")
    return index


def block_by_hash_or_height(chainman: ChainstateManager, value: Json) -> BlockIndex:
    """The block that a parameter names by hash, or by height in the active chain.

    Raises:
        RpcError: -8 for a height outside of the chain, -5 for an unknown hash, -3 for another type.
    """
    if isinstance(value, str):
        return find_block(chainman, values.parse_hash(value, "hash_or_height"))
    height = values.as_int(value)
    with chainman.lock:
        tip = chainman.active_chain.height
        if height < 0:
            raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Target block height {height} is negative")
        if height > tip:
            raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Target block height {height} after current tip {tip}")
        return chainman.active_chain[height]


def read_raw_block(chainman: ChainstateManager, index: BlockIndex) -> bytes:
    """A stored block's bytes.

    Raises:
        RpcError: -1 if it is not stored or cannot be read.
    """
    _require_data(index)
    try:
        return chainman.store.read_block_bytes(index)
    except BlockFileError:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Block not found on disk") from None


def read_block(chainman: ChainstateManager, index: BlockIndex) -> Block:
    """A stored block.

    Raises:
        RpcError: -1 if it is not stored or cannot be read.
    """
    _require_data(index)
    try:
        return chainman.read_block(index)
    except BlockFileError:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Block not found on disk") from None


def read_undo(chainman: ChainstateManager, index: BlockIndex) -> BlockUndo:
    """The coins that a block spent.

    Raises:
        RpcError: -1 if they are not stored or cannot be read.
    """
    if index.prev is not None and not index.have_undo:
        pruned = " (pruned data)" if index.n_tx and not index.have_data else ""
        raise RpcError(RpcErrorCode.MISC_ERROR, f"Undo data not available{pruned}")
    try:
        return chainman.read_undo(index)
    except BlockFileError:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Can't read undo data from disk") from None


def _require_data(index: BlockIndex) -> None:
    if not index.have_data:
        reason = "pruned data" if index.n_tx else "not fully downloaded"
        raise RpcError(RpcErrorCode.MISC_ERROR, f"Block not available ({reason})")
