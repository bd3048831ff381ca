"""Options of listening sockets."""

import socket

import pytest

from moneyrocket.common.listening import set_listening_options


def listener(port: int = 0) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        set_listening_options(sock)
        sock.bind(("127.0.0.1", port))
        sock.listen()
    except OSError:
        sock.close()
        raise
    return sock


def test_a_port_is_nobody_elses() -> None:
    with listener() as first, pytest.raises(OSError):
        listener(first.getsockname()[1])


def test_a_port_can_be_taken_again_at_once() -> None:
    with listener() as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), first.accept()[0] as accepted:
            # Whoever closes first keeps the port in TIME_WAIT.
            accepted.close()
    with listener(port) as second:
        assert second.getsockname()[1] == port
