"""Warnings that the node shows in its RPC replies as long as their reason lasts."""

import threading
from collections.abc import Callable


class Warnings:
    """Messages by reason. Safe to use from several threads.

    Attributes:
        on_change: called after a message came or went; must not wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, str] = {}
        self.on_change: Callable[[], None] = lambda: None

    def set(self, reason: str, message: str) -> bool:
        """Show ``message`` until `unset`. Returns whether that is news."""
        with self._lock:
            fresh = reason not in self._messages
            self._messages.setdefault(reason, message)
        if fresh:
            self.on_change()
        return fresh

    def unset(self, reason: str) -> None:
        """Stop to show the message of ``reason``."""
        with self._lock:
            known = self._messages.pop(reason, None)
        if known is not None:
            self.on_change()

    def messages(self) -> list[str]:
        """All messages, oldest first."""
        with self._lock:
            return list(self._messages.values())
