"""Two processes: spawning, and one of them going away."""

import os
import signal
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
    descriptors = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
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
    os.kill(process.pid, signal.SIGKILL)
    for caller in callers:
        caller.join(60)
    assert [type(error) for error in errors] == [Disconnected] * 3
    assert process.wait(60) == -signal.SIGKILL
    with pytest.raises(Disconnected):
        proxy.add(1, 2)
    close(proxy)
    assert set(threading.enumerate()) - threads <= {t for t in threading.enumerate() if t.name == "ipc-cleanup"}
    assert set(os.listdir("/proc/self/fd")) <= descriptors  # noqa: PTH208


@pytest.mark.usefixtures("environment")
def test_child_ends_when_the_parent_is_killed() -> None:
    program = """
import sys, time
sys.path.insert(0, {tests!r})
from test_process import start
from libmultiprocess import EventLoop
loop = EventLoop("parent")
process, proxy = start(loop)
print(proxy.call_int_fn_async(-1), flush=True)
import threading
threading.Thread(target=proxy.call_int_fn_async, args=(-2,), daemon=True).start()
time.sleep(3600)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program.format(tests=str(TESTS))], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    child = int(parent.stdout.readline())
    assert parent.stderr.readline() == b"hanging\n"
    parent.kill()
    parent.wait()
    # The child holds the other end of the error pipe: it reads to its end when the child has gone.
    rest = parent.stderr.read()
    parent.stdout.close()
    parent.stderr.close()
    assert rest == b""
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0) if not is_zombie(child) else os.kill(2**22 + 1, 0)


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and only waits for somebody to ask for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


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
