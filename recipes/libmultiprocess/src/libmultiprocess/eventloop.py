"""The one thread of a process that does input and output, and the one that lets objects go."""

import asyncio
import atexit
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import capnp

from libmultiprocess.errors import IpcError
from libmultiprocess.log import Describer, Log, NoLog
from libmultiprocess.threads import Work, WorkThread

if TYPE_CHECKING:
    from libmultiprocess.connection import Connection

T = TypeVar("T")

_JOIN_SECONDS: Final = 2.0


class EventLoop:
    """Runs all connections of a process in a thread of its own. Every pycapnp object lives and dies in that thread.

    Args:
        name: name of this process, for messages and thread names.
        log: takes a line for each request and response.
        describe: writes the arguments for those lines.
    """

    def __init__(self, name: str, log: Log | None = None, describe: Describer | None = None) -> None:
        self.name = name
        self.log: Log = log or NoLog()
        self.describe = describe or Describer()
        self.closed = False
        self._posted: deque[Work] = deque()
        self._wake_pending = False
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()
        self._cleanup_thread: WorkThread | None = None
        self._asyncio: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._tasks: set[asyncio.Task[None]] = set()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="capnp-loop", daemon=True)
        self._thread.start()
        started.wait()
        atexit.register(self.close)

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self._main(started))

    async def _main(self, started: threading.Event) -> None:
        self._asyncio = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with capnp.kj_loop():
            started.set()
            await self._stop.wait()
            self._run_posted()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._run_posted()

    @property
    def is_current_thread(self) -> bool:
        """Whether the caller runs in the loop's thread."""
        return threading.current_thread() is self._thread

    def post(self, work: Work) -> None:
        """Run ``work`` in the loop's thread, soon. Safe everywhere, in finalizers too; does nothing after `close`."""
        self._posted.append(work)
        if not self._wake_pending and not self.closed:
            self._wake_pending = True
            try:
                self._asyncio.call_soon_threadsafe(self._run_posted)
            except RuntimeError:
                # The loop was closed between the look and the call; nobody is left to do the work for.
                self._posted.clear()

    def _run_posted(self) -> None:
        self._wake_pending = False
        posted = self._posted
        while posted:
            posted.popleft()()

    def run(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function in the loop's thread and wait for its result.

        Raises:
            IpcError: in the loop's own thread, where waiting would never end, or after `close`.
        """
        if self.is_current_thread:
            raise IpcError("the event loop's thread cannot wait for itself")
        if self.closed:
            raise IpcError("the event loop is closed")

        async def main() -> T:
            return await function()

        return asyncio.run_coroutine_threadsafe(main(), self._asyncio).result()

    def create_task(self, coroutine: Awaitable[None]) -> "asyncio.Task[None]":
        """Start a coroutine; in the loop's thread only."""

        async def main() -> None:
            await coroutine

        task = self._asyncio.create_task(main())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def accept(self, sock: socket.socket) -> tuple[socket.socket, object]:
        """Wait for a connection on a listening socket; in the loop's thread only."""
        return await self._asyncio.sock_accept(sock)

    def call_soon(self, work: Work) -> None:
        """Run ``work`` after what is scheduled already; in the loop's thread only."""
        self._asyncio.call_soon(work)

    def create_future(self) -> "asyncio.Future[T]":
        """A future of the loop's thread."""
        return self._asyncio.create_future()

    def clean_up(self, work: Work) -> None:
        """Run ``work``, which may take its time or call other processes, in the thread kept for letting go."""
        if self.closed:
            return
        with self._lock:
            if self._cleanup_thread is None:
                self._cleanup_thread = WorkThread("ipc-cleanup")
        self._cleanup_thread.post(work)

    def add(self, connection: "Connection") -> None:
        """Close ``connection`` together with the loop."""
        with self._lock:
            self._connections.add(connection)

    def discard(self, connection: "Connection") -> None:
        """The connection has ended."""
        with self._lock:
            self._connections.discard(connection)

    def _snapshot(self) -> "list[Connection]":
        with self._lock:
            return list(self._connections)

    def close(self) -> None:
        """Close all connections and end the threads. Pending calls fail. Harmless if repeated."""
        if self.closed or self.is_current_thread:
            return
        # A listener may add connections meanwhile.
        while connections := self._snapshot():
            for connection in connections:
                connection.close()
        with self._lock:
            cleanup = self._cleanup_thread
        if cleanup is not None:
            cleanup.stop()
            cleanup.join(_JOIN_SECONDS)
        self.closed = True
        try:
            self._asyncio.call_soon_threadsafe(self._stop.set)
        except RuntimeError:
            return
        self._thread.join(_JOIN_SECONDS)
        atexit.unregister(self.close)

    def __enter__(self) -> "EventLoop":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
