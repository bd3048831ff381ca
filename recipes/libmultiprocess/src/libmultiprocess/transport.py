"""Cap'n Proto RPC over one socket, by pycapnp. Nothing above this module knows how messages travel.

What crosses the boundary: `Call` (outgoing), `IncomingCall`, `RemoteHandle` (a number for an object of the peer) and
exports (opaque, made by `Transport.export`). All pycapnp objects stay in the event loop's thread.
"""

import asyncio
import itertools
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Protocol

import capnp

from libmultiprocess.errors import ConversionError, Disconnected, IpcError, RemoteError
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.schema import INCLUDE_DIR, StructReader, Wire, load_schema, struct_reader
from libmultiprocess.threads import Waiter

_PROXY: Final = load_schema(INCLUDE_DIR / "mp" / "proxy.capnp")
_LOCAL: Final = load_schema(INCLUDE_DIR / "mp" / "local.capnp")

# What Cap'n Proto and C++ libmultiprocess put around a message, once for each process it came through.
_REMOTE_TEXT = re.compile(
    r"^(?:remote exception: |message = |kj::Exception: |std::exception: |\(remote\):0: failed: )+"
    r"|\s*\nstack: [0-9a-f ]+$"
)
_TYPE_AND_TEXT = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)


@dataclass(eq=False)
class Method:
    """One method of an interface.

    Attributes:
        interface: pycapnp's interface schema (of the interface that declares the method).
        interface_name: its name without the file's.
        name: the method's name in the schema.
        has_context: whether calls carry threads.
    """

    interface: Any
    interface_name: str
    name: str
    has_context: bool

    def __post_init__(self) -> None:
        method = self.interface.methods[self.name]
        self.read_params: StructReader = struct_reader(method.param_type)
        self.read_results: StructReader = struct_reader(method.result_type)
        self.full_name = f"{self.interface_name}.{self.name}"


class RemoteHandle:
    """An object of the peer, by number. The peer may forget the object when the last handle is gone."""

    __slots__ = ("__weakref__", "_release", "number")

    def __init__(self, number: int, release: Callable[[int], None]) -> None:
        self.number = number
        self._release = release

    def __del__(self) -> None:
        self._release(self.number)


class Call:
    """A call on its way to the peer; ``waiter`` is woken once ``done``."""

    __slots__ = ("done", "error", "method", "params", "results", "target", "task", "thread", "waiter")

    def __init__(self, target: RemoteHandle, method: Method, params: Wire, waiter: Waiter) -> None:
        self.target = target
        self.method = method
        self.params = params
        self.waiter = waiter
        self.thread: RemoteHandle | None = None
        self.results: Wire | None = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None
        self.done = False

    def finish(self, results: Wire) -> None:
        """The results are in."""
        if not self.done:
            self.results = results
            self._end()

    def fail(self, error: BaseException) -> None:
        """There will be no results."""
        if not self.done:
            self.error = error
            self._end()

    def _end(self) -> None:
        self.done = True
        self.task = None
        self.waiter.wake()


class Failure(Exception):
    """An exception on its way to the peer as the text ``type name: message``."""

    # pycapnp sends the formatted traceback; a peer has no use for this process's frames.
    __traceback__ = None

    @staticmethod
    def of(type_name: str, message: str) -> "Failure":
        """An exception that formats as ``type_name: message``."""
        failure: Failure = type(type_name, (Failure,), {"__module__": "builtins"})(message)
        return failure


class Dispatcher(Protocol):
    """An object of this process that a peer may call."""

    interface: ClassVar[Any]

    @property
    def methods(self) -> Mapping[str, Method]:
        """Methods by schema name, inherited ones included."""

    def released(self) -> None:
        """No peer holds a reference any more. May be called in any thread."""


@dataclass(eq=False)
class IncomingCall:
    """A call from the peer.

    Attributes:
        server: the called object.
        method: which method.
        params: its parameters.
        waiter: the thread that shall run it, None if the call names none.
        callback_thread: the peer's waiting thread.
        reply: gives back results or a `Failure`; to be called once, in any thread.
    """

    server: Any
    method: Method
    params: Wire
    waiter: Waiter | None
    callback_thread: RemoteHandle | None
    reply: Callable[[Wire | Failure], None]


class Handlers(Protocol):
    """What a transport needs of the connection above it. Called in the event loop's thread."""

    def received(self, call: IncomingCall) -> None:
        """Run ``call`` somewhere."""

    def make_thread(self, name: str) -> Waiter:
        """Start a thread for a thread of the peer."""

    def drop_thread(self, waiter: Waiter) -> None:
        """The peer has no more use for a thread."""

    def make_pool(self, count: int) -> None:
        """Start threads for calls that name none."""

    def disconnected(self) -> None:
        """The connection has ended, for whatever reason."""


class _Export(capnp.lib.capnp._DynamicCapabilityServer):  # type: ignore[misc]
    """Stands for a `Dispatcher` towards pycapnp, which looks methods up as attributes."""

    def __init__(self, server: Dispatcher, transport: "Transport") -> None:
        self.schema = server.interface
        self._server = server
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        method = self._server.methods.get(name.removesuffix("_context"))
        if method is None:
            raise AttributeError(name)
        return partial(self._transport.serve, self._server, method)

    def __del__(self) -> None:
        self._server.released()


class _ThreadExport(_LOCAL.LocalThread.Server):  # type: ignore[misc,name-defined]
    """A thread of this process, as the peer sees it."""

    def __init__(self, waiter: Waiter, name: str, drop: Callable[[], None]) -> None:
        self.waiter = waiter
        self._name = name
        self._drop = drop

    async def getName_context(self, context: Any) -> None:  # noqa: N802
        context.results.result = self._name

    async def token_context(self, context: Any) -> None:
        context.results.token = self.waiter.token

    def __del__(self) -> None:
        self._drop()


class _ThreadMapExport(_PROXY.ThreadMap.Server):  # type: ignore[misc,name-defined]
    """Lets the peer start threads here."""

    def __init__(self, transport: "Transport") -> None:
        self._transport = transport

    async def makeThread_context(self, context: Any) -> None:  # noqa: N802
        name = context.params.name
        transport = self._transport
        waiter = transport.handlers.make_thread(name)
        context.results.result = transport.thread_export(waiter, name, partial(transport.handlers.drop_thread, waiter))

    async def makePool_context(self, context: Any) -> None:  # noqa: N802
        self._transport.handlers.make_pool(context.params.count)


MAKE_THREAD: Final = Method(_PROXY.ThreadMap.schema, "ThreadMap", "makeThread", has_context=False)


def _translate(error: capnp.KjException, method: Method, peer: str) -> IpcError:
    text = str(error.description).strip()
    if error.type == "DISCONNECTED":
        return Disconnected(f"{method.full_name}: the connection to {peer} was lost")
    text = _REMOTE_TEXT.sub("", text)
    match = _TYPE_AND_TEXT.fullmatch(text)
    if match is None:
        return RemoteError("Exception", text)
    return RemoteError(match[1], match[2] or "")


class Transport:
    """One socket to one peer. Make it with `open`; every other method says in which thread it may be called."""

    def __init__(self, loop: EventLoop, handlers: Handlers, peer: str) -> None:
        self.loop = loop
        self.handlers = handlers
        self.peer = peer
        self.closed = False
        self._stream: Any = None
        self._rpc: Any = None
        self._numbers = itertools.count(1)
        self._remote: dict[int, Any] = {}
        self._threads: dict[int, Waiter] = {}
        self._own_threads: dict[int, Any] = {}
        self._pending: set[Call] = set()

    # In the event loop's thread.

    async def open(self, sock: socket.socket, bootstrap: Dispatcher | None) -> None:
        """Start talking; offer ``bootstrap`` to the peer, if any."""
        sock.setblocking(False)
        if sock.family == socket.AF_UNIX:
            self._stream = await capnp.AsyncIoStream.create_unix_connection(sock=sock)
        else:
            self._stream = await capnp.AsyncIoStream.create_connection(sock=sock)
        if bootstrap is None:
            self._rpc = capnp.TwoPartyClient(self._stream)
        else:
            self._rpc = capnp.TwoPartyServer(self._stream, bootstrap=_Export(bootstrap, self))
        self.loop.create_task(self._watch())

    async def _watch(self) -> None:
        try:
            await self._rpc.on_disconnect()
        except capnp.KjException:
            pass
        finally:
            self.close()

    def bootstrap(self, interface: Any) -> RemoteHandle:
        """The object that the peer offers."""
        return self._import(self._rpc.bootstrap().cast_as(interface))

    def close(self) -> None:
        """End the connection and fail what is pending."""
        if self.closed:
            return
        self.closed = True
        for call in list(self._pending):
            call.fail(Disconnected(f"{call.method.full_name}: the connection to {self.peer} was lost"))
        self._pending.clear()
        self._remote.clear()
        self._own_threads.clear()
        if self._rpc is not None:
            self._rpc.close()
        if self._stream is not None:
            self._stream.close()
        self._rpc = self._stream = None
        # asyncio closes the descriptor in its next round; whoever waits for the end finds it closed.
        self.loop.call_soon(self.handlers.disconnected)

    def _import(self, client: Any) -> RemoteHandle:
        number = next(self._numbers)
        self._remote[number] = client
        return RemoteHandle(number, self._release)

    def thread_export(self, waiter: Waiter, name: str, drop: Callable[[], None]) -> _ThreadExport:
        """A thread of this process in the form in which it can be sent."""
        self._threads[waiter.token] = waiter

        def dropped() -> None:
            self._threads.pop(waiter.token, None)
            drop()

        return _ThreadExport(waiter, name, dropped)

    def _own_thread(self, waiter: Waiter) -> Any:
        client = self._own_threads.get(waiter.token)
        if client is None:
            export = self.thread_export(waiter, self.loop.name, lambda: None)
            client = self._own_threads[waiter.token] = _LOCAL.LocalThread._new_client(export)
        return client

    def _send(self, call: Call) -> None:
        if call.done:
            return
        if self.closed:
            call.fail(Disconnected(f"{call.method.full_name}: the connection to {self.peer} is closed"))
            return
        try:
            params = call.params
            if call.thread is not None:
                threads = {
                    "thread": self._remote[call.thread.number],
                    "callbackThread": self._own_thread(call.waiter),
                }
                params = {**params, "context": threads}
            promise = self._remote[call.target.number]._send_helper(call.method.name, None, (), params)
        except capnp.KjException as error:
            call.fail(ConversionError(f"{call.method.full_name}: an argument does not fit: {error.description}"))
            return
        self._pending.add(call)
        call.task = self.loop.create_task(self._complete(call, promise))

    async def _complete(self, call: Call, promise: Any) -> None:
        try:
            response = await promise
            call.finish(call.method.read_results(response, self._import))
        except capnp.KjException as error:
            call.fail(_translate(error, call.method, self.peer))
        except asyncio.CancelledError:
            call.fail(Disconnected(f"{call.method.full_name}: cancelled"))
        except Exception as error:  # a message that is not what the schema says
            call.fail(ConversionError(f"{call.method.full_name}: cannot read the results: {error}"))
        finally:
            self._pending.discard(call)

    async def serve(self, server: Dispatcher, method: Method, context: Any) -> None:
        """Run one call of the peer: read parameters, hand over, wait, write results."""
        waiter = callback_thread = None
        if method.has_context:
            threads = context.params.context
            if threads._has("thread"):
                waiter = await self._find_thread(threads.thread)
            if threads._has("callbackThread"):
                callback_thread = self._import(threads.callbackThread)
            del threads
        try:
            params = method.read_params(context.params, self._import)
        except Exception as error:
            raise Failure.of("ConversionError", f"{method.full_name}: cannot read the arguments: {error}") from None
        future: asyncio.Future[Wire] = self.loop.create_future()
        reply = partial(self._reply, future)
        self.handlers.received(IncomingCall(server, method, params, waiter, callback_thread, reply))
        # The thread that runs the call lets these go, not this coroutine.
        del params, reply, callback_thread
        results = await future
        try:
            message = context.results
            for name, value in results.items():
                setattr(message, name, value)
        except capnp.KjException as error:
            text = f"{method.full_name}: a result does not fit: {error.description}"
            raise Failure.of("ConversionError", text) from None

    async def _find_thread(self, client: Any) -> Waiter:
        try:
            answer = await client.cast_as(_LOCAL.LocalThread)._send("token")
            return self._threads[answer.token]
        except (capnp.KjException, KeyError):
            raise Failure.of("IpcError", "invalid thread handle") from None

    # In any thread.

    def send(self, call: Call) -> None:
        """Send a call. Ends with `Call.finish` or `Call.fail`."""
        self.loop.post(partial(self._send, call))

    def cancel(self, call: Call) -> None:
        """Nobody waits for ``call`` any more."""

        def cancel() -> None:
            if call.task is not None:
                call.task.cancel()

        self.loop.post(cancel)

    def export(self, server: Dispatcher) -> Any:
        """An object of this process in the form in which it can be a parameter or result."""
        return _Export(server, self)

    def export_thread_map(self) -> Any:
        """The right to start threads here, in the form in which it can be a parameter or result."""
        return _ThreadMapExport(self)

    def forget_thread(self, waiter: Waiter) -> None:
        """A thread of this process that made calls has ended."""
        self.loop.post(partial(self._own_threads.pop, waiter.token, None))

    def _release(self, number: int) -> None:
        self.loop.post(partial(self._remote.pop, number, None))

    def _reply(self, future: "asyncio.Future[Wire]", outcome: Wire | Failure) -> None:
        def reply() -> None:
            if future.done():
                return
            if isinstance(outcome, Failure):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.loop.post(reply)
