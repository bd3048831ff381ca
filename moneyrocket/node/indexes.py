"""Optional indexes as the node's RPC methods see them; the room ``index`` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.primitives.transaction import Transaction


class Index(Protocol):
    """An index that follows the active chain."""

    @property
    def name(self) -> str:
        """As in RPC results."""

    @property
    def synced(self) -> bool:
        """Whether it has caught up."""

    @property
    def best_height(self) -> int:
        """Height up to which it is complete."""

    def wait_until_synced(self) -> bool:
        """Wait until all events up to now have arrived; False if it has not caught up yet."""

    def stop(self) -> None:
        """Stop following, and close the database."""


class TransactionLookup(Index, Protocol):
    """An index that finds transactions."""

    def find(self, txid: bytes) -> tuple[Transaction, BlockIndex] | None:
        """The transaction with this id and the block it is in, None if there is none."""
