"""What the rules need to know of the chain of headers; the node's block index has it."""

from __future__ import annotations

from typing import Protocol


class BlockTreeEntry(Protocol):
    """A header and its place in the tree. Entries are compared by identity."""

    @property
    def hash(self) -> bytes:
        """Block hash, internal byte order."""

    @property
    def version(self) -> int:
        """The header's version, signed 32-bit."""

    @property
    def time(self) -> int:
        """The header's time, unix seconds."""

    @property
    def bits(self) -> int:
        """The header's compact target."""

    @property
    def height(self) -> int:
        """Distance from the genesis block."""

    @property
    def prev(self) -> BlockTreeEntry | None:
        """The parent, None for the genesis block."""

    @property
    def median_time_past(self) -> int:
        """Median of the times of this block and the ten before it, unix seconds (BIP113)."""

    def ancestor(self, height: int) -> BlockTreeEntry | None:
        """The ancestor (or the block itself) at ``height``, None if that is above it or negative."""
