"""What a component that connects over TCP may ask for: what its role needs, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import log
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import Component, GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    from moneyrocket.interfaces.mining import Mining
    from moneyrocket.interfaces.node import Node
    from moneyrocket.interfaces.rpc import Rpc

CLIENT_ROLES: Final = ("wallet", "gui", "cli")
"""Who connects to others."""


class RoleInit(Init):
    """Passes on what a role may ask for.

    Args:
        init: makes it.
        role: of the component that asks: wallet, gui or cli.
    """

    def __init__(self, init: Init, role: str) -> None:
        self._init = init
        self._role = role

    def make_echo(self) -> Echo:
        """See `Init`; for everyone."""
        return self._init.make_echo()

    def make_mining(self) -> Mining:
        """See `Init`; for a cli."""
        self._require("cli", "the mining interface")
        return self._init.make_mining()

    def make_rpc(self) -> Rpc:
        """See `Init`; for a cli."""
        self._require("cli", "the RPC interface")
        return self._init.make_rpc()

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """For nobody: it is what a node asks of the process that it has started."""
        raise NotOfferedError("Nobody who connects over TCP is given a wallet component")

    def attach_wallet(self, component: Component, loader: WalletLoader) -> Chain:
        """See `Init`; for a wallet."""
        self._require("wallet", "the chain")
        return self._init.attach_wallet(component, loader)

    def attach_node(self, component: Component) -> Node:
        """See `Init`; for a GUI."""
        self._require("gui", "the node")
        return self._init.attach_node(component)

    def attach_to_node(self, component: Component, node: Init) -> None:
        """For nobody: over TCP it is the wallet that connects to the node."""
        raise NotOfferedError("Nobody who connects over TCP is given wallets; they attach to a node by themselves")

    def _require(self, role: str, what: str) -> None:
        if self._role != role:
            log.warning("IPC refused %s to a component that is paired as %s", what, self._role)
            raise NotOfferedError(f"This component is paired as {self._role}; {what} is for a {role}")
