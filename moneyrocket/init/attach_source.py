"""A desktop program's node that runs already, and goes on when the program leaves: -ipcconnect."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.version import VERSION_TEXT
from moneyrocket.init.node_sources import BaseSource
from moneyrocket.init.node_watch import NodeWatch
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component, Init
from moneyrocket.interfaces.node import Node, NodeAbsentError, NodeSourceEvents, NodeStartError
from moneyrocket.interfaces.process import ProcessStats

if TYPE_CHECKING:
    from moneyrocket.ipc.address import Address
    from moneyrocket.ipc.connect import RemoteProcess

OPTION: Final = "-ipcconnect"
_CHOICES: Final = "auto, unix, unix:<path> or tcp:<host>:<port>"
_CONNECT_PATIENCE: Final = 10.0
"""Seconds that connecting may take; a node that hangs accepts connections and does not answer."""


class AttachSource(BaseSource):
    """Connects to a node.

    Args:
        address: where it listens.
        chain: name of the chain.
        own_name: name of the running executable.
    """

    def __init__(self, address: Address, chain: str, own_name: str) -> None:
        super().__init__(chain)
        self._address = address
        self._component = Component(own_name, VERSION_TEXT, PROTOCOL_VERSION, chain)
        self._lock = threading.Lock()
        self._number = 0
        self._problem = ""
        self._remote: RemoteProcess | None = None
        self._node: Node | None = None
        self._watch = NodeWatch(self._init, lambda: self._node)

    @property
    def attached_to(self) -> str:
        """See `NodeSource`."""
        return str(self._address)

    @property
    def can_reconnect(self) -> bool:
        """See `NodeSource`."""
        return True

    def connect(self, events: NodeSourceEvents) -> Node:
        """See `NodeSource`."""
        from moneyrocket.ipc.attach import attach_node
        from moneyrocket.ipc.connect import IpcConnectError

        self.close()
        number = self._number
        self._attach(events)
        try:
            remote, node = attach_node(self._address, self._component, _CONNECT_PATIENCE)
        except IpcConnectError as error:
            raise (NodeAbsentError if error.absent else NodeStartError)(self._told(str(error))) from error
        with self._lock:
            closed = number != self._number
            if not closed:
                self._remote, self._node = remote, node
        if closed:
            remote.close()
            raise NodeAbsentError(f"Hung up on {self._address}")
        self._problem = ""
        log.info("Attached to the node at %s", self._address)
        remote.on_disconnect(lambda: self._lost(remote))
        return node

    def ping(self, timeout: float) -> bool:
        """See `NodeSource`."""
        return self._watch.ping(timeout)

    def process_stats(self) -> list[ProcessStats]:
        """See `NodeSource`."""
        return self._watch.process_stats()

    def close(self) -> None:
        """See `NodeSource`. Also ends a `connect` that is under way on another thread."""
        with self._lock:
            self._number += 1
            remote, self._remote, self._node = self._remote, None, None
        if remote is not None:
            remote.close()

    def _init(self) -> Init | None:
        remote = self._remote
        return remote.init if remote is not None and remote.connected else None

    def _told(self, problem: str) -> str:
        """A problem as the user reads it; logged when it is another one than before."""
        if problem != self._problem:
            log.info("Not attached to the node: %s", problem)
            self._problem = problem
        return problem if problem.startswith(self.attached_to) else problem[:1].upper() + problem[1:]

    def _lost(self, remote: RemoteProcess) -> None:
        if remote is self._remote:
            log.info("The node at %s has gone", self._address)
            self._events.lost(f"The node at {self._address} has gone")


def address_to_attach(args: ArgsManager) -> Address | None:
    """Where a node is to be attached to, None when one is to be started.

    Args:
        args: the settings. With ``auto`` it is looked whether a node listens.

    Raises:
        InitError: -ipcconnect is no address, or does not go together with -ipcbind.
    """
    text = args.get_opt(OPTION)
    if text is None or args.is_negated(OPTION):
        return None
    from moneyrocket.ipc.address import AddressError, UnixAddress, parse_address

    if text != "auto" and args.settings.command_line.get("ipcbind"):
        raise InitError(
            f"Cannot set {OPTION}={text} together with -ipcbind: a node that runs already listens where it was told to "
            f"at its start. Leave one of the two out, or use {OPTION}=auto."
        )
    try:
        address = parse_address("unix" if text == "auto" else text, args.datadir_net)
    except AddressError as error:
        if text == "auto":
            # No node can listen there either.
            return None
        raise InitError(f"Invalid {OPTION}: {error}. Use {_CHOICES}.") from error
    if text == "auto" and isinstance(address, UnixAddress):
        from moneyrocket.ipc.attach import listens

        return address if listens(address) else None
    return address
