"""Lets threads wait for the active chain to move."""

import threading
from collections.abc import Callable

from moneyrocket.interfaces.chain import BlockRef


class TipNotifications:
    """Knows the tip as it was last announced, and wakes those who wait for another one."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._tip: BlockRef | None = None
        self._interrupted = False

    @property
    def tip(self) -> BlockRef | None:
        """The tip last announced, None before the first."""
        with self._condition:
            return self._tip

    def announce(self, tip: BlockRef) -> None:
        """Tell all waiting threads of a new tip. Called once the tip is durable."""
        with self._condition:
            self._tip = tip
            self._condition.notify_all()

    def interrupt(self) -> None:
        """Let every wait, present and future, end at once: the node is stopping."""
        with self._condition:
            self._interrupted = True
            self._condition.notify_all()

    @property
    def interrupted(self) -> bool:
        """Whether the node is stopping, so that no wait lasts."""
        with self._condition:
            return self._interrupted

    def wait_for(
        self,
        wanted: Callable[[BlockRef], bool],
        timeout: float | None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> BlockRef | None:
        """Wait until the tip fulfils ``wanted``.

        Args:
            wanted: condition on the tip; called under a lock, so it must not block.
            timeout: seconds to wait at most, None for no limit.
            given_up: whether the caller no longer wants to wait; called under the same lock, and asked again after
                `change`.

        Returns:
            The tip when the wait ended, for whatever reason; None if there is none yet.
        """
        with self._condition:
            self._condition.wait_for(
                lambda: self._interrupted or given_up() or (self._tip is not None and wanted(self._tip)), timeout
            )
            return self._tip

    def change(self, change: Callable[[], None]) -> None:
        """Run ``change``, which decides whether a caller gives up, under the lock of all waits, and let them look."""
        with self._condition:
            change()
            self._condition.notify_all()
