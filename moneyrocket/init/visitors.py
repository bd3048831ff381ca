"""What a node offers to programs that connect to it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from moneyrocket.common import clock
from moneyrocket.common.logging import log
from moneyrocket.init.fit import component_title, require_fit
from moneyrocket.init.local_init import LocalEcho
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import Component, GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    from moneyrocket.interfaces.mining import Mining
    from moneyrocket.interfaces.node import Node
    from moneyrocket.interfaces.rpc import Rpc
    from moneyrocket.node.context import NodeContext


class VisitorInit(Init):
    """The first object of every program that connects, shared by all of them.

    Args:
        context: the node.
    """

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._settings_at_start = context.args.settings
        self._lock = threading.Lock()
        self._visits = 0

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        return LocalEcho()

    def make_mining(self) -> Mining:
        """Make block templates available, as soon as the chain is loaded.

        Raises:
            NotOfferedError: the node stops.
        """
        from moneyrocket.ipc.connect import on_caller_gone
        from moneyrocket.node.mining_interface import NodeMining

        notifications = self._context.notifications
        notifications.wait_for(lambda tip: True, None)
        if notifications.interrupted:
            raise NotOfferedError("The node is shutting down")
        mining = NodeMining(self._context)
        on_caller_gone(mining.close)
        return mining

    def make_rpc(self) -> Rpc:
        """Make the RPC methods available; they answer that the node is starting until it has."""
        return self._context.rpc

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """The wallet is made by a process of its own."""
        raise NotOfferedError("A node makes no wallets for others")

    def attach_wallet(self, component: Component, loader: WalletLoader) -> Chain:
        """Take in a wallet component once start-up is over.

        Raises:
            NotOfferedError: it does not fit the node, or the node stops.
        """
        from moneyrocket.ipc.connect import hang_up_on, on_disconnect
        from moneyrocket.node.visitor_chain import VisitorChain
        from moneyrocket.rpc.wallet_router import WalletComponent

        context = self._context
        require_fit(component, self._context.params.name, "this node")
        context.startup_over.wait()
        if context.shutdown.is_set():
            raise NotOfferedError("The node is stopping.")
        with self._lock:
            self._visits += 1
            title = f"{component_title(component)}, visit {self._visits}"
        visitor = WalletComponent(title, loader, is_own=False)

        def failed(reason: str) -> None:
            log.warning("%s cannot be told what happens, so its connection is ended: %s", title, reason)
            hang_up_on(loader)

        def left() -> None:
            log.info("%s has left", title)
            context.wallet_router.leave(visitor)
            context.announcer.wallets_ready()

        loader.set_mock_time(clock.mock_time())
        context.wallet_router.join(visitor)
        log.info("%s has attached", title)
        on_disconnect(loader, left)
        context.wallet_router.warn_of_doubles(visitor)
        context.announcer.wallets_ready()
        return VisitorChain(context, visitor, failed)

    def attach_node(self, component: Component) -> Node:
        """See `Init`."""
        from moneyrocket.init.attached_node import AttachedNode

        require_fit(component, self._context.params.name, "this node")
        log.info("%s %s uses this node", component.program, component.version)
        return AttachedNode(self._context, self._settings_at_start)
