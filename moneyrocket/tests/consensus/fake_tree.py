"""A chain of headers in memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Entry:
    """A header with only what the rules look at."""

    height: int
    prev: Entry | None
    time: int
    bits: int = 0x207FFFFF
    version: int = 0x20000000

    @property
    def hash(self) -> bytes:
        """Not a real hash, but one of its own."""
        return self.height.to_bytes(32, "little")

    @property
    def median_time_past(self) -> int:
        """See `BlockTreeEntry`."""
        times: list[int] = []
        walk: Entry | None = self
        while walk is not None and len(times) < 11:
            times.append(walk.time)
            walk = walk.prev
        return sorted(times)[len(times) // 2]

    def ancestor(self, height: int) -> Entry | None:
        """See `BlockTreeEntry`."""
        walk: Entry | None = self if 0 <= height <= self.height else None
        while walk is not None and walk.height > height:
            walk = walk.prev
        return walk


def extend(tip: Entry | None, count: int, *, version: int = 0x20000000, spacing: int = 600) -> Entry:
    """More blocks upon ``tip``; returns the last."""
    for _ in range(count):
        height, time = (0, 1_000_000) if tip is None else (tip.height + 1, tip.time + spacing)
        tip = Entry(height, tip, time, version=version)
    assert tip is not None
    return tip
