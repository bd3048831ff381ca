"""What a node offers to programs that connect to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.common.logging import log
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.init.local_init import LocalEcho
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component, GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    from moneyrocket.interfaces.node import Node
    from moneyrocket.node.context import NodeContext


class VisitorInit(Init):
    """The first object of every program that connects, shared by all of them.

    Args:
        context: the node.
    """

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._settings_at_start = context.args.settings

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        return LocalEcho()

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """The wallet is made by a process of its own."""
        raise NotOfferedError("A node makes no wallets for others")

    def attach_node(self, component: Component) -> Node:
        """See `Init`."""
        from moneyrocket.init.attached_node import AttachedNode

        self._require_fit(component)
        log.info("%s %s uses this node", component.program, component.version)
        return AttachedNode(self._context, self._settings_at_start)

    def _require_fit(self, component: Component) -> None:
        """Refuse a component of another version or chain.

        Raises:
            NotOfferedError: naming both.
        """
        chain = self._context.params.name
        if component.protocol != PROTOCOL_VERSION:
            raise NotOfferedError(
                f"{component.program} {component.version} (protocol {component.protocol}) and this node, {CLIENT_NAME} "
                f"{VERSION_TEXT} (protocol {PROTOCOL_VERSION}), do not fit together. Use the same version of both."
            )
        if component.chain != chain:
            raise NotOfferedError(
                f"{component.program} is set to the chain {component.chain}, and this node to {chain}. Give both the "
                "same chain."
            )
