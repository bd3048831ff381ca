"""Locks an encrypted wallet again when its time is up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from moneyrocket.common import clock


class Relocker:
    """Calls a function once, some seconds after `start`.

    Attributes:
        until: when that is, unix seconds; 0 when it is not running.
    """

    def __init__(self, lock: Callable[[], None]) -> None:
        self._lock = lock
        self._timer: threading.Timer | None = None
        self._due = 0.0
        self.until = 0

    def start(self, seconds: int) -> None:
        """Begin to wait, instead of what was waited for before."""
        self.cancel()
        self.until = clock.now() + seconds
        self._wait(seconds)

    def forward(self, seconds: int) -> None:
        """Let time pass."""
        if self._timer is not None:
            self._timer.cancel()
            self._wait(max(0.0, self._due - clock.monotonic() - seconds))

    def cancel(self) -> None:
        """Wait no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.until = 0

    def _wait(self, seconds: float) -> None:
        self._due = clock.monotonic() + seconds
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.name = "walletrelock"
        self._timer = timer
        timer.start()

    def _expire(self) -> None:
        # A timer that was replaced while it fired must not lock what was unlocked anew.
        if threading.current_thread() is self._timer:
            self._lock()
