"""Many calls and many objects: nothing grows and nothing is left.

``LIBMULTIPROCESS_CALLS`` sets how many calls eight threads make together (20,000 unless said), and
``LIBMULTIPROCESS_OBJECTS`` how many objects are made and let go on each side (3,000 unless said). The library is held
to 1,000,000 and 100,000.
"""

import gc
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import libmultiprocess
from libmultiprocess import EventLoop, RemoteError, close, connect_stream, spawn

TESTS = Path(__file__).parent
SOURCE = Path(libmultiprocess.__file__).parent.parent
CALLS = int(os.environ.get("LIBMULTIPROCESS_CALLS", "20000"))
OBJECTS = int(os.environ.get("LIBMULTIPROCESS_OBJECTS", "3000"))
THREADS = 8
SECONDS = 60
GROWTH = 12 << 20
"""How many bytes larger a process may be in the end; the allocator keeps some of what it had at the busiest moment."""


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


class Processes:
    """A proxy for an object of another process."""

    def __init__(self, loop: EventLoop) -> None:
        from foo_generated.foo import FooInterfaceClient

        self.child = spawn(lambda descriptor: [sys.executable, str(TESTS / "foo_process.py"), str(descriptor)])
        self.proxy: Any = connect_stream(loop, self.child.sock, FooInterfaceClient)
        self.proxy.init_thread_map()
        self.session = self.proxy._connection._session

    def state(self) -> tuple[int, int]:
        gc.collect()
        return resident(os.getpid()), resident(self.child.pid)

    def settle(self, sizes: dict[str, int]) -> None:
        """Wait until what is let go is given back, and the tables are no longer than ``sizes``."""
        pause = threading.Event()
        for _ in range(SECONDS * 100):
            gc.collect()
            self.proxy.add(1, 1)
            if all(self.session.sizes[name] <= size for name, size in sizes.items()):
                return
            pause.wait(0.01)
        raise AssertionError(f"{self.session.sizes} does not come down to {sizes}")


@pytest.fixture
def processes(generated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (SOURCE, TESTS, generated))))
    with EventLoop("test") as loop:
        made = Processes(loop)
        yield made
        close(made.proxy)
        assert made.child.wait(SECONDS) == 0


def callback(function: Callable[[int], int], destroyed: Callable[[], None] = lambda: None) -> Any:
    from foo import FooCallback

    class Callback(FooCallback):
        def call(self, arg: int) -> int:
            return function(arg)

        def destroyed(self) -> None:
            destroyed()

    return Callback()


def mixed(proxy: Any, seed: int, calls: int) -> None:
    """Calls of every kind, each with the result that it must have."""
    from foo import FooStruct, FooStructError

    chance = random.Random(seed)
    value = FooStruct("name", {1, 2}, [True, False], 3, frozenset({4}), {"five": 5, "six": 6})
    doubling = callback(lambda arg: arg * 2)
    for n in range(calls):
        kind = chance.randrange(12)
        if kind < 4:
            assert proxy.add(n, seed) == n + seed
        elif kind < 6:
            assert proxy.call_int_fn_async(n + 1) == n + 1
        elif kind == 6:
            assert proxy.callback(doubling, n) == n * 2
        elif kind == 7:
            nested = callback(lambda arg: int(proxy.add(arg, 1)))
            assert proxy.callback_unique(nested, n) == n + 1
        elif kind == 8:
            data = bytes([n & 255]) * chance.choice((0, 10, 1000, 5000, 100_000 if n % 20 == 0 else 1))
            assert proxy.pass_data(data) == data
        elif kind == 9:
            assert proxy.pass_struct(value) == value
        elif kind == 10:
            with pytest.raises(FooStructError):
                proxy.raise_struct(value)
        else:
            with pytest.raises(RemoteError, match="ZeroDivisionError"):
                proxy.callback(callback(lambda arg: arg // 0), n)


def in_threads(work: Callable[[int], None]) -> None:
    """Run ``work`` in eight threads; what one raises fails the test."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []


def test_mixed_calls_from_eight_threads(processes: Processes) -> None:
    proxy = processes.proxy
    in_threads(lambda number: mixed(proxy, number, 600))
    processes.settle({"questions": 0, "answers": 0})
    before, sizes = processes.state(), dict(processes.session.sizes)
    counts = [(descriptors(pid), threads(pid)) for pid in (os.getpid(), processes.child.pid)]

    in_threads(lambda number: mixed(proxy, THREADS + number, CALLS // THREADS))

    processes.settle(sizes)
    after = processes.state()
    print(f"{CALLS} calls: {before} bytes before, {after} after; tables {processes.session.sizes}")
    assert [late <= early + GROWTH for early, late in zip(before, after, strict=True)] == [True] * 2, (before, after)
    wait_for_threads(processes, [count for _, count in counts])
    assert [descriptors(pid) for pid in (os.getpid(), processes.child.pid)] == [count for count, _ in counts]


def wait_for_threads(processes: Processes, wanted: list[int]) -> None:
    """Threads of the peer end a moment after those of this side."""
    pause = threading.Event()
    for _ in range(SECONDS * 100):
        processes.proxy.add(1, 1)
        if all(threads(pid) <= n for pid, n in zip((os.getpid(), processes.child.pid), wanted, strict=True)):
            return
        pause.wait(0.01)
    raise AssertionError("threads are left")


def test_threads_that_come_and_go(processes: Processes) -> None:
    proxy = processes.proxy
    # Both clean-up threads start with the first object that is let go.
    mixed(proxy, 1, 100)
    processes.settle({"questions": 0})
    sizes = dict(processes.session.sizes)
    counts = [threads(pid) for pid in (os.getpid(), processes.child.pid)]

    for _ in range(max(OBJECTS // 100, 50)):
        in_threads(lambda number: mixed(proxy, number, 2))

    processes.settle(sizes)
    wait_for_threads(processes, counts)


def test_objects_of_this_side_come_and_go(processes: Processes) -> None:
    proxy, destroyed = processes.proxy, threading.Semaphore(0)

    def make(count: int) -> None:
        for n in range(count):
            proxy.save_callback(callback(lambda arg: arg + 1, destroyed.release))
            if n % 100 == 0:
                assert proxy.callback_saved(n) == n + 1
        # The last one is still held.
        for _ in range(count - 1):
            assert destroyed.acquire(timeout=SECONDS)
        proxy.save_callback(callback(lambda arg: arg))
        assert destroyed.acquire(timeout=SECONDS)

    make(1000)
    processes.settle({"questions": 0, "answers": 0})
    before, sizes = processes.state(), dict(processes.session.sizes)

    make(OBJECTS)

    processes.settle(sizes)
    after = processes.state()
    print(f"{OBJECTS} objects here: {before} bytes before, {after} after; tables {processes.session.sizes}")
    assert [late <= early + GROWTH for early, late in zip(before, after, strict=True)] == [True] * 2, (before, after)
    assert not destroyed.acquire(blocking=False)


def test_objects_of_the_other_side_come_and_go(processes: Processes) -> None:
    connection = processes.proxy._connection
    from foo_generated.foo import FooInterfaceClient

    def make(count: int) -> None:
        for n in range(count):
            first = connection.first_object(FooInterfaceClient)
            again = connection.first_object(FooInterfaceClient)
            assert first.add(n, 1) == n + 1
            del first
            # Its thread map is another object each time.
            again.init_thread_map()
            assert again.add(n, 2) == n + 2
            del again

    make(500)
    processes.settle({"questions": 0, "answers": 0})
    before, sizes = processes.state(), dict(processes.session.sizes)

    make(OBJECTS)

    processes.settle(sizes)
    after = processes.state()
    print(f"{OBJECTS} objects there: {before} bytes before, {after} after; tables {processes.session.sizes}")
    assert [late <= early + GROWTH for early, late in zip(before, after, strict=True)] == [True] * 2, (before, after)


def test_connections_come_and_go(generated: Path) -> None:
    import socket

    from foo import FooImplementation
    from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

    from libmultiprocess import serve_stream

    def connect(server: EventLoop, client: EventLoop, n: int) -> None:
        ours, theirs = socket.socketpair()
        serving = serve_stream(server, theirs, FooInterfaceServer, FooImplementation())
        proxy: Any = connect_stream(client, ours, FooInterfaceClient)
        proxy.init_thread_map()
        assert proxy.callback(callback(lambda arg: arg + 1), n) == n + 1
        close(proxy)
        assert serving.wait_closed(SECONDS)

    with EventLoop("server") as server, EventLoop("client") as client:
        for n in range(50):
            connect(server, client, n)
        gc.collect()
        before = resident(os.getpid()), descriptors(os.getpid())
        for n in range(OBJECTS // 10):
            connect(server, client, n)
        gc.collect()
        assert resident(os.getpid()) <= before[0] + GROWTH
        assert descriptors(os.getpid()) == before[1]
        assert not client._channels
        assert not server._channels
