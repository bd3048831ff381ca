"""Pairs of connected sockets within this process."""

import contextlib
import socket


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected stream sockets.

    Raises:
        OSError: if there are none to be had.
    """
    if hasattr(socket, "AF_UNIX"):
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return loopback_pair()


def loopback_pair() -> tuple[socket.socket, socket.socket]:
    """`socket_pair` for a system whose Python has no Unix sockets: over TCP, without delay.

    Any program of the machine may connect in the moment in which this one listens, so who has connected is looked at.
    ``socket.socketpair`` does that only since Python 3.12.5.

    Raises:
        OSError: if there are none to be had.
    """
    with contextlib.ExitStack() as on_error, socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # Otherwise another program may listen at the same port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        one = on_error.enter_context(socket.create_connection(listener.getsockname()))
        other = on_error.enter_context(accept_from(listener, one))
        for sock in (one, other):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        on_error.pop_all()
        return one, other


def accept_from(listener: socket.socket, one: socket.socket) -> socket.socket:
    """The other end of ``one``, which is connected to ``listener``. Strangers that came first are hung up on.

    Raises:
        OSError: if ``one`` is not connected to ``listener``.
    """
    if one.getpeername() != listener.getsockname():
        raise ConnectionError("connected to somebody else")
    while True:
        other, address = listener.accept()
        if address == one.getsockname():
            return other
        other.close()
