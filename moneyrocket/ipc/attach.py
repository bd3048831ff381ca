"""Attaching to a node that was started on its own."""

from __future__ import annotations

import os
import socket

from libmultiprocess import AddressError, PeerRefused, RemoteError, TimedOut, deadline

from moneyrocket.interfaces.init import Component, NotOfferedError
from moneyrocket.interfaces.node import Node
from moneyrocket.ipc.address import Address, TcpAddress, UnixAddress
from moneyrocket.ipc.connect import IpcConnectError, RemoteProcess, connect_to


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
    remote: RemoteProcess | None = None
    try:
        with deadline(timeout):
            remote = connect_to(address, component.program)
            return remote, remote.init.attach_node(component)
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
            raise IpcConnectError(f"the node refuses: {error}") from error
        if isinstance(error, RemoteError):
            raise IpcConnectError(f"what listens at {address} is no Moneyrocket node") from error
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
