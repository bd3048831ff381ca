"""The fee rate that a full mempool asks for, which rises with every eviction and falls slowly after blocks."""

from typing import Final

from moneyrocket.common import clock

HALF_LIFE: Final = 12 * 3600
"""Seconds in which the rate falls by half; less when the mempool is half or three quarters empty."""
_UPDATE_INTERVAL: Final = 10


class RollingMinimumFee:
    """A minimum fee rate in sat/kvB.

    Args:
        incremental_rate: steps below half of this are taken as zero, sat/kvB.
    """

    def __init__(self, incremental_rate: int) -> None:
        self._incremental_rate = incremental_rate
        self._rate = 0.0
        self._updated = clock.now()
        self._block_since_raise = False

    def raise_to(self, rate: int) -> None:
        """Ask for at least ``rate`` sat/kvB, because transactions paying that much were evicted."""
        if rate > self._rate:
            self._rate = float(rate)
            self._block_since_raise = False

    def block_connected(self) -> None:
        """Let the rate fall from now on: a block made room."""
        self._updated = clock.now()
        self._block_since_raise = True

    def current(self, usage: int, max_size: int) -> int:
        """The rate now.

        Args:
            usage: memory that the mempool takes, bytes.
            max_size: memory that it may take, bytes.
        """
        if not self._block_since_raise or self._rate == 0:
            return round(self._rate)
        now = clock.now()
        if now > self._updated + _UPDATE_INTERVAL:
            half_life = HALF_LIFE / (4 if usage < max_size / 4 else 2 if usage < max_size / 2 else 1)
            self._rate /= 2 ** ((now - self._updated) / half_life)
            self._updated = now
            if self._rate < self._incremental_rate / 2:
                self._rate = 0.0
                return 0
        return max(round(self._rate), self._incremental_rate)
