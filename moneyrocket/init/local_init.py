"""Makes interfaces in this process: the monolithic shape."""

from __future__ import annotations

from moneyrocket.init.node_shape import NodeInit
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs
from moneyrocket.interfaces.wallet import WalletLoader


class LocalEcho(Echo):
    """Returns what it is given."""

    def echo(self, echo: str) -> str:
        """Return `echo` unchanged."""
        return echo


class LocalInit(NodeInit):
    """Everything is made here, the wallet by `moneyrocket.wallet`."""

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        return LocalEcho()

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """Make the wallet component."""
        from moneyrocket.init.wallet_maker import make_wallet_loader

        return make_wallet_loader(global_args, chain)
