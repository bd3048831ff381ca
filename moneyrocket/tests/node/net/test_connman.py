"""Two connection managers that talk over loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from moneyrocket.node.net.connection import Connection, ConnectionType
from moneyrocket.node.net.connman import ConnectionManager
from moneyrocket.node.net.netaddress import Subnet
from moneyrocket.tests.node.net.connman_lab import free_port, make_connman


class Recorder:
    """A message handler that notes what happens, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open: list[Connection] = []
        self.messages: list[tuple[str, bytes]] = []

    def initialize_peer(self, connection: Connection) -> None:
        with self.changed:
            self.open.append(connection)
            self.changed.notify_all()

    def finalize_peer(self, connection: Connection) -> None:
        with self.changed:
            self.open.remove(connection)
            self.changed.notify_all()

    def begin_round(self) -> None:
        pass

    def process_messages(self, connection: Connection) -> bool:
        message, more = connection.take_message()
        if message is not None:
            with self.changed:
                self.messages.append((message.type, message.payload))
                self.changed.notify_all()
        return more

    def send_messages(self, connection: Connection) -> None:
        pass

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout=20), (self.open, self.messages)


@contextmanager
def _manager(path: Path, *options: str) -> Iterator[tuple[ConnectionManager, Recorder]]:
    path.mkdir()
    connman = make_connman(path, *options)
    recorder = Recorder()
    try:
        connman.start(recorder)
        yield connman, recorder
    finally:
        connman.stop()


Pair = tuple[ConnectionManager, Recorder, ConnectionManager, Recorder]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """A listening manager and one that is connected to it."""
    with ExitStack() as stack:
        port = free_port()
        server, at_server = stack.enter_context(_manager(tmp_path / "server", f"bind=127.0.0.1:{port}"))
        client, at_client = stack.enter_context(_manager(tmp_path / "client", "listen=0"))
        assert client.outbound.open_named(f"127.0.0.1:{port}", ConnectionType.MANUAL)
        at_server.wait_for(lambda: len(at_server.open) == 1)
        yield server, at_server, client, at_client


def test_messages_arrive_in_order_and_are_counted(pair: Pair) -> None:
    server, at_server, client, _ = pair
    (connection,) = client.connections()

    for number in range(50):
        connection.push("ping", number.to_bytes(8, "little"))

    at_server.wait_for(lambda: len(at_server.messages) == 50)
    assert at_server.messages == [("ping", number.to_bytes(8, "little")) for number in range(50)]
    assert server.total_received == client.total_sent == 50 * 32
    assert server.connections()[0].received.per_message == {"ping": 50 * 32}


def test_message_larger_than_socket_buffers_arrives_whole(pair: Pair) -> None:
    _, at_server, client, _ = pair
    payload = bytes(range(256)) * 15_000

    client.connections()[0].push("block", payload)

    at_server.wait_for(lambda: bool(at_server.messages))
    assert at_server.messages == [("block", payload)]


def test_disconnecting_closes_both_ends(pair: Pair) -> None:
    server, at_server, client, at_client = pair

    assert server.disconnect_by_id(at_server.open[0].id)

    at_server.wait_for(lambda: not at_server.open)
    at_client.wait_for(lambda: not at_client.open)
    assert not server.connections() and not client.connections()


def test_banned_addresses_cannot_connect(pair: Pair) -> None:
    server, at_server, client, at_client = pair
    port = client.connections()[0].endpoint.port
    subnet = Subnet.parse("127.0.0.1")
    server.banman.ban(subnet)
    server.disconnect_subnet(subnet)
    at_client.wait_for(lambda: not at_client.open)

    client.outbound.open_named(f"127.0.0.1:{port}", ConnectionType.MANUAL)

    at_client.wait_for(lambda: not at_client.open)
    assert not at_server.open


def test_wrong_bytes_end_the_connection(pair: Pair) -> None:
    server, at_server, _, _ = pair
    port = server.options.binds[0].port

    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.recv(1) == b""

    at_server.wait_for(lambda: len(at_server.open) == 1)


def test_network_can_be_switched_off(pair: Pair) -> None:
    server, at_server, client, at_client = pair
    port = client.connections()[0].endpoint.port

    server.set_network_active(False)

    at_client.wait_for(lambda: not at_client.open)
    client.outbound.open_named(f"127.0.0.1:{port}", ConnectionType.MANUAL)
    at_client.wait_for(lambda: not at_client.open)
    assert not at_server.open


def test_busy_port_is_explained(tmp_path: Path, pair: Pair) -> None:
    from moneyrocket.common.errors import InitError

    port = pair[0].options.binds[0].port

    with pytest.raises(InitError) as caught, _manager(tmp_path / "third", f"bind=127.0.0.1:{port}"):
        pass

    assert str(caught.value) == (
        f"Unable to bind to 127.0.0.1:{port} on this computer. Moneyrocket is probably already running."
        "\nError: Failed to listen on any port. Use -listen=0 if you want this."
    )
