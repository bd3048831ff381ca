"""Measures how long the event loop stands still, apart from what other programs take from this one."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from PySide6.QtCore import QTimer

INTERVAL_MS = 2


class Scheduling:
    """What the system says about the threads of this process: time on a processor, time spent waiting for one.

    Waiting hardly grows on a machine with nothing else to do. All is zero where the system does not tell (Linux does).
    """

    def __init__(self) -> None:
        self._files: dict[int, int] = {}

    def open(self) -> None:
        """Begin to watch the threads that there are now."""
        self.close()
        for path in Path("/proc/self/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # a thread that has ended meanwhile
                self._files[int(path.parent.name)] = os.open(path, os.O_RDONLY)

    def close(self) -> None:
        """Watch no more."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def read(self) -> dict[int, tuple[float, float]]:
        """Returns for every thread the seconds that it ran and that it waited so far."""
        found = {}
        for thread, file in self._files.items():
            with contextlib.suppress(OSError, ValueError):
                ran, waited, _ = os.pread(file, 64, 0).split()
                found[thread] = (int(ran) / 1e9, int(waited) / 1e9)
        return found

    def main_thread(self) -> tuple[float, float]:
        """Returns the seconds that the main thread ran and that it waited so far."""
        return self.read().get(os.getpid(), (0.0, 0.0))


class StallWatch(QTimer):
    """Ticks as often as it can, and notes the longest time between two ticks that this program is to blame for.

    What the GUI's thread waited for a processor is not; nor what another thread did, which may hold the interpreter.

    Attributes:
        longest: Seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setInterval(INTERVAL_MS)
        self.longest = 0.0
        self._scheduling = Scheduling()
        self._time = 0.0
        self._threads: dict[int, tuple[float, float]] = {}
        self.timeout.connect(self._tick)

    def begin(self) -> None:
        """Measure anew."""
        self._scheduling.open()
        self._time, self._threads = time.perf_counter(), self._scheduling.read()
        self.longest = 0.0
        self.start()

    def end(self) -> float:
        """Measure no more; returns `longest`."""
        self._tick()
        self.stop()
        self._scheduling.close()
        return self.longest

    def _tick(self) -> None:
        now, threads, main = time.perf_counter(), self._scheduling.read(), os.getpid()
        waits = {each: waited - self._threads.get(each, (0.0, waited))[1] for each, (_, waited) in threads.items()}
        own = waits.pop(main, 0.0)
        ran = threads.get(main, (0.0, 0.0))[0] - self._threads.get(main, (0.0, 0.0))[0]
        gap = now - self._time - own - max(waits.values(), default=0.0)
        self.longest = max(self.longest, gap, ran)
        self._time, self._threads = now, threads
