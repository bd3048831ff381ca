"""What a peer may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one connection. A peer that goes over one is refused or disconnected, and a line of the log says so.

    Attributes:
        calls: calls that may be unanswered at once.
        held_bytes: how large these may be together, bytes.
        threads: threads that the peer may start here.
        unsent_bytes: what may wait for a peer that does not read, bytes.
    """

    calls: int = 10_000
    held_bytes: int = 512 << 20
    threads: int = 1024
    unsent_bytes: int = 256 << 20
