"""Peers that die, cut, flood or send garbage; and what breaks into a call from this side.

``LIBMULTIPROCESS_ROUNDS`` sets the rounds of the tests that repeat; what takes seconds unless said. 1000 is the figure
that the library is held to.
"""

import contextlib
import gc
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import capnp
import pytest

import libmultiprocess
from libmultiprocess import (
    ConversionError,
    Disconnected,
    EventLoop,
    FunctionLog,
    IpcError,
    Limits,
    Listener,
    RemoteError,
    TimedOut,
    close,
    connect,
    connect_stream,
    connection_of,
    deadline,
    listen,
    serve_stream,
    spawn,
)
from libmultiprocess.rpc import messages
from libmultiprocess.rpc.messages import Hosted
from libmultiprocess.schema import load_schema
from libmultiprocess.wire.framing import MessageStream
from libmultiprocess.wire.output import Output

TESTS = Path(__file__).parent
SOURCE = Path(libmultiprocess.__file__).parent.parent
RPC = load_schema(Path(capnp.__file__).parent / "rpc.capnp")
SECONDS = 60
"""How long anything may take; nothing comes near it unless it hangs."""


def rounds(usual: int) -> range:
    return range(int(os.environ.get("LIBMULTIPROCESS_ROUNDS", str(usual))))


@pytest.fixture
def environment(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (SOURCE, TESTS, generated))))


class Leaks:
    """Compares descriptors and threads before and after."""

    def __init__(self) -> None:
        gc.collect()
        self._threads = set(threading.enumerate())
        self._descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    def check(self) -> None:
        """No thread and no descriptor more than before."""
        for thread in set(threading.enumerate()) - self._threads:
            thread.join(SECONDS)
        assert set(threading.enumerate()) <= self._threads
        assert len(os.listdir("/proc/self/fd")) <= self._descriptors  # noqa: PTH208


@pytest.fixture
def leaks(generated: Path) -> Iterator[Leaks]:
    """Fails the test if it leaves a thread or a descriptor."""
    import foo_generated.foo  # noqa: F401  # opens files

    found = Leaks()
    yield found
    found.check()


def foo_implementation() -> Any:
    from foo import FooImplementation

    return FooImplementation()


def callback(function: Callable[[int], int]) -> Any:
    from foo import FooCallback

    class Callback(FooCallback):
        def call(self, arg: int) -> int:
            return function(arg)

    return Callback()


class Pair:
    """A served object and its proxy over a socket pair, each with an event loop of its own."""

    def __init__(self, impl: Any = None, sockets: tuple[socket.socket, socket.socket] | None = None) -> None:
        from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

        self.lines: list[str] = []
        self.server_loop = EventLoop("server", FunctionLog(self.lines.append))
        self.client_loop = EventLoop("client")
        ours, theirs = sockets or socket.socketpair()
        self.server = serve_stream(self.server_loop, theirs, FooInterfaceServer, impl or foo_implementation())
        try:
            self.proxy: Any = connect_stream(self.client_loop, ours, FooInterfaceClient)
            self.proxy.init_thread_map()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.client_loop.close()
        self.server_loop.close()

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Callers:
    """Threads that make calls of every kind until one fails."""

    def __init__(self, proxy: Any, count: int) -> None:
        self.errors: list[BaseException] = []
        self.wrong: list[tuple[Any, Any]] = []
        self._proxy = proxy
        self._calls = 0
        self._reached = threading.Condition()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def _work(self, seed: int) -> None:
        chance = random.Random(seed)
        try:
            while True:
                self._call(chance)
                with self._reached:
                    self._calls += 1
                    self._reached.notify_all()
        except BaseException as error:
            self.errors.append(error)
            with self._reached:
                self._reached.notify_all()

    def _call(self, chance: random.Random) -> None:
        number = chance.randrange(1000)
        kind = chance.randrange(5)
        if kind == 0:
            self._expect(self._proxy.add(number, 1), number + 1)
        elif kind == 1:
            self._expect(self._proxy.callback(callback(lambda arg: arg * 2), number), number * 2)
        elif kind == 2:
            self._expect(self._proxy.call_int_fn_async(number + 1), number + 1)
        elif kind == 3:
            data = bytes([number & 255]) * (number * 300)
            self._expect(self._proxy.pass_data(data), data)
        else:
            nested = callback(lambda arg: int(self._proxy.add(arg, 1)))
            self._expect(self._proxy.callback_unique(nested, number), number + 1)

    def _expect(self, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.wrong.append((found, wanted))

    def wait_for(self, calls: int) -> None:
        """Wait until so many calls are done, or all have failed."""
        with self._reached:
            assert self._reached.wait_for(
                lambda: self._calls >= calls or len(self.errors) == len(self._threads), SECONDS
            )

    def check(self, *expected: type[BaseException]) -> None:
        """All threads have ended, with nothing but ``expected``, and had no wrong result."""
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive()
        assert len(self.errors) == len(self._threads)
        for error in self.errors:
            assert isinstance(error, expected), repr(error)
        assert self.wrong == []


# Peers that die.


@pytest.mark.usefixtures("environment")
def test_a_peer_killed_at_any_moment(leaks: Leaks) -> None:
    from foo_generated.foo import FooInterfaceClient

    chance = random.Random(1)
    for _ in rounds(8):
        with EventLoop("test") as loop:
            process = spawn(lambda descriptor: [sys.executable, str(TESTS / "foo_process.py"), str(descriptor)])
            proxy: Any = connect_stream(loop, process.sock, FooInterfaceClient)
            proxy.init_thread_map()
            callers = Callers(proxy, 3)
            callers.wait_for(chance.randrange(60))

            process.kill()

            callers.check(Disconnected)
            assert process.wait(SECONDS) == -signal.SIGKILL
            with pytest.raises(Disconnected):
                proxy.add(1, 2)


class Line:
    """Carries bytes between two socket pairs until it is cut after a number of them.

    Args:
        budget: bytes in both directions until the cut.
        half: whether only one direction ends.
    """

    def __init__(self, budget: int, half: bool) -> None:
        self.ours, left = socket.socketpair()
        self.theirs, right = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, args=(left, right, budget, half))
        self._thread.start()

    def _carry(self, left: socket.socket, right: socket.socket, budget: int, half: bool) -> None:
        other = {left: right, right: left}
        with left, right, selectors.DefaultSelector() as selector:
            for end in other:
                selector.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    sock: Any = key.fileobj
                    with contextlib.suppress(OSError):
                        data = sock.recv(min(budget, 1 << 16))
                        other[sock].sendall(data)
                        budget -= len(data)
                        if not data:
                            return
                    if not budget and half:
                        # The peer sees the end of what it reads; it can still send, and nobody answers.
                        other[sock].shutdown(socket.SHUT_WR)
                        while other[sock].recv(1 << 16):
                            pass
                        return
                    if not budget:
                        return

    def join(self) -> None:
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()


@pytest.mark.parametrize("half", [False, True])
def test_a_line_cut_anywhere(leaks: Leaks, half: bool) -> None:
    chance = random.Random(2)
    for _ in rounds(20):
        line = Line(chance.choice((chance.randrange(1, 3000), chance.randrange(1, 1 << 20))), half)
        try:
            pair = Pair(sockets=(line.ours, line.theirs))
        except Disconnected:
            line.join()
            continue
        with pair:
            callers = Callers(pair.proxy, 2)
            callers.check(Disconnected)
            assert pair.server.wait_closed(SECONDS)
        line.join()


def test_a_cut_message_is_named_as_the_reason(generated: Path) -> None:
    from foo_generated.foo import FooInterfaceServer

    lines: list[str] = []
    ours, theirs = socket.socketpair()
    with EventLoop("server", FunctionLog(lines.append)) as loop, ours:
        connection = serve_stream(loop, theirs, FooInterfaceServer, foo_implementation(), peer="cutter")
        ours.sendall(messages.bootstrap(0)[:-3])
        ours.shutdown(socket.SHUT_WR)
        assert connection.wait_closed(SECONDS)
    assert any(line.endswith("IPC connection to cutter ended: a message was cut off") for line in lines)


# What this side does in the middle of it.

CLOSINGS: dict[str, Callable[[Pair], None]] = {
    "proxy": lambda pair: close(pair.proxy),
    "connection": lambda pair: pair.proxy._connection.close(),
    "loop": lambda pair: pair.client_loop.close(),
    "served": lambda pair: pair.server.close(),
    "serving loop": lambda pair: pair.server_loop.close(),
    "both": lambda pair: pair.server.close() if pair.proxy._connection.hang_up() is None else None,
}


@pytest.mark.parametrize("what", CLOSINGS)
def test_closing_during_calls(leaks: Leaks, what: str) -> None:
    chance = random.Random(3)
    for _ in rounds(6):
        with Pair() as pair:
            callers = Callers(pair.proxy, 3)
            callers.wait_for(chance.randrange(80))

            CLOSINGS[what](pair)

            callers.check(Disconnected, libmultiprocess.ProxyClosed, RemoteError)
            for error in callers.errors:
                # A callback's own failure may come back in the moment before the end.
                assert not isinstance(error, RemoteError) or error.type_name in ("Disconnected", "ProxyClosed")
            with pytest.raises(IpcError):
                pair.proxy.add(1, 2)


@pytest.mark.parametrize("what", CLOSINGS)
def test_closing_in_a_callback(leaks: Leaks, what: str) -> None:
    for _ in rounds(6):
        with Pair() as pair:

            def end(arg: int, pair: Pair = pair) -> int:
                CLOSINGS[what](pair)
                return arg

            with pytest.raises(Disconnected):
                pair.proxy.callback(callback(end), 1)


def test_closing_in_a_served_method(leaks: Leaks) -> None:
    from foo import FooImplementation

    class Closing(FooImplementation):
        def call_int_fn_async(self, arg: int) -> int:
            pair.server.close()
            return arg

    with Pair(Closing()) as pair, pytest.raises(Disconnected):
        pair.proxy.call_int_fn_async(1)


def test_a_closed_loop_takes_no_connection(generated: Path, leaks: Leaks) -> None:
    from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

    loop = EventLoop("test")
    loop.close()
    loop.close()
    for _ in range(2):
        ours, theirs = socket.socketpair()
        with theirs, pytest.raises(IpcError, match="closed"):
            connect_stream(loop, ours, FooInterfaceClient)
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(IpcError, match="closed"):
        serve_stream(loop, ours, FooInterfaceServer, foo_implementation())


def test_queued_calls_of_a_peer_that_is_gone_are_not_begun(generated: Path) -> None:
    from foo import FooImplementation

    begun: list[int] = []
    entered, leave = threading.Event(), threading.Event()

    class Slow(FooImplementation):
        def add(self, a: int, b: int) -> int:
            begun.append(a)
            entered.set()
            leave.wait(SECONDS)
            return a

    with Pair(Slow()) as pair:
        callers = [threading.Thread(target=_disconnected, args=(pair.proxy.add, n, 0)) for n in range(5)]
        for caller in callers:
            caller.start()
        assert entered.wait(SECONDS)
        sizes = pair.server._session
        wait_until(lambda: sizes.sizes["answers"] >= 5)
        pair.server.close()
        for caller in callers:
            caller.join(SECONDS)
        leave.set()
    assert len(begun) == 1


def _disconnected(call: Callable[..., Any], *arguments: Any) -> None:
    with pytest.raises(Disconnected):
        call(*arguments)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what nobody tells of."""
    ended = threading.Event()
    for _ in range(SECONDS * 1000):
        if condition():
            return
        ended.wait(0.001)
    raise AssertionError("it does not happen")


# Deadlines.


def _blocking() -> tuple[Any, threading.Semaphore, threading.Event]:
    from foo import FooImplementation

    entered, leave = threading.Semaphore(0), threading.Event()

    class Blocking(FooImplementation):
        def call_int_fn_async(self, arg: int) -> int:
            if arg < 0:
                entered.release()
                leave.wait(SECONDS)
            return arg

    return Blocking(), entered, leave


def test_a_deadline_ends_a_call(leaks: Leaks) -> None:
    impl, _, leave = _blocking()
    with Pair(impl) as pair:
        with deadline(0.02), pytest.raises(TimedOut, match=r"callIntFnAsync.*in time"):
            pair.proxy.call_int_fn_async(-1)
        with deadline(0), pytest.raises(TimedOut):
            pair.proxy.call_int_fn_async(1)
        leave.set()
        assert pair.proxy.call_int_fn_async(2) == 2
        with deadline(SECONDS):
            assert pair.proxy.callback(callback(lambda arg: int(pair.proxy.add(arg, 1))), 4) == 5


def test_a_deadline_holds_after_another_thread_has_read(leaks: Leaks) -> None:
    # The thread that has read so far leaves; the one that must look at the clock may not succeed it.
    impl, _, leave = _blocking()
    for _ in rounds(5):
        with Pair(impl) as pair:
            first_leaves = threading.Event()

            def first(pair: Pair = pair, leaves: threading.Event = first_leaves) -> None:
                pair.proxy.callback(callback(lambda arg: int(leaves.wait(SECONDS))), 1)

            def second(pair: Pair = pair) -> None:
                pair.proxy.call_int_fn_async(1)
                with deadline(0.05), pytest.raises(TimedOut):
                    pair.proxy.call_int_fn_async(-1)

            threads = [threading.Thread(target=work) for work in (first, second)]
            for thread in threads:
                thread.start()
            sleepers = pair.proxy._connection._channel._sleepers

            def asleep(sleepers: Any = sleepers, second: threading.Thread = threads[1]) -> bool:
                return bool(sleepers) or not second.is_alive()

            wait_until(asleep)
            first_leaves.set()
            for thread in threads:
                thread.join(SECONDS)
                assert not thread.is_alive()
            leave.set()
        leave.clear()


def test_a_deadline_holds_for_connecting(generated: Path, leaks: Leaks) -> None:
    from foo_generated.foo import FooInterfaceClient

    ours, theirs = socket.socketpair()
    with EventLoop("test") as loop, theirs, deadline(0.02), pytest.raises(TimedOut, match="bootstrap"):
        connect_stream(loop, ours, FooInterfaceClient)


def test_a_call_back_to_a_thread_that_has_ended_fails(leaks: Leaks) -> None:
    # It gave up its call by a deadline, and ended while the callee still called it back.
    from foo import FooImplementation

    given_up, called = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    class Late(FooImplementation):
        def callback(self, callback: Any, arg: int) -> int:
            given_up.wait(SECONDS)
            called.set()
            try:
                return int(callback.call(arg))
            except BaseException as error:
                errors.append(error)
                raise

    with Pair(Late()) as pair:

        def work() -> None:
            with deadline(0.02), pytest.raises(TimedOut):
                pair.proxy.callback(kept, 1)
            given_up.set()
            waiter = libmultiprocess.threads.current_waiter()
            wait_until(lambda: bool(waiter.work))

        kept = callback(lambda arg: arg)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(SECONDS)

        def failed() -> bool:
            # The traceback of the time-out knows the thread's frames.
            gc.collect()
            return bool(errors)

        wait_until(failed)
        assert called.is_set()
    [error] = errors
    assert isinstance(error, RemoteError)
    assert "has ended" in error.message


# Exceptions.


class Unspeakable(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError("no words")


class Renamed(Exception):
    """Has another name for peers."""

    remote_type_name = "public.Name"


@pytest.mark.parametrize(
    ("error", "type_name", "message"),
    [
        (Renamed("what"), "public.Name", "what"),
        (KeyError("key"), "KeyError", "'key'"),
        (Unspeakable(), "Unspeakable", ""),
        (SystemExit(3), "SystemExit", "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt", ""),
        (ValueError("two\nlines ä \0 \udc80"), "ValueError", "two\nlines ä \0 ?"),
        (ValueError("x" * (70 << 20)), "ValueError", "x" * ((1 << 16) - 12)),
        (Disconnected("elsewhere"), "Disconnected", "elsewhere"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_exceptions_of_methods(leaks: Leaks, error: BaseException, type_name: str, message: str) -> None:
    from foo import FooImplementation

    class Failing(FooImplementation):
        def add(self, a: int, b: int) -> int:
            if a == 0:
                raise error
            return a + b

    with Pair(Failing()) as pair:
        with pytest.raises(RemoteError) as caught:
            pair.proxy.add(0, 1)
        assert (caught.value.type_name, caught.value.message) == (type_name, message)
        assert pair.proxy.add(1, 1) == 2


@pytest.mark.parametrize("value", ["text", 2**40, None, object()])
def test_results_that_do_not_fit(leaks: Leaks, value: Any) -> None:
    from foo import FooImplementation

    class Wrong(FooImplementation):
        def add(self, a: int, b: int) -> int:
            wrong: int = value
            return wrong if a == 0 else a

    with Pair(Wrong()) as pair:
        with pytest.raises(RemoteError, match="ConversionError"):
            pair.proxy.add(0, 1)
        assert pair.proxy.add(1, 1) == 1


def test_a_log_that_always_raises_ends_no_thread(leaks: Leaks, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)

    def fail(line: str) -> None:
        raise RuntimeError(line)

    with Pair() as pair:
        pair.server_loop.log = FunctionLog(fail)
        pair.proxy._connection._channel.send(b"\xff" * 16, False)
        assert pair.server.wait_closed(SECONDS)
        told = threading.Event()
        pair.server.on_disconnect(lambda: fail("hook"))
        pair.server.on_disconnect(told.set)
        assert told.wait(SECONDS)
        wait_until(lambda: any("ended" in str(item.exc_value) for item in reported))


@pytest.mark.parametrize("value", [object(), "text", memoryview(b"abcdef")[::2], [1], None])
def test_arguments_that_do_not_fit(leaks: Leaks, value: Any) -> None:
    with Pair() as pair:
        with contextlib.suppress(ConversionError, TypeError):
            assert pair.proxy.pass_data(value) in (bytes(value or b""), b"")
        assert pair.proxy.add(1, 1) == 2


def test_what_is_larger_than_a_message_is_refused_on_this_side(leaks: Leaks) -> None:
    with Pair() as pair:
        with pytest.raises(ConversionError, match="more than the"):
            pair.proxy.pass_data(bytes(64 << 20))
        assert pair.proxy.add(1, 1) == 2
        data = bytes(63 << 20)
        assert pair.proxy.pass_data(data) == data


def test_a_log_and_hooks_that_raise_leave_nobody_waiting(leaks: Leaks) -> None:
    def fail(line: str = "recv request") -> None:
        if "recv request" in line:
            raise RuntimeError("broken")

    told = threading.Event()
    with Pair() as pair:
        pair.server_loop.log = FunctionLog(fail)
        with pytest.raises(IpcError):
            pair.proxy.add(1, 2)
        pair.server_loop.log = FunctionLog(pair.lines.append)
        connection = connection_of(pair.proxy)
        assert connection is not None
        connection.on_disconnect(fail)
        connection.on_disconnect(told.set)
        connection.close()
        assert told.wait(SECONDS)
        again = threading.Event()
        connection.on_disconnect(again.set)
        assert again.wait(SECONDS)


def test_endless_recursion_between_processes_ends(leaks: Leaks) -> None:
    with Pair() as pair, Pair() as other:
        endless = callback(lambda arg: int(pair.proxy.callback(endless, arg + 1)))
        with pytest.raises((RecursionError, IpcError)):
            pair.proxy.callback(endless, 1)
        assert other.proxy.add(1, 2) == 3


# Signals, forks and exits happen in processes of their own.

PRELUDE = """
import faulthandler, os, random, signal, socket, sys, threading
faulthandler.dump_traceback_later({seconds}, exit=True)
from foo import FooCallback, FooImplementation
from foo_generated.foo import FooInterfaceClient, FooInterfaceServer
from libmultiprocess import *
class Callback(FooCallback):
    def __init__(self, function): self.function = function
    def call(self, arg): return self.function(arg)
class Foo(FooImplementation):
    leave = threading.Event()
    def call_int_fn_async(self, arg):
        if arg == -1: self.leave.wait()
        return arg
def make():
    server, client = EventLoop("server"), EventLoop("client")
    ours, theirs = socket.socketpair()
    serve_stream(server, theirs, FooInterfaceServer, Foo())
    proxy = connect_stream(client, ours, FooInterfaceClient)
    proxy.init_thread_map()
    return server, client, proxy
"""


def run(program: str, seconds: int = SECONDS, arguments: tuple[str, ...] = ()) -> str:
    """Run a program in a process of its own; it must end well, and say nothing on stderr. Returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE.format(seconds=seconds) + program, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-5000:]
    return done.stdout


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("kind", ["waiting", "calls", "callbacks", "large"])
@pytest.mark.parametrize("others", [0, 2])
def test_a_signal_in_the_main_thread(kind: str, others: int) -> None:
    count = len(rounds(60))
    output = run(
        """
kind, others, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(5)
armed = False
def interrupt(*_):
    if armed: raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
# What is raised in a finalizer the interpreter reports and drops; so the signal comes again.
def unraisable(args):
    if args.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(args)
        sys.stderr.flush()
        os._exit(7)
sys.unraisablehook = unraisable
data = bytes(1 << 18)
def once(proxy):
    if kind == "waiting": proxy.call_int_fn_async(-1)
    elif kind == "calls": assert proxy.call_int_fn_async(5) == 5
    elif kind == "callbacks": assert proxy.callback(Callback(lambda arg: proxy.add(arg, 1)), 1) == 2
    else: assert proxy.pass_data(data) == data
wrong, ended, lost = [], [], 0
def other(proxy):
    try:
        while not stop.is_set():
            if proxy.callback(Callback(lambda arg: arg + 1), 3) != 4: wrong.append(1)
    except Disconnected:
        return
    except BaseException as error:
        wrong.append(error)
loops = None
for n in range(rounds):
    if loops is None:
        loops = make()
        proxy = loops[2]
        stop = threading.Event()
        threads = [threading.Thread(target=other, args=(proxy,)) for _ in range(others)]
        for thread in threads: thread.start()
    Foo.leave.clear()
    try:
        armed = True
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00005, 0.005), 1)
        while True: once(proxy)
    except KeyboardInterrupt:
        armed = False
    except Disconnected:
        # An earlier one has ended the connection.
        armed = False
    signal.setitimer(signal.ITIMER_REAL, 0)
    Foo.leave.set()
    results = []
    for k in range(3):
        try:
            assert proxy.add(n, k) == n + k
            assert proxy.callback(Callback(lambda arg: arg), n) == n
            results.append(True)
        except Disconnected:
            results.append(False)
    if results != [True] * 3:
        assert not results[-1], results
        lost += 1
        stop.set()
        for thread in threads: thread.join()
        for loop in loops[:2]: loop.close()
        loops = None
if loops:
    stop.set()
    for thread in threads: thread.join()
    for loop in loops[:2]: loop.close()
assert not wrong, wrong
print(lost)
""",
        SECONDS + count // 4,
        (kind, str(others), str(count)),
    )
    if kind == "waiting" and not others:
        # It sat in a system call nearly always, and passed on no other thread's messages.
        assert int(output) <= count // 4


@pytest.mark.usefixtures("environment")
def test_a_signal_in_a_callback_ends_the_call_around_it() -> None:
    output = run("""
server, client, proxy = make()
def interrupted(arg):
    signal.raise_signal(signal.SIGINT)
    return arg
for n in range(3):
    try:
        proxy.callback(Callback(interrupted), 1)
    except KeyboardInterrupt:
        print("interrupted", proxy.add(1, n))
""")
    assert output == "interrupted 1\ninterrupted 2\ninterrupted 3\n"


@pytest.mark.usefixtures("environment")
def test_an_exception_of_a_handler_passes_as_it_is() -> None:
    output = run("""
server, client, proxy = make()
for error in (TimeoutError("too late"), ValueError("odd"), OSError("own")):
    def handler(*_): raise error
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        proxy.call_int_fn_async(-1)
    except type(error) as caught:
        print(caught)
    Foo.leave.set()
    print(proxy.add(1, 2))
    Foo.leave.clear()
Foo.leave.set()
""")
    assert output == "too late\n3\nodd\n3\nown\n3\n"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("where", ["main", "thread", "callback"])
def test_fork_without_exec(where: str) -> None:
    output = run(
        """
server, client, proxy = make()
stop = threading.Event()
def busy():
    while not stop.is_set(): assert proxy.callback(Callback(lambda arg: arg), 1) == 1
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads: thread.start()
def fork():
    import warnings
    warnings.simplefilter("ignore")
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        for _ in range(2):
            try:
                proxy.add(1, 2)
                os._exit(3)
            except Disconnected as error:
                if "before fork" not in str(error): os._exit(4)
        close(proxy); connection_of(proxy).close(); client.close(); server.close()
        own = make()
        if own[2].callback(Callback(lambda arg: arg), 5) != 5: os._exit(5)
        own[1].close(); own[0].close()
        if sys.argv[1] != "callback": os._exit(0)
        return 0
    assert os.waitpid(pid, 0)[1] == 0, pid
    return 1
def through_callback():
    try:
        assert proxy.callback(Callback(lambda arg: fork()), 1) == 1
    except Disconnected:
        os._exit(0)
for _ in range(int(sys.argv[2])):
    if sys.argv[1] == "main": fork()
    elif sys.argv[1] == "callback": through_callback()
    else:
        thread = threading.Thread(target=fork); thread.start(); thread.join()
assert proxy.add(1, 2) == 3
stop.set()
for thread in threads: thread.join()
print("done")
""",
        SECONDS * 10,
        (where, str(len(rounds(5)))),
    )
    assert output == "done\n"


EXITS = {
    "pending calls": "threading.Thread(target=proxy.call_int_fn_async, args=(-1,), daemon=True).start()",
    "pending callbacks": "threading.Thread(target=proxy.callback, args=(Callback(lambda arg: Foo.leave.wait()), 1), "
    "daemon=True).start()",
    "a saved callback": "proxy.save_callback(Callback(lambda arg: arg))",
    "a busy thread": "threading.Thread(target=lambda: [proxy.add(1, n) for n in iter(int, 1)], daemon=True).start()",
    "a function that the peer holds": "proxy.pass_fn(lambda: 5)",
    "an exit in a callback": "proxy.callback(Callback(lambda arg: sys.exit(0)), 1)",
    "a closed proxy": "close(proxy)",
    "a closed loop": "client.close()",
    "a forgotten proxy": "del proxy",
    "a cycle": "class Node: pass\nnode = Node(); node.self = node; node.proxy = proxy; del proxy, node",
    "an exit in the main thread": "proxy.add(1, 2); sys.exit(0)",
}


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("what", EXITS)
def test_exit_is_quiet(what: str) -> None:
    quiet = "import contextlib\nthreading.excepthook = lambda args: args.exc_type is Disconnected or os._exit(9)\n"
    for _ in range(len(rounds(3)) // 50 + 2):
        run(
            f"{quiet}server, client, proxy = make()\nassert proxy.callback(Callback(lambda arg: arg), 1) == 1\n"
            f"with contextlib.suppress(RemoteError):\n    {EXITS[what]}\n".replace("\nnode", "\n    node")
        )


# Peers that send what they like.


class RawPeer:
    """A peer that is made of single messages."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(SECONDS)
        self._stream = MessageStream()
        self._questions = iter(range(1 << 30))

    def next(self) -> Any:
        """The next message, None at the end."""
        while (message := self._stream.next()) is None:
            data = self.sock.recv(1 << 16)
            if not data:
                return None
            self._stream.feed(data)
        return RPC.Message.from_segments([bytes(part) for part in message.segments])

    def answer_to(self, question: int) -> Any:
        """The return of a question; others are passed over."""
        while (message := self.next()) is not None:
            if message.which() == "return":
                found = getattr(message, "return")
                if found.answerId == question:
                    return found
        raise AssertionError("the connection has ended")

    def bootstrap(self) -> int:
        question = next(self._questions)
        self.sock.sendall(messages.bootstrap(question))
        return int(self.answer_to(question).results.capTable[0].senderHosted)

    def call(self, target: int, method: Any, wire: dict[str, Any], *descriptors: messages.Descriptor) -> int:
        """Send a call; returns its number."""
        question = next(self._questions)
        self.sock.sendall(self.call_bytes(question, target, method, wire, descriptors))
        return question

    @staticmethod
    def call_bytes(question: int, target: int, method: Any, wire: dict[str, Any], descriptors: Any = ()) -> bytes:
        out = Output()
        method.params.write_content(wire, out)
        interface, number = method.numbers
        return messages.call(question, target, interface, number, out, method.params.pointer_bits, descriptors)

    def wait_end(self) -> list[Any]:
        """Wait until the other side hangs up; returns what it sent before."""
        found = []
        with contextlib.suppress(ConnectionResetError):
            while (message := self.next()) is not None:
                found.append(message)
        return found


class Served:
    """A served object on a socket file, a friendly client of it, and the log."""

    def __init__(self, folder: Path, impl: Any = None, **limits: Any) -> None:
        from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

        self.path = folder / "foo.sock"
        self.lines: list[str] = []
        self.loop = EventLoop("server", FunctionLog(self.lines.append))
        self.client_loop = EventLoop("client")
        self.listener: Listener = listen(
            self.loop, self.path, FooInterfaceServer, impl or foo_implementation(), **limits
        )
        self.friend: Any = connect(self.client_loop, self.path, FooInterfaceClient)
        self.friend.init_thread_map()
        self.check_friend()
        self.methods = FooInterfaceClient._methods

    def check_friend(self) -> None:
        """Nobody else's misdeeds harm the friendly client."""
        assert self.friend.callback(callback(lambda arg: arg + 1), 1) == 2

    def connect(self) -> RawPeer:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self.path))
        return RawPeer(sock)

    def reasons(self) -> list[str]:
        """Why connections ended, as the log says."""
        return [line.partition(" ended: ")[2] for line in self.lines if " ended: " in line]

    def wait_reason(self, text: str) -> None:
        wait_until(lambda: any(text in reason for reason in self.reasons()))

    def close(self) -> None:
        self.client_loop.close()
        self.listener.close()
        self.loop.close()


@pytest.fixture
def serve(leaks: Leaks, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Makes a `Served` that is closed with the test."""
    made: list[Served] = []

    def make(impl: Any = None, **limits: Any) -> Served:
        made.append(Served(tmp_path, impl, **limits))
        return made[-1]

    yield make
    for item in made:
        item.close()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def test_a_flood_of_calls(serve: Callable[..., Served]) -> None:
    impl, _, leave = _blocking()
    impl.add = lambda a, b: leave.wait(SECONDS) and a
    served = serve(impl)
    peer = served.connect()
    first = peer.bootstrap()
    sender = threading.Thread(target=_send_until_end, args=(peer, first, served.methods["add"], {"a": 1, "b": 2}))
    sender.start()

    served.wait_reason(f"more than {Limits().calls} calls at once")

    served.check_friend()
    peer.wait_end()
    sender.join(SECONDS)
    leave.set()
    peer.sock.close()


def _send_until_end(peer: RawPeer, target: int, method: Any, wire: dict[str, Any]) -> None:
    call = peer.call_bytes(0, target, method, wire)
    head, tail = call[:32], call[36:]
    with contextlib.suppress(OSError):
        for question in range(1, 1 << 30):
            peer.sock.sendall(head + question.to_bytes(4, "little") + tail)


def test_a_peer_that_never_reads(served: Served) -> None:
    served.loop.limits = Limits(unsent_bytes=1 << 20)
    peer = served.connect()
    first = peer.bootstrap()
    sender = threading.Thread(
        target=_send_until_end, args=(peer, first, served.methods["passData"], {"arg": bytes(30000)})
    )
    sender.start()

    served.wait_reason("the peer does not read")

    served.check_friend()
    sender.join(SECONDS)
    peer.sock.close()


def test_a_peer_that_reads_late_gets_everything(served: Served) -> None:
    peer = served.connect()
    first = peer.bootstrap()
    questions = [peer.call(first, served.methods["passData"], {"arg": bytes([n]) * 200_000}) for n in range(50)]

    for question in questions:
        answer = peer.answer_to(question)
        assert answer.which() == "results"
    peer.sock.close()
    served.check_friend()


def test_too_many_threads(served: Served) -> None:
    served.loop.limits = Limits(threads=5)
    peer = served.connect()
    first = peer.bootstrap()
    # Handled in the order in which they are sent, but by the thread for methods without a context.
    answer = peer.answer_to(peer.call(first, served.methods["initThreadMap"], {"threadMap": None}))
    thread_map = answer.results.capTable[0].senderHosted
    from libmultiprocess.threadmap import MAKE_POOL, MAKE_THREAD

    answers = [peer.answer_to(peer.call(thread_map, MAKE_THREAD, {"name": str(n)})) for n in range(6)]

    assert [str(item.which()) for item in answers] == ["results"] * 4 + ["exception"] * 2
    assert "more than 5 threads" in answers[-1].exception.reason
    assert peer.answer_to(peer.call(thread_map, MAKE_POOL, {"count": 1 << 31})).which() == "exception"
    assert peer.answer_to(peer.call(first, served.methods["add"], {"a": 1, "b": 2})).which() == "results"
    peer.sock.close()
    served.check_friend()


def test_no_thread_left_for_methods_without_a_context(served: Served) -> None:
    served.loop.limits = Limits(threads=0)
    peer = served.connect()
    first = peer.bootstrap()

    answer = peer.answer_to(peer.call(first, served.methods["add"], {"a": 1, "b": 2}))

    assert "threads" in answer.exception.reason
    peer.sock.close()
    served.check_friend()


def test_a_method_that_blocks_keeps_no_other_call_from_being_read(serve: Callable[..., Served]) -> None:
    # The event loop has read for so long that it ticks no more, and wakes a thread that does not come back to read.
    from foo import FooImplementation

    entered, leave = threading.Semaphore(0), threading.Semaphore(0)

    class Blocking(FooImplementation):
        def add(self, a: int, b: int) -> int:
            entered.release()
            assert leave.acquire(timeout=SECONDS)
            return a + b

    served = serve(Blocking())
    peer = served.connect()
    first = peer.bootstrap()
    channel = next(item._channel for item in served.loop._connections if not item._service._service_threads)
    add = served.methods["add"]
    blocked = peer.call(first, add, {"a": 1, "b": 2})
    assert entered.acquire(timeout=SECONDS)
    wait_until(lambda: channel._reader is served.loop and not served.loop.ticking)
    leave.release()
    assert peer.answer_to(blocked).which() == "results"
    wait_until(lambda: bool(channel._sleepers))

    blocked = peer.call(first, add, {"a": 1, "b": 2})
    assert entered.acquire(timeout=SECONDS)
    assert peer.bootstrap() == first

    leave.release()
    assert peer.answer_to(blocked).which() == "results"
    peer.sock.close()


def test_a_call_that_waited_reaches_a_thread_that_reads(serve: Callable[..., Served]) -> None:
    # The thread that is to run it sits in a read when another one answers what the call waited for.
    from foo import FooImplementation

    gate, inside = threading.Event(), threading.Event()
    gate.set()

    class Gated(FooImplementation):
        def init_thread_map(self) -> None:
            inside.set()
            gate.wait(SECONDS)

    served = serve(Gated())
    from libmultiprocess.threadmap import MAKE_THREAD

    peer = served.connect()
    first = peer.bootstrap()
    answer = peer.answer_to(peer.call(first, served.methods["initThreadMap"], {"threadMap": None}))
    made = peer.answer_to(peer.call(answer.results.capTable[0].senderHosted, MAKE_THREAD, {"name": "reader"}))
    thread = made.results.capTable[0].senderHosted
    method = served.methods["callIntFnAsync"]
    for n in rounds(5):
        gate.clear()
        inside.clear()
        wire = {"context": (None, None), "arg": n + 1}
        for _ in range(3):
            # Now it reads.
            own = ((Hosted.RECEIVER, thread), (Hosted.NONE, 0))
            assert peer.answer_to(peer.call(first, method, wire, *own)).which() == "results"
        waited_for = peer.call(first, served.methods["initThreadMap"], {"threadMap": None})
        # The calling thread is the first object of an answer to come:
        # PromisedAnswer (questionId = waited_for, transform = [getPointerField = 0]).
        own = ((Hosted.RECEIVER, thread), (Hosted.RECEIVER_ANSWER, 0))
        data = peer.call_bytes(1_000_000 + n, first, method, wire, own)
        promised = (1 << 32 | 1 << 48, waited_for, 1 | 7 << 32 | 1 << 35, 1 << 2 | 1 << 32, 1)
        data = data[:-8] + b"".join(word.to_bytes(8, "little") for word in promised)
        peer.sock.sendall(data[:4] + (len(data) // 8 - 1).to_bytes(4, "little") + data[8:])
        assert inside.wait(SECONDS)
        wait_until(lambda: any(item._session.deferred == 1 for item in served.loop._connections))

        gate.set()

        assert peer.answer_to(1_000_000 + n).which() == "results"
    peer.sock.close()


def test_more_connections_than_allowed(serve: Callable[..., Served]) -> None:
    served = serve(max_connections=3)
    peers = [served.connect() for _ in range(2)]
    for peer in peers:
        peer.bootstrap()

    one_more = served.connect()

    assert one_more.wait_end() == []
    wait_until(lambda: any("there are 3 connections already" in line for line in served.lines))
    served.check_friend()
    for peer in (*peers, one_more):
        peer.sock.close()
    wait_until(lambda: served.listener._open == 1)
    again = served.connect()
    again.bootstrap()
    again.sock.close()


@pytest.mark.usefixtures("environment")
def test_more_connections_than_descriptors(tmp_path: Path) -> None:
    output = run(
        """
import resource
from pathlib import Path
lines = []
path = Path(sys.argv[1])
server, client = EventLoop("server", FunctionLog(lines.append)), EventLoop("client")
listener = listen(server, path, FooInterfaceServer, Foo())
friend = connect(client, path, FooInterfaceClient)
friend.init_thread_map()
pid = os.fork()
if pid == 0:
    # The peers hold their ends in a process of their own.
    socks = [socket.socket(socket.AF_UNIX) for _ in range(60)]
    for sock in socks: sock.connect(str(path))
    ended = 0
    for sock in socks[40:]: ended += sock.recv(1) == b""
    os._exit(0 if ended == 20 else 1)
before = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (40, before[1]))
assert os.waitpid(pid, 0)[1] == 0
assert friend.callback(Callback(lambda arg: arg), 3) == 3
assert any("too many open files" in line for line in lines)
resource.setrlimit(resource.RLIMIT_NOFILE, before)
friend2 = connect(client, path, FooInterfaceClient)
assert friend2.add(1, 2) == 3
listener.close()
client.close()
server.close()
print("done")
""",
        arguments=(str(tmp_path / "foo.sock"),),
    )
    assert output == "done\n"


def _conversation() -> tuple[list[bytes], list[bytes]]:
    """What a client and a server send each other in a short conversation of every kind of call."""
    from foo import FooStruct, FooStructError

    sent: tuple[list[bytes], list[bytes]] = ([], [])
    with Pair() as pair:
        client, server = pair.proxy._connection, pair.server
        for connection, into in ((client, sent[0]), (server, sent[1])):
            original = connection._session._send

            def note(data: bytes, later: bool, original: Any = original, into: list[bytes] = into) -> None:
                into.append(data)
                original(data, later)

            connection._session._send = note
        assert client.first_object(type(pair.proxy)).add(1, 2) == 3
        pair.proxy.init_thread_map()
        assert pair.proxy.callback(callback(lambda arg: arg), 1) == 1
        assert pair.proxy.pass_data(b"data") == b"data"
        value = FooStruct("name", {1, 2}, [True], 3, frozenset({4}), {"five": 5})
        with pytest.raises(FooStructError):
            pair.proxy.raise_struct(value)
        with pytest.raises(RemoteError):
            pair.proxy.callback_saved(1)
        pair.proxy.save_callback(callback(lambda arg: arg))
        assert pair.proxy.callback_saved(1) == 1
    return sent


def _damaged(chance: random.Random, recorded: list[bytes]) -> bytes:
    """A recording in which some messages are damaged."""
    pieces = list(recorded)
    for _ in range(chance.randrange(1, 4)):
        index = chance.randrange(len(pieces))
        data = bytearray(pieces[index])
        kind = chance.randrange(6)
        if kind == 0 and data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[chance.randrange(len(data) + 1) :]
        elif kind == 2:
            data[chance.randrange(len(data) + 1) :] = chance.randbytes(chance.randrange(64))
        elif kind == 3 and len(data) >= 16:
            at = chance.randrange(len(data) // 8) * 8
            data[at : at + 8] = chance.choice((b"\xff" * 8, bytes(8), chance.randbytes(8)))
        elif kind == 4:
            data = data * 2
        else:
            pieces[index] = pieces[chance.randrange(len(pieces))]
            continue
        pieces[index] = bytes(data)
    return b"".join(pieces)


def test_garbage_from_clients(served: Served) -> None:
    recorded, _ = _conversation()
    chance = random.Random(4)
    for n in rounds(60):
        peer = served.connect()
        garbage = chance.randbytes(chance.randrange(1, 500)) if n % 10 == 0 else _damaged(chance, recorded)
        with contextlib.suppress(OSError):
            peer.sock.sendall(garbage)
            peer.sock.shutdown(socket.SHUT_WR)
        _read_to_end(peer.sock)
        peer.sock.close()
        served.check_friend()
    wait_until(lambda: len(served.loop._connections) == 1)
    assert any(served.reasons())
    assert not any("internal error" in reason for reason in served.reasons()), served.reasons()


def _read_to_end(sock: socket.socket) -> None:
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(1 << 16):
            pass


def test_garbage_from_servers(leaks: Leaks) -> None:
    from foo_generated.foo import FooInterfaceClient

    _, recorded = _conversation()
    chance = random.Random(5)
    lines: list[str] = []
    with EventLoop("client", FunctionLog(lines.append)) as loop:
        for _ in rounds(60):
            ours, theirs = socket.socketpair()
            theirs.sendall(_damaged(chance, recorded))
            theirs.shutdown(socket.SHUT_WR)
            with contextlib.suppress(IpcError):
                proxy: Any = connect_stream(loop, ours, FooInterfaceClient)
                try:
                    proxy.init_thread_map()
                    proxy.callback(callback(lambda arg: arg), 1)
                    proxy.pass_data(b"data")
                finally:
                    proxy._connection.close()
            theirs.close()
    reasons = [line.partition(" ended: ")[2] for line in lines if " ended: " in line]
    assert not any("internal error" in reason for reason in reasons), reasons
