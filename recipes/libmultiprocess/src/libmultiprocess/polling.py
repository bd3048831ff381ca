"""Sockets that can be told with each operation whether to wait, on every system."""

import select
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0x40)
"""Flag of an operation of a `waiting_socket` that fails with `BlockingIOError` instead of waiting."""

_LOOK_SECONDS: Final = 0.25


def waiting_socket(sock: socket.socket) -> socket.socket:
    """A socket that takes ``sock`` over, waits in its operations, and knows `DONT_WAIT`."""
    if hasattr(socket, "MSG_DONTWAIT"):
        sock.setblocking(True)
        return sock
    return sock if isinstance(sock, PollingSocket) else PollingSocket(sock)


class PollingSocket(socket.socket):
    """A `waiting_socket` for Windows, which has no flag for that.

    The socket itself never waits; reading waits in ``select``, where it looks up now and then: on Windows neither
    `shutdown` in another thread nor Ctrl-C are certain to end that. Sending does not wait.

    Args:
        sock: is taken over.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.setblocking(False)
        self._shut = False

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive up to ``size`` bytes; none when the connection has ended."""
        return super().recv(size) if self._wait(flags) else b""

    def recv_into(self, buffer: "WriteableBuffer", size: int = 0, flags: int = 0) -> int:
        """Receive into ``buffer``; 0 when the connection has ended."""
        return super().recv_into(buffer, size) if self._wait(flags) else 0

    def send(self, data: "ReadableBuffer", _flags: int = 0, /) -> int:
        """Send what there is room for."""
        return super().send(data)

    def shutdown(self, how: int, /) -> None:
        """End the connection, and what waits for it."""
        self._shut = True
        super().shutdown(how)

    def _wait(self, flags: int) -> bool:
        """Wait for something to receive unless ``flags`` say not to; returns whether the connection still is."""
        while not self._shut:
            if flags & DONT_WAIT or select.select([self], [], [], _LOOK_SECONDS)[0]:
                return True
        return False
