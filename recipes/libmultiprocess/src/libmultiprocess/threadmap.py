"""The objects by which two processes agree on threads: ``ThreadMap`` and ``Thread`` of ``proxy.capnp``."""

from collections.abc import Callable
from typing import Final

from libmultiprocess.method import Method
from libmultiprocess.schema import INCLUDE_DIR, load_schema
from libmultiprocess.threads import Waiter
from libmultiprocess.wire.values import Wire

_PROXY: Final = load_schema(INCLUDE_DIR / "mp" / "proxy.capnp")

MAKE_THREAD: Final = Method(_PROXY.ThreadMap.schema, "ThreadMap", "makeThread", has_context=False)
MAKE_POOL: Final = Method(_PROXY.ThreadMap.schema, "ThreadMap", "makePool", has_context=False)
GET_NAME: Final = Method(_PROXY.Thread.schema, "Thread", "getName", has_context=False)


class ThreadTarget:
    """A thread of this process, as the peer sees it.

    Args:
        waiter: the thread.
        name: what the peer is told when it asks.
        released: called when the peer has no more use for the thread.
    """

    def __init__(self, waiter: Waiter, name: str, released: Callable[[], None] = lambda: None) -> None:
        self.waiter = waiter
        self.name = name
        self.released = released

    def find_method(self, interface_id: int, method_id: int) -> Method | None:
        """See `libmultiprocess.rpc.session.Target`."""
        return GET_NAME if (interface_id, method_id) == GET_NAME.numbers else None

    def run(self, method: Method, params: Wire) -> Wire:
        """Tell the name."""
        return {"result": self.name}


class ThreadMapTarget:
    """Lets the peer start threads here.

    Args:
        make_thread: starts a thread that serves the peer's thread of that name.
        make_pool: starts that many threads for calls that name none.
    """

    def __init__(self, make_thread: Callable[[str], ThreadTarget], make_pool: Callable[[int], None]) -> None:
        self._make_thread = make_thread
        self._make_pool = make_pool

    def find_method(self, interface_id: int, method_id: int) -> Method | None:
        """See `libmultiprocess.rpc.session.Target`."""
        for method in (MAKE_THREAD, MAKE_POOL):
            if (interface_id, method_id) == method.numbers:
                return method
        return None

    def released(self) -> None:
        """See `libmultiprocess.rpc.session.Target`."""

    def run(self, method: Method, params: Wire) -> Wire:
        """Do what the peer asks; quick enough for the thread that reads."""
        if method is MAKE_THREAD:
            return {"result": self._make_thread(params["name"] or "")}
        self._make_pool(params["count"])
        return {}
