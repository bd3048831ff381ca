"""Delivers messages to someone who may be slow, without making anyone wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from moneyrocket.common.logging import log


class Outbox:
    """Runs jobs in order on a thread of its own, which begins with the first one.

    A job that raises `ConnectionError` ends it: whom it delivers to is gone. Any other exception is logged.

    Args:
        name: name of the thread.
        delay: seconds to wait before jobs are run, so that what follows can replace or join them.
    """

    def __init__(self, name: str, delay: float = 0.0) -> None:
        self._name = name
        self._delay = delay
        self._condition = threading.Condition()
        self._jobs: dict[Hashable, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing is delivered any more."""
        return self._closed

    def put(self, job: Callable[[], None], key: Hashable | None = None) -> None:
        """Run a job after those that wait. It takes the place of one with the same key (None for no key)."""
        with self._condition:
            if self._closed:
                return
            self._jobs[object() if key is None else key] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def close(self, timeout: float | None = None) -> None:
        """Drop what waits. Returns when no job is running any more, or ``timeout`` seconds passed.

        Harmless if repeated. A job may call it, too; then it returns at once.
        """
        with self._condition:
            self._closed = True
            self._jobs.clear()
            self._condition.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._jobs or self._closed)
                if self._delay:
                    self._condition.wait_for(lambda: self._closed, self._delay)
            while job := self._next():
                try:
                    job()
                except ConnectionError as error:
                    log.debug("%s: whom it delivered to is gone: %s", self._name, error)
                    self.close()
                except Exception as error:
                    log.error("%s: %r", self._name, error)
            if self._closed:
                return

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            if self._closed or not self._jobs:
                return None
            return self._jobs.pop(next(iter(self._jobs)))
