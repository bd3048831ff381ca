"""What start-up needs of a program's shape: where interfaces are made, and what becomes of their processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from moneyrocket.interfaces.init import Init

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext


class NodeInit(Init):
    """Makes the interfaces of a node; the methods here have nothing to do in one process."""

    def on_wallet_gone(self, hook: Callable[[], None]) -> None:
        """Calls `hook` once if the process that holds the wallets ends before `close`."""

    def renew_wallet(self) -> None:
        """Starts the process that holds the wallets anew after it ended."""

    def listen(self, context: NodeContext) -> None:
        """Offers the node to programs that connect, as -ipcbind says, and to the wallet process of -ipcconnect.

        Raises:
            InitError: an address cannot be had.
        """

    def stop_listening(self) -> None:
        """Hangs up on programs that have connected or were connected to."""

    def close(self) -> None:
        """Ends processes that were started."""
