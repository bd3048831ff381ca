"""The first object of a connection: makes all others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    # Not every daemon needs them; it starts sooner without.
    from moneyrocket.interfaces.mining import Mining
    from moneyrocket.interfaces.node import Node
    from moneyrocket.interfaces.rpc import Rpc


class NotOfferedError(Exception):
    """This process does not make the requested interface."""


@dataclass(frozen=True, slots=True)
class GlobalArgs:
    """Settings of the process that spawned this one.

    Attributes:
        settings: `moneyrocket.common.settings.Settings` as JSON text.
    """

    settings: str


PROTOCOL_VERSION: Final = 1
"""Raised whenever components of an older version could no longer work with ones of this version."""


@dataclass(frozen=True, slots=True)
class Component:
    """Who connects.

    Attributes:
        program: name of its executable.
        version: its version, for messages.
        protocol: its `PROTOCOL_VERSION`.
        chain: name of the chain that it wants.
    """

    program: str
    version: str
    protocol: int
    chain: str


class Init(ABC):
    """Makes the interfaces that a process offers; a process overrides the methods for its own."""

    @abstractmethod
    def make_echo(self) -> Echo:
        """Make an object that shows that the connection works."""

    def make_mining(self) -> Mining:
        """Make block templates available; waits until the chain is loaded.

        Raises:
            NotOfferedError: this process has no node, or it stops.
        """
        raise NotOfferedError("This process has no node")

    def make_rpc(self) -> Rpc:
        """Make the RPC methods available.

        Raises:
            NotOfferedError: this process has no node.
        """
        raise NotOfferedError("This process has no node")

    @abstractmethod
    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """Make the wallet component for a node.

        Raises:
            NotOfferedError: if this process has no wallet.
        """

    def make_node(self, global_args: GlobalArgs) -> Node:
        """Make a node that is not started yet, of the settings of the command line.

        Raises:
            NotOfferedError: if this process makes no node.
        """
        raise NotOfferedError("This process makes no node")

    def attach_wallet(self, component: Component, loader: WalletLoader) -> Chain:
        """Take in a wallet component that was started on its own. It belongs to the node until its process hangs up.

        Args:
            component: the caller.
            loader: its wallets.

        Returns:
            The node, as that wallet component sees it.

        Raises:
            NotOfferedError: this process has no node, or the caller does not fit it.
        """
        raise NotOfferedError("This process takes no wallets")

    def attach_node(self, component: Component) -> Node:
        """The running node, for a desktop program that was started on its own and leaves it running.

        Raises:
            NotOfferedError: this process has no node, or the caller does not fit it.
        """
        raise NotOfferedError("This process has no node to attach to")

    def attach_to_node(self, component: Component, node: Init) -> None:
        """Give a node that has connected the wallets of this process: it calls ``attach_wallet`` of that node soon.

        Args:
            component: the caller.
            node: what the caller offers wallets. It can be used until the caller's process hangs up.

        Raises:
            NotOfferedError: this process has no wallets for nodes, another node has them, or the caller does not fit.
        """
        raise NotOfferedError("This process has no wallets for nodes")
