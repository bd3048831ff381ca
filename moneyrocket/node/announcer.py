"""Tells desktop programs what happens in the node, without making the node wait for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from moneyrocket.common.outbox import Outbox
from moneyrocket.interfaces.handler import Handler

if TYPE_CHECKING:
    from moneyrocket.interfaces.node import NodeNotifications
    from moneyrocket.interfaces.node_values import BlockTip, HeaderTip

    Tell = Callable[[NodeNotifications], None]

_DELAY: Final = 0.05
"""Seconds in which events gather, so that of many tips only the last is told."""


class Announcer:
    """Those who watch the node. Its methods return at once and may be called under any lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: tuple[_Watcher, ...] = ()
        self._begin: Callable[[], None] | None = None

    @property
    def is_watched(self) -> bool:
        """Whether anybody is told."""
        return bool(self._watchers)

    def watch(self, notifications: NodeNotifications, step: str | None = None) -> Handler:
        """Tell ``notifications`` of everything from now on.

        Args:
            notifications: whom to tell.
            step: of start-up, which is under way; told first.
        """
        watcher = _Watcher(self, notifications)
        if step is not None:
            watcher.tell(lambda told: told.init_message(step), None)
        with self._lock:
            self._watchers = (*self._watchers, watcher)
            begin, self._begin = self._begin, None
        if begin is not None:
            begin()
        return watcher

    def when_watched(self, begin: Callable[[], None]) -> None:
        """Call ``begin`` once, as soon as there is somebody to tell: before, nothing need follow the node."""
        with self._lock:
            if not self._watchers:
                self._begin = begin
                return
        begin()

    def forget(self, watcher: _Watcher) -> None:
        """Tell a watcher nothing more."""
        with self._lock:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)

    def init_message(self, message: str) -> None:
        """See `NodeNotifications`, as for all of the following."""
        self._tell(lambda watcher: watcher.init_message(message))

    def warning(self, text: str) -> None:
        """The user should read this."""
        self._message("WARNING", text)

    def error(self, text: str) -> None:
        """The user must read this."""
        self._message("ERROR", text)

    def _message(self, kind: str, text: str) -> None:
        if self.is_watched:
            from moneyrocket.interfaces.node_values import MessageKind

            self._tell(lambda watcher: watcher.message(MessageKind[kind], text), f"message {text}")

    def progress(self, title: str, percent: int, resume_possible: bool) -> None:
        """A long operation goes on."""
        self._tell(lambda watcher: watcher.progress(title, percent, resume_possible), title)

    def block_tip(self, tip: BlockTip) -> None:
        """The active chain has a new tip."""
        self._tell(lambda watcher: watcher.block_tip(tip), "block")

    def header_tip(self, tip: HeaderTip) -> None:
        """There is a new best header."""
        self._tell(lambda watcher: watcher.header_tip(tip), "header")

    def connections(self, inbound: int, outbound: int) -> None:
        """The number of connections changed."""
        self._tell(lambda watcher: watcher.connections(inbound, outbound), "connections")

    def network_active(self, active: bool) -> None:
        """Networking was turned on or off."""
        self._tell(lambda watcher: watcher.network_active(active), "network")

    def banned_list_changed(self) -> None:
        """Someone was banned, or a ban was lifted."""
        self._tell(lambda watcher: watcher.banned_list_changed(), "banned")

    def warnings_changed(self) -> None:
        """A warning came or went."""
        self._tell(lambda watcher: watcher.warnings_changed(), "warnings")

    def wallets_ready(self) -> None:
        """The wallets can be used."""
        self._tell(lambda watcher: watcher.wallets_ready())

    def wallets_lost(self) -> None:
        """The wallet process ended."""
        self._tell(lambda watcher: watcher.wallets_lost())

    def shutdown_requested(self) -> None:
        """The node shall stop."""
        self._tell(lambda watcher: watcher.shutdown_requested(), "shutdown")

    def _tell(self, tell: Tell, key: str | None = None) -> None:
        for watcher in self._watchers:
            watcher.tell(tell, key)


class _Watcher(Handler):
    def __init__(self, announcer: Announcer, notifications: NodeNotifications) -> None:
        self._announcer = announcer
        self._notifications = notifications
        self._outbox = Outbox("nodenotify", _DELAY)

    def tell(self, tell: Tell, key: str | None) -> None:
        if self._outbox.closed:
            self._announcer.forget(self)
        else:
            self._outbox.put(lambda: tell(self._notifications), key)

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        self._announcer.forget(self)
        self._outbox.close()
