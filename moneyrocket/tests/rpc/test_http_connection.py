import socket
from collections.abc import Iterator

import pytest

from moneyrocket.rpc.http_connection import HttpConnection
from moneyrocket.rpc.http_types import HttpRequest


@pytest.fixture
def client_and_connection() -> Iterator[tuple[socket.socket, HttpConnection]]:
    client, served = socket.socketpair()
    connection = HttpConnection(served, "127.0.0.1", 1)
    yield client, connection
    client.close()
    connection.close()


@pytest.mark.parametrize("cut", [10, 45, 47])
def test_a_request_may_arrive_in_pieces(client_and_connection: tuple[socket.socket, HttpConnection], cut: int) -> None:
    client, connection = client_and_connection
    message = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    assert message.index(b"body") == 47

    client.sendall(message[:cut])
    assert connection.read()
    assert connection.next_request() is None
    client.sendall(message[cut:])
    assert connection.read()

    request = connection.next_request()
    assert isinstance(request, HttpRequest)
    assert request.body == b"body"
