"""Base classes of generated proxies."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from libmultiprocess.errors import ProxyClosed
from libmultiprocess.log import thread_name
from libmultiprocess.method import Method
from libmultiprocess.rpc.tables import RemoteHandle
from libmultiprocess.wire.values import Wire

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
        self._owns_connection = False
        self._handle: RemoteHandle | None = handle

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
        # Without its last handle the peer destroys the object by itself, so nobody needs to wait for a `destroy`.
        if getattr(self, "_handle", None) is not None and self._owns_connection:
            self._connection.hang_up()


def _destroy(connection: "Connection", handle: RemoteHandle, method: Method | None, name: str) -> None:
    log = connection.loop.log
    if log.enabled:
        log(f"{{{thread_name(connection.loop.name)}}} IPC client destroy {name}")
    if method is not None:
        connection.call(handle, method, {})


class ProxyServer(Generic[ImplT]):
    """Lets a peer call an object of this process. Generated subclasses convert parameters and results."""

    interface: ClassVar[Any]
    _methods: ClassVar[Mapping[str, Method]] = {}
    _run: ClassVar[Mapping[str, Callable[..., Wire]]] = {}
    _on_destroy: ClassVar[str] = ""
    _numbered: ClassVar[Mapping[tuple[int, int], Method]] = {}

    def __init__(self, impl: ImplT, connection: "Connection") -> None:
        self._held: ImplT | None = impl
        self._connection = connection

    def find_method(self, interface_id: int, method_id: int) -> Method | None:
        """The method with these numbers, inherited ones included."""
        cls = type(self)
        if "_numbered" not in vars(cls):
            cls._numbered = {method.numbers: method for method in cls._methods.values()}
        return cls._numbered.get((interface_id, method_id))

    @property
    def implementation(self) -> ImplT:
        """The object.

        Raises:
            ProxyClosed: if the peer has destroyed it.
        """
        return self._impl

    @classmethod
    def implements(cls, interface: Any) -> bool:
        """Whether the object can stand where an ``interface`` (pycapnp's schema) is needed."""
        return _extends(cls.interface, int(interface.node.id))

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
            self._connection.loop.clean_up(self.destroy)


def _extends(interface: Any, wanted: int) -> bool:
    return int(interface.node.id) == wanted or any(_extends(parent, wanted) for parent in interface.superclasses)


def close(proxy: object) -> None:
    """Destroy the remote object behind ``proxy`` and wait for it; of a connection's first proxy, close the connection.

    Does nothing to an object of this process, so callers need not know which one they have.
    """
    if isinstance(proxy, ProxyClient):
        proxy._close()


def connection_of(proxy: object) -> "Connection | None":
    """The connection that ``proxy`` calls through, None for an object of this process."""
    return proxy._connection if isinstance(proxy, ProxyClient) else None
