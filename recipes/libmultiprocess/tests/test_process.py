"""Two processes: spawning, and one of them going away."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import libmultiprocess
from libmultiprocess import (
    Disconnected,
    EventLoop,
    NobodyListens,
    RemoteError,
    close,
    connect,
    connect_stream,
    listen,
    spawn,
)

TESTS = Path(__file__).parent
SOURCE = Path(libmultiprocess.__file__).parent.parent
DESCRIPTORS = Path("/proc/self/fd")

on_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets in this system's Python")


@pytest.fixture
def environment(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (SOURCE, TESTS, generated))))


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    with EventLoop("test") as made:
        yield made


def start(loop: EventLoop) -> tuple[Any, Any]:
    from foo_generated.foo import FooInterfaceClient

    process = spawn(lambda descriptor: [sys.executable, str(TESTS / "foo_process.py"), str(descriptor)])
    proxy = connect_stream(loop, process.sock, FooInterfaceClient)
    proxy.init_thread_map()
    return process, proxy


@pytest.mark.usefixtures("environment")
def test_calls_and_callbacks_between_processes(loop: EventLoop) -> None:
    process, proxy = start(loop)
    assert proxy.call_int_fn_async(-1) == process.pid
    threads = []

    def function() -> int:
        threads.append(threading.current_thread())
        return int(proxy.call_int_fn_async(5))

    assert proxy.pass_fn(function) == 5
    assert threads == [threading.current_thread()]
    close(proxy)
    assert process.wait(60) == 0


@pytest.mark.usefixtures("environment")
def test_kill_ends_pending_calls_and_leaves_nothing(loop: EventLoop) -> None:
    descriptors = open_descriptors()
    threads = set(threading.enumerate())
    process, proxy = start(loop)
    errors: list[BaseException] = []
    sent = threading.Barrier(4)

    def hang() -> None:
        proxy.call_int_fn_async(1)
        sent.wait()
        try:
            proxy.call_int_fn_async(-2)
        except BaseException as error:
            errors.append(error)

    callers = [threading.Thread(target=hang) for _ in range(3)]
    for caller in callers:
        caller.start()
    sent.wait()
    process.kill()
    for caller in callers:
        caller.join(60)
    assert [type(error) for error in errors] == [Disconnected] * 3
    assert process.wait(60) != 0
    with pytest.raises(Disconnected):
        proxy.add(1, 2)
    close(proxy)
    left = {thread.name for thread in set(threading.enumerate()) - threads}
    # The latter, on Windows, looks after the child for a moment longer.
    assert left <= {"ipc-cleanup", "ipc-child"}
    assert open_descriptors() <= descriptors


def open_descriptors() -> set[str]:
    """The descriptors of this process, where the system tells."""
    # Wine shows its own.
    told = os.name == "posix" and DESCRIPTORS.exists()
    return {path.name for path in DESCRIPTORS.iterdir()} if told else set()


@pytest.mark.usefixtures("environment")
def test_child_ends_when_the_parent_is_killed() -> None:
    program = """
import sys, time
sys.path.insert(0, {tests!r})
from test_process import start
from libmultiprocess import EventLoop
loop = EventLoop("parent")
process, proxy = start(loop)
import threading
threading.Thread(target=proxy.call_int_fn_async, args=(-2,), daemon=True).start()
time.sleep(3600)
"""
    parent = subprocess.Popen([sys.executable, "-c", program.format(tests=str(TESTS))], stderr=subprocess.PIPE)
    assert parent.stderr is not None
    assert parent.stderr.readline().rstrip() == b"hanging"
    parent.kill()
    parent.wait()
    # The child holds the other end of the error pipe: it reads to its end when the child has gone.
    rest = parent.stderr.read()
    parent.stderr.close()
    assert rest == b""


@on_unix
def test_many_clients_on_a_unix_socket(generated: Path, tmp_path: Path) -> None:
    from foo import FooImplementation
    from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

    path = tmp_path / "foo.sock"
    with EventLoop("server") as server, EventLoop("client") as client:
        listener = listen(server, path, FooInterfaceServer, FooImplementation())
        proxies = [connect(client, path, FooInterfaceClient) for _ in range(3)]
        for proxy in proxies:
            proxy.init_thread_map()
            assert proxy.pass_fn(lambda: 4) == 4
        listener.close()
        assert not path.exists()
        with pytest.raises(NobodyListens):
            connect(client, path, FooInterfaceClient)
        assert proxies[0].add(1, 1) == 2


@on_unix
def test_garbage_harms_nobody_else(generated: Path, tmp_path: Path) -> None:
    from foo import FooImplementation
    from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

    path = tmp_path / "foo.sock"
    with EventLoop("server") as server, EventLoop("client") as client:
        listener = listen(server, path, FooInterfaceServer, FooImplementation())
        proxy = connect(client, path, FooInterfaceClient)
        for garbage in (b"\xff" * 4096, b"\0" * 4096, b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\0\1\0\0\0"):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(path))
                sock.sendall(garbage)
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(20)
                while sock.recv(4096):
                    pass
        assert proxy.add(1, 2) == 3
        listener.close()


def test_missing_program() -> None:
    with pytest.raises(FileNotFoundError):
        spawn(lambda descriptor: ["/nonexistent/program", str(descriptor)])


@pytest.mark.usefixtures("environment")
def test_error_in_a_spawned_process_has_its_name(loop: EventLoop) -> None:
    process, proxy = start(loop)
    with pytest.raises(RemoteError) as caught:
        proxy.callback_saved(1)
    assert caught.value.type_name == "AssertionError"
    close(proxy)
    process.wait(60)
