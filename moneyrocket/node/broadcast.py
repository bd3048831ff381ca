"""Takes transactions from this node's user: into the mempool, safely recorded, and on to the peers."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.node.mempool_accept import accept
from moneyrocket.node.mempool_persist import record_local
from moneyrocket.primitives.transaction import OutPoint, Transaction

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext


class BroadcastFailure(Enum):
    """Why a transaction was not taken; the value is the text for the user when there is no better one."""

    MISSING_INPUTS = "Inputs missing or spent"
    ALREADY_IN_UTXO_SET = "Transaction outputs already in utxo set"
    MEMPOOL_REJECTED = "Transaction rejected by mempool"
    MEMPOOL_ERROR = "Mempool internal error"
    MAX_FEE_EXCEEDED = "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)"
    MAX_BURN_EXCEEDED = "Unspendable output exceeds maximum configured by user (maxburnamount)"
    INVALID_PACKAGE = "Transaction rejected due to invalid package"


class BroadcastError(Exception):
    """A transaction was not taken.

    Attributes:
        failure: the kind of failure.
        message: text for the user.
    """

    def __init__(self, failure: BroadcastFailure, message: str = "") -> None:
        self.failure = failure
        self.message = message or failure.value
        super().__init__(self.message)


def broadcast_transaction(
    node: NodeContext, tx: Transaction, max_fee: int = 0, *, relay: bool = True, wait: bool = True
) -> None:
    """Put a transaction into the mempool and announce it to peers. One that is there already is announced again.

    Args:
        node: the node.
        tx: the signed transaction.
        max_fee: refuse it if it pays more, sat; 0 for no limit.
        relay: whether to announce it.
        wait: whether to wait until subscribers (wallets) were told. The chain lock must not be held then.

    Raises:
        BroadcastError: if it was not taken.
    """
    mempool = node.mempool
    added = False
    with node.chainman.lock:
        for index in range(len(tx.outputs)):
            if node.chainman.get_coin(OutPoint(tx.txid, index)) is not None:
                raise BroadcastError(BroadcastFailure.ALREADY_IN_UTXO_SET)
        known = mempool.entry(tx.txid)
        if known is None:
            _submit(node, tx, max_fee)
            added = True
            if relay:
                mempool.add_unbroadcast(tx.txid)
        try:
            record_local(mempool, tx)
        except OSError as error:
            raise BroadcastError(
                BroadcastFailure.MEMPOOL_ERROR, f"Failed to record the transaction: {error}"
            ) from error
    if added and wait:
        node.signals.sync()
    if relay:
        node.peerman.relay_transaction(tx.txid, known.wtxid if known else tx.wtxid)


def _submit(node: NodeContext, tx: Transaction, max_fee: int) -> None:
    try:
        if max_fee:
            result = accept(node.chainman, node.mempool, tx, test_only=True)
            if result.base_fee > max_fee:
                raise BroadcastError(BroadcastFailure.MAX_FEE_EXCEEDED)
        accept(node.chainman, node.mempool, tx)
    except ValidationError as error:
        missing = error.result is TxResult.MISSING_INPUTS
        failure = BroadcastFailure.MISSING_INPUTS if missing else BroadcastFailure.MEMPOOL_REJECTED
        raise BroadcastError(failure, str(error)) from error
