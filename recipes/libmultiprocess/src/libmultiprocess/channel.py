"""One socket to one peer, and which thread reads it.

Handing a message from a reading thread to the one that waits for it costs more than the message itself. So the thread
that waits reads: whoever finds nobody reading takes the role, passes on what is for others, and leaves the role when
its own has come. Between two waits of a busy thread nobody reads, and nobody needs to: it will be back, and if it is
not within a moment, the event loop's thread steps in. The thread that calls also writes.
"""

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from libmultiprocess.errors import MalformedMessage, ProtocolError
from libmultiprocess.polling import DONT_WAIT, waiting_socket
from libmultiprocess.rpc import messages
from libmultiprocess.rpc.session import Session
from libmultiprocess.threads import Awaited, Waiter, current_waiter
from libmultiprocess.wire.framing import MessageStream

if TYPE_CHECKING:
    from libmultiprocess.connection import Connection
    from libmultiprocess.eventloop import EventLoop

_RECEIVE_BYTES: Final = 1 << 12
_SEND_SECONDS: Final = 1.0


class Channel:
    """Sends and receives the messages of one connection.

    Args:
        loop: reads when no thread waits, and writes when the socket is full.
        sock: a connected socket, which is taken over.
        on_end: called once, in any thread, when the connection has ended, with the reason.

    Attributes:
        connection: the connection.
        session: its session.
    """

    def __init__(self, loop: "EventLoop", sock: socket.socket, on_end: Callable[[str], None]) -> None:
        self.ended = False
        self.connection: Connection
        self.session: Session
        self._loop = loop
        self._sock = waiting_socket(sock)
        self._on_end = on_end
        self._reason = ""
        self._stream = MessageStream()
        # What was received and not yet looked at: at most one entry, bytes or how many were put into the stream's room.
        self._arrived: list[Any] = []
        # Reading.
        self._role = threading.Lock()
        self._reader: Waiter | EventLoop | None = None
        self._sleepers: dict[Waiter, Awaited] = {}
        self._leaves = 0
        self._leaves_seen = -1
        self._ending = False
        self._closed = False
        # Writing.
        self._sending = threading.Lock()
        self._outbox: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._rest: memoryview | None = None
        self._full = False

    @property
    def descriptor(self) -> int:
        """The socket's descriptor."""
        return self._sock.fileno()

    # Waiting; in any thread but the loop's.

    def wait(self, waiter: Waiter, awaited: Awaited) -> None:
        """Wait until ``awaited`` is done; run what arrives for the thread meanwhile."""
        work = waiter.work
        while True:
            while work:
                work.popleft()()
            if awaited.done:
                return
            self._pause(waiter, awaited)

    def wait_until(self, waiter: Waiter, awaited: Awaited, end: float) -> bool:
        """`wait` until the clock of ``time.monotonic`` shows ``end``; returns whether ``awaited`` is done.

        Such a thread leaves reading to others, since a blocking read does not look at the clock.
        """
        work = waiter.work
        while True:
            while work:
                work.popleft()()
            if awaited.done:
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._pause(waiter, awaited, left)

    def _pause(self, waiter: Waiter, awaited: Awaited, seconds: float = -1) -> None:
        """Read or sleep until the thread has something to do, ``seconds`` at most if that is not negative."""
        waiter.sleeping = True
        may_read = waiter.may_read(self)
        unread = False
        with self._role:
            if waiter.work or awaited.done:
                waiter.sleeping = False
                return
            if self._reader is None and not self.ended:
                if may_read and not self.session.deferred:
                    self._reader = waiter
                else:
                    unread = True
            reads = self._reader is waiter
            if not reads:
                self._sleepers[waiter] = awaited
        if not reads:
            if unread:
                self._loop.post(self.take_over)
            try:
                waiter.sleep(seconds)
            except BaseException:
                if self._woken(waiter):
                    self._leave(waiter)
                raise
            reads = self._woken(waiter)
        waiter.sleeping = False
        if reads:
            self._read_for(waiter, awaited)

    def _woken(self, waiter: Waiter) -> bool:
        """A thread sleeps no more; returns whether it was given the role."""
        with self._role:
            self._sleepers.pop(waiter, None)
            return self._reader is waiter

    def _read_for(self, waiter: Waiter, awaited: Awaited) -> None:
        """Read until the thread has something to do."""
        try:
            # While calls are deferred the event loop reads: nothing can be posted to a thread that is in a read.
            while not (waiter.work or awaited.done or self.ended or self.session.deferred):
                self._receive(waiter, 0)
                if self._outbox and not (waiter.work or awaited.done):
                    self.flush()
        finally:
            self._leave(waiter)

    def _leave(self, leaving: Waiter) -> None:
        """Pass the role on, or leave it to whoever comes next."""
        successor: Waiter | None = None
        unread = False
        leaving.busy = True
        with self._role:
            if self.session.deferred:
                unread = True
            elif not self.ended:
                for waiter, awaited in self._sleepers.items():
                    if awaited.urgent and not awaited.done:
                        unread = True
                        if waiter.may_read(self):
                            successor = waiter
                            break
            self._reader = successor
            self._leaves += 1
        leaving.busy = False
        if self.ended:
            self._finish()
        elif successor is not None:
            successor.wake()
        elif unread:
            self._loop.post(self.take_over)
        elif not self._loop.ticking:
            self._loop.start_ticking()

    def _receive(self, waiter: Waiter, flags: int) -> None:
        """Receive once, and act on what has come. Ends the connection if that is what has come."""
        stream, arrived = self._stream, self._arrived
        try:
            room = stream.room()
            if not arrived:
                # No signal's handler can run between the system call and the list, so what was received is not lost.
                waiter.resting = True
                if room is None:
                    arrived.extend(map(self._sock.recv, (_RECEIVE_BYTES,), (flags,)))
                else:
                    arrived.extend(map(self._sock.recv_into, (room,), (0,), (flags,)))
                waiter.resting = False
            data = arrived[0]
            if not data:
                self._hung_up()
                return
            if room is None:
                stream.feed(data)
            else:
                stream.filled(data)
            arrived.clear()
            before, waiter.busy = waiter.busy, True
            try:
                while (message := stream.next()) is not None:
                    self.session.receive(message)
            finally:
                waiter.busy = before
        except (ProtocolError, MalformedMessage) as error:
            self.send(messages.abort(str(error)), False)
            self.end(str(error))
        except BlockingIOError:
            waiter.resting = False
        except OSError as error:
            if error.errno is None:
                # It is no error of the socket's; a signal's handler has raised it.
                raise
            waiter.resting = False
            self.end(error.strerror or str(error))
        except Exception as error:
            if waiter.resting:
                raise
            # Nothing that a peer sends may end the thread that happens to read it.
            self.end(f"internal error: {type(error).__name__}: {error}")

    def _hung_up(self) -> None:
        self.end("a message was cut off" if self._stream.unfinished else "")

    # Sending; in any thread.

    def send(self, data: bytes, later: bool) -> None:
        """Send one message; with ``later``, together with the next one."""
        if self.ended:
            return
        self._outbox.append(data)
        if self._full:
            self._unsent_bytes += len(data)
            if self._unsent_bytes > self._loop.limits.unsent_bytes:
                self.end(f"the peer does not read: {self._unsent_bytes} bytes wait for it")
        elif not later:
            self.flush()

    def flush(self) -> None:
        """Send what waits. Another thread that is at it takes over what this one leaves."""
        try:
            self._flush()
        except BaseException as error:
            # A signal's handler has raised. Without this thread the lock is perhaps never let go.
            self.broken_off(current_waiter(), error)
            raise

    def _flush(self) -> None:
        while (self._outbox or self._rest is not None) and not self._full and not self.ended:
            # Whoever keeps this thread from it looks again after it has let go, so nothing is left behind.
            if not self._sending.acquire(blocking=False):
                return
            waiter = current_waiter()
            before, waiter.busy = waiter.busy, True
            try:
                self._send_some()
            except OSError as error:
                self.end(str(error))
            finally:
                waiter.busy = before
                self._sending.release()

    def _send_some(self) -> None:
        outbox = self._outbox
        if self._rest is not None:
            data: bytes | memoryview = self._rest
        elif len(outbox) == 1:
            data = outbox.popleft()
        elif not outbox:
            return
        else:
            data = b"".join([outbox.popleft() for _ in range(len(outbox))])
        try:
            sent = self._sock.send(data, DONT_WAIT)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._rest = memoryview(data)[sent:]
            self._full = True
            self._unsent_bytes = len(data) - sent
            self._loop.post(self.watch_for_room)
        else:
            self._rest = None

    @property
    def unsent(self) -> bool:
        """Whether messages wait or are being sent."""
        return bool(self._outbox) or self._rest is not None or self._sending.locked()

    # Ending; in any thread.

    def end(self, reason: str) -> None:
        """End the connection, soon: pending calls fail, held objects are let go.

        Args:
            reason: why; empty for an ordinary end.
        """
        # In the loop's thread, which no signal interrupts, and which nobody else is in while it takes up reading.
        if self._loop.is_current_thread:
            self._end(reason, None)
        else:
            self._loop.post(partial(self._end, reason, None))
            self.ended = True

    def broken_off(self, waiter: Waiter, error: BaseException) -> None:
        """An exception, of a signal's handler say, broke into a thread's use of the channel: nobody knows its state."""
        waiter.busy, waiter.resting = self._loop.is_current_thread, False
        self._loop.post(partial(self._end, f"{type(error).__name__} in the middle of a message", waiter))
        self.ended = True

    def _end(self, reason: str, broken: Waiter | None) -> None:
        with self._role:
            if broken is not None:
                self._sleepers.pop(broken, None)
                if self._reader is broken:
                    self._reader = None
            if self._ending:
                return
            self._ending = self.ended = True
            self._reason = reason
            alone = self._reader is None or self._reader is self._loop
        with contextlib.suppress(OSError):
            # Wakes a thread that reads.
            self._sock.shutdown(socket.SHUT_RDWR)
        self.session.close()
        with self._role:
            sleepers = list(self._sleepers)
        for waiter in sleepers:
            waiter.wake()
        if alone:
            self._finish()

    def _finish(self) -> None:
        """Nobody reads any more: give the socket back."""
        with self._role:
            if self._closed:
                return
            self._closed = True
        self._loop.forget(self, self._close)

    def _close(self) -> None:
        # A descriptor may be another file's as soon as it is closed, so nobody may be about to send; a thread that a
        # signal took out of sending will not come back.
        self._sending.acquire(timeout=_SEND_SECONDS)
        self._outbox.clear()
        self._sock.close()
        self._on_end(self._reason)

    def forked(self) -> None:
        """The process is a fork: forget the connection without ending the parent's."""
        self.ended = self._ending = self._closed = True
        # Threads that are gone may have held them.
        self._role, self._sending = threading.Lock(), threading.Lock()
        self._sock.close()
        self.session.forked()

    # In the event loop's thread.

    def take_over(self) -> None:
        """Read from now on, if nobody else does."""
        with self._role:
            if self._reader is not None or self.ended:
                return
            self._reader = self._loop
        self._loop.watch(self, reading=True)
        if self._arrived:
            self.readable()

    def watch_for_room(self) -> None:
        """Be told when the socket takes more."""
        if not self.ended:
            self._loop.watch(self, writing=True)

    def writable(self) -> None:
        """The socket takes more."""
        self._loop.watch(self, writing=False)
        self._full = False
        self.flush()

    def readable(self) -> None:
        """Something has come; let threads read again once they have something to do."""
        self._receive(current_waiter(), DONT_WAIT)
        if self.ended:
            return
        self.flush()
        if self.session.deferred:
            return
        with self._role:
            woken = False
            for waiter, awaited in self._sleepers.items():
                if waiter.work or awaited.done:
                    if not waiter.may_read(self):
                        return
                    woken = True
                elif awaited.urgent:
                    return
            if not woken:
                return
            self._reader = None
            self._leaves += 1
        # Whoever was woken may be busy for long.
        self._loop.ticking = True
        self._loop.watch(self, reading=False)

    def tick(self) -> bool:
        """Send what was put off, and read if nobody has for a while; returns whether threads have been at it."""
        if self.ended:
            return False
        self.session.references.release_dropped()
        if self._outbox:
            self.flush()
        active = self._leaves != self._leaves_seen
        self._leaves_seen = self._leaves
        if self._reader is None and not active:
            self.take_over()
            return True
        return active
