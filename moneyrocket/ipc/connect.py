"""Connecting to a program that listens: -ipcconnect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from libmultiprocess import (
    AddressError,
    Connection,
    EventLoop,
    NobodyListens,
    PeerRefused,
    calling_connection,
    close,
    connect,
    connection_of,
)

from moneyrocket.common.errors import MoneyrocketError
from moneyrocket.interfaces.init import Init
from moneyrocket.ipc.address import Address, TcpAddress
from moneyrocket.ipc.keys import PairingError
from moneyrocket.ipc.protocol import count_calls_of, make_event_loop

if TYPE_CHECKING:
    from moneyrocket.ipc.generated.init import InitClient

_SERVER_ROLE = "node"
_PAIRING_HINT = "Compare 'moneyrocket pair -list' on both sides, and pair them anew if they do not trust each other."


class IpcConnectError(MoneyrocketError):
    """Nothing could be connected to.

    Args:
        message: what happened, as shown to the user.
        absent: nobody listens there now, so that trying again later makes sense.
    """

    def __init__(self, message: str, *, absent: bool = False) -> None:
        super().__init__(message)
        self.absent = absent


class RemoteProcess:
    """A program at the other end of a connection, and an object that makes others.

    Args:
        init: the object.
        connection: to the program.
        loop: what carries the connection, if it carries nothing else.

    Attributes:
        init: makes the interfaces that the program offers. Once the connection is lost, calls of anything that came
            from it raise `ConnectionError`.
    """

    def __init__(self, init: Init, connection: Connection, loop: EventLoop | None = None) -> None:
        self.init = init
        self._loop = loop
        self._connection = connection

    @property
    def connected(self) -> bool:
        """Whether the program can still be called."""
        return not self._connection.closed

    def on_disconnect(self, hook: Callable[[], None]) -> None:
        """Run ``hook`` once, in a thread of its own, when the connection is lost; at once if it already is."""
        self._connection.on_disconnect(hook)

    def close(self) -> None:
        """Hang up."""
        close(self.init)
        if self._loop is None:
            self._connection.hang_up()
        else:
            self._loop.close()


def connect_to(address: Address, own_name: str) -> RemoteProcess:
    """Connect to a program that listens.

    Args:
        address: where it listens.
        own_name: name of the running executable, for log lines.

    Raises:
        IpcConnectError: that is not possible.
    """
    from moneyrocket.ipc.generated.init import InitClient

    loop = make_event_loop(own_name)
    try:
        if isinstance(address, TcpAddress):
            init: InitClient = _connect_tls(loop, address, own_name, InitClient)
        else:
            init = connect(loop, address.path, InitClient)
    except BaseException as error:
        loop.close()
        if isinstance(error, PairingError | OSError):
            raise _failure(address, error) from error
        raise
    connection = connection_of(init)
    assert connection is not None
    count_calls_of(connection)
    return RemoteProcess(init, connection, loop)


def caller_of(init: Init) -> RemoteProcess:
    """The program that has connected here and passed ``init``, which is as good as one that was connected to."""
    connection = connection_of(init)
    assert connection is not None
    return RemoteProcess(init, connection)


def _connect_tls(loop: EventLoop, address: TcpAddress, own_name: str, client_type: type[InitClient]) -> InitClient:
    from libmultiprocess.tls import connect_tls

    from moneyrocket.ipc.tls import TlsKeys

    keys = TlsKeys(address.keys, own_name.removeprefix("moneyrocket-"), (_SERVER_ROLE,))
    return connect_tls(loop, address.host, address.port, keys.client_context(), client_type, identify=keys.identify)


def _failure(address: Address, error: PairingError | OSError) -> IpcConnectError:
    if isinstance(error, PeerRefused) and isinstance(address, TcpAddress):
        return IpcConnectError(f"{address}: {error}. {_PAIRING_HINT}")
    if isinstance(error, AddressError):
        return IpcConnectError(str(error), absent=isinstance(error, NobodyListens))
    absent = isinstance(error, ConnectionError)
    return IpcConnectError(f"{address}: {error}", absent=absent)


def on_disconnect(interface: object, hook: Callable[[], None]) -> None:
    """Run ``hook`` once, in a thread of its own, when the process that ``interface`` came from has gone.

    Nothing happens for an object of this process.
    """
    connection = connection_of(interface)
    if connection is not None:
        connection.on_disconnect(hook)


def on_caller_gone(hook: Callable[[], None]) -> None:
    """Run ``hook`` once, in a thread of its own, when the process has gone whose call this thread is running.

    Nothing happens if it runs none.
    """
    connection = calling_connection()
    if connection is not None:
        connection.on_disconnect(hook)


def hang_up_on(interface: object) -> None:
    """End the connection to the process that ``interface`` came from.

    Nothing happens for an object of this process.
    """
    connection = connection_of(interface)
    if connection is not None:
        connection.hang_up()
