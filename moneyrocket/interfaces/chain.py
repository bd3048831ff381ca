"""What a wallet may ask of, and be told by, the node."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum

from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand
from moneyrocket.primitives.block import Block, BlockLocator
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxOut


class ChainError(Exception):
    """The node could not do what the wallet asked; the text says why."""


class NodeAwayError(ConnectionError):
    """There is no node to ask at the moment; the text says why. A wallet that can be without one tries on its own."""


class RemovalReason(IntEnum):
    """Why a transaction left the mempool."""

    EXPIRY = 0
    SIZE_LIMIT = 1
    REORG = 2
    BLOCK = 3
    CONFLICT = 4
    REPLACED = 5


class BroadcastMethod(IntEnum):
    """How far a wallet's transaction goes."""

    MEMPOOL_AND_RELAY = 0
    MEMPOOL_ONLY = 1


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block by hash (internal byte order) and height."""

    hash: bytes
    height: int


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """What the node knows of a block.

    Attributes:
        hash: block hash, internal byte order.
        height: distance from the genesis block.
        time: the header's time, unix seconds.
        max_time: largest time of this block and all before it.
        median_time_past: median time of this block and the ten before it.
        in_active_chain: whether the block is part of the best chain.
        next_hash: the block after it in the active chain, if any.
    """

    hash: bytes
    height: int
    time: int
    max_time: int
    median_time_past: int
    in_active_chain: bool
    next_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Coin:
    """An unspent output and where it was made. Height 0x7FFFFFFF stands for the mempool."""

    out: TxOut
    height: int
    is_coinbase: bool


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """A block that was connected or disconnected.

    Attributes:
        hash: block hash, internal byte order.
        prev_hash: hash of the block before it.
        height: the block's height.
        max_time: largest time of this block and all before it, unix seconds.
        data: the block itself.
    """

    hash: bytes
    prev_hash: bytes
    height: int
    max_time: int
    data: Block


@dataclass(frozen=True, slots=True)
class MempoolAncestry:
    """How a mempool transaction hangs together with others, itself included.

    Attributes:
        ancestors: number of ancestors.
        descendants: number of descendants.
        ancestor_size: virtual size of the ancestors, vB.
        ancestor_fees: modified fees of the ancestors, sat.
    """

    ancestors: int
    descendants: int
    ancestor_size: int
    ancestor_fees: int


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """A smart fee estimate. ``fee_rate`` in sat/kvB, None when there is not enough data."""

    fee_rate: int | None
    blocks: int
    errors: list[str]


class ChainNotifications(ABC):
    """What the node tells a subscriber, in the order in which it happened."""

    @abstractmethod
    def transaction_added_to_mempool(self, tx: Transaction) -> None:
        """A transaction entered the mempool."""

    @abstractmethod
    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        """A transaction left the mempool for another reason than being mined."""

    @abstractmethod
    def block_connected(self, block: BlockInfo) -> None:
        """A block became the tip of the active chain."""

    @abstractmethod
    def block_disconnected(self, block: BlockInfo) -> None:
        """The tip of the active chain was taken off."""

    @abstractmethod
    def updated_block_tip(self) -> None:
        """The active chain reached a new tip, after all blocks on the way to it were reported."""

    @abstractmethod
    def chain_state_flushed(self, locator: BlockLocator) -> None:
        """The node wrote its state; after a crash it restarts at or after ``locator``."""


class Chain(ABC):
    """The node as a wallet sees it. Heights count from 0; hashes are in internal byte order."""

    @abstractmethod
    def get_height(self) -> int | None:
        """Height of the tip, None before there is one."""

    @abstractmethod
    def get_block_hash(self, height: int) -> bytes:
        """Hash of the block at ``height`` of the active chain.

        Raises:
            ChainError: if the active chain is not that high.
        """

    @abstractmethod
    def find_block(self, block_hash: bytes) -> FoundBlock | None:
        """Look up a block of any branch."""

    @abstractmethod
    def read_block(self, block_hash: bytes) -> Block | None:
        """A block with its transactions, None if it is unknown or its data is not here."""

    @abstractmethod
    def get_locator(self) -> BlockLocator:
        """Locator of the active chain's tip."""

    @abstractmethod
    def get_block_locator(self, block_hash: bytes) -> BlockLocator | None:
        """Locator of a known block, None if it is unknown."""

    @abstractmethod
    def find_locator_fork(self, locator: BlockLocator) -> int | None:
        """Height of the highest block that ``locator`` and the active chain share."""

    @abstractmethod
    def find_first_block_with_time_and_height(self, min_time: int, min_height: int) -> BlockRef | None:
        """First block of the active chain whose maximum time and height reach both bounds."""

    @abstractmethod
    def find_coins(self, outpoints: list[OutPoint]) -> list[Coin | None]:
        """For each outpoint its unspent coin in the UTXO set or mempool, None where there is none."""

    @abstractmethod
    def guess_verification_progress(self, block_hash: bytes) -> float:
        """Share of all transactions of the chain, 0 to 1, that lie at or below a block."""

    @abstractmethod
    def has_blocks(self, block_hash: bytes, min_height: int) -> bool:
        """Whether the data of all blocks from ``min_height`` up to the given one is here."""

    @abstractmethod
    def is_in_mempool(self, txid: bytes) -> bool:
        """Whether the mempool holds a transaction."""

    @abstractmethod
    def has_descendants_in_mempool(self, txid: bytes) -> bool:
        """Whether another mempool transaction spends from this one."""

    @abstractmethod
    def get_mempool_ancestry(self, txid: bytes) -> MempoolAncestry | None:
        """A mempool transaction's ancestor and descendant counts."""

    @abstractmethod
    def check_chain_limits(self, tx: Transaction) -> str | None:
        """Why the mempool's limits on chains of unconfirmed transactions forbid ``tx``, None if they do not."""

    @abstractmethod
    def broadcast_transaction(self, tx: Transaction, max_tx_fee: int, method: BroadcastMethod) -> str | None:
        """Put a transaction into the mempool and relay it.

        Args:
            tx: the signed transaction.
            max_tx_fee: refuse it above this fee, sat.
            method: how far it goes.

        Returns:
            Why it was refused, None if it was accepted.
        """

    @abstractmethod
    def request_mempool_transactions(self, notifications: ChainNotifications) -> None:
        """Report every mempool transaction as added, to one subscriber, before returning."""

    @abstractmethod
    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        """Estimate the fee rate that confirms within ``conf_target`` blocks."""

    @abstractmethod
    def estimate_max_blocks(self) -> int:
        """The largest confirmation target with an estimate."""

    @abstractmethod
    def mempool_min_fee(self) -> int:
        """Fee rate below which the mempool takes nothing now, sat/kvB."""

    @abstractmethod
    def relay_min_fee(self) -> int:
        """The -minrelaytxfee setting, sat/kvB."""

    @abstractmethod
    def relay_incremental_fee(self) -> int:
        """The -incrementalrelayfee setting, sat/kvB."""

    @abstractmethod
    def relay_dust_fee(self) -> int:
        """The -dustrelayfee setting, sat/kvB."""

    @abstractmethod
    def have_pruned(self) -> bool:
        """Whether any block data has been deleted."""

    @abstractmethod
    def is_ready_to_broadcast(self) -> bool:
        """Whether the node is not importing blocks or in initial download."""

    @abstractmethod
    def is_initial_block_download(self) -> bool:
        """Whether the node is still catching up."""

    @abstractmethod
    def shutdown_requested(self) -> bool:
        """Whether the node is about to stop."""

    @abstractmethod
    def init_message(self, message: str) -> None:
        """Show a start-up step to the user."""

    @abstractmethod
    def init_warning(self, message: str) -> None:
        """Show a warning to the user."""

    @abstractmethod
    def init_error(self, message: str) -> None:
        """Show an error to the user."""

    @abstractmethod
    def show_progress(self, title: str, progress: int, resume_possible: bool) -> None:
        """Show progress of a long operation, 0 to 100 percent."""

    @abstractmethod
    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        """Subscribe until the handler is disconnected."""

    @abstractmethod
    def wait_for_notifications_if_tip_changed(self, old_tip: bytes) -> None:
        """Wait until every notification up to now was delivered, unless the tip still is ``old_tip``."""

    @abstractmethod
    def handle_rpc(self, command: RpcCommand) -> Handler:
        """Offer an RPC method through the node until the handler is disconnected."""

    @abstractmethod
    def rpc_enable_deprecated(self, feature: str) -> bool:
        """Whether -deprecatedrpc names ``feature``."""

    @abstractmethod
    def get_rw_setting(self, name: str) -> Json:
        """A value of settings.json, None if it is not set."""

    @abstractmethod
    def update_rw_setting(self, name: str, value: Json) -> bool:
        """Write (or with None delete) a value of settings.json. False if it could not be written."""
