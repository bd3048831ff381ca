"""Waits of miners for the tip, which they can end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moneyrocket.interfaces.chain import BlockRef
    from moneyrocket.node.notifications import TipNotifications


class TipWaits:
    """The waits of one object that a miner holds.

    Args:
        notifications: tells of the tip.
    """

    def __init__(self, notifications: TipNotifications) -> None:
        self._notifications = notifications
        self._interrupted = False
        self._closed = False

    def interrupt(self) -> None:
        """End the wait that is under way, or else the next one."""
        self._notifications.change(self._set_interrupted)

    def close(self) -> None:
        """End all waits, present and future: nobody asks for their outcome any more."""
        self._notifications.change(self._set_closed)

    def wait_for(self, wanted: Callable[[BlockRef], bool], until: float | None) -> tuple[BlockRef | None, bool]:
        """Wait until the tip fulfils ``wanted``.

        Args:
            wanted: condition on the tip; must not block.
            until: value of `time.monotonic` at which to wait no longer, None for no limit.

        Returns:
            The tip when the wait ended, None if there is none yet; and whether the wait was ended by `interrupt` or
            `close`, or because the node stops. An interruption counts once.
        """
        # A lock cannot wait longer than this, some centuries.
        timeout = None if until is None else max(0.0, until - time.monotonic())
        if timeout is not None and timeout > threading.TIMEOUT_MAX:
            timeout = None
        tip = self._notifications.wait_for(wanted, timeout, lambda: self._interrupted or self._closed)
        if self._interrupted:
            self._interrupted = False
            return tip, True
        return tip, self._closed or self._notifications.interrupted

    def _set_interrupted(self) -> None:
        self._interrupted = True

    def _set_closed(self) -> None:
        self._closed = True
