"""Finds transactions of the active chain by their ids (-txindex)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from moneyrocket.index.chain_index import ChainIndex
from moneyrocket.primitives.block import HEADER_SIZE
from moneyrocket.primitives.serialize import Reader, compact_size
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    import lmdb

    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.primitives.block import Block

_VALUE: Final = struct.Struct("<32sI")
"""Hash of the block, and offset of the transaction in it."""


class TxIndex(ChainIndex):
    """Where each transaction is. Those of a block that left the active chain stay until they are mined again."""

    name = "txindex"

    def write_block(self, transaction: lmdb.Transaction, block: Block, index: BlockIndex) -> None:
        """See `ChainIndex.write_block`."""
        if index.height == 0:
            # Nobody can spend the outputs of the genesis block, so it holds no ordinary transaction.
            return
        offset = HEADER_SIZE + len(compact_size(len(block.transactions)))
        entries = []
        for tx in block.transactions:
            entries.append((tx.txid, _VALUE.pack(index.hash, offset)))
            offset += len(tx.serialize())
        for txid, value in sorted(entries):
            transaction.put(txid, value)

    def find(self, txid: bytes) -> tuple[Transaction, BlockIndex] | None:
        """The transaction with this id and the block it is in, None if there is none.

        Raises:
            BlockFileError: if the block cannot be read.
        """
        with self._env.begin() as transaction:
            value = transaction.get(txid)
        if value is None:
            return None
        block_hash, offset = _VALUE.unpack(value)
        index = self._chainman.lookup(block_hash)
        if index is None:
            return None
        return Transaction.read(Reader(self._chainman.store.read_block_bytes(index), offset)), index
