"""The running node for a desktop program that was started on its own: it comes and goes, the node stays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.settings import Settings
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.node import NodeNotifications, NodeStartError
from moneyrocket.node.desktop.node_interface import DesktopNode

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext

_LOOK_SECONDS: Final = 0.2


class AttachedNode(DesktopNode):
    """What one such program is given. Neither starts nor stops the node.

    Args:
        context: the node.
        settings_at_start: those that it began with.
    """

    def __init__(self, context: NodeContext, settings_at_start: Settings) -> None:
        super().__init__(context.announcer)
        self.attach(context, settings_at_start)
        self._node = context
        self._left = threading.Event()

    def handle_notifications(self, notifications: NodeNotifications) -> Handler:
        """See `Node`. The step of start-up that is under way is told first."""
        handler = self.announcer.watch(notifications, self._node.rpc_table.warmup_status)
        return _Attendance(handler, self._left)

    def start(self) -> None:
        """Wait until the node is up, or shall stop, or nobody waits for the answer any more."""
        while not self._node.startup_over.wait(_LOOK_SECONDS):
            if self._left.is_set():
                return

    def request_shutdown(self) -> None:
        """See `Node`: for a user who asks for exactly that."""
        log.info("A desktop program stops the node")
        self._node.request_shutdown()

    def shutdown_requested(self) -> bool:
        """See `Node`."""
        return self._node.shutdown.is_set()

    def stop(self) -> None:
        """Nothing: who leaves takes nothing along."""

    def restart_wallets(self) -> None:
        """See `Node`. That another program was faster is no error: all of them are told that the wallets are gone."""
        try:
            self._node.restart_wallets()
        except InitError as error:
            if self._node.wallet_loader is None:
                raise NodeStartError(error.message) from error


class _Attendance(Handler):
    """A subscription whose end says that the program has left."""

    def __init__(self, handler: Handler, left: threading.Event) -> None:
        self._handler = handler
        self._left = left

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        self._left.set()
        self._handler.disconnect()
