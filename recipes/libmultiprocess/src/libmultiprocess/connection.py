"""A connection as proxies see it: blocking calls, threads in pairs, lifetimes."""

import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from libmultiprocess.errors import ConversionError, Disconnected, IpcError, RemoteError
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.schema import Wire
from libmultiprocess.threads import ServiceThread, Waiter, Work, WorkThread, current_waiter
from libmultiprocess.transport import MAKE_THREAD, Call, Failure, IncomingCall, Method, RemoteHandle, Transport

if TYPE_CHECKING:
    from libmultiprocess.proxy import ProxyClient, ProxyServer

ClientT = TypeVar("ClientT", bound="ProxyClient")
ThreadT = TypeVar("ThreadT", ServiceThread, WorkThread)

_request_numbers = count(1)


class _CallerThread:
    """What a thread of this process holds at the peer. Dies with the thread, or with the connection."""

    def __init__(self, transport: Transport, waiter: Waiter) -> None:
        self.request_thread: RemoteHandle | None = None
        self._transport = transport
        self._waiter = waiter

    def __del__(self) -> None:
        self._transport.forget_thread(self._waiter)


def _failure(error: BaseException) -> Failure:
    if isinstance(error, RemoteError):
        # It keeps the name that it has where it came from.
        return Failure.of(error.type_name, error.message)
    return Failure.of(type(error).__qualname__, str(error))


class Connection:
    """Carries calls between this process and one other, in both directions.

    Args:
        loop: the process's event loop.
        peer: name of the other process, for messages.
    """

    def __init__(self, loop: EventLoop, peer: str) -> None:
        self.loop = loop
        self.peer = peer
        self.transport = Transport(loop, self, peer)
        self._callers = threading.local()
        self._thread_map: RemoteHandle | None = None
        self._service_threads: set[ServiceThread | WorkThread] = set()
        self._pool: list[WorkThread] = []
        self._next_in_pool = 0
        self._ordered_thread: WorkThread | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._disconnect_hooks: list[Work] = []
        loop.add(self)

    # For proxies.

    def call(self, target: RemoteHandle, method: Method, params: Wire) -> Wire:
        """Call a method of the peer and wait; calls back to this thread run here meanwhile.

        Raises:
            Disconnected: if the peer goes before it answers.
            RemoteError: if the method raised something its schema does not declare.
            ConversionError: if arguments or results do not fit the schema.
        """
        if self.loop.is_current_thread:
            raise IpcError(f"{method.full_name}: called in the event loop's thread, which must not wait")
        if self.transport.closed:
            raise self._lost(method)
        waiter = current_waiter()
        call = Call(target, method, params, waiter)
        if method.has_context:
            call.thread = self._request_thread(waiter)
        log = self.loop.log
        if log.enabled:
            text = self.loop.describe(method.full_name, params)
            log(f"{{{thread_name(self.loop.name)}}} IPC client send {method.full_name}$Params {text}")
        self.transport.send(call)
        try:
            waiter.wait(lambda: call.done)
        except BaseException:
            self.transport.cancel(call)
            raise
        error, call.error = call.error, None
        if error is not None:
            if log.enabled:
                log(f"{{{thread_name(self.loop.name)}}} IPC client exception {method.full_name} {error}")
            try:
                raise error
            finally:
                del error
        results = call.results
        assert results is not None
        if log.enabled:
            text = self.loop.describe(method.full_name, results)
            log(f"{{{thread_name(self.loop.name)}}} IPC client recv {method.full_name}$Results {text}")
        return results

    def _lost(self, method: Method) -> Disconnected:
        return Disconnected(f"{method.full_name}: the connection to {self.peer} is closed")

    def export(self, server: "ProxyServer[Any]") -> Any:
        """``server`` in the form in which it can be a parameter or result."""
        return self.transport.export(server)

    def client(self, client_type: type[ClientT], handle: RemoteHandle | None) -> ClientT:
        """A proxy for an object that was received.

        Raises:
            ConversionError: if the peer sent none where one is needed.
        """
        if handle is None:
            raise ConversionError(f"{self.peer} sent no object where a {client_type.__name__} is needed")
        return client_type(self, handle)

    def export_thread_map(self) -> Any:
        """Lets the peer start threads here."""
        return self.transport.export_thread_map()

    def set_thread_map(self, handle: RemoteHandle | None) -> None:
        """The peer lets us start threads there."""
        if handle is not None:
            self._thread_map = handle

    def _caller(self, waiter: Waiter) -> _CallerThread:
        try:
            caller: _CallerThread = self._callers.thread
        except AttributeError:
            caller = self._callers.thread = _CallerThread(self.transport, waiter)
        return caller

    def _request_thread(self, waiter: Waiter) -> RemoteHandle:
        caller = self._caller(waiter)
        if caller.request_thread is None:
            if self._thread_map is None:
                if self.transport.closed:
                    raise self._lost(MAKE_THREAD)
                raise IpcError(f"{self.peer} offers no threads; is a construct method missing in its first interface?")
            name = thread_name(self.loop.name)
            caller.request_thread = self.call(self._thread_map, MAKE_THREAD, {"name": name})["result"]
        return caller.request_thread

    # For the transport, in the event loop's thread.

    def received(self, call: IncomingCall) -> None:
        """Hand a call to the thread that shall run it."""
        number = next(_request_numbers)
        log = self.loop.log
        if log.enabled:
            method = call.method.full_name
            text = self.loop.describe(method, call.params)
            log(f"{{{thread_name(self.loop.name)}}} IPC server recv request  #{number} {method}$Params {text}")
        thread: Waiter | WorkThread | None = call.waiter
        if thread is None:
            thread = self._pool_thread() if call.method.has_context else self._ordered()
        if thread is None:
            call.reply(Failure.of("IpcError", "no thread specified and no pool configured"))
            return
        thread.post(partial(self._execute, call, number))

    def _pool_thread(self) -> WorkThread | None:
        if not self._pool:
            return None
        self._next_in_pool = (self._next_in_pool + 1) % len(self._pool)
        return self._pool[self._next_in_pool]

    def _ordered(self) -> WorkThread:
        # Methods without a context run one after the other, as in C++, but never in the loop's own thread.
        if self._ordered_thread is None:
            self._ordered_thread = self._keep(WorkThread("ipc-ordered", self._thread_ended))
        return self._ordered_thread

    def make_thread(self, name: str) -> Waiter:
        """Start a thread for a thread of the peer."""
        return self._keep(ServiceThread(f"ipc ({name})", self._thread_ended)).waiter

    def make_pool(self, count: int) -> None:
        """Start threads for calls that name none."""
        while len(self._pool) < count:
            self._pool.append(self._keep(WorkThread(f"ipc-pool-{len(self._pool)}", self._thread_ended)))

    def _keep(self, thread: ThreadT) -> ThreadT:
        with self._lock:
            self._service_threads.add(thread)
        return thread

    def _thread_ended(self, thread: ServiceThread | WorkThread) -> None:
        with self._lock:
            self._service_threads.discard(thread)

    def drop_thread(self, waiter: Waiter) -> None:
        """The peer has no more use for a thread."""
        with self._lock:
            threads = [
                thread
                for thread in self._service_threads
                if isinstance(thread, ServiceThread) and thread.waiter is waiter
            ]
        for thread in threads:
            thread.stop()

    def disconnected(self) -> None:
        """The connection has ended."""
        with self._lock:
            threads = list(self._service_threads)
            hooks, self._disconnect_hooks = self._disconnect_hooks, []
        for thread in threads:
            thread.stop()
        self._thread_map = None
        self._callers = threading.local()
        for hook in hooks:
            self.loop.clean_up(hook)
        self.loop.discard(self)
        self._ended.set()

    # In a service thread.

    def _execute(self, call: IncomingCall, number: int) -> None:
        method = call.method
        caller = self._caller(current_waiter())
        # A thread that already waits for this peer keeps its pairing: this is a call back within its own call.
        outermost = caller.request_thread is None
        if outermost:
            caller.request_thread = call.callback_thread
        log = self.loop.log
        outcome: Wire | Failure
        try:
            outcome = results = call.server.run(method.name, call.params)
        except BaseException as error:
            outcome = _failure(error)
            if log.enabled:
                text = f"{type(error).__qualname__}: {error}"
                log(f"{{{thread_name(self.loop.name)}}} IPC server error request #{number} {method.full_name} {text}")
        else:
            if log.enabled:
                text = self.loop.describe(method.full_name, results)
                name = thread_name(self.loop.name)
                log(f"{{{name}}} IPC server send response #{number} {method.full_name}$Results {text}")
        finally:
            if outermost:
                caller.request_thread = None
        call.reply(outcome)

    # For applications.

    @property
    def closed(self) -> bool:
        """Whether the connection has ended."""
        return self._ended.is_set()

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Wait until the connection has ended; False if ``timeout`` (seconds) passed first."""
        return self._ended.wait(timeout)

    def on_disconnect(self, hook: Callable[[], None]) -> None:
        """Run ``hook`` once when the connection has ended, in the loop's clean-up thread; at once if it already has."""
        with self._lock:
            if not self._ended.is_set():
                self._disconnect_hooks.append(hook)
                return
        self.loop.clean_up(hook)

    def close(self) -> None:
        """End the connection: objects held for the peer are let go, pending calls raise `Disconnected`."""
        self.loop.post(self.transport.close)
        if not self.loop.is_current_thread and not self.loop.closed:
            self._ended.wait()
