"""Transactions as a wallet keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from moneyrocket.primitives.transaction import Transaction


class Status(IntEnum):
    """Where a wallet transaction stands. The numbers are stored."""

    INACTIVE = 0
    """In no block and not in the mempool; may still confirm."""
    ABANDONED = 1
    """Inactive, and the user does not expect it to confirm."""
    MEMPOOL = 2
    """In the node's mempool. Never stored: after a restart the mempool decides anew."""
    CONFIRMED = 3
    CONFLICTED = 4
    """A block holds a transaction that spends the same coins, or coins of an ancestor."""


@dataclass(frozen=True, slots=True)
class TxState:
    """Status of a transaction and the block that gave it.

    Attributes:
        status: where it stands.
        block_hash: block that confirmed it or its rival, internal byte order.
        height: that block's height.
        index: position in the block, for a confirmed one.
        block_time: the block header's time, unix seconds, for a confirmed one.
    """

    status: Status
    block_hash: bytes | None = None
    height: int = -1
    index: int = -1
    block_time: int = 0


INACTIVE = TxState(Status.INACTIVE)
ABANDONED = TxState(Status.ABANDONED)
IN_MEMPOOL = TxState(Status.MEMPOOL)


@dataclass(slots=True, eq=False)
class WalletTx:
    """A transaction that pays to or from the wallet, with what only the wallet knows of it.

    Attributes:
        tx: the transaction.
        state: where it stands.
        position: order in which the wallet learned of transactions, from 0.
        time_received: when the wallet learned of it, unix seconds.
        time_smart: best guess of when it was made, unix seconds.
        comment: what it is for, as the user said.
        comment_to: who was paid, as the user said.
        replaces: txid of the transaction that it was made to replace.
        replaced_by: txid of the transaction made to replace it.
        mempool_conflicts: txids in the mempool that spend the same coins as it or an ancestor.
        from_me: whether it spends coins of the wallet; None until computed.
    """

    tx: Transaction
    state: TxState
    position: int = -1
    time_received: int = 0
    time_smart: int = 0
    comment: str | None = None
    comment_to: str | None = None
    replaces: bytes | None = None
    replaced_by: bytes | None = None
    mempool_conflicts: set[bytes] = field(default_factory=set)
    from_me: bool | None = None

    @property
    def txid(self) -> bytes:
        """The transaction's id, internal byte order."""
        return self.tx.txid

    @property
    def time(self) -> int:
        """The time to show for it, unix seconds."""
        return self.time_smart or self.time_received

    @property
    def is_confirmed(self) -> bool:
        """Whether a block of the active chain holds it."""
        return self.state.status is Status.CONFIRMED

    @property
    def in_mempool(self) -> bool:
        """Whether the node's mempool holds it."""
        return self.state.status is Status.MEMPOOL

    @property
    def is_abandoned(self) -> bool:
        """Whether it was abandoned."""
        return self.state.status is Status.ABANDONED

    @property
    def is_conflicted(self) -> bool:
        """Whether a block holds a rival."""
        return self.state.status is Status.CONFLICTED

    @property
    def is_unconfirmed(self) -> bool:
        """Whether it may still confirm: in the mempool or inactive, not abandoned."""
        return self.state.status in (Status.INACTIVE, Status.MEMPOOL)
