"""What stands in for what a system lacks: pairs of TCP sockets, sockets that look before they wait, shared sockets."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libmultiprocess.errors import AddressError
from libmultiprocess.launchers import without_launcher
from libmultiprocess.pairs import accept_from, loopback_pair, socket_pair
from libmultiprocess.polling import DONT_WAIT, PollingSocket, waiting_socket
from libmultiprocess.sharing import read_share, share_message
from libmultiprocess.unix import connect_unix, listen_unix


@pytest.fixture
def ends() -> Iterator[tuple[PollingSocket, socket.socket]]:
    ours, theirs = loopback_pair()
    with PollingSocket(ours) as polling, theirs:
        yield polling, theirs


@pytest.mark.parametrize("make", [socket_pair, loopback_pair])
def test_a_pair_is_connected(make: type) -> None:
    one, other = make()
    with one, other:
        one.sendall(b"ping")
        assert other.recv(9) == b"ping"
        other.sendall(b"pong")
        assert one.recv(9) == b"pong"


def test_a_loopback_pair_sends_at_once() -> None:
    one, other = loopback_pair()
    with one, other:
        assert all(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for sock in (one, other))


def test_a_stranger_does_not_get_into_a_pair() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as stranger,
        socket.create_connection(listener.getsockname()) as one,
        accept_from(listener, one) as other,
    ):
        assert other.getpeername() == one.getsockname()
        assert stranger.recv(1) == b""


def test_a_pair_is_not_made_with_a_strange_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_server(("127.0.0.1", 0)) as strange,
        socket.create_connection(strange.getsockname()) as one,
        pytest.raises(ConnectionError),
    ):
        accept_from(listener, one)


def test_polling_socket_waits_to_receive(ends: tuple[PollingSocket, socket.socket]) -> None:
    polling, peer = ends
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(polling.recv(9)))
    thread.start()
    peer.sendall(b"x")
    thread.join(60)
    assert received == [b"x"]


def test_polling_socket_does_not_wait_when_told(ends: tuple[PollingSocket, socket.socket]) -> None:
    polling, _ = ends
    with pytest.raises(BlockingIOError):
        polling.recv(9, DONT_WAIT)
    with pytest.raises(BlockingIOError):
        polling.recv_into(bytearray(9), 0, DONT_WAIT)


def test_polling_socket_receives_into_a_buffer(ends: tuple[PollingSocket, socket.socket]) -> None:
    polling, peer = ends
    buffer = bytearray(4)
    peer.sendall(b"data")
    assert polling.recv_into(buffer) == 4
    assert buffer == b"data"


def test_polling_socket_never_waits_to_send(ends: tuple[PollingSocket, socket.socket]) -> None:
    polling, _ = ends
    with pytest.raises(BlockingIOError):
        while polling.send(b"x" * 65536, DONT_WAIT):
            pass


def test_shutdown_in_another_thread_ends_a_wait(ends: tuple[PollingSocket, socket.socket]) -> None:
    polling, _ = ends
    received: list[bytes | int] = []

    def receive() -> None:
        received.append(polling.recv(9))
        received.append(polling.recv_into(bytearray(9)))

    thread = threading.Thread(target=receive)
    thread.start()
    polling.shutdown(socket.SHUT_RDWR)
    thread.join(60)
    assert received == [b"", 0]


def test_a_system_with_the_flag_needs_no_polling() -> None:
    one, other = socket_pair()
    with one, other:
        expected = socket.socket if hasattr(socket, "MSG_DONTWAIT") else PollingSocket
        with waiting_socket(one) as waiting:
            assert type(waiting) is expected


def read_from_pipe(data: bytes, pid: int) -> bytes:
    reader, writer = os.pipe()
    try:
        os.write(writer, data)
        os.close(writer)
        return read_share(reader, pid)
    finally:
        os.close(reader)


def test_a_shared_socket_reaches_its_process() -> None:
    assert read_from_pipe(share_message(4711, b"protocol info") + b"more", 4711) == b"protocol info"


def test_a_socket_for_another_process_is_refused() -> None:
    with pytest.raises(OSError, match=r"process 4711, which is not this one \(4712\).*start the program itself"):
        read_from_pipe(share_message(4711, b"protocol info"), 4712)


@pytest.mark.parametrize("data", [b"", b"\1\0", share_message(1, b"protocol info")[:-1], b"GET / HTTP/1.1\r\n"])
def test_what_is_no_shared_socket_is_refused(data: bytes) -> None:
    with pytest.raises(OSError, match="no socket was handed over"):
        read_from_pipe(data, 1)


def test_an_environments_launcher_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", r"C:\env\Scripts\python.exe")
    monkeypatch.setattr(sys, "_base_executable", r"C:\Python\python.exe")
    command, environment = without_launcher([r"C:\env\Scripts\python.exe", "-m", "program"])
    assert command == [r"C:\Python\python.exe", "-m", "program"]
    assert environment is not None
    assert environment["__PYVENV_LAUNCHER__"] == r"C:\env\Scripts\python.exe"


@pytest.mark.parametrize("base", [r"C:\env\Scripts\python.exe", r"C:\Python\python.exe"])
def test_another_program_is_started_as_it_is(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setattr(sys, "executable", r"C:\env\Scripts\python.exe")
    monkeypatch.setattr(sys, "_base_executable", base)
    assert without_launcher(["program.exe"]) == (["program.exe"], None)


@pytest.mark.parametrize("use", [listen_unix, connect_unix])
def test_a_system_without_unix_sockets_says_so(use: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(socket, "AF_UNIX", raising=False)
    with pytest.raises(AddressError, match="this system has no Unix sockets"):
        use(tmp_path / "foo.sock")
