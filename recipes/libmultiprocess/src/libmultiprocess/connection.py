"""A connection as proxies see it: blocking calls, threads in pairs, lifetimes."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from libmultiprocess.calls import Call
from libmultiprocess.channel import Channel
from libmultiprocess.errors import ConversionError, Disconnected, IpcError, MalformedMessage, TimedOut
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.method import Method
from libmultiprocess.pairing import CallerThread, Pairing
from libmultiprocess.rpc.session import Session
from libmultiprocess.rpc.tables import Answer, LocalObject, RemoteHandle
from libmultiprocess.service import Service
from libmultiprocess.threadmap import MAKE_THREAD, ThreadMapTarget
from libmultiprocess.threads import Waiter, Work, current_waiter
from libmultiprocess.wire.output import Output
from libmultiprocess.wire.values import Wire

if TYPE_CHECKING:
    from libmultiprocess.proxy import ProxyClient, ProxyServer

ClientT = TypeVar("ClientT", bound="ProxyClient")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has passed over a connection since it began. Threads that count at once may lose a call of each other.

    Attributes:
        calls_made: calls to the peer that have ended.
        seconds_waited: how long their threads waited for them together, calls back included.
        calls_served: calls of the peer that have ended.
    """

    calls_made: int
    seconds_waited: float
    calls_served: int


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
        self._thread_map: RemoteHandle | None = None
        self._calls_made = 0
        self._seconds_waited = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._disconnect_hooks: list[Work] = []
        self._channel = Channel(loop, sock, self._disconnected)
        self._service = Service(loop, self._channel)
        self._session = Session(
            self._channel.send,
            self._service.receive,
            loop.start_ticking,
            offer(self) if offer is not None else None,
            loop.limits,
        )
        self._pairing = Pairing(self._session)
        self._channel.session = self._service.session = self._session
        self._channel.connection = self
        self._service.pairing = self._pairing
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
        call = Call(waiter)
        log = self.loop.log
        if log.enabled:
            text = self.loop.describe(method.full_name, params)
            log(f"{{{thread_name(self.loop.name)}}} IPC client send {method.full_name}$Params {text}")
        if method.has_context:
            caller = self._pairing.caller(waiter, self.loop.name)
            params[method.context[0]] = (caller.request_thread or self._request_thread(caller), caller.export)
        out = Output()
        codec = method.params
        try:
            codec.write_content(params, out)
        except ConversionError as error:
            raise ConversionError(f"{method.full_name}: an argument does not fit: {error}") from error.__cause__
        session = self._session
        before = waiter.enter(self._channel)
        start = time.monotonic()
        number = -1
        try:
            number = session.ask(call, target, method.numbers, out, codec.pointer_bits)
            self._wait(waiter, call, method.full_name)
        except BaseException as error:
            self._break_off(waiter, number, error)
            raise
        finally:
            waiter.leave(self._channel, before)
            self._calls_made += 1
            self._seconds_waited += time.monotonic() - start
        if call.message is None:
            raise self._failed(call, method.full_name)
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

    def _wait(self, waiter: Waiter, call: Call, name: str) -> None:
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

    def _failed(self, call: Call, name: str) -> IpcError:
        error = call.error(name, self.peer)
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
        call = Call(waiter)
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
            raise self._failed(call, "bootstrap")
        index = call.message.capability_at(*call.content)
        if index is None or index >= len(call.capabilities):
            raise ConversionError(f"{self.peer} offers no object")
        return self.client(client_type, call.capabilities[index])

    def export_thread_map(self) -> Any:
        """Lets the peer start threads here."""
        return ThreadMapTarget(self._service.make_thread, self._service.make_pool)

    def set_thread_map(self, handle: RemoteHandle | None) -> None:
        """The peer lets us start threads there."""
        if type(handle) is RemoteHandle:
            self._thread_map = handle

    def _request_thread(self, caller: CallerThread) -> RemoteHandle:
        if self._thread_map is None:
            if self.closed:
                raise self._lost(MAKE_THREAD)
            raise IpcError(f"{self.peer} offers no threads; is a construct method missing in its first interface?")
        made = self.call(self._thread_map, MAKE_THREAD, {"name": thread_name(self.loop.name)})["result"]
        if type(made) is not RemoteHandle:
            raise ConversionError(f"{self.peer} sent no thread")
        caller.request_thread = made
        return made

    # For the channel.

    def _disconnected(self, reason: str) -> None:
        """The connection has ended."""
        with self._lock:
            hooks, self._disconnect_hooks = self._disconnect_hooks, []
            self._ended.set()
        self._service.stop()
        self._thread_map = None
        self._pairing.forget()
        for hook in hooks:
            self.loop.clean_up(hook)
        self.loop.discard(self)
        if reason and self.loop.log.enabled:
            self.loop.log(f"{{{thread_name(self.loop.name)}}} IPC connection to {self.peer} ended: {reason}")

    # For the event loop.

    def running_calls(self) -> list[Answer]:
        """The calls of the peer that have not ended yet."""
        return self._session.unreturned()

    def has_answered(self, calls: list[Answer]) -> bool:
        """Whether these calls have ended and their answers are sent, or nobody is there to send them to."""
        return self.closed or (all(call.returned for call in calls) and not self._channel.unsent)

    # For applications.

    @property
    def closed(self) -> bool:
        """Whether the connection has ended."""
        return self._channel.ended

    @property
    def traffic(self) -> Traffic:
        """What has passed over the connection so far."""
        return Traffic(self._calls_made, self._seconds_waited, self._service.calls_served)

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


def calling_connection() -> Connection | None:
    """The connection over which the call came that this thread is running; None if it runs none.

    A method learns by its `Connection.on_disconnect` that the process that called it has gone.
    """
    channel = current_waiter().channel
    return None if channel is None else channel.connection
