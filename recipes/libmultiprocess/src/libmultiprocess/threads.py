"""Threads that wait for something and, while they wait, run the calls meant for them."""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from libmultiprocess.channel import Channel

Work = Callable[[], None]


class Task(Protocol):
    """Work for one thread and no other."""

    def __call__(self) -> None:
        """Do it. Must not raise."""

    def abandon(self) -> None:
        """The thread has ended before it came to it. Called anywhere, in finalizers too."""


class Awaited(Protocol):
    """Something that happens. Whoever makes it happen wakes the thread that waits."""

    @property
    def done(self) -> bool:
        """Whether it has."""

    @property
    def urgent(self) -> bool:
        """Whether the thread that waits for it has something to do afterwards, as opposed to an idle one."""


class Waiter:
    """How one thread sleeps, and what it is to do when it does not.

    Attributes:
        work: calls to run there. They must not raise. What arrives while the thread is busy stays until it waits again.
        channel: the connection's channel that the calls on this thread's stack use.
        mixed: how many of them use another one.
        busy: whether the thread is in the middle of the library's own work, as a finalizer may find it.
        resting: whether it is where an exception that a signal's handler raises leaves nothing half done.
        deadline: when its calls end at the latest, by ``time.monotonic``; None for never.
    """

    __slots__ = ("__weakref__", "_awake", "busy", "channel", "deadline", "mixed", "resting", "sleeping", "work")

    def __init__(self) -> None:
        self.work: deque[Task] = deque()
        self.channel: Channel | None = None
        self.mixed = 0
        self.busy = False
        self.resting = False
        self.deadline: float | None = None
        self.sleeping = False
        self._awake = threading.Lock()
        self._awake.acquire()

    def __del__(self) -> None:
        for task in self.work:
            task.abandon()

    def post(self, work: Task) -> None:
        """Run ``work`` on the thread as soon as it waits."""
        self.work.append(work)
        if self.sleeping:
            self.wake()

    def wake(self) -> None:
        """End the current or the next `sleep`."""
        try:
            self._awake.release()
        except RuntimeError:
            # Somebody else has woken it, and it has not noticed yet.
            return

    def sleep(self, timeout: float = -1) -> None:
        """Wait for `wake`, ``timeout`` seconds at most (-1: without end)."""
        self.resting = True
        self._awake.acquire(timeout=timeout)
        self.resting = False

    def enter(self, channel: "Channel") -> "Channel | None":
        """A call over ``channel`` begins on this thread; returns what `leave` is to be given."""
        before = self.channel
        if before is None:
            self.channel = channel
        elif before is not channel:
            self.mixed += 1
        return before

    def leave(self, channel: "Channel", before: "Channel | None") -> None:
        """The call has ended."""
        if before is None:
            self.channel = None
        elif before is not channel:
            self.mixed -= 1

    def may_read(self, channel: "Channel") -> bool:
        """Whether the thread may sit in a blocking read of ``channel``: nothing else may be meant for it then."""
        return not self.mixed and self.channel is channel and self.deadline is None


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

    While a call waits for a result, the thread runs further calls that arrive for it, unless it is ``ordered``: then
    they wait for their turn.

    Args:
        name: name of the thread; the name of the peer's thread is the useful one.
        channel: the connection that the calls come from.
        on_exit: runs on the thread as its last act.
        ordered: whether each call runs to its end before the next begins.
    """

    urgent = False

    def __init__(
        self, name: str, channel: "Channel", on_exit: Callable[["ServiceThread"], None], *, ordered: bool = False
    ) -> None:
        self.name = name
        self.waiter: Waiter
        self._channel = channel
        self._on_exit = on_exit
        self._ordered = ordered
        self._stopped = False
        self._turns: deque[Task] = deque()
        started = threading.Event()
        self._running = threading.Thread(target=self._run, args=(started,), name=name, daemon=True)
        self._running.start()
        started.wait()

    @property
    def done(self) -> bool:
        """Whether the thread has something to do other than `Waiter.work`."""
        return self._stopped or bool(self._turns)

    def post(self, work: Task) -> None:
        """Run ``work`` when its turn has come. It must not raise."""
        if not self._ordered:
            self.waiter.post(work)
            return
        self._turns.append(work)
        if self.waiter.sleeping:
            self.waiter.wake()

    def _run(self, started: threading.Event) -> None:
        self.waiter = current_waiter()
        started.set()
        before = self.waiter.enter(self._channel)
        try:
            while not self._stopped or self._turns:
                self._channel.wait(self.waiter, self)
                while self._turns:
                    self._turns.popleft()()
        except BaseException as error:
            # Nobody else can tell the peer that what it waits for will not come.
            self._channel.broken_off(self.waiter, error)
        finally:
            self.waiter.leave(self._channel, before)
            self._on_exit(self)

    def stop(self) -> None:
        """End the thread after the work that is already posted. Does not wait."""
        self._stopped = True
        self.waiter.wake()


class WorkThread:
    """A thread that does one piece of work after the other, each to its end.

    Args:
        name: name of the thread.
    """

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._running = threading.Thread(target=self._run, name=name, daemon=True)
        self._running.start()

    def post(self, work: Work) -> None:
        """Do ``work`` after what was posted before. It must not raise."""
        self._queue.put(work)

    def _run(self) -> None:
        while True:
            work = self._queue.get()
            if work is None:
                return
            work()
            # Not kept while waiting: it may hold the last reference to what a peer wants destroyed.
            del work

    def stop(self) -> None:
        """End the thread after the work that is already posted. Does not wait."""
        self._queue.put(None)

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended, unless it is the running one."""
        if self._running is not threading.current_thread():
            self._running.join(timeout)
