"""The node of wallets that outlive it: present or away, another one each time it is back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from moneyrocket.common import messages
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import log
from moneyrocket.common.settings_file import SettingsFileError, update_setting
from moneyrocket.interfaces.chain import (
    BlockRef,
    BroadcastMethod,
    Chain,
    ChainNotifications,
    Coin,
    FeeEstimate,
    FoundBlock,
    MempoolAncestry,
    NodeAwayError,
)
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand
from moneyrocket.primitives.block import Block, BlockLocator
from moneyrocket.primitives.transaction import OutPoint, Transaction

T = TypeVar("T")


class LinkedHandler(Handler):
    """A subscription at a node that may be gone.

    Attributes:
        node: where it was made.
    """

    def __init__(self, node: Chain, handler: Handler) -> None:
        self.node = node
        self._handler = handler

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        with suppress(ConnectionError):
            self._handler.disconnect()


class LinkedChain(Chain):
    """Asks the node of the moment. While there is none, questions raise `NodeAwayError`.

    What a user is told, and the settings, belong to this process and not to the node.

    Args:
        args: the settings of this process.
        stopping: set once this process shall end.
    """

    def __init__(self, args: ArgsManager, stopping: threading.Event) -> None:
        self._args = args
        self._stopping = stopping
        self._node: Chain | None = None
        self._reason = "no connection was tried yet"

    # Coming and going

    @property
    def node(self) -> Chain | None:
        """The node of the moment, None while it is away."""
        return self._node

    def arrived(self, node: Chain) -> None:
        """Ask ``node`` from now on."""
        self._node = node

    def left(self, reason: str) -> None:
        """There is no node any more.

        Args:
            reason: why, for those who ask: the middle of a sentence.
        """
        self._node = None
        self._reason = reason

    def serves(self, handler: Handler | None) -> bool:
        """Whether a subscription is one at the node of the moment."""
        return isinstance(handler, LinkedHandler) and handler.node is self._node

    def _ask(self, question: Callable[[Chain], T]) -> T:
        node = self._node
        if node is None:
            raise NodeAwayError(self._away_message())
        try:
            return question(node)
        except ConnectionError as error:
            if node is self._node:
                # The link's own thread will say so a moment later.
                raise NodeAwayError("The node is away: the connection was lost; it is tried again.") from error
            raise NodeAwayError(self._away_message()) from error

    def _away_message(self) -> str:
        return f"The node is away: {self._reason}."

    # Blocks

    def get_height(self) -> int | None:
        """See `Chain`."""
        return self._ask(lambda node: node.get_height())

    def get_block_hash(self, height: int) -> bytes:
        """See `Chain`."""
        return self._ask(lambda node: node.get_block_hash(height))

    def find_block(self, block_hash: bytes) -> FoundBlock | None:
        """See `Chain`."""
        return self._ask(lambda node: node.find_block(block_hash))

    def read_block(self, block_hash: bytes) -> Block | None:
        """See `Chain`."""
        return self._ask(lambda node: node.read_block(block_hash))

    def get_locator(self) -> BlockLocator:
        """See `Chain`."""
        return self._ask(lambda node: node.get_locator())

    def get_block_locator(self, block_hash: bytes) -> BlockLocator | None:
        """See `Chain`."""
        return self._ask(lambda node: node.get_block_locator(block_hash))

    def find_locator_fork(self, locator: BlockLocator) -> int | None:
        """See `Chain`."""
        return self._ask(lambda node: node.find_locator_fork(locator))

    def find_first_block_with_time_and_height(self, min_time: int, min_height: int) -> BlockRef | None:
        """See `Chain`."""
        return self._ask(lambda node: node.find_first_block_with_time_and_height(min_time, min_height))

    def guess_verification_progress(self, block_hash: bytes) -> float:
        """See `Chain`."""
        return self._ask(lambda node: node.guess_verification_progress(block_hash))

    def has_blocks(self, block_hash: bytes, min_height: int) -> bool:
        """See `Chain`."""
        return self._ask(lambda node: node.has_blocks(block_hash, min_height))

    def have_pruned(self) -> bool:
        """See `Chain`."""
        return self._ask(lambda node: node.have_pruned())

    def is_initial_block_download(self) -> bool:
        """See `Chain`."""
        return self._ask(lambda node: node.is_initial_block_download())

    # Coins and mempool

    def find_coins(self, outpoints: list[OutPoint]) -> list[Coin | None]:
        """See `Chain`."""
        return self._ask(lambda node: node.find_coins(outpoints))

    def is_in_mempool(self, txid: bytes) -> bool:
        """See `Chain`."""
        return self._ask(lambda node: node.is_in_mempool(txid))

    def has_descendants_in_mempool(self, txid: bytes) -> bool:
        """See `Chain`."""
        return self._ask(lambda node: node.has_descendants_in_mempool(txid))

    def get_mempool_ancestry(self, txid: bytes) -> MempoolAncestry | None:
        """See `Chain`."""
        return self._ask(lambda node: node.get_mempool_ancestry(txid))

    def check_chain_limits(self, tx: Transaction) -> str | None:
        """See `Chain`."""
        return self._ask(lambda node: node.check_chain_limits(tx))

    def broadcast_transaction(self, tx: Transaction, max_tx_fee: int, method: BroadcastMethod) -> str | None:
        """See `Chain`."""
        return self._ask(lambda node: node.broadcast_transaction(tx, max_tx_fee, method))

    def request_mempool_transactions(self, notifications: ChainNotifications) -> None:
        """See `Chain`."""
        self._ask(lambda node: node.request_mempool_transactions(notifications))

    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        """See `Chain`."""
        return self._ask(lambda node: node.estimate_smart_fee(conf_target, conservative))

    def estimate_max_blocks(self) -> int:
        """See `Chain`."""
        return self._ask(lambda node: node.estimate_max_blocks())

    def mempool_min_fee(self) -> int:
        """See `Chain`."""
        return self._ask(lambda node: node.mempool_min_fee())

    def relay_min_fee(self) -> int:
        """See `Chain`."""
        return self._ask(lambda node: node.relay_min_fee())

    def relay_incremental_fee(self) -> int:
        """See `Chain`."""
        return self._ask(lambda node: node.relay_incremental_fee())

    def relay_dust_fee(self) -> int:
        """See `Chain`."""
        return self._ask(lambda node: node.relay_dust_fee())

    def is_ready_to_broadcast(self) -> bool:
        """See `Chain`. Never while the node is away."""
        return self._node is not None and self._ask(lambda node: node.is_ready_to_broadcast())

    # Notifications and RPC

    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        """See `Chain`. The subscription ends with the node's stay."""
        return self._ask(lambda node: LinkedHandler(node, node.handle_notifications(notifications)))

    def wait_for_notifications_if_tip_changed(self, old_tip: bytes) -> None:
        """See `Chain`."""
        self._ask(lambda node: node.wait_for_notifications_if_tip_changed(old_tip))

    def handle_rpc(self, command: RpcCommand) -> Handler:
        """See `Chain`. The offer ends with the node's stay."""
        return self._ask(lambda node: LinkedHandler(node, node.handle_rpc(command)))

    # This process's own

    def shutdown_requested(self) -> bool:
        """Whether this process is about to stop."""
        return self._stopping.is_set()

    def init_message(self, message: str) -> None:
        """See `Chain`."""
        log.info("init message: %s", message)

    def init_warning(self, message: str) -> None:
        """See `Chain`."""
        messages.show_warning(message)

    def init_error(self, message: str) -> None:
        """See `Chain`."""
        messages.show_error(message)

    def show_progress(self, title: str, progress: int, resume_possible: bool) -> None:
        """See `Chain`."""
        log.info("%s %d%%", title, progress)

    def rpc_enable_deprecated(self, feature: str) -> bool:
        """See `Chain`; this process's own -deprecatedrpc counts."""
        return feature in self._args.get_list("-deprecatedrpc")

    def get_rw_setting(self, name: str) -> Json:
        """See `Chain`; the file is this process's own."""
        return self._args.settings.rw.get(name)

    def update_rw_setting(self, name: str, value: Json) -> bool:
        """See `Chain`; the file is this process's own."""
        try:
            update_setting(self._args, name, value)
        except SettingsFileError as error:
            log.error("%s: %s", error.message, error.details)
            return False
        return True
