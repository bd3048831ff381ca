"""SIGTERM and SIGINT stop the node in order, and on Windows SIGBREAK; SIGHUP opens the log again.

The handlers themselves do nothing: the interpreter writes the signal's number to a socket, and a thread acts on it.
So no lock can be taken twice, whatever the main thread was doing.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

from moneyrocket.common.logging import reopen_log
from moneyrocket.common.threads import start_thread


def watch_signals(on_stop: Callable[[], None]) -> None:
    """Calls `on_stop` when the process shall end; to be called on the main thread.

    Args:
        on_stop: called on a thread of its own, perhaps more than once.
    """
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    stop_signals = [signal.SIGTERM, signal.SIGINT]
    if hasattr(signal, "SIGBREAK"):
        stop_signals.append(signal.SIGBREAK)
    hangup = getattr(signal, "SIGHUP", None)
    for number in (*stop_signals, *([hangup] if hangup else [])):
        signal.signal(number, _ignore)

    def act() -> None:
        # The sender lives as long as this thread, that is, as long as the process.
        while sender and (numbers := receiver.recv(16)):
            for number in numbers:
                if number in stop_signals:
                    on_stop()
                elif number == hangup:
                    reopen_log()

    start_thread("signals", act, daemon=True)


def _ignore(number: int, frame: FrameType | None) -> None:
    pass
