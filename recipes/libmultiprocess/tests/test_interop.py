"""C++ libmultiprocess at the other end of the socket.

Runs where the programs of `peers/` are built: ``FOO_SERVER`` and ``FOO_CLIENT`` name them. Without them, the same
conversations run between Python and Python.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import libmultiprocess
from libmultiprocess import Disconnected, EventLoop, RemoteError, close, connect_stream, spawn

TESTS = Path(__file__).parent
SOURCE = Path(libmultiprocess.__file__).parent.parent
CPP_SERVER = os.environ.get("FOO_SERVER")
CPP_CLIENT = os.environ.get("FOO_CLIENT")


def python_server(descriptor: int) -> list[str]:
    """The Python program that answers as `peers/README.md` says."""
    return [sys.executable, str(TESTS / "foo_peer.py"), str(descriptor)]


SERVERS: dict[str, Callable[[int], list[str]]] = {"python": python_server}
if CPP_SERVER:
    SERVERS["cpp"] = lambda descriptor: [str(CPP_SERVER), str(descriptor)]


@pytest.fixture
def environment(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (SOURCE, TESTS, generated))))


@pytest.fixture(params=SERVERS)
def peer(request: pytest.FixtureRequest, environment: None) -> Iterator[Any]:
    """A proxy for the object of a server in a process of its own, which must end well."""
    from foo_generated.foo import FooInterfaceClient

    with EventLoop("test") as loop:
        process = spawn(SERVERS[request.param])
        proxy = connect_stream(loop, process.sock, FooInterfaceClient, peer=request.param)
        proxy.init_thread_map()
        yield proxy
        close(proxy)
        assert process.wait(60) == 0


def make_callback(function: Callable[[int], int], destroyed: Callable[[], None] = lambda: None) -> Any:
    from foo import ExtendedCallback

    class Callback(ExtendedCallback):
        def call(self, arg: int) -> int:
            return function(arg)

        def call_extended(self, arg: int) -> int:
            return function(arg) + 1000

        def destroyed(self) -> None:
            destroyed()

    return Callback()


def test_values(peer: Any) -> None:
    from foo import FooCustom, FooEmpty, FooEnum, FooMessage, FooMutable, FooStruct

    value = FooStruct("näme", {-1, 2**31 - 1}, [True, False, True], 0, frozenset({7}), {"a": 1, "ü": -2})
    assert peer.add(-(2**31), 2**31 - 1) == -1
    assert peer.add_out(1, 2) == 3
    assert peer.add_in_out(1, 2) == 3
    assert peer.map_size({str(n): "x" * n for n in range(300)}) == 300
    assert peer.pass_struct(value) == value
    assert peer.pass_custom(FooCustom("text", -3)) == FooCustom("text", -3)
    assert peer.pass_empty(FooEmpty()) == FooEmpty()
    assert peer.pass_message(FooMessage("init")) == FooMessage("init build read call build read")
    assert peer.pass_mutable(FooMutable("init")) == FooMutable("init pass call return")
    assert peer.pass_enum(FooEnum.TWO) is FooEnum.TWO
    assert peer.pass_double(0.1) == 0.1
    assert peer.pass_data_pointers([b"", b"abc"]) == [b"", b"abc"]
    data = bytes(range(256)) * 4096
    assert peer.pass_data(data) == data


def test_declared_exception(peer: Any) -> None:
    from foo import FooStruct, FooStructError

    value = FooStruct("bad", {1}, [True], None, frozenset(), {"x": 1})
    with pytest.raises(FooStructError) as caught:
        peer.raise_struct(value)
    assert caught.value.value == value


def test_callbacks_run_on_the_calling_thread(peer: Any) -> None:
    threads = []
    lock = threading.RLock()

    def function(arg: int) -> int:
        with lock:
            threads.append(threading.current_thread())
        return arg * 2

    with lock:
        assert peer.callback(make_callback(function), 5) == 10
        assert peer.callback_unique(make_callback(function), 6) == 12
        assert peer.callback_shared(make_callback(function), 7) == 14
        assert peer.callback_extended(make_callback(function), 8) == 1016
        assert peer.pass_fn(lambda: function(9)) == 18
    assert set(threads) == {threading.current_thread()}


def test_saved_callback_lives_until_it_is_replaced(peer: Any) -> None:
    destroyed = threading.Event()
    peer.save_callback(make_callback(lambda arg: arg + 1, destroyed.set))
    assert [peer.callback_saved(n) for n in range(3)] == [1, 2, 3]
    assert not destroyed.is_set()
    peer.save_callback(make_callback(lambda arg: arg))
    assert destroyed.wait(60)


def test_nested_calls(peer: Any) -> None:
    def function(arg: int) -> int:
        return 0 if arg == 0 else 1 + int(peer.callback(make_callback(function), arg - 1))

    assert peer.callback(make_callback(function), 20) == 20


def test_threads_pair_one_to_one(peer: Any) -> None:
    seen: dict[int, set[int]] = {}

    def work(name: int) -> None:
        seen[name] = {peer.call_int_fn_async(0) for _ in range(20)}

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(ids) for ids in seen.values()] == [1] * 8
    assert len(set().union(*seen.values())) == 8


def test_an_error_in_a_callback_comes_back(peer: Any) -> None:
    def fail(arg: int) -> int:
        raise KeyError(f"number {arg}")

    with pytest.raises(RemoteError, match="number 3"):
        peer.callback(make_callback(fail), 3)
    assert peer.add(1, 2) == 3


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.usefixtures("environment")
def test_a_killed_server_ends_every_call(server: str) -> None:
    from foo_generated.foo import FooInterfaceClient

    with EventLoop("test") as loop:
        process = spawn(SERVERS[server])
        proxy = connect_stream(loop, process.sock, FooInterfaceClient)
        proxy.init_thread_map()
        inside = threading.Event()

        def kill(arg: int) -> int:
            inside.set()
            process.kill()
            return arg

        with pytest.raises(Disconnected):
            proxy.callback(make_callback(kill), 1)
        assert inside.is_set()
        process.wait(60)


if CPP_CLIENT:

    @pytest.mark.usefixtures("environment")
    def test_cpp_client_against_python_server(tmp_path: Path) -> None:
        server = tmp_path / "server.sh"
        server.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{TESTS / "foo_peer.py"}" "$1"\n', encoding="utf-8")
        server.chmod(0o755)
        done = subprocess.run(
            [str(CPP_CLIENT), "--spawn", str(server)], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "FAILED" not in done.stdout
        assert done.stdout.count("ok ") > 30
