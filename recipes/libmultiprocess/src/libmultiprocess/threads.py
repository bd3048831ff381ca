"""Threads that wait for results and, while they wait, run the calls meant for them."""

import itertools
import threading
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]

_tokens = itertools.count(1)


class Waiter:
    """The work queue of one thread: calls to run there, and wake-ups when a result is in.

    Work that arrives while the thread is busy waits here until the thread waits again.
    """

    __slots__ = ("__weakref__", "_queue", "token")

    def __init__(self) -> None:
        self.token = next(_tokens)
        self._queue: SimpleQueue[Work | None] = SimpleQueue()

    def post(self, work: Work) -> None:
        """Run ``work`` on the thread as soon as it waits. It must not raise."""
        self._queue.put(work)

    def wake(self) -> None:
        """Make the thread look again whether what it waits for has happened."""
        self._queue.put(None)

    def wait(self, done: Callable[[], bool]) -> None:
        """Run posted work until ``done()``, which is asked again after every wake-up."""
        while not done():
            work = self._queue.get()
            if work is not None:
                work()
            # Not kept while waiting: it may hold the last reference to what a peer wants destroyed.
            del work


_current = threading.local()


def current_waiter() -> Waiter:
    """The running thread's own waiter, made on first use."""
    try:
        waiter: Waiter = _current.waiter
    except AttributeError:
        waiter = _current.waiter = Waiter()
    return waiter


class ServiceThread:
    """A thread of this process that runs the calls of one thread of a peer.

    Args:
        name: name of the thread; the name of the peer's thread is the useful one.
        on_exit: runs on the thread as its last act.
    """

    def __init__(self, name: str, on_exit: Callable[["ServiceThread"], None]) -> None:
        self.waiter = Waiter()
        self._stopped = False
        self._on_exit = on_exit
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        _current.waiter = self.waiter
        try:
            self.waiter.wait(lambda: self._stopped)
        finally:
            self._on_exit(self)

    def stop(self) -> None:
        """End the thread after the work that is already posted. Does not wait."""
        self.waiter.post(self._stop)

    def _stop(self) -> None:
        self._stopped = True


class WorkThread:
    """A thread that does one piece of work after the other, each to its end.

    Unlike a `ServiceThread` it starts nothing else while a piece waits for a result, calls back to it apart.

    Args:
        name: name of the thread.
        on_exit: runs on the thread as its last act.
    """

    def __init__(self, name: str, on_exit: Callable[["WorkThread"], None] = lambda _: None) -> None:
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._on_exit = on_exit
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def post(self, work: Work) -> None:
        """Do ``work`` after what was posted before. It must not raise."""
        self._queue.put(work)

    def _run(self) -> None:
        try:
            while True:
                work = self._queue.get()
                if work is None:
                    return
                work()
                del work
        finally:
            self._on_exit(self)

    def stop(self) -> None:
        """End the thread after the work that is already posted. Does not wait."""
        self._queue.put(None)

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended, unless it is the running one."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)
