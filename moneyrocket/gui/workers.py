"""Calls that may wait run here, each on a thread of its own, never on the GUI's.

A `Worker` is one thread that makes calls in the order given. Over IPC every calling thread has one thread of its own in
the called process, so a wallet that hangs holds up its own worker and nobody else's.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from moneyrocket.gui.mailbox import Mailbox, Outbox

T = TypeVar("T")

WATCH_INTERVAL_MS = 500


class Task(Generic[T]):
    """One call under way.

    Attributes:
        cancelled: Its result is not wanted any more, and will be dropped.
        finished: Its result was handed over, or dropped.
        patient: It is known to take long.
    """

    def __init__(
        self,
        work: Callable[[], T],
        done: Callable[[T], object] | None,
        failed: Callable[[Exception], object] | None,
        context: QObject | None,
        patient: bool,
    ) -> None:
        self._work = work
        self._done = done
        self._failed = failed
        self._context = context
        self._result: T | None = None
        self._error: Exception | None = None
        self.patient = patient
        self.cancelled = False
        self.finished = False

    def cancel(self) -> None:
        """Drop the result. A call that has begun cannot be stopped, one that has not is not made."""
        self.cancelled = True

    def run(self) -> None:
        """Make the call, on the worker's thread."""
        try:
            self._result = self._work()
        except Exception as error:  # whatever went wrong over there is reported here, where somebody can see it
            self._error = error

    def deliver(self) -> Exception | None:
        """Hand the result over, on the GUI's thread. Returns an error that nobody took."""
        self.finished = True
        if self.cancelled or (self._context is not None and not isValid(self._context)):
            return None
        if self._error is not None:
            if self._failed is None:
                return self._error
            self._failed(self._error)
        elif self._done is not None:
            self._done(self._result)  # type: ignore[arg-type]  # T may be None, so it cannot be asked for None
        return None


class _Lane:
    """What worker and thread share. No Qt object in it: whichever of the two drops it last, nothing of Qt goes with it.

    Attributes:
        inbox: Tasks to do, None to end.
        outbox: Takes the tasks done.
        began: When the ordinary call under way began, seconds of a clock that never jumps; 0 for none.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.inbox: queue.SimpleQueue[Task[Any] | None] = queue.SimpleQueue()
        self.outbox = outbox
        self.began = 0.0

    def run(self) -> None:
        """Make calls until told to end."""
        while (task := self.inbox.get()) is not None:
            if not task.cancelled:
                self.began = 0.0 if task.patient else time.monotonic()
                task.run()
                self.began = 0.0
            cell = [task]
            # The task knows widgets. The GUI's thread is to be the last to hold it, so this one lets go first.
            task = None
            self.outbox.post(cell)


class Worker(QObject):
    """A thread that makes calls in order, and reports on the GUI's thread.

    Args:
        name: Of the thread, and in messages.
        parent: Qt parent.
        limit: After how many seconds an ordinary call counts as stuck.

    Signals:
        stuck_changed: A call takes longer than the limit (True), or an answer came at last (False).
        failed: A call failed and its caller had no handler for that.
    """

    stuck_changed = Signal(bool)
    failed = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None, *, limit: float = 5.0) -> None:
        super().__init__(parent)
        self.name = name
        self.limit = limit
        self.stuck = False
        self._latest: dict[str, Task[Any]] = {}
        self._mailbox = Mailbox(self._deliver, self)
        self._lane = _Lane(self._mailbox.outbox)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_INTERVAL_MS)
        self._watch.timeout.connect(self._look)
        self._watch.start()
        # A daemon: a call that never returns must not keep the program from ending.
        self._thread = threading.Thread(target=self._lane.run, name=f"gui-{name}", daemon=True)
        self._thread.start()

    def call(
        self,
        work: Callable[[], T],
        done: Callable[[T], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
        *,
        key: str = "",
        context: QObject | None = None,
        patient: bool = False,
    ) -> Task[T]:
        """Make a call on the thread.

        Args:
            work: The call.
            done: Takes its result, on the GUI's thread.
            failed: Takes its exception, on the GUI's thread; without it `failed` is emitted.
            key: A newer call of the same key makes this one's result stale, and so dropped.
            context: The result is dropped if this object is gone by then.
            patient: The call is known to take long, and does not count as stuck.
        """
        task = Task(work, done, failed, context, patient)
        if key:
            stale = self._latest.get(key)
            if stale is not None:
                stale.cancel()
            self._latest[key] = task
        self._lane.inbox.put(task)
        return task

    def busy(self, key: str) -> bool:
        """Whether a call of ``key`` is under way: what polls should wait rather than queue up."""
        task = self._latest.get(key)
        return task is not None and not task.finished

    def stop(self) -> None:
        """Take no more calls, and drop what is not delivered yet. Does not wait."""
        self._watch.stop()
        for task in self._latest.values():
            task.cancel()
        self._lane.inbox.put(None)

    def finish(self, timeout: float) -> None:
        """Take no more calls, and wait until those given are made, but no longer than ``timeout`` seconds."""
        self._watch.stop()
        self._lane.inbox.put(None)
        self._thread.join(timeout)

    def waited(self) -> float:
        """Returns for how many seconds an ordinary call has been waiting for its answer."""
        began = self._lane.began
        return time.monotonic() - began if began else 0.0

    def _deliver(self, task: Task[Any]) -> None:
        error = task.deliver()
        for key in [key for key, latest in self._latest.items() if latest is task]:
            del self._latest[key]
        if error is not None:
            self.failed.emit(error)
        self._look()

    def _look(self) -> None:
        stuck = self.waited() > self.limit
        if stuck != self.stuck:
            self.stuck = stuck
            self.stuck_changed.emit(stuck)


class Poll(QObject):
    """Asks the same question again and again, while somebody looks.

    Never a second question while the first has no answer: a slow node is not made slower.

    Args:
        worker: Whose thread asks.
        work: The question.
        done: Takes the answer.
        interval_ms: Time between two questions.
        parent: Qt parent; answers are dropped when it is gone.
    """

    def __init__(
        self, worker: Worker, work: Callable[[], T], done: Callable[[T], object], interval_ms: int, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._work: Callable[[], Any] = work
        self._done: Callable[[Any], object] = done
        self._key = f"poll-{id(self)}"
        self._timer = QTimer(self)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.ask)

    def start(self) -> None:
        """Ask now, and from now on."""
        self.ask()
        self._timer.start()

    def stop(self) -> None:
        """Ask no more."""
        self._timer.stop()

    def ask(self) -> None:
        """Ask now, unless the last question is still open."""
        if not self._worker.busy(self._key):
            self._worker.call(self._work, self._done, _ignore, key=self._key, context=self)


def _ignore(_: Exception) -> None:
    """The next answer will be better; the session says if something is wrong."""
