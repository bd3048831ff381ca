"""Runs a job at a fixed interval on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from moneyrocket.common import clock
from moneyrocket.common.threads import start_thread


class Ticker:
    """Calls a job every ``interval`` seconds until it is stopped."""

    def __init__(self, name: str, interval: float, job: Callable[[], None]) -> None:
        self._interval = interval
        self._job = job
        self._changed = threading.Condition()
        self._due = clock.monotonic() + interval
        self._stopped = False
        self._thread = start_thread(name, self._run, daemon=True)

    def forward(self, seconds: int) -> None:
        """Let time pass for the job."""
        with self._changed:
            self._due -= seconds
            self._changed.notify()

    def stop(self) -> None:
        """End it. Returns when the job is not running any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (left := self._due - clock.monotonic()) > 0:
                    self._changed.wait(left)
                if self._stopped:
                    return
                self._due = clock.monotonic() + self._interval
            self._job()
