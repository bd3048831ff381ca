"""A thread that runs small jobs, now or at a set time."""

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count

from moneyrocket.common.logging import category_logger

Job = Callable[[], None]

log = category_logger("validation")


class Scheduler:
    """Runs jobs one after the other on one thread, ordered by due time and then by submission."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queue: list[tuple[float, int, Job]] = []
        self._number = count()
        self._stopping = False
        self._draining = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, named ``scheduler``."""
        from moneyrocket.common.threads import start_thread

        self._thread = start_thread("scheduler", self._run)

    def stop(self, *, drain: bool = False) -> None:
        """End the thread after the running job, or with ``drain`` once the queue is empty. Waits for it."""
        with self._condition:
            self._draining = drain
            self._stopping = True
            self._condition.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    @property
    def is_running(self) -> bool:
        """Whether jobs are being run."""
        return self._thread is not None

    def schedule(self, job: Job, delay: float = 0.0) -> None:
        """Run ``job`` once, ``delay`` seconds from now."""
        with self._condition:
            heapq.heappush(self._queue, (time.monotonic() + delay, next(self._number), job))
            self._condition.notify()

    def schedule_every(self, job: Job, interval: float) -> None:
        """Run ``job`` again and again, ``interval`` seconds after its last end; first after one interval."""

        def repeat() -> None:
            job()
            self.schedule(repeat, interval)

        self.schedule(repeat, interval)

    def mock_forward(self, seconds: float) -> None:
        """Bring every waiting job forward by ``seconds``, as if that time had passed."""
        with self._condition:
            self._queue = [(due - seconds, number, job) for due, number, job in self._queue]
            heapq.heapify(self._queue)
            self._condition.notify()

    def _take(self) -> Job | None:
        with self._condition:
            while True:
                if self._stopping and not (self._draining and self._queue):
                    return None
                if self._queue:
                    due = self._queue[0][0]
                    wait = due - time.monotonic()
                    if wait <= 0:
                        return heapq.heappop(self._queue)[2]
                    if self._stopping:
                        return None
                    self._condition.wait(wait)
                else:
                    self._condition.wait()

    def _run(self) -> None:
        while (job := self._take()) is not None:
            try:
                job()
            except Exception as error:
                log.error("Scheduled job %s failed: %r", getattr(job, "__qualname__", job), error)


class SerialQueue:
    """Runs jobs in order, each after the one before has ended, without blocking the scheduler's other jobs."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._scheduled = False

    def put(self, job: Job) -> None:
        """Append a job."""
        with self._lock:
            self._jobs.append(job)
            if self._scheduled:
                return
            self._scheduled = True
        self._scheduler.schedule(self._run_batch)

    def __len__(self) -> int:
        with self._lock:
            return len(self._jobs)

    def flush(self) -> None:
        """Run what is left on the calling thread, once the scheduler has stopped."""
        while True:
            with self._lock:
                if not self._jobs:
                    return
                job = self._jobs.pop(0)
            job()

    def _run_batch(self) -> None:
        with self._lock:
            jobs, self._jobs = self._jobs, []
        try:
            for job in jobs:
                try:
                    job()
                except Exception as error:
                    log.error("Notification %s failed: %r", getattr(job, "__qualname__", job), error)
        finally:
            with self._lock:
                self._scheduled = bool(self._jobs)
                again = self._scheduled
            if again:
                self._scheduler.schedule(self._run_batch)
