"""What a node offers to programs that connect to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.init.local_init import LocalEcho
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
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

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """The wallet is made by a process of its own."""
        raise NotOfferedError("A node makes no wallets for others")
