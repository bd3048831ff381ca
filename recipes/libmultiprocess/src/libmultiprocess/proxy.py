"""Base classes of generated proxies."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from libmultiprocess.errors import IpcError, ProxyClosed
from libmultiprocess.log import thread_name
from libmultiprocess.schema import Wire
from libmultiprocess.transport import Method, RemoteHandle

if TYPE_CHECKING:
    from libmultiprocess.connection import Connection

ImplT = TypeVar("ImplT")


class ProxyClient:
    """Stands for an object of another process. Generated subclasses also derive from the abstract class they stand for.

    The object there is destroyed when the proxy is closed (`close`) or garbage.
    """

    _interface: ClassVar[Any]
    _methods: ClassVar[Mapping[str, Method]] = {}

    def __init__(self, connection: "Connection", handle: RemoteHandle) -> None:
        self._connection = connection
        self._handle: RemoteHandle | None = handle
        self._owns_connection = False

    def _call(self, method: str, params: Wire) -> Wire:
        handle = self._handle
        if handle is None:
            raise ProxyClosed(f"{type(self).__name__}.{method}: the proxy is closed")
        return self._connection.call(handle, self._methods[method], params)

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        connection = self._connection
        try:
            if not connection.closed:
                _destroy(connection, handle, self._methods.get("destroy"), type(self).__name__)
        finally:
            if self._owns_connection:
                connection.close()

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is None:
            return
        connection = self._connection
        if self._owns_connection:
            connection.loop.post(connection.transport.close)
        elif "destroy" in self._methods and not connection.closed:
            # The finalizer may run anywhere, so somebody else waits for the answer.
            work = partial(_destroy_quietly, connection, handle, self._methods["destroy"], type(self).__name__)
            connection.loop.clean_up(work)


def _destroy(connection: "Connection", handle: RemoteHandle, method: Method | None, name: str) -> None:
    log = connection.loop.log
    if log.enabled:
        log(f"{{{thread_name(connection.loop.name)}}} IPC client destroy {name}")
    if method is not None:
        connection.call(handle, method, {})


def _destroy_quietly(connection: "Connection", handle: RemoteHandle, method: Method, name: str) -> None:
    try:
        _destroy(connection, handle, method, name)
    except IpcError as error:
        log = connection.loop.log
        if log.enabled:
            log(f"{{{thread_name(connection.loop.name)}}} IPC client destroy {name} failed: {error}")


class ProxyServer(Generic[ImplT]):
    """Lets a peer call an object of this process. Generated subclasses convert parameters and results."""

    interface: ClassVar[Any]
    _methods: ClassVar[Mapping[str, Method]] = {}
    _run: ClassVar[Mapping[str, Callable[..., Wire]]] = {}
    _on_destroy: ClassVar[str] = ""

    def __init__(self, impl: ImplT, connection: "Connection") -> None:
        self._held: ImplT | None = impl
        self._connection = connection

    @property
    def methods(self) -> Mapping[str, Method]:
        """Methods by schema name."""
        return self._methods

    @property
    def _impl(self) -> ImplT:
        impl = self._held
        if impl is None:
            raise ProxyClosed(f"{type(self).__name__}: the object was destroyed")
        return impl

    def run(self, method: str, params: Wire) -> Wire:
        """Run a method by its schema name."""
        if method == "destroy":
            self.destroy()
            return {}
        run = self._run.get(method)
        if run is None:
            raise NotImplementedError(f"{self._methods[method].full_name} is not supported")
        return run(self, params)

    def destroy(self) -> None:
        """Let go of the object; tell it first, if its schema names a method for that."""
        impl, self._held = self._held, None
        if impl is None:
            return
        log = self._connection.loop.log
        if log.enabled:
            log(f"{{{thread_name(self._connection.loop.name)}}} IPC server destroy {type(self).__name__}")
        if self._on_destroy:
            getattr(impl, self._on_destroy)()

    def released(self) -> None:
        """The last reference of the peer is gone; the object is destroyed in the clean-up thread."""
        if self._held is not None:
            self._connection.loop.clean_up(self._destroy_quietly)

    def _destroy_quietly(self) -> None:
        try:
            self.destroy()
        except Exception as error:
            log = self._connection.loop.log
            if log.enabled:
                log(f"{{{thread_name(self._connection.loop.name)}}} IPC server destroy failed: {error!r}")


def close(proxy: object) -> None:
    """Destroy the remote object behind ``proxy`` and wait for it; of a connection's first proxy, close the connection.

    Does nothing to an object of this process, so callers need not know which one they have.
    """
    if isinstance(proxy, ProxyClient):
        proxy._close()


def connection_of(proxy: object) -> "Connection | None":
    """The connection that ``proxy`` calls through, None for an object of this process."""
    return proxy._connection if isinstance(proxy, ProxyClient) else None
