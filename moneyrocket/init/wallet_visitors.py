"""What a wallet process offers to programs that connect to it (-ipcbind)."""

from __future__ import annotations

from moneyrocket.init.local_init import LocalEcho
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.rpc import Rpc
from moneyrocket.interfaces.wallet import WalletLoader


class WalletVisitorInit(Init):
    """The first object of every program that connects, shared by all of them.

    Args:
        rpc: the methods of this process.
    """

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        return LocalEcho()

    def make_rpc(self) -> Rpc:
        """Make the RPC methods of the wallets available."""
        return self._rpc

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """This process has its wallets already."""
        raise NotOfferedError("This wallet process was started on its own; it attaches to nodes by itself")
