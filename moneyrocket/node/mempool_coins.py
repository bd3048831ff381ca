"""The outputs that unconfirmed transactions may spend: of the chain, of the mempool, and of one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.consensus.tx_verify import calculate_sequence_locks, sequence_locks_met
from moneyrocket.interfaces.chain import Coin
from moneyrocket.node.mempool import Mempool
from moneyrocket.primitives.transaction import OutPoint, Transaction

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager

MEMPOOL_HEIGHT: Final = 0x7FFFFFFF
"""Height of coins that are not in a block yet."""


class MempoolCoins:
    """Looks up coins for transactions under examination."""

    def __init__(self, chainman: ChainstateManager, mempool: Mempool) -> None:
        self._chainman = chainman
        self._mempool = mempool
        self._extra: dict[bytes, Transaction] = {}

    def add_outputs(self, tx: Transaction) -> None:
        """Make the outputs of a transaction that is not in the mempool yet available."""
        self._extra[tx.txid] = tx

    def get(self, outpoint: OutPoint) -> Coin | None:
        """The coin at ``outpoint``, whether or not a mempool transaction spends it; None if there is none."""
        tx = self._extra.get(outpoint.txid) or self._mempool.get(outpoint.txid)
        if tx is not None:
            if outpoint.n >= len(tx.outputs):
                return None
            return Coin(tx.outputs[outpoint.n], MEMPOOL_HEIGHT, False)
        return self._chainman.get_coin(outpoint)

    def missing_parents(self, tx: Transaction) -> list[bytes]:
        """Txids of the transactions whose outputs ``tx`` spends but which are not known."""
        unknown = (txin.prevout.txid for txin in tx.inputs if self.get(txin.prevout) is None)
        return list(dict.fromkeys(unknown))

    def spent_by(self, tx: Transaction) -> list[Coin]:
        """The coins that ``tx`` spends, in the order of its inputs.

        Raises:
            ValidationError: if one is missing.
        """
        coins = []
        for txin in tx.inputs:
            coin = self.get(txin.prevout)
            if coin is None:
                for index in range(len(tx.outputs)):
                    if self._chainman.get_coin(OutPoint(tx.txid, index)) is not None:
                        raise ValidationError("txn-already-known", result=TxResult.CONFLICT)
                raise ValidationError("bad-txns-inputs-missingorspent", result=TxResult.MISSING_INPUTS)
            coins.append(coin)
        return coins


def relative_locks_met(tx: Transaction, coins: Sequence[Coin], tip: BlockIndex) -> bool:
    """Whether the relative lock times of ``tx`` let it into the block after ``tip`` (BIP68).

    Unconfirmed coins count as if they were confirmed in that block.

    Args:
        tx: the transaction.
        coins: the coins that it spends, in the order of its inputs.
        tip: the last block of the active chain.
    """
    next_height = tip.height + 1
    heights = [next_height if coin.height == MEMPOOL_HEIGHT else coin.height for coin in coins]
    locks = calculate_sequence_locks(tx, heights, tip)
    return sequence_locks_met(locks, next_height, tip.median_time_past)
