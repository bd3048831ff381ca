"""Serving the peer: which thread runs a call, running it, answering it."""

import threading
from functools import partial
from itertools import count
from typing import Final

from libmultiprocess.channel import Channel
from libmultiprocess.errors import ConversionError, IpcError, MalformedMessage, RemoteError
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.method import Method
from libmultiprocess.pairing import Pairing
from libmultiprocess.rpc.messages import Failure
from libmultiprocess.rpc.session import Session
from libmultiprocess.rpc.tables import Incoming, LocalObject, RemoteHandle
from libmultiprocess.threadmap import ThreadMapTarget, ThreadTarget
from libmultiprocess.threads import ServiceThread, Waiter, current_waiter
from libmultiprocess.wire.output import Output
from libmultiprocess.wire.values import Wire

_MAX_REASON_CHARS: Final = 1 << 16

_request_numbers = count(1)


class _Execution:
    """A call of the peer that waits for its thread."""

    __slots__ = ("_callback_thread", "_incoming", "_service")

    def __init__(self, service: "Service", incoming: Incoming, callback_thread: RemoteHandle | None) -> None:
        self._service = service
        self._incoming = incoming
        self._callback_thread = callback_thread

    def __call__(self) -> None:
        self._service.execute(self._incoming, self._callback_thread)

    def abandon(self) -> None:
        """See `libmultiprocess.threads.Task`."""
        self._service.abandon(self._incoming)


class Service:
    """Runs the calls of one connection's peer.

    Args:
        loop: the process's event loop.
        channel: the connection's channel.

    Attributes:
        session: the connection's session.
        pairing: its threads.
        calls_served: how many calls have ended.
    """

    def __init__(self, loop: EventLoop, channel: Channel) -> None:
        self.session: Session
        self.pairing: Pairing
        self.calls_served = 0
        self._loop = loop
        self._channel = channel
        self._service_threads: set[ServiceThread] = set()
        self._pool: list[ServiceThread] = []
        self._next_in_pool = 0
        self._ordered_thread: ServiceThread | None = None
        self._lock = threading.Lock()
        self._starting = threading.Lock()

    def stop(self) -> None:
        """The connection has ended: threads end as soon as what they run returns."""
        with self._lock:
            threads = list(self._service_threads)
        for thread in threads:
            thread.stop()

    # For the session, in the thread that reads.

    def receive(self, incoming: Incoming) -> None:
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
                self.session.fail(incoming.answer, Failure.FAILED, f"ConversionError: {method.full_name}: {error}")
                return
            if thread is None:
                return
        else:
            try:
                thread = self._ordered()
            except (IpcError, RuntimeError) as error:
                self.session.fail(incoming.answer, Failure.OVERLOADED, _reason(error))
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
                self.session.fail(incoming.answer, Failure.FAILED, reason)
            return pooled, callback_thread
        target = found[0].target if type(found[0]) is LocalObject else None
        if type(target) is not ThreadTarget:
            self.session.fail(incoming.answer, Failure.FAILED, "IpcError: invalid thread handle")
            return None, None
        return target.waiter, callback_thread

    def _run_here(self, incoming: Incoming) -> None:
        """Answer a call about threads at once."""
        method: Method = incoming.method
        try:
            params = method.read(method.params, incoming.message, incoming.content, incoming.capabilities)
            out = self._written(method, incoming.target.run(method, params))
            self.session.answer(incoming.answer, out, method.results.pointer_bits)
        except Exception as error:
            self.session.fail(incoming.answer, Failure.FAILED, _reason(error))

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

    def make_thread(self, name: str) -> ThreadTarget:
        """Start a thread for a thread of the peer."""
        thread = self._start(f"ipc ({name})", ordered=False)
        return ThreadTarget(thread.waiter, name, thread.stop)

    def make_pool(self, count: int) -> None:
        """Start threads for calls that name none."""
        while len(self._pool) < count:
            self._pool.append(self._start(f"ipc-pool-{len(self._pool)}", ordered=True))

    def _start(self, name: str, *, ordered: bool) -> ServiceThread:
        with self._lock:
            if len(self._service_threads) >= self._loop.limits.threads:
                raise IpcError(f"more than {self._loop.limits.threads} threads for one connection")
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

    # In a service thread.

    def execute(self, incoming: Incoming, callback_thread: RemoteHandle | None) -> None:
        """Run a call, and answer it."""
        method: Method = incoming.method
        loop = self._loop
        log = loop.log
        waiter = current_waiter()
        caller = self.pairing.caller(waiter, loop.name)
        # A thread that already waits for this peer keeps its pairing: this is a call back within its own call.
        outermost = caller.request_thread is None
        if outermost:
            caller.request_thread = callback_thread
        number = next(_request_numbers)
        before = waiter.enter(self._channel)
        answering = False
        try:
            if incoming.answer.finished and (self.session.closed or not incoming.answer.pipelined):
                answering = True
                self.session.fail(incoming.answer, Failure.FAILED, "given up before it began")
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
            self.session.answer(incoming.answer, out, method.results.pointer_bits)
        except BaseException as error:
            if answering:
                # A signal's handler has raised, and nobody knows what is sent.
                raise
            reason = _reason(error)
            self.session.fail(incoming.answer, Failure.FAILED, reason)
            if log.enabled:
                log(f"{{{thread_name(loop.name)}}} IPC server error request #{number} {method.full_name} {reason}")
            if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
                # It is meant for the whole program, and so for the call that this one came back from.
                waiter.resting = True
                raise
        finally:
            self.calls_served += 1
            waiter.leave(self._channel, before)
            if outermost:
                caller.request_thread = None

    def abandon(self, incoming: Incoming) -> None:
        """The thread of a call has ended. A finalizer may run anywhere, so the peer is told later."""
        reason = "IpcError: the thread that the call was meant for has ended"
        self._loop.post(partial(self.session.fail, incoming.answer, Failure.FAILED, reason))

    @staticmethod
    def _written(method: Method, results: Wire) -> Output:
        out = Output()
        try:
            method.results.write_content(results, out)
        except ConversionError as error:
            raise ConversionError(f"{method.full_name}: a result does not fit: {error}") from None
        return out


def _reason(error: BaseException) -> str:
    """An exception as it is sent."""
    if isinstance(error, RemoteError):
        # It keeps the name that it has where it came from.
        return str(error)
    name = str(getattr(error, "remote_type_name", "") or type(error).__qualname__)
    try:
        return f"{name}: {error}".removesuffix(": ")[:_MAX_REASON_CHARS]
    except Exception:
        return name
