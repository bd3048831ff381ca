"""The node as wallets see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.common import messages
from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.chain import (
    BlockRef,
    BroadcastMethod,
    Chain,
    ChainError,
    ChainNotifications,
    Coin,
    FeeEstimate,
    FoundBlock,
    MempoolAncestry,
)
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.node.block_files import BlockFileError
from moneyrocket.node.block_index import make_locator
from moneyrocket.node.chain_subscription import ChainSubscription

if TYPE_CHECKING:
    from moneyrocket.interfaces.rpc import RpcCommand
    from moneyrocket.node.context import NodeContext
    from moneyrocket.primitives.block import Block, BlockLocator
    from moneyrocket.primitives.transaction import OutPoint, Transaction

log = category_logger("")


class NodeChain(Chain):
    """Answers from the parts of a node. It may be made before they are there; questions need them."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node

    # Blocks

    def get_height(self) -> int | None:
        """See `Chain.get_height`."""
        if not hasattr(self._node, "chainman"):
            return None
        height = self._node.chainman.active_chain.height
        return height if height >= 0 else None

    def get_block_hash(self, height: int) -> bytes:
        """See `Chain.get_block_hash`."""
        index = self._node.chainman.active_chain.get(height)
        if index is None:
            raise ChainError(f"the active chain has no block at height {height}")
        return index.hash

    def find_block(self, block_hash: bytes) -> FoundBlock | None:
        """See `Chain.find_block`."""
        chainman = self._node.chainman
        with chainman.lock:
            index = chainman.lookup(block_hash)
            if index is None:
                return None
            following = chainman.active_chain.next(index)
            return FoundBlock(
                hash=index.hash,
                height=index.height,
                time=index.time,
                max_time=index.time_max,
                median_time_past=index.median_time_past,
                in_active_chain=index in chainman.active_chain,
                next_hash=following.hash if following is not None else None,
            )

    def read_block(self, block_hash: bytes) -> Block | None:
        """See `Chain.read_block`."""
        index = self._node.chainman.lookup(block_hash)
        if index is None or not index.have_data:
            return None
        try:
            return self._node.chainman.read_block(index)
        except BlockFileError as error:
            log.error("%s", error)
            return None

    def get_locator(self) -> BlockLocator:
        """See `Chain.get_locator`."""
        chainman = self._node.chainman
        with chainman.lock:
            return chainman.active_chain.locator()

    def get_block_locator(self, block_hash: bytes) -> BlockLocator | None:
        """See `Chain.get_block_locator`."""
        index = self._node.chainman.lookup(block_hash)
        return make_locator(index) if index is not None else None

    def find_locator_fork(self, locator: BlockLocator) -> int | None:
        """See `Chain.find_locator_fork`."""
        return self._node.chainman.find_fork(locator).height

    def find_first_block_with_time_and_height(self, min_time: int, min_height: int) -> BlockRef | None:
        """See `Chain.find_first_block_with_time_and_height`."""
        chainman = self._node.chainman
        with chainman.lock:
            index = chainman.active_chain.find_earliest_at_least(min_time, min_height)
        return BlockRef(index.hash, index.height) if index is not None else None

    def guess_verification_progress(self, block_hash: bytes) -> float:
        """See `Chain.guess_verification_progress`."""
        chainman = self._node.chainman
        index = chainman.lookup(block_hash)
        return chainman.guess_progress(index) if index is not None else 0.0

    def has_blocks(self, block_hash: bytes, min_height: int) -> bool:
        """See `Chain.has_blocks`."""
        chainman = self._node.chainman
        with chainman.lock:
            walk = chainman.lookup(block_hash)
            while walk is not None and walk.have_data:
                if walk.height <= min_height or walk.prev is None:
                    return True
                walk = walk.prev
        return False

    def have_pruned(self) -> bool:
        """See `Chain.have_pruned`."""
        return self._node.chainman.have_pruned

    def is_initial_block_download(self) -> bool:
        """See `Chain.is_initial_block_download`."""
        return self._node.chainman.is_initial_block_download()

    # Coins and mempool

    def find_coins(self, outpoints: list[OutPoint]) -> list[Coin | None]:
        """See `Chain.find_coins`."""
        from moneyrocket.node.mempool_coins import MempoolCoins

        chainman, mempool = self._node.chainman, self._node.mempool
        with chainman.lock, mempool.lock:
            view = MempoolCoins(chainman, mempool)
            return [view.get(outpoint) for outpoint in outpoints]

    def is_in_mempool(self, txid: bytes) -> bool:
        """See `Chain.is_in_mempool`."""
        mempool = self._node.mempool
        with mempool.lock:
            return txid in mempool

    def has_descendants_in_mempool(self, txid: bytes) -> bool:
        """See `Chain.has_descendants_in_mempool`."""
        mempool = self._node.mempool
        with mempool.lock:
            entry = mempool.entry(txid)
            return entry is not None and bool(entry.children)

    def get_mempool_ancestry(self, txid: bytes) -> MempoolAncestry | None:
        """See `Chain.get_mempool_ancestry`."""
        mempool = self._node.mempool
        with mempool.lock:
            entry = mempool.entry(txid)
            if entry is None:
                return None
            ancestors = mempool.ancestors(entry).values()
            return MempoolAncestry(
                ancestors=len(ancestors),
                descendants=len(mempool.descendants(entry)),
                ancestor_size=sum(ancestor.vsize for ancestor in ancestors),
                ancestor_fees=sum(ancestor.modified_fee for ancestor in ancestors),
            )

    def check_chain_limits(self, tx: Transaction) -> str | None:
        """See `Chain.check_chain_limits`."""
        from moneyrocket.node.mempool_changes import exceeds_cluster_limits

        if exceeds_cluster_limits(self._node.mempool, tx):
            return "too many unconfirmed transactions in cluster"
        return None

    def broadcast_transaction(self, tx: Transaction, max_tx_fee: int, method: BroadcastMethod) -> str | None:
        """See `Chain.broadcast_transaction`."""
        from moneyrocket.node.broadcast import BroadcastError, broadcast_transaction

        relay = method is BroadcastMethod.MEMPOOL_AND_RELAY
        try:
            # The wallet holds its own lock and is told on another thread, so it must not be waited for.
            broadcast_transaction(self._node, tx, max_tx_fee, relay=relay, wait=False)
        except BroadcastError as error:
            return error.message
        return None

    def request_mempool_transactions(self, notifications: ChainNotifications) -> None:
        """See `Chain.request_mempool_transactions`."""
        mempool = self._node.mempool
        with mempool.lock:
            transactions = [entry.tx for entry in mempool.ordered_entries()]
        # Without the lock: the subscriber may ask back while it is told.
        for tx in transactions:
            notifications.transaction_added_to_mempool(tx)

    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        """See `Chain.estimate_smart_fee`."""
        mempool = self._node.mempool
        with mempool.lock:
            return mempool.estimator.estimate(
                conf_target, conservative=conservative, waiting=list(mempool.entries.values())
            )

    def estimate_max_blocks(self) -> int:
        """See `Chain.estimate_max_blocks`."""
        from moneyrocket.node.fees import MAX_TARGET

        return MAX_TARGET

    def mempool_min_fee(self) -> int:
        """See `Chain.mempool_min_fee`."""
        mempool = self._node.mempool
        with mempool.lock:
            return mempool.min_fee_rate()

    def relay_min_fee(self) -> int:
        """See `Chain.relay_min_fee`."""
        return self._node.mempool.options.min_relay_rate

    def relay_incremental_fee(self) -> int:
        """See `Chain.relay_incremental_fee`."""
        return self._node.mempool.options.incremental_rate

    def relay_dust_fee(self) -> int:
        """See `Chain.relay_dust_fee`."""
        return self._node.mempool.options.dust_relay_rate

    def is_ready_to_broadcast(self) -> bool:
        """See `Chain.is_ready_to_broadcast`."""
        return self._node.loading_finished.is_set() and not self.is_initial_block_download()

    # The node's user, settings and RPC

    def shutdown_requested(self) -> bool:
        """See `Chain.shutdown_requested`."""
        return self._node.shutdown.is_set()

    def init_message(self, message: str) -> None:
        """See `Chain.init_message`."""
        log.info("init message: %s", message)
        if self._node.rpc_table.warmup_status is not None:
            self._node.rpc_table.set_warmup_status(message)
        self._node.announcer.init_message(message)

    def init_warning(self, message: str) -> None:
        """See `Chain.init_warning`."""
        messages.show_warning(message)
        self._node.announcer.warning(message)

    def init_error(self, message: str) -> None:
        """See `Chain.init_error`."""
        messages.show_error(message)
        self._node.announcer.error(message)

    def show_progress(self, title: str, progress: int, resume_possible: bool) -> None:
        """See `Chain.show_progress`."""
        log.info("%s %d%%", title, progress)
        self._node.announcer.progress(title, progress, resume_possible)

    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        """See `Chain.handle_notifications`."""
        return ChainSubscription(self._node.signals, notifications)

    def wait_for_notifications_if_tip_changed(self, old_tip: bytes) -> None:
        """See `Chain.wait_for_notifications_if_tip_changed`."""
        if old_tip != self._node.chainman.tip.hash:
            self._node.signals.sync()

    def handle_rpc(self, command: RpcCommand) -> Handler:
        """See `Chain.handle_rpc`."""
        return self._node.wallet_router.offer_own(command)

    def rpc_enable_deprecated(self, feature: str) -> bool:
        """See `Chain.rpc_enable_deprecated`."""
        return feature in self._node.args.get_list("-deprecatedrpc")

    def get_rw_setting(self, name: str) -> Json:
        """See `Chain.get_rw_setting`."""
        return self._node.args.settings.rw.get(name)

    def update_rw_setting(self, name: str, value: Json) -> bool:
        """See `Chain.update_rw_setting`."""
        from moneyrocket.common.settings_file import SettingsFileError, update_setting

        try:
            update_setting(self._node.args, name, value)
        except SettingsFileError as error:
            log.error("%s: %s", error.message, error.details)
            return False
        return True
