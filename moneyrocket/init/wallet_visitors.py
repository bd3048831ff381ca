"""What a wallet process offers to programs that connect to it (-ipcbind)."""

from __future__ import annotations

from collections.abc import Callable

from moneyrocket.common.logging import log
from moneyrocket.init.fit import component_title, require_fit
from moneyrocket.init.local_init import LocalEcho
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import Component, GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.rpc import Rpc
from moneyrocket.interfaces.wallet import WalletLoader
from moneyrocket.ipc.connect import RemoteProcess, caller_of


class WalletVisitorInit(Init):
    """The first object of every program that connects, shared by all of them.

    Args:
        rpc: the methods of this process.
        chain: name of its chain.
        offer: gives a node, and what it is called, to the wallets; raises `NotOfferedError`.
    """

    def __init__(self, rpc: Rpc, chain: str, offer: Callable[[str, RemoteProcess], None]) -> None:
        self._rpc = rpc
        self._chain = chain
        self._offer = offer

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        return LocalEcho()

    def make_rpc(self) -> Rpc:
        """Make the RPC methods of the wallets available."""
        return self._rpc

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """This process has its wallets already."""
        raise NotOfferedError("This wallet process was started on its own; it attaches to nodes by itself")

    def attach_to_node(self, component: Component, node: Init) -> None:
        """Let the wallets attach to a node that has connected.

        Raises:
            NotOfferedError: they have a node, or this one does not fit.
        """
        require_fit(component, self._chain, "this wallet process")
        title = component_title(component)
        self._offer(title, caller_of(node))
        log.info("%s has connected to use these wallets", title)
