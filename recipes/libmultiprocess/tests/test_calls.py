"""Threads, callbacks, exceptions and lifetimes."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from libmultiprocess import (
    Disconnected,
    FunctionLog,
    ProxyClosed,
    RemoteError,
    calling_connection,
    close,
    connection_of,
)


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


def test_callbacks(foo: Any) -> None:
    callback = make_callback(lambda arg: arg * 2)
    assert foo.callback(callback, 5) == 10
    assert foo.callback_unique(callback, 6) == 12
    assert foo.callback_shared(callback, 7) == 14
    assert foo.callback_extended(callback, 8) == 1016


def test_callback_runs_on_the_calling_thread_inside_its_locks(foo: Any) -> None:
    lock = threading.RLock()
    seen = []

    def function(arg: int) -> int:
        with lock:
            seen.append(threading.current_thread())
        return arg

    with lock:
        assert foo.callback(make_callback(function), 1) == 1
    assert seen == [threading.current_thread()]


def test_a_thread_has_one_thread_at_the_other_side(foo: Any) -> None:
    mine = {foo.call_int_fn_async(0) for _ in range(3)}
    other: list[int] = []
    thread = threading.Thread(target=lambda: other.extend(foo.call_int_fn_async(0) for _ in range(2)))
    thread.start()
    thread.join()
    assert len(mine) == 1
    assert len(set(other)) == 1
    assert mine.isdisjoint(other)


def test_nested_to_depth(foo: Any) -> None:
    threads = set()

    def function(arg: int) -> int:
        threads.add(threading.current_thread())
        return 0 if arg == 0 else 1 + foo.callback(callback, arg - 1)

    callback = make_callback(function)
    assert foo.callback(callback, 30) == 30
    assert threads == {threading.current_thread()}


def test_saved_callback_and_function(foo: Any) -> None:
    foo.save_callback(make_callback(lambda arg: arg + 1))
    assert [foo.callback_saved(n) for n in range(3)] == [1, 2, 3]
    calls = []

    def function() -> int:
        calls.append(1)
        return 7

    assert foo.pass_fn(function) == 7
    foo.call_fn_async()
    assert len(calls) == 2


def test_replaced_callback_is_destroyed(foo: Any) -> None:
    destroyed = threading.Event()
    foo.save_callback(make_callback(lambda arg: arg, destroyed.set))
    assert not destroyed.is_set()
    foo.save_callback(make_callback(lambda arg: arg))
    assert destroyed.wait(60)


def test_a_crowd_of_forgotten_proxies_is_destroyed(foo: Any) -> None:
    # More than the interpreter's recursion limit: each waits for its own answer before the next begins.
    left = threading.Semaphore(0)
    for _ in range(1500):
        foo.callback_unique(make_callback(lambda arg: arg, left.release), 1)
    for _ in range(1500):
        assert left.acquire(timeout=60)


def test_eight_threads_at_once(foo: Any) -> None:
    results: dict[int, list[int]] = {}

    def work(base: int) -> None:
        callback = make_callback(lambda arg: arg + base)
        results[base] = [foo.callback(callback, n) for n in range(50)]

    threads = [threading.Thread(target=work, args=(base,)) for base in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {base: [n + base for n in range(50)] for base in range(8)}


def test_a_blocked_call_delays_no_other_thread(foo: Any) -> None:
    entered, leave = threading.Event(), threading.Event()

    def block(arg: int) -> int:
        entered.set()
        leave.wait()
        return arg

    thread = threading.Thread(target=lambda: foo.callback(make_callback(block), 1))
    thread.start()
    assert entered.wait(60)
    assert foo.add(1, 2) == 3
    assert foo.callback(make_callback(lambda arg: arg), 4) == 4
    leave.set()
    thread.join()


def test_undeclared_exception(foo: Any) -> None:
    def fail(arg: int) -> int:
        raise KeyError(f"number {arg}")

    with pytest.raises(RemoteError) as caught:
        foo.callback(make_callback(fail), 3)
    # The callback's error crosses twice: to the caller of the callback, and as its own error back to here.
    assert (caught.value.type_name, caught.value.message) == ("KeyError", "'number 3'")


def test_proxies_are_refused_after_close(foo: Any) -> None:
    close(foo)
    with pytest.raises(ProxyClosed):
        foo.add(1, 2)


def test_peer_that_closes_ends_every_pending_call(pair: Any) -> None:
    from foo import FooImplementation

    entered = threading.Semaphore(0)
    leave = threading.Event()

    class Blocking(FooImplementation):
        def call_int_fn_async(self, arg: int) -> int:
            entered.release()
            leave.wait()
            return arg

    sides = pair(Blocking())
    errors: list[BaseException] = []

    def call() -> None:
        try:
            sides.proxy.call_int_fn_async(1)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert entered.acquire(timeout=60)
    told = threading.Event()
    connection = connection_of(sides.proxy)
    assert connection is not None
    connection.on_disconnect(told.set)
    sides.server.close()
    for thread in threads:
        thread.join(60)
    leave.set()
    assert [type(error) for error in errors] == [Disconnected] * 4
    assert told.wait(60)
    with pytest.raises(Disconnected):
        sides.proxy.add(1, 2)


def test_disconnect_destroys_what_the_peer_held(pair: Any) -> None:
    from foo import FooImplementation

    destroyed = threading.Event()
    sides = pair(FooImplementation())
    sides.proxy.save_callback(make_callback(lambda arg: arg, destroyed.set))
    sides.server.close()
    assert destroyed.wait(60)


def test_no_thread_is_left_behind(pair: Any) -> None:
    from foo import FooImplementation

    before = set(threading.enumerate())
    sides = pair(FooImplementation())
    for _ in range(5):
        thread = threading.Thread(target=lambda: sides.proxy.callback(make_callback(lambda arg: arg), 1))
        thread.start()
        thread.join()
    sides.client_loop.close()
    sides.server_loop.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
    assert set(threading.enumerate()) - before == set()


def test_no_pycapnp_object_is_left_to_the_garbage_collector(foo: Any) -> None:
    # Messages pass by pycapnp, whose objects must not die in whatever thread the collector runs.
    callback = make_callback(lambda arg: arg)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for n in range(20):
            foo.callback(callback, n)
            with pytest.raises(RemoteError):
                foo.callback(make_callback(lambda arg: arg // 0), n)
        gc.collect()
        garbage = {type(item).__module__ + "." + type(item).__name__ for item in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert not {name for name in garbage if name.startswith("capnp.") or "Export" in name}


def test_log_names_request_and_response(pair: Any) -> None:
    from foo import FooImplementation

    sides = pair(FooImplementation())
    client_lines: list[str] = []
    server_lines: list[str] = []
    sides.client_loop.log = FunctionLog(client_lines.append)
    sides.server_loop.log = FunctionLog(server_lines.append)
    sides.proxy.add(1, 2)
    sides.client_loop.log.enabled = sides.server_loop.log.enabled = False
    name = threading.current_thread().name
    assert (
        f"/{name}-{threading.get_native_id()}}} IPC client send FooInterface.add$Params (a = 1, b = 2)"
        in (client_lines[0])
    )
    assert client_lines[1].endswith("IPC client recv FooInterface.add$Results (result = 3)")
    assert "IPC server recv request  #" in server_lines[0]
    assert server_lines[1].endswith("FooInterface.add$Results (result = 3)")


def test_traffic_is_counted_on_both_sides(pair: Any) -> None:
    from foo import FooImplementation

    sides = pair(FooImplementation())
    connection = connection_of(sides.proxy)
    assert connection is not None
    before, served_before = connection.traffic, sides.server.traffic.calls_served
    for n in range(5):
        sides.proxy.add(n, n)
    assert connection.traffic.calls_made - before.calls_made == 5
    assert connection.traffic.seconds_waited > before.seconds_waited
    sides.proxy.add(1, 1)
    # The last call's server may still be counting it; those before are over.
    assert sides.server.traffic.calls_served - served_before >= 5


def test_a_loop_that_settles_before_it_closes_answers_what_runs(pair: Callable[[Any], Any]) -> None:
    from foo import FooImplementation

    begun, go_on = threading.Event(), threading.Event()

    class Slow(FooImplementation):
        def call_int_fn_async(self, arg: int) -> int:
            begun.set()
            assert go_on.wait(60)
            return arg

    connected = pair(Slow())
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(connected.proxy.call_int_fn_async(5)))
    caller.start()
    assert begun.wait(60)

    assert not connected.server_loop.settle(0)
    threading.Timer(0, go_on.set).start()
    assert connected.server_loop.settle(60)
    connected.server_loop.close()

    caller.join()
    assert answers == [5]


def test_a_method_knows_the_connection_of_its_caller(pair: Callable[[Any], Any]) -> None:
    from foo import FooImplementation

    gone = threading.Event()

    class Curious(FooImplementation):
        def call_int_fn_async(self, arg: int) -> int:
            connection = calling_connection()
            assert connection is not None
            connection.on_disconnect(gone.set)
            return arg

    connected = pair(Curious())
    assert connected.proxy.call_int_fn_async(1) == 1
    assert calling_connection() is None
    assert not gone.is_set()

    connected.client_loop.close()

    assert gone.wait(60)
