"""Brings the mempool in line with the chain after blocks were disconnected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.errors import ValidationError
from moneyrocket.consensus.limits import COINBASE_MATURITY
from moneyrocket.consensus.tx_verify import is_final_tx
from moneyrocket.interfaces.chain import RemovalReason
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_accept import accept, limit_size
from moneyrocket.node.mempool_coins import MempoolCoins, relative_locks_met
from moneyrocket.node.mempool_entry import MempoolEntry, transaction_usage
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.node.chain_manager import ChainstateManager

MAX_RETURNING_USAGE: Final = 20_000_000
"""Memory in bytes that transactions of disconnected blocks may take."""


class MempoolUpdater:
    """Hears of blocks from the chain and keeps a mempool in line with it."""

    def __init__(self, chainman: ChainstateManager, mempool: Mempool) -> None:
        self._chainman = chainman
        self._mempool = mempool

    def remove_for_block(self, block: Block, height: int) -> None:
        """A block was connected: drop what it mined and what contradicts it."""
        self._mempool.remove_for_block(block, height)

    def reorg_finished(self, disconnected: list[Transaction]) -> None:
        """The tip moved to another branch: take transactions back and drop what became invalid."""
        update_after_reorg(self._chainman, self._mempool, disconnected)


def update_after_reorg(
    chainman: ChainstateManager, mempool: Mempool, disconnected: Sequence[Transaction], *, add: bool = True
) -> None:
    """Take back transactions of disconnected blocks, and drop what became invalid.

    After a deep reorganisation only the oldest of them return, as many as `MAX_RETURNING_USAGE` allows.

    Args:
        chainman: the chain, at its new tip.
        mempool: the mempool.
        disconnected: transactions that are in no block any more, in the order of the chain they were in.
        add: whether to take them back; otherwise only what depends on them is dropped.
    """
    with chainman.lock, mempool.lock:
        usage = 0
        for tx in disconnected:
            usage += transaction_usage(tx)
            if add and not tx.is_coinbase and usage <= MAX_RETURNING_USAGE:
                try:
                    accept(chainman, mempool, tx, bypass_limits=True)
                    continue
                except ValidationError as error:
                    if error.reason == "txn-already-known":
                        continue  # The new chain has it as well.
            mempool.remove_recursive(tx, RemovalReason.REORG)
        mempool.enforce_cluster_limits()
        invalid = [entry for entry in mempool.entries.values() if not _still_valid(chainman, mempool, entry)]
        mempool.remove(mempool.descendants(*invalid).values(), RemovalReason.REORG)
        limit_size(mempool)


def _still_valid(chainman: ChainstateManager, mempool: Mempool, entry: MempoolEntry) -> bool:
    """Whether the next block could hold ``entry``: it is final, and the coinbases it spends are mature."""
    tip = chainman.tip
    if not is_final_tx(entry.tx, tip.height + 1, tip.median_time_past):
        return False
    coins = [MempoolCoins(chainman, mempool).get(txin.prevout) for txin in entry.tx.inputs]
    found = [coin for coin in coins if coin is not None]
    if len(found) < len(coins) or not relative_locks_met(entry.tx, found, tip):
        return False
    return not any(coin.is_coinbase and tip.height + 1 - coin.height < COINBASE_MATURITY for coin in found)
