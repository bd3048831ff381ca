"""The one way from other threads to the GUI's, with no Qt on the other side.

A signal emitted on another thread takes Qt's locks there while it holds Python's, and whatever dies on that thread
takes Qt objects with it. So other threads put what they have into a plain queue and write a byte to a socket, which
wakes the GUI's event loop.
"""

from __future__ import annotations

import contextlib
import socket
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, QTimer

TURN = 0.01
"""Seconds that one turn of the event loop may spend on mail; what is left waits for the next."""


class Outbox:
    """The end that any thread may use. Knows nothing of Qt, so it may be dropped anywhere."""

    def __init__(self) -> None:
        self._cells: deque[list[Any]] = deque()
        self._awake = False
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)
        weakref.finalize(self, _close, self.reader, self._writer)

    def post(self, cell: list[Any]) -> None:
        """Send the one item of ``cell``, which is empty once it was read.

        So the sender, who can only keep the cell, never holds the last reference to the item.
        """
        self._cells.append(cell)
        if not self._awake:
            self._awake = True
            self.wake()

    def wake(self) -> None:
        """Have the reader look."""
        try:
            self._writer.send(b"\0")
        except OSError:  # nobody reads any more, or a wake-up is under way already
            return

    def take(self) -> Any:
        """Returns the next item, on the reader's thread.

        Raises:
            IndexError: there is none.
        """
        return self._cells.popleft().pop()

    def rest(self) -> None:
        """Say that the reader has woken up and is about to take everything."""
        with contextlib.suppress(BlockingIOError):
            self.reader.recv(4096)
        self._awake = False


def _close(*ends: socket.socket) -> None:
    for end in ends:
        end.close()


class Mailbox(QObject):
    """The GUI's end: hands over what arrives, in order, between two events.

    Args:
        receive: Takes each item.
        parent: Qt parent.

    Attributes:
        outbox: What other threads post to.
    """

    def __init__(self, receive: Callable[[Any], object], parent: QObject) -> None:
        super().__init__(parent)
        self.outbox = Outbox()
        self._receive = receive
        self._notifier = QSocketNotifier(self.outbox.reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._read)

    def _read(self) -> None:
        self.outbox.rest()
        until = time.monotonic() + TURN
        while True:
            try:
                item = self.outbox.take()
            except IndexError:
                return
            self._receive(item)
            if time.monotonic() > until:
                self._later.start(0)
                return
