"""Threads with names that show in logs, in `ps -L` and in debuggers."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from moneyrocket.common.logging import log

_OS_NAME_PREFIX = "m-"
_OS_NAME_LENGTH = 15

_crash: BaseException | None = None


def name_current_thread(name: str, *, rename_os_thread: bool = True) -> None:
    """Names the calling thread for Python (log lines) and, where it can be done, for the operating system."""
    threading.current_thread().name = name
    if rename_os_thread and sys.platform == "linux":
        with suppress(OSError), open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as comm:  # noqa: PTH123
            comm.write(f"{_OS_NAME_PREFIX}{name}"[:_OS_NAME_LENGTH])


def thread_crash() -> BaseException | None:
    """Returns the first exception that escaped from a thread made by `start_thread`, if any."""
    return _crash


def start_thread(name: str, target: Callable[[], object], *, daemon: bool = False) -> threading.Thread:
    """Starts a named thread.

    An exception that escapes from `target` is logged with its traceback and ends the process in order, as SIGTERM
    does, because a node that lost one of its threads is not healthy.

    Args:
        name: short name, as in Core's logs (`net`, `msghand`, `scheduler`, `httpworker.0`).
        target: called without arguments on the new thread.
        daemon: let the interpreter exit without waiting for the thread.
    """

    def run() -> None:
        global _crash
        name_current_thread(name)
        log.info("%s thread start", name)
        try:
            target()
        except BaseException as error:
            import traceback

            log.error("Thread %s ended by an exception: %s", name, traceback.format_exc())
            _crash = _crash or error
            # Not os.kill, which on Windows ends the process out of order.
            signal.raise_signal(signal.SIGTERM)
            return
        log.info("%s thread exit", name)

    thread = threading.Thread(target=run, name=name, daemon=daemon)
    thread.start()
    return thread
