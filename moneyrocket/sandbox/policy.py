"""What a process may do once its sandbox is entered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NetworkAccess:
    """The sockets that a process may make and use. Those that it holds when it enters always work.

    Attributes:
        unrestricted: all there are; the other attributes do not count then.
        unix: Unix sockets, in the file system and abstract.
        connect_ports: TCP ports that it may connect to, on any host (the kernel tells ports apart, not hosts).
        bind_ports: TCP ports that it may listen on.
        accept: connections may be accepted on sockets that the launcher has made.
        lookup: host names may be looked up, for which any datagram may be sent.
    """

    unrestricted: bool = False
    unix: bool = False
    connect_ports: tuple[int, ...] = ()
    bind_ports: tuple[int, ...] = ()
    accept: bool = False
    lookup: bool = False

    def __str__(self) -> str:
        if self.unrestricted:
            return "unrestricted"
        allowed = ["unix"] if self.unix else []
        allowed += [f"connect:{port}" for port in self.connect_ports]
        allowed += [f"listen:{port}" for port in self.bind_ports]
        allowed += ["accept"] if self.accept else []
        allowed += ["lookup"] if self.lookup else []
        return ", ".join(allowed) or "none"


NO_NETWORK = NetworkAccess()
WHOLE_NETWORK = NetworkAccess(unrestricted=True)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one process. A folder stands for all that is in it; paths that do not exist are passed over.

    Attributes:
        role: whose rules these are, for messages.
        read: may be read.
        write: may also be written, made, renamed and deleted.
        devices: device files, which may be read, written and controlled.
        network: see `NetworkAccess`.
        abstract_sockets: may connect to abstract Unix sockets of processes outside. Signals never go there.
    """

    role: str
    read: tuple[Path, ...]
    write: tuple[Path, ...]
    devices: tuple[Path, ...] = ()
    network: NetworkAccess = NO_NETWORK
    abstract_sockets: bool = False
