"""How far the node has caught up with the chain, and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

WINDOW = 15 * 60.0
"""Seconds of the past from which the time left is told."""
SYNCED_AGE = 90 * 60
"""A tip younger than this, in seconds, counts as caught up, as in Bitcoin Core."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """Where the node stands.

    Attributes:
        synced: whether it has caught up.
        headers: whether it is still reading headers, so that nobody knows how many blocks there are.
        height: of the tip, -1 before the chain is loaded.
        blocks_left: blocks whose headers are known and which were not taken in yet.
        progress: 0 to 1.
        tip_time: time of the tip.
        rate: progress in an hour, None as long as it cannot be told.
        seconds_left: None as long as it cannot be told.
    """

    synced: bool
    headers: bool
    height: int
    blocks_left: int
    progress: float
    tip_time: int
    rate: float | None = None
    seconds_left: float | None = None


class SyncEstimator:
    """Tells the time left from how progress went lately."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()

    def add(self, progress: float, now: float | None = None) -> tuple[float | None, float | None]:
        """Take a sample of the progress.

        Args:
            progress: 0 to 1.
            now: Seconds of a clock that never jumps; that of the system if None.

        Returns:
            Progress in an hour, and seconds left; None as long as there are too few samples.
        """
        now = time.monotonic() if now is None else now
        if self._samples and progress < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, progress))
        while len(self._samples) > 2 and self._samples[0][0] < now - WINDOW:
            self._samples.popleft()
        began, first = self._samples[0]
        if now - began < 2 or progress <= first:
            return None, None
        speed = (progress - first) / (now - began)
        return speed * 3600, max(0.0, 1 - progress) / speed

    def clear(self) -> None:
        """Forget everything: another node began."""
        self._samples.clear()


def judge(
    height: int, header_height: int, header_time: int, tip_time: int, progress: float, downloading: bool, now: int
) -> SyncState:
    """Say where the node stands, from what it told."""
    left = max(0, header_height - height)
    behind = now - tip_time > SYNCED_AGE
    synced = height >= 0 and not downloading and left <= 1
    headers = not synced and behind and now - header_time > 24 * 3600
    return SyncState(synced, headers, height, left, 1.0 if synced else min(progress, 0.9999), tip_time)
