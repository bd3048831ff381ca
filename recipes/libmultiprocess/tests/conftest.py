"""Generated proxies for `foo.capnp`, and pairs of connected loops."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import libmultiprocess
from libmultiprocess import EventLoop, SpawnedProcess, connect_stream, connection_of, serve_stream, spawn
from libmultiprocess.mpgen import generate

TESTS = Path(__file__).parent
SOURCE = Path(libmultiprocess.__file__).parent.parent
sys.path.insert(0, str(TESTS))


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the package ``foo_generated``."""
    folder = tmp_path_factory.mktemp("generated")
    sys.path.insert(0, str(folder))
    generate([TESTS / "foo.capnp"], folder / "foo_generated", "foo_generated")
    return folder


@pytest.fixture
def pair(generated: Path) -> Iterator[Callable[[Any], Any]]:
    """Makes a served object and a proxy for it, each with an event loop of its own."""
    import socket

    from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

    loops: list[EventLoop] = []

    def connect(impl: Any) -> Any:
        server_loop, client_loop = EventLoop("server"), EventLoop("client")
        loops.extend((client_loop, server_loop))
        ours, theirs = socket.socketpair()
        connection = serve_stream(server_loop, theirs, FooInterfaceServer, impl)
        proxy = connect_stream(client_loop, ours, FooInterfaceClient)
        proxy.init_thread_map()
        return SimpleNamespace(proxy=proxy, server=connection, client_loop=client_loop, server_loop=server_loop)

    yield connect
    for loop in loops:
        loop.close()


@pytest.fixture(params=["in this process", "in a process of its own"])
def foo(request: pytest.FixtureRequest) -> Any:
    """A proxy for a `foo.FooImplementation`."""
    made: Any = request.getfixturevalue("near_foo" if request.param == "in this process" else "far_foo")
    return made


@pytest.fixture
def near_foo(pair: Callable[[Any], Any]) -> Any:
    """A `foo` in this process."""
    from foo import FooImplementation

    return pair(FooImplementation()).proxy


@pytest.fixture
def far_foo(far_foos: Callable[[], Any]) -> Any:
    """A `foo` in a process of its own."""
    return far_foos()


@pytest.fixture(scope="module")
def far_foos(generated: Path) -> Iterator[Callable[[], Any]]:
    """Gives a `foo` in a process of its own. Tests share one for as long as none closes it: a process takes time."""
    from foo_generated.foo import FooInterfaceClient

    processes: list[SpawnedProcess] = []
    proxies: list[Any] = []

    def give() -> Any:
        connection = connection_of(proxies[-1]) if proxies else None
        if connection is None or connection.closed:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (SOURCE, TESTS, generated))))
                program = [sys.executable, str(TESTS / "foo_process.py")]
                processes.append(spawn(lambda descriptor: [*program, str(descriptor)]))
            proxies.append(connect_stream(loop, processes[-1].sock, FooInterfaceClient))
            proxies[-1].init_thread_map()
        return proxies[-1]

    with EventLoop("client") as loop:
        yield give
    assert [process.wait(60) for process in processes] == [0] * len(processes)
