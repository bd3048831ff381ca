"""The thread of a process that reads and writes when no other thread does, and the one that lets objects go."""

import atexit
import contextlib
import errno
import os
import selectors
import socket
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from libmultiprocess.errors import IpcError
from libmultiprocess.limits import Limits
from libmultiprocess.log import Describer, Log, NoLog, thread_name
from libmultiprocess.pairs import socket_pair
from libmultiprocess.threads import Work, WorkThread, current_waiter

if TYPE_CHECKING:
    from libmultiprocess.channel import Channel
    from libmultiprocess.connection import Connection

_JOIN_SECONDS: Final = 2.0

TICK_SECONDS: Final = 0.002
"""How long a connection may be unread while its threads are busy, and how long a small message may wait for company."""

_QUIET_TICKS: Final = 25


class Companion(Protocol):
    """Something that a loop has one of, and that ends with it."""

    def __init__(self, loop: "EventLoop") -> None:
        """For ``loop``."""

    def close(self) -> None:
        """End; the loop's connections are closed by now."""

    def forked(self) -> None:
        """The process is a fork, without the threads of the parent: give descriptors back and nothing more."""


CompanionT = TypeVar("CompanionT", bound=Companion)


class EventLoop:
    """What the connections of a process have in common.

    Args:
        name: name of this process, for messages and thread names.
        log: takes a line for each request and response.
        describe: writes the arguments for those lines.
        limits: what each peer may take.
    """

    def __init__(
        self, name: str, log: Log | None = None, describe: Describer | None = None, limits: Limits | None = None
    ) -> None:
        self.name = name
        self.log: Log = log or NoLog()
        self.describe = describe or Describer()
        self.limits = limits or Limits()
        self.closed = False
        self._closing = False
        self.forked = False
        self.ticking = False
        self._quiet_ticks = 0
        self._posted: deque[Work] = deque()
        self._woken = False
        self._connections: set[Connection] = set()
        self._channels: set[Channel] = set()
        self._interest: dict[Any, int] = {}
        self._companions: dict[type[Companion], Companion] = {}
        self._lock = threading.Lock()
        self._cleanup_thread: WorkThread | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket_pair()
        # A copy, since a sandboxed process may not make another socket.
        self._spare = self._bell.dup()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._hear)
        self._thread = threading.Thread(target=self._run, name="ipc-loop", daemon=True)
        self._thread.start()
        atexit.register(self.close)
        _all_loops.add(self)

    def _run(self) -> None:
        # Nothing that waits may run here.
        current_waiter().busy = True
        while not self.closed:
            for key, events in self._selector.select(TICK_SECONDS if self.ticking else None):
                self._guard(partial(key.data, events))
            self._run_posted()
            if self.ticking:
                self._guard(self._tick)
        self._run_posted()

    def _guard(self, work: Work) -> None:
        """Nothing ends the threads that all connections rely on: not a log that raises, nor a lack of memory."""
        try:
            work()
        except Exception:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _hear(self, _events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)
        self._woken = False

    def _run_posted(self) -> None:
        posted = self._posted
        while posted:
            self._guard(posted.popleft())

    def _tick(self) -> None:
        active = False
        for channel in tuple(self._channels):
            active |= channel.tick()
        if active:
            self._quiet_ticks = 0
            return
        self._quiet_ticks += 1
        if self._quiet_ticks > _QUIET_TICKS:
            self.ticking = False
            # A thread that left its channel a moment ago may have relied on the ticks.
            for channel in tuple(self._channels):
                if channel.tick():
                    self.ticking = True
            self._quiet_ticks = 0

    @property
    def is_current_thread(self) -> bool:
        """Whether the caller runs in the loop's thread."""
        return threading.current_thread() is self._thread

    # In any thread.

    def post(self, work: Work) -> None:
        """Run ``work`` in the loop's thread, soon. Safe everywhere, in finalizers too; does nothing after `close`."""
        self._posted.append(work)
        self._wake()

    def start_ticking(self) -> None:
        """Look after the channels for a while. Safe everywhere."""
        if not self.ticking:
            try:
                self.ticking = True
                self._wake()
            except BaseException:
                # A signal's handler has raised, and perhaps the loop does not know.
                self.ticking = False
                raise

    def _wake(self) -> None:
        if not self._woken and not self.closed:
            try:
                self._woken = True
                self._ring.send(b"\0")
            except OSError:
                return
            except BaseException:
                # Likewise.
                self._woken = False
                raise

    def clean_up(self, work: Work) -> None:
        """Run ``work``, which may take its time or call other processes, in the thread kept for letting go."""
        if self.closed:
            return
        if self._cleanup_thread is None:
            with self._lock:
                if self._cleanup_thread is None:
                    self._cleanup_thread = WorkThread("ipc-cleanup")
        self._cleanup_thread.post(partial(self._clean_up, work))

    def _clean_up(self, work: Work) -> None:
        try:
            work()
        except Exception as error:
            # What else is to be let go does not depend on it.
            if self.log.enabled:
                self._guard(partial(self.log, f"{{{thread_name(self.name)}}} IPC clean-up failed: {error!r}"))

    def companion(self, kind: type[CompanionT]) -> CompanionT:
        """The loop's one ``kind``, made when it is first asked for.

        Raises:
            IpcError: after `close`.
        """
        with self._lock:
            made = self._companions.get(kind)
            if made is None:
                if self._closing or self.closed:
                    raise IpcError("the event loop is closed")
                made = self._companions[kind] = kind(self)
        assert isinstance(made, kind)
        return made

    def add(self, connection: "Connection", channel: "Channel") -> None:
        """Look after ``channel``, and close ``connection`` together with the loop.

        Raises:
            IpcError: after `close`.
        """
        with self._lock:
            if self._closing or self.closed:
                raise IpcError("the event loop is closed")
            self._connections.add(connection)
            self._channels.add(channel)
        self.post(channel.take_over)

    def discard(self, connection: "Connection") -> None:
        """The connection has ended."""
        with self._lock:
            self._connections.discard(connection)

    def forget(self, channel: "Channel", close: Work) -> None:
        """Run ``close``, which closes the channel's socket, once the loop does not look at it any more."""
        with self._lock:
            self._channels.discard(channel)

        def stop_watching() -> None:
            if self._interest.pop(channel, 0):
                self._selector.unregister(channel.descriptor)
            close()

        self.post(stop_watching)

    # In the loop's thread.

    def watch(self, channel: "Channel", *, reading: bool | None = None, writing: bool | None = None) -> None:
        """Tell a channel when something has come, or when there is room to send; None leaves it as it is."""
        before = events = self._interest.get(channel, 0)
        if reading is not None:
            events = events | selectors.EVENT_READ if reading else events & ~selectors.EVENT_READ
        if writing is not None:
            events = events | selectors.EVENT_WRITE if writing else events & ~selectors.EVENT_WRITE
        if events == before or channel.ended:
            return

        def ready(mask: int) -> None:
            if mask & selectors.EVENT_WRITE:
                channel.writable()
            if mask & selectors.EVENT_READ:
                channel.readable()

        self._interest[channel] = events
        if not before:
            self._selector.register(channel.descriptor, events, ready)
        elif events:
            self._selector.modify(channel.descriptor, events, ready)
        else:
            self._selector.unregister(channel.descriptor)

    def accept_from(self, sock: socket.socket, accepted: Callable[[socket.socket], None]) -> None:
        """Pass each connection that a listening socket gets to ``accepted``, until `stop_accepting`."""

        def ready(_events: int) -> None:
            # A peer that is gone already must not end the listening, nor the loop if it is about to close.
            with contextlib.suppress(OSError, IpcError):
                try:
                    accepted(sock.accept()[0])
                except OSError as error:
                    if error.errno in (errno.EMFILE, errno.ENFILE):
                        self._refuse(sock)
                    raise

        self.post(lambda: self._selector.register(sock, selectors.EVENT_READ, ready) and None)

    def _refuse(self, sock: socket.socket) -> None:
        """Hang up on who connects, for want of descriptors. Otherwise it would wait, and the loop never rest."""
        self._spare.close()
        try:
            sock.accept()[0].close()
        finally:
            self._spare = self._bell.dup()
        if self.log.enabled:
            self.log(f"{{{thread_name(self.name)}}} IPC refused a connection: too many open files")

    def stop_accepting(self, sock: socket.socket) -> None:
        """Close a listening socket once the loop does not look at it any more."""

        def stop() -> None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(sock)
            sock.close()
            done.set()

        done = threading.Event()
        if self.closed or self.is_current_thread:
            stop()
            return
        self.post(stop)
        done.wait(_JOIN_SECONDS)

    # Ending.

    def settle(self, seconds: float) -> bool:
        """Wait until the calls of peers that are running now have been answered, as one does before `close`.

        Args:
            seconds: how long to wait at most.

        Returns:
            Whether they have.
        """
        running = [(connection, connection.running_calls()) for connection in self._snapshot()]
        end = time.monotonic() + seconds
        # Seen twice, because a call is over a moment before its answer is under way.
        seen = 0
        while True:
            seen = seen + 1 if all(connection.has_answered(calls) for connection, calls in running) else 0
            if seen == 2 or time.monotonic() >= end:
                return seen > 0
            time.sleep(TICK_SECONDS)

    def close(self) -> None:
        """Close all connections and end the threads. Pending calls fail. Harmless if repeated."""
        if self.closed or self.is_current_thread:
            return
        with self._lock:
            self._closing = True
        while connections := self._snapshot():
            for connection in connections:
                connection.close()
        with self._lock:
            companions = list(self._companions.values())
        for companion in companions:
            companion.close()
        with self._lock:
            cleanup = self._cleanup_thread
        if cleanup is not None:
            cleanup.stop()
            cleanup.join(_JOIN_SECONDS)
        self.post(self._stop)
        self._thread.join(_JOIN_SECONDS)
        self._give_back()
        atexit.unregister(self.close)

    def _stop(self) -> None:
        self.closed = True

    def _give_back(self) -> None:
        self.closed = True
        self._selector.close()
        self._spare.close()
        self._bell.close()
        self._ring.close()

    def _snapshot(self) -> "list[Connection]":
        with self._lock:
            return list(self._connections)

    def _forked(self) -> None:
        """The process is a fork: its threads are gone, and the sockets belong to the parent."""
        self.closed = self.forked = True
        for connection in list(self._connections):
            connection.forked()
        for companion in list(self._companions.values()):
            companion.forked()
        self._give_back()

    def __enter__(self) -> "EventLoop":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


_all_loops: "weakref.WeakSet[EventLoop]" = weakref.WeakSet()


def _after_fork() -> None:
    for loop in list(_all_loops):
        loop._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
