import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from moneyrocket.rpc.http_server import HttpServer, ServerOptions
from moneyrocket.rpc.http_types import HttpRequest, HttpResponse, Route


@dataclass
class Backend:
    """A handler that can be held up."""

    started: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.target == "/slow":
            self.started.release()
            self.go_on.wait(20)
        if request.target == "/large":
            return HttpResponse(200, b"x" * 5_000_000)
        if request.target == "/bad":
            raise ValueError("broken handler")
        return HttpResponse(200, json.dumps([request.method, request.target, request.body.decode()]).encode())


Connect = Callable[[], socket.socket]


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def server(backend: Backend) -> Iterator[HttpServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = HttpServer([listener], [Route("/", False, backend)], ServerOptions(threads=1, queue_depth=1))
    server.start()
    yield server
    backend.go_on.set()
    server.stop()


@pytest.fixture
def connect(server: HttpServer) -> Iterator[Connect]:
    address = server.addresses[0]
    opened: list[socket.socket] = []

    def open_connection() -> socket.socket:
        opened.append(socket.create_connection(address, 20))
        return opened[-1]

    yield open_connection
    for connection in opened:
        connection.close()


def ask(connection: socket.socket, target: str = "/", body: bytes = b"", head: str = "") -> None:
    connection.sendall(
        f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body
    )


def answer(connection: socket.socket) -> tuple[int, bytes]:
    reader = connection.makefile("rb")
    status = int(reader.readline().split()[1])
    length = 0
    while (line := reader.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, reader.read(length)


def test_a_connection_serves_several_requests(connect: Connect) -> None:
    connection = connect()

    for number in range(3):
        ask(connection, f"/{number}", b"hello")
        assert answer(connection) == (200, json.dumps(["POST", f"/{number}", "hello"]).encode())


def test_a_request_may_come_in_pieces(connect: Connect) -> None:
    connection = connect()

    for byte in b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab":
        connection.sendall(bytes([byte]))

    assert answer(connection)[1] == b'["POST", "/p", "ab"]'


def test_requests_may_come_at_once_and_without_a_host(connect: Connect) -> None:
    connection = connect()

    connection.sendall(b"POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\nx" * 3)

    received = b""
    while received.count(b'["POST", "/a", "x"]') < 3:
        received += connection.recv(4096)
    assert received.count(b"HTTP/1.1 200") == 3


def test_head_and_body_may_come_apart(connect: Connect) -> None:
    connection = connect()

    for _ in range(2):
        connection.sendall(b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
        connection.sendall(b"y")
        assert answer(connection)[1] == b'["POST", "/b", "y"]'


def test_a_large_answer_reaches_a_slow_reader(connect: Connect) -> None:
    connection = connect()

    ask(connection, "/large")

    assert answer(connection) == (200, b"x" * 5_000_000)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / \r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 33554433\r\n\r\n", 413),
    ],
)
def test_bad_requests_are_refused(connect: Connect, request_bytes: bytes, status: int) -> None:
    connection = connect()

    connection.sendall(request_bytes)

    assert answer(connection)[0] == status


def test_a_failing_handler_is_answered(connect: Connect) -> None:
    connection = connect()

    ask(connection, "/bad")

    assert answer(connection) == (500, b"broken handler")


def test_the_queue_is_bounded(connect: Connect, backend: Backend) -> None:
    running, waiting, refused = connect(), connect(), connect()
    ask(running, "/slow")
    backend.started.acquire()
    ask(waiting, "/")
    refusals = 0
    # The waiting request may still be on its way; the one that comes after it is refused.
    for _ in range(1000):
        ask(refused, "/")
        refused.settimeout(0.2)
        try:
            status, body = answer(refused)
        except TimeoutError:
            refused = connect()
            continue
        refusals += 1
        break

    assert (refusals, status, body) == (1, 503, b"Work queue depth exceeded")


def test_stop_lets_a_running_request_finish(connect: Connect, backend: Backend, server: HttpServer) -> None:
    connection, other = connect(), connect()
    ask(connection, "/slow")
    backend.started.acquire()
    server.interrupt()
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    ask(other, "/")
    rejected = answer(other)
    backend.go_on.set()

    assert rejected[0] == 503
    assert answer(connection)[0] == 200
    stopper.join(20)
    assert not stopper.is_alive()
