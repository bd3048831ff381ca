"""Connecting to a program that listens: -ipcconnect."""

from __future__ import annotations

from collections.abc import Callable

from libmultiprocess import Connection, EventLoop, close, connect, connection_of

from moneyrocket.common.errors import MoneyrocketError
from moneyrocket.interfaces.init import Init
from moneyrocket.ipc.address import Address, TcpAddress
from moneyrocket.ipc.protocol import count_calls_of, make_event_loop


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
    """A program that was connected to, and its first object.

    Attributes:
        init: makes the interfaces that the program offers. Once the connection is lost, calls of anything that came
            from it raise `ConnectionError`.
    """

    def __init__(self, loop: EventLoop, init: Init, connection: Connection) -> None:
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

    if isinstance(address, TcpAddress):
        raise IpcConnectError(f"{address}: TCP is not supported by this version of Moneyrocket")
    loop = make_event_loop(own_name)
    try:
        init = connect(loop, address.path, InitClient)
    except BaseException as error:
        loop.close()
        if isinstance(error, OSError):
            absent = isinstance(error, FileNotFoundError | ConnectionError)
            raise IpcConnectError(f"{address}: {error.strerror or error}", absent=absent) from error
        raise
    connection = connection_of(init)
    assert connection is not None
    count_calls_of(connection)
    return RemoteProcess(loop, init, connection)


def on_disconnect(interface: object, hook: Callable[[], None]) -> None:
    """Run ``hook`` once, in a thread of its own, when the process that ``interface`` came from has gone.

    Nothing happens for an object of this process.
    """
    connection = connection_of(interface)
    if connection is not None:
        connection.on_disconnect(hook)


def hang_up_on(interface: object) -> None:
    """End the connection to the process that ``interface`` came from.

    Nothing happens for an object of this process.
    """
    connection = connection_of(interface)
    if connection is not None:
        connection.hang_up()
