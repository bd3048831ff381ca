"""Attaching to a node, and to a wallet process, that was started on its own."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TypeVar

from libmultiprocess import AddressError, PeerRefused, RemoteError, TimedOut, deadline

from moneyrocket.interfaces.init import Component, Init, NotOfferedError
from moneyrocket.interfaces.node import Node
from moneyrocket.ipc.address import Address, TcpAddress, UnixAddress
from moneyrocket.ipc.connect import IpcConnectError, RemoteProcess, connect_to

T = TypeVar("T")


def attach_node(address: Address, component: Component, timeout: float) -> tuple[RemoteProcess, Node]:
    """Connect to a node that listens.

    Args:
        address: where it listens.
        component: who this is.
        timeout: seconds that it may take.

    Returns:
        The connection, and the node. It stays as it is when the connection is closed.

    Raises:
        IpcConnectError: nobody listens there or answers, or it is no node that this program can use.
    """
    return _attach(address, component, timeout, "node", lambda init: init.attach_node(component))


def attach_to_wallet(address: Address, component: Component, node: Init, timeout: float) -> RemoteProcess:
    """Connect to a wallet process that listens, so that it attaches to a node.

    Args:
        address: where it listens.
        component: the node's program.
        node: what the wallet process may ask of the node.
        timeout: seconds that it may take.

    Raises:
        IpcConnectError: nobody listens there or answers, or it is no wallet process that this node can use.
    """
    return _attach(address, component, timeout, "wallet process", lambda init: init.attach_to_node(component, node))[0]


def _attach(
    address: Address, component: Component, timeout: float, what: str, ask: Callable[[Init], T]
) -> tuple[RemoteProcess, T]:
    remote: RemoteProcess | None = None
    try:
        with deadline(timeout):
            remote = connect_to(address, component.program)
            return remote, ask(remote.init)
    except BaseException as error:
        if remote is not None:
            remote.close()
        cause = error.__cause__ if isinstance(error, IpcConnectError) else error
        if isinstance(cause, TimedOut):
            raise IpcConnectError(f"no answer from {address} within {timeout:g} seconds", absent=True) from error
        if isinstance(address, TcpAddress) and isinstance(cause, AddressError) and not isinstance(cause, PeerRefused):
            # Without a network no host is known; that passes.
            raise IpcConnectError(str(error), absent=True) from error
        if isinstance(error, ConnectionError):
            raise IpcConnectError(f"{address} hung up at once", absent=True) from error
        if isinstance(error, NotOfferedError):
            raise IpcConnectError(f"the {what} refuses: {error}") from error
        if isinstance(error, RemoteError):
            raise IpcConnectError(f"what listens at {address} is no Moneyrocket {what}") from error
        raise


def listens(address: UnixAddress) -> bool:
    """Whether a program listens there, be it one that refuses this user."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            sock.connect(os.fspath(address.path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
        return True
