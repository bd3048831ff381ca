"""Passes debug lines on as they are logged."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from moneyrocket.common import logging
from moneyrocket.common.outbox import Outbox
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.node import LogSink

_DELAY: Final = 0.2
_MAX_LINES: Final = 2000
"""Lines that wait; of more the oldest are dropped."""
_OWN_CALLS: Final = "LogSink."
"""Lines about the calls that carry lines would beget lines for ever."""


class LogTail(Handler):
    """Passes the debug lines of a category to a sink until it is disconnected."""

    def __init__(self, category: str, sink: LogSink) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=_MAX_LINES)
        self._dropped = 0
        self._outbox = Outbox("logtail", _DELAY)
        self._remove = logging.add_tap(category, self._take)

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        self._remove()
        self._outbox.close()

    def _take(self, line: str) -> None:
        if _OWN_CALLS in line:
            return
        if self._outbox.closed:
            self._remove()
            return
        with self._lock:
            self._dropped += len(self._lines) == _MAX_LINES
            self._lines.append(line)
        self._outbox.put(self._send, "lines")

    def _send(self) -> None:
        with self._lock:
            lines, dropped = list(self._lines), self._dropped
            self._lines.clear()
            self._dropped = 0
        self._sink.lines([f"… {dropped} lines left out", *lines] if dropped else lines)
