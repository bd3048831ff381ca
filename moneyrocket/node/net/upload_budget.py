"""How much may be sent: -maxuploadtarget."""

from collections.abc import Callable
from typing import Final

from moneyrocket.common import clock

TIMEFRAME: Final = 24 * 3600
"""Seconds over which the target counts."""
_BLOCK_SPACING: Final = 600
_MAX_BLOCK_BYTES: Final = 4_000_000


class UploadBudget:
    """Counts what is sent against a daily target.

    Args:
        target: bytes a day, 0 for no limit.
        total_sent: tells the bytes sent since start.
    """

    def __init__(self, target: int, total_sent: Callable[[], int]) -> None:
        self.target = target
        self._total_sent = total_sent
        self._cycle_start = 0
        self._sent_before = 0

    def seconds_left(self) -> int:
        """Seconds until counting starts anew; 0 without a target."""
        if not self.target:
            return 0
        self._roll()
        return max(0, self._cycle_start + TIMEFRAME - clock.now())

    def bytes_left(self) -> int:
        """Bytes that may yet be sent in this timeframe; 0 without a target."""
        if not self.target:
            return 0
        self._roll()
        return max(0, self.target - (self._total_sent() - self._sent_before))

    def is_spent(self, *, historical: bool) -> bool:
        """Whether nothing more, or with ``historical`` no old block, may be served."""
        if not self.target:
            return False
        left = self.bytes_left()
        if historical:  # new blocks until the end of the timeframe have precedence
            return left <= self.seconds_left() // _BLOCK_SPACING * _MAX_BLOCK_BYTES
        return left == 0

    def _roll(self) -> None:
        if self._cycle_start + TIMEFRAME < clock.now():
            self._cycle_start = clock.now()
            self._sent_before = self._total_sent()
