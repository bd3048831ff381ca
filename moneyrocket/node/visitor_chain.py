"""The node as it shows itself to a wallet process that has attached."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakSet

from moneyrocket.interfaces.chain import ChainNotifications
from moneyrocket.interfaces.handler import Handler
from moneyrocket.node.chain_interface import NodeChain
from moneyrocket.node.visitor_subscription import VisitorSubscription

if TYPE_CHECKING:
    from moneyrocket.interfaces.json import Json
    from moneyrocket.interfaces.rpc import RpcCommand
    from moneyrocket.node.context import NodeContext
    from moneyrocket.rpc.wallet_router import WalletComponent


class VisitorChain(NodeChain):
    """Answers questions; a visitor's settings are its own affair, and its failures end its visit and not the node.

    Args:
        node: the node.
        component: the visitor's wallets.
        failed: called with the reason when the visitor cannot be told an event, and so would miss it.
    """

    def __init__(self, node: NodeContext, component: WalletComponent, failed: Callable[[str], None]) -> None:
        super().__init__(node)
        self._component = component
        self._failed = failed
        self._subscriptions: WeakSet[VisitorSubscription] = WeakSet()

    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        """See `Chain.handle_notifications`."""
        subscription = VisitorSubscription(self._node.signals, notifications, self._failed)
        self._subscriptions.add(subscription)
        return subscription

    def wait_for_notifications_if_tip_changed(self, old_tip: bytes) -> None:
        """See `Chain.wait_for_notifications_if_tip_changed`."""
        if old_tip != self._node.chainman.tip.hash:
            self._node.signals.sync()
            for subscription in tuple(self._subscriptions):
                subscription.sync()

    def handle_rpc(self, command: RpcCommand) -> Handler:
        """See `Chain.handle_rpc`."""
        return self._node.wallet_router.offer(self._component, command)

    def get_rw_setting(self, name: str) -> Json:
        """See `Chain.get_rw_setting`; the node's settings are not shown."""
        return None

    def update_rw_setting(self, name: str, value: Json) -> bool:
        """See `Chain.update_rw_setting`; the node's settings are not changed."""
        return False
