"""A connection as proxies see it: blocking calls, threads in pairs, lifetimes."""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeVar

from libmultiprocess.channel import Channel
from libmultiprocess.errors import ConversionError, Disconnected, IpcError, MalformedMessage, RemoteError, TimedOut
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.method import Method
from libmultiprocess.rpc.messages import Failure
from libmultiprocess.rpc.session import Incoming, LocalObject, RemoteHandle, Session
from libmultiprocess.threadmap import MAKE_THREAD, ThreadMapTarget, ThreadTarget
from libmultiprocess.threads import ServiceThread, Waiter, Work, current_waiter
from libmultiprocess.wire.codec import Wire
from libmultiprocess.wire.message import Message, Segment
from libmultiprocess.wire.output import Output

if TYPE_CHECKING:
    from libmultiprocess.proxy import ProxyClient, ProxyServer

ClientT = TypeVar("ClientT", bound="ProxyClient")

MAX_THREADS: Final = 1024
"""How many threads a peer may start here."""

_MAX_REASON_CHARS: Final = 1 << 16

_request_numbers = count(1)

# What Cap'n Proto and C++ libmultiprocess put around a message, once for each process it came through.
_REMOTE_TEXT = re.compile(
    r"^(?:remote exception: |message = |kj::Exception: |std::exception: |\(remote\):0: failed: )+"
    r"|\s*\nstack: [0-9a-f ]+$"
)
_TYPE_AND_TEXT = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)


class _Call:
    """A call to the peer, until its thread has seen its end."""

    __slots__ = ("capabilities", "content", "done", "failure", "message", "reason", "waiter")
    urgent = True

    def __init__(self, waiter: Waiter) -> None:
        self.waiter = waiter
        self.done = False
        self.failure: int | None = None
        self.reason = ""
        self.message: Message | None = None
        self.content: tuple[Segment, int] = (b"", 0)
        self.capabilities: Sequence[Any] = ()

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        """See `libmultiprocess.rpc.session.Question`."""
        self.message, self.content, self.capabilities = message, content, capabilities
        self._end()

    def failed(self, failure: int, reason: str) -> None:
        """See `libmultiprocess.rpc.session.Question`."""
        self.failure, self.reason = failure, reason
        self._end()

    def lost(self) -> None:
        """See `libmultiprocess.rpc.session.Question`."""
        self._end()

    def _end(self) -> None:
        self.done = True
        if self.waiter.sleeping:
            self.waiter.wake()


class _CallerThread:
    """What a thread of this process and its peer know of each other. Dies with the thread, or with the connection."""

    def __init__(self, session: Session, waiter: Waiter, name: str) -> None:
        self.request_thread: RemoteHandle | None = None
        self._session = session
        self.export = -1
        self.export = session.export(ThreadTarget(waiter, name), pinned=True)

    def __del__(self) -> None:
        self._session.withdraw(self.export)


class _Execution:
    """A call of the peer that waits for its thread."""

    __slots__ = ("_callback_thread", "_connection", "_incoming")

    def __init__(self, connection: "Connection", incoming: Incoming, callback_thread: RemoteHandle | None) -> None:
        self._connection = connection
        self._incoming = incoming
        self._callback_thread = callback_thread

    def __call__(self) -> None:
        self._connection._execute(self._incoming, self._callback_thread)

    def abandon(self) -> None:
        """See `libmultiprocess.threads.Task`."""
        self._connection._abandon(self._incoming)


class Connection:
    """Carries calls between this process and one other, in both directions.

    Args:
        loop: the process's event loop.
        sock: a connected socket, which is taken over.
        peer: name of the other process, for messages.
        offer: makes the object that the peer gets when it asks for the first one.

    Raises:
        IpcError: if the loop is closed.
    """

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        peer: str,
        offer: "Callable[[Connection], ProxyServer[Any]] | None" = None,
    ) -> None:
        self.loop = loop
        self.peer = peer
        self._callers = threading.local()
        self._thread_map: RemoteHandle | None = None
        self._service_threads: set[ServiceThread] = set()
        self._pool: list[ServiceThread] = []
        self._next_in_pool = 0
        self._ordered_thread: ServiceThread | None = None
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._ended = threading.Event()
        self._disconnect_hooks: list[Work] = []
        self._channel = Channel(loop, sock, self._disconnected)
        self._session = Session(
            self._channel.send, self._receive, loop.start_ticking, offer(self) if offer is not None else None
        )
        self._channel.session = self._session
        try:
            loop.add(self, self._channel)
        except IpcError:
            sock.close()
            raise

    # For proxies.

    def call(self, target: RemoteHandle, method: Method, params: Wire) -> Wire:
        """Call a method of the peer and wait; calls back to this thread run here meanwhile.

        Raises:
            Disconnected: if the peer goes before it answers.
            RemoteError: if the method raised something its schema does not declare.
            ConversionError: if arguments or results do not fit the schema.
            TimedOut: if the time of a `deadline` is over.
        """
        waiter = current_waiter()
        self._check(waiter, method)
        call = _Call(waiter)
        log = self.loop.log
        if log.enabled:
            text = self.loop.describe(method.full_name, params)
            log(f"{{{thread_name(self.loop.name)}}} IPC client send {method.full_name}$Params {text}")
        if method.has_context:
            caller = self._caller(waiter)
            params[method.context[0]] = (caller.request_thread or self._request_thread(caller), caller.export)
        out = Output()
        codec = method.params
        try:
            codec.write_content(params, out)
        except ConversionError as error:
            raise ConversionError(f"{method.full_name}: an argument does not fit: {error}") from error.__cause__
        session = self._session
        before = waiter.enter(self._channel)
        number = -1
        try:
            number = session.ask(call, target, method.numbers, out, codec.pointer_bits)
            self._wait(waiter, call, method.full_name)
        except BaseException as error:
            self._break_off(waiter, number, error)
            raise
        finally:
            waiter.leave(self._channel, before)
        if call.message is None:
            raise self._error(call, method.full_name)
        try:
            results = method.read(method.results, call.message, call.content, call.capabilities)
        except MalformedMessage as error:
            raise ConversionError(f"{method.full_name}: cannot read the results: {error}") from None
        if log.enabled:
            text = self.loop.describe(method.full_name, results)
            log(f"{{{thread_name(self.loop.name)}}} IPC client recv {method.full_name}$Results {text}")
        return results

    def _check(self, waiter: Waiter, method: Method) -> None:
        if self._channel.ended:
            raise self._lost(method)
        if waiter.busy:
            where = "in the event loop's thread" if self.loop.is_current_thread else "in the library's own work"
            raise IpcError(f"{method.full_name}: called {where}, which must not wait; by a finalizer, perhaps")

    def _wait(self, waiter: Waiter, call: _Call, name: str) -> None:
        if waiter.deadline is None:
            self._channel.wait(waiter, call)
        elif not self._channel.wait_until(waiter, call, waiter.deadline):
            raise TimedOut(f"{name}: {self.peer} has not answered in time")

    def _break_off(self, waiter: Waiter, number: int, error: BaseException) -> None:
        """An exception ends a call before its answer."""
        if number >= 0 and (waiter.resting or isinstance(error, TimedOut)):
            waiter.resting = False
            self._session.give_up(number)
        else:
            self._channel.broken_off(waiter, error)

    def _lost(self, method: Method) -> Disconnected:
        if self.loop.forked:
            return Disconnected(f"{method.full_name}: the connection to {self.peer} belongs to the process before fork")
        return Disconnected(f"{method.full_name}: the connection to {self.peer} is closed")

    def _error(self, call: _Call, name: str) -> IpcError:
        """What a call that has no results raises."""
        if call.failure is None or call.failure == Failure.DISCONNECTED:
            error: IpcError = Disconnected(f"{name}: the connection to {self.peer} was lost")
        else:
            text = _REMOTE_TEXT.sub("", call.reason.strip())
            match = _TYPE_AND_TEXT.fullmatch(text)
            error = RemoteError(match[1], match[2] or "") if match else RemoteError("Exception", text)
        if self.loop.log.enabled:
            self.loop.log(f"{{{thread_name(self.loop.name)}}} IPC client exception {name} {error}")
        return error

    def export(self, server: "ProxyServer[Any]") -> Any:
        """``server`` in the form in which it can be a parameter or result."""
        return server

    def client(self, client_type: type[ClientT], handle: RemoteHandle | LocalObject | None) -> ClientT:
        """A proxy for an object that was received; the object itself if it is one of this process.

        Raises:
            ConversionError: if the peer sent none where one is needed, or one of another kind.
        """
        if isinstance(handle, RemoteHandle):
            return client_type(self, handle)
        name = client_type.__name__
        if handle is None:
            raise ConversionError(f"{self.peer} sent no object where a {name} is needed")
        server: Any = handle.target
        if not hasattr(server, "implements") or not server.implements(client_type._interface):
            raise ConversionError(f"{self.peer} sent back a {type(server).__name__} where a {name} is needed")
        # To whoever asked, it is as good as a proxy: both are what the interface wraps.
        own: ClientT = server.implementation
        return own

    def first_object(self, client_type: type[ClientT]) -> ClientT:
        """A proxy for the object that the peer offers.

        Raises:
            Disconnected: if the peer hangs up.
            RemoteError: if it offers none.
            TimedOut: if the time of a `deadline` is over.
        """
        waiter = current_waiter()
        call = _Call(waiter)
        before = waiter.enter(self._channel)
        number = -1
        try:
            number = self._session.ask_first_object(call)
            self._wait(waiter, call, "bootstrap")
        except BaseException as error:
            self._break_off(waiter, number, error)
            raise
        finally:
            waiter.leave(self._channel, before)
        if call.message is None:
            raise self._error(call, "bootstrap")
        index = call.message.capability_at(*call.content)
        if index is None or index >= len(call.capabilities):
            raise ConversionError(f"{self.peer} offers no object")
        return self.client(client_type, call.capabilities[index])

    def export_thread_map(self) -> Any:
        """Lets the peer start threads here."""
        return ThreadMapTarget(self._make_thread, self._make_pool)

    def set_thread_map(self, handle: RemoteHandle | None) -> None:
        """The peer lets us start threads there."""
        if type(handle) is RemoteHandle:
            self._thread_map = handle

    def _caller(self, waiter: Waiter) -> _CallerThread:
        try:
            caller: _CallerThread = self._callers.thread
        except AttributeError:
            caller = _CallerThread(self._session, waiter, thread_name(self.loop.name))
            self._callers.thread = caller
        return caller

    def _request_thread(self, caller: _CallerThread) -> RemoteHandle:
        if self._thread_map is None:
            if self.closed:
                raise self._lost(MAKE_THREAD)
            raise IpcError(f"{self.peer} offers no threads; is a construct method missing in its first interface?")
        made = self.call(self._thread_map, MAKE_THREAD, {"name": thread_name(self.loop.name)})["result"]
        if type(made) is not RemoteHandle:
            raise ConversionError(f"{self.peer} sent no thread")
        caller.request_thread = made
        return made

    # For the session, in the thread that reads.

    def _receive(self, incoming: Incoming) -> None:
        """Hand a call to the thread that shall run it."""
        target, method = incoming.target, incoming.method
        if type(target) is ThreadMapTarget or type(target) is ThreadTarget:
            self._run_here(incoming)
            return
        thread: Waiter | ServiceThread | None
        callback_thread: RemoteHandle | None = None
        if method.has_context:
            try:
                thread, callback_thread = self._threads_of(incoming)
            except MalformedMessage as error:
                self._session.fail(incoming.answer, Failure.FAILED, f"ConversionError: {method.full_name}: {error}")
                return
            if thread is None:
                return
        else:
            try:
                thread = self._ordered()
            except (IpcError, RuntimeError) as error:
                self._session.fail(incoming.answer, Failure.OVERLOADED, _reason(error))
                return
        thread.post(_Execution(self, incoming, callback_thread))

    def _threads_of(self, incoming: Incoming) -> tuple[Waiter | ServiceThread | None, RemoteHandle | None]:
        """The thread that shall run a call, None if the call was refused, and the peer's thread that waits."""
        method, capabilities = incoming.method, incoming.capabilities
        places = method.read_threads(incoming.message, incoming.content)
        found = [None if place is None or place >= len(capabilities) else capabilities[place] for place in places]
        callback_thread = found[1] if type(found[1]) is RemoteHandle else None
        if found[0] is None:
            pooled = self._pool_thread()
            if pooled is None:
                reason = "IpcError: no thread specified and no pool configured"
                self._session.fail(incoming.answer, Failure.FAILED, reason)
            return pooled, callback_thread
        target = found[0].target if type(found[0]) is LocalObject else None
        if type(target) is not ThreadTarget:
            self._session.fail(incoming.answer, Failure.FAILED, "IpcError: invalid thread handle")
            return None, None
        return target.waiter, callback_thread

    def _run_here(self, incoming: Incoming) -> None:
        """Answer a call about threads at once."""
        method: Method = incoming.method
        try:
            params = method.read(method.params, incoming.message, incoming.content, incoming.capabilities)
            out = self._written(method, incoming.target.run(method, params))
            self._session.answer(incoming.answer, out, method.results.pointer_bits)
        except Exception as error:
            self._session.fail(incoming.answer, Failure.FAILED, _reason(error))

    def _pool_thread(self) -> ServiceThread | None:
        if not self._pool:
            return None
        self._next_in_pool = (self._next_in_pool + 1) % len(self._pool)
        return self._pool[self._next_in_pool]

    def _ordered(self) -> ServiceThread:
        # Methods without a context run one after the other, as in C++, but never in a thread that others wait for.
        if self._ordered_thread is None:
            # A call that has waited for an answer is passed on by another thread than the one that reads.
            with self._starting:
                if self._ordered_thread is None:
                    self._ordered_thread = self._start("ipc-ordered", ordered=True)
        return self._ordered_thread

    def _make_thread(self, name: str) -> ThreadTarget:
        """Start a thread for a thread of the peer."""
        thread = self._start(f"ipc ({name})", ordered=False)
        return ThreadTarget(thread.waiter, name, thread.stop)

    def _make_pool(self, count: int) -> None:
        """Start threads for calls that name none."""
        while len(self._pool) < count:
            self._pool.append(self._start(f"ipc-pool-{len(self._pool)}", ordered=True))

    def _start(self, name: str, *, ordered: bool) -> ServiceThread:
        with self._lock:
            if len(self._service_threads) >= MAX_THREADS:
                raise IpcError(f"more than {MAX_THREADS} threads for one connection")
        thread = ServiceThread(name, self._channel, self._thread_ended, ordered=ordered)
        with self._lock:
            self._service_threads.add(thread)
            ended = self._channel.ended
        if ended:
            thread.stop()
        return thread

    def _thread_ended(self, thread: ServiceThread) -> None:
        with self._lock:
            self._service_threads.discard(thread)

    # For the channel.

    def _disconnected(self, reason: str) -> None:
        """The connection has ended."""
        with self._lock:
            threads = list(self._service_threads)
            hooks, self._disconnect_hooks = self._disconnect_hooks, []
            self._ended.set()
        for thread in threads:
            thread.stop()
        self._thread_map = None
        self._callers = threading.local()
        for hook in hooks:
            self.loop.clean_up(hook)
        self.loop.discard(self)
        if reason and self.loop.log.enabled:
            self.loop.log(f"{{{thread_name(self.loop.name)}}} IPC connection to {self.peer} ended: {reason}")

    # In a service thread.

    def _execute(self, incoming: Incoming, callback_thread: RemoteHandle | None) -> None:
        method: Method = incoming.method
        loop = self.loop
        log = loop.log
        waiter = current_waiter()
        caller = self._caller(waiter)
        # A thread that already waits for this peer keeps its pairing: this is a call back within its own call.
        outermost = caller.request_thread is None
        if outermost:
            caller.request_thread = callback_thread
        number = next(_request_numbers)
        before = waiter.enter(self._channel)
        answering = False
        try:
            if incoming.answer.finished:
                answering = True
                self._session.fail(incoming.answer, Failure.FAILED, "given up before it began")
                return
            try:
                params = method.read(method.params, incoming.message, incoming.content, incoming.capabilities)
            except MalformedMessage as error:
                raise ConversionError(f"{method.full_name}: cannot read the arguments: {error}") from None
            server = incoming.target
            # The method, not this frame, decides how long what it was given lives.
            incoming.capabilities.clear()
            if log.enabled:
                text = loop.describe(method.full_name, params)
                log(f"{{{thread_name(loop.name)}}} IPC server recv request  #{number} {method.full_name}$Params {text}")
            results = server.run(method.name, params)
            del params
            if log.enabled:
                text = loop.describe(method.full_name, results)
                name = thread_name(loop.name)
                log(f"{{{name}}} IPC server send response #{number} {method.full_name}$Results {text}")
            out = self._written(method, results)
            answering = True
            self._session.answer(incoming.answer, out, method.results.pointer_bits)
        except BaseException as error:
            if answering:
                # A signal's handler has raised, and nobody knows what is sent.
                raise
            reason = _reason(error)
            self._session.fail(incoming.answer, Failure.FAILED, reason)
            if log.enabled:
                log(f"{{{thread_name(loop.name)}}} IPC server error request #{number} {method.full_name} {reason}")
            if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                # It is meant for the whole program, and so for the call that this one came back from.
                waiter.resting = True
                raise
        finally:
            waiter.leave(self._channel, before)
            if outermost:
                caller.request_thread = None

    def _abandon(self, incoming: Incoming) -> None:
        """The thread of a call has ended. A finalizer may run anywhere, so the peer is told later."""
        reason = "IpcError: the thread that the call was meant for has ended"
        self.loop.post(partial(self._session.fail, incoming.answer, Failure.FAILED, reason))

    @staticmethod
    def _written(method: Method, results: Wire) -> Output:
        out = Output()
        try:
            method.results.write_content(results, out)
        except ConversionError as error:
            raise ConversionError(f"{method.full_name}: a result does not fit: {error}") from None
        return out

    # For applications.

    @property
    def closed(self) -> bool:
        """Whether the connection has ended."""
        return self._channel.ended

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
        self._channel.end("")
        if not self.loop.is_current_thread and not self.loop.closed:
            self._ended.wait()

    def hang_up(self) -> None:
        """`close` without waiting; safe in finalizers."""
        self.loop.post(partial(self._channel.end, ""))

    def forked(self) -> None:
        """The process is a fork: the connection stays the parent's."""
        # Another thread may have held the event's lock.
        self._ended = threading.Event()
        self._ended.set()
        self._channel.forked()


def _reason(error: BaseException) -> str:
    """An exception as it is sent."""
    if isinstance(error, RemoteError):
        # It keeps the name that it has where it came from.
        return str(error)
    try:
        return f"{type(error).__qualname__}: {error}".removesuffix(": ")[:_MAX_REASON_CHARS]
    except Exception:
        return type(error).__qualname__
