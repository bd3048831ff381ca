"""What a node offers to programs that connect to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.init.local_init import LocalEcho
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    from moneyrocket.interfaces.mining import Mining
    from moneyrocket.interfaces.rpc import Rpc
    from moneyrocket.node.context import NodeContext


class VisitorInit(Init):
    """The first object of every program that connects, shared by all of them.

    Args:
        context: the node.
    """

    def __init__(self, context: NodeContext) -> None:
        self._context = context

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
