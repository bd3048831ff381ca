"""The node as it shows itself to a wallet process that has attached."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from moneyrocket.interfaces.chain import ChainNotifications
from moneyrocket.interfaces.handler import Handler
from moneyrocket.node.chain_interface import NodeChain
from moneyrocket.node.chain_subscription import ChainSubscription

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
        on_failure: called when the visitor fails to take in a notification, and so would miss it.
    """

    def __init__(self, node: NodeContext, component: WalletComponent, on_failure: Callable[[Exception], None]) -> None:
        super().__init__(node)
        self._component = component
        self._on_failure = on_failure

    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        """See `Chain.handle_notifications`."""
        return ChainSubscription(self._node.signals, notifications, self._on_failure)

    def handle_rpc(self, command: RpcCommand) -> Handler:
        """See `Chain.handle_rpc`."""
        return self._node.wallet_router.offer(self._component, command)

    def get_rw_setting(self, name: str) -> Json:
        """See `Chain.get_rw_setting`; the node's settings are not shown."""
        return None

    def update_rw_setting(self, name: str, value: Json) -> bool:
        """See `Chain.update_rw_setting`; the node's settings are not changed."""
        return False
