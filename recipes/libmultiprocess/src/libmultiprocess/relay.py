"""The thread that carries bytes between TLS sockets and the plain sockets that connections read and write.

A connection reads its socket in whichever thread waits, with flags that a TLS socket does not know. So it gets one
end of a socket pair, and this thread passes on what arrives at the other. It holds one piece for each direction and
reads no further until that is gone: whoever does not read slows down whoever writes, as without it.
"""

import contextlib
import heapq
import itertools
import selectors
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from libmultiprocess.errors import IpcError
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.log import thread_name
from libmultiprocess.pairs import socket_pair

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE

_PIECE_BYTES: Final = 1 << 16
_RECORD_BYTES: Final = 1 << 14
_TURNS: Final = 16
"""Pieces that one connection may move before it is the others' turn."""

_LINGER_SECONDS: Final = 1.0
_CLOSE_SECONDS: Final = 2.0

Work = Callable[[], Any]


class Relay:
    """One thread with a selector and a clock. A companion of its loop."""

    def __init__(self, loop: EventLoop) -> None:
        self.loop = loop
        self.room = memoryview(bytearray(_PIECE_BYTES))
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket_pair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._posted: deque[Work] = deque()
        self._later: list[tuple[float, int, Work]] = []
        self._numbers = itertools.count()
        self._watched: dict[socket.socket, int] = {}
        self._closing: dict[object, Work] = {}
        self._carriers: set[Carrier] = set()
        self._idle = threading.Event()
        self._idle.set()
        self._ended = False
        self._selector.register(self._bell, READ, self._hear)
        self._thread = threading.Thread(target=self._run, name="ipc-tls", daemon=True)
        self._thread.start()

    # In any thread.

    def post(self, work: Work) -> None:
        """Run ``work`` in the relay's thread, soon; never after `close`."""
        self._posted.append(work)
        with contextlib.suppress(OSError):
            # Full means that it rings already.
            self._ring.send(b"\0")

    def run(self, work: Work) -> None:
        """Run ``work`` in the relay's thread and wait for it."""
        if threading.current_thread() is self._thread:
            work()
            return
        done = threading.Event()

        def work_and_tell() -> None:
            try:
                work()
            finally:
                done.set()

        self.post(work_and_tell)
        done.wait(_CLOSE_SECONDS)

    def carry(self, tls: ssl.SSLSocket, peer: str) -> socket.socket:
        """Carry bytes between ``tls``, which is taken over, and the socket that is returned, until either end closes.

        Args:
            tls: connected, its handshake done.
            peer: for the log.

        Raises:
            IpcError: after `close`.
        """
        if self._ended:
            tls.close()
            raise IpcError("the event loop is closed")
        ours, theirs = socket_pair()
        tls.setblocking(False)
        ours.setblocking(False)
        carrier = Carrier(self, tls, ours, peer)

        def begin() -> None:
            self._carriers.add(carrier)
            self._idle.clear()
            carrier.advance()

        self.post(begin)
        return theirs

    def close(self) -> None:
        """Let go of listeners, bring out what is still to be sent, and end."""
        self.run(self._let_go)
        self._idle.wait(_CLOSE_SECONDS)
        self.post(self._end)
        self._thread.join(_CLOSE_SECONDS)

    def forked(self) -> None:
        """The process is a fork: give the descriptors back."""
        self._ended = True
        for sock in (*self._watched, self._bell, self._ring):
            sock.close()
        self._selector.close()

    # In the relay's thread.

    def watch(self, sock: socket.socket, events: int, ready: Work) -> None:
        """Call ``ready`` when one of ``events`` comes about at ``sock``; none of them: forget it."""
        before = self._watched.get(sock, 0)
        if events == before:
            return
        if not events:
            del self._watched[sock]
            self._selector.unregister(sock)
        elif before:
            self._watched[sock] = events
            self._selector.modify(sock, events, ready)
        else:
            self._watched[sock] = events
            self._selector.register(sock, events, ready)

    def call_later(self, seconds: float, work: Work) -> None:
        """Call ``work`` after ``seconds``."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), work))

    def on_close(self, owner: object, work: Work | None) -> None:
        """Call ``work`` at the end, for ``owner``; None: not any more."""
        if work is None:
            self._closing.pop(owner, None)
        else:
            self._closing[owner] = work

    def discard(self, carrier: "Carrier") -> None:
        """It carries nothing any more."""
        self._carriers.discard(carrier)
        if not self._carriers:
            self._idle.set()

    def log(self, text: str) -> None:
        """Write a line if anybody wants it."""
        log = self.loop.log
        if log.enabled:
            log(f"{{{thread_name(self.loop.name)}}} IPC {text}")

    def _run(self) -> None:
        while not self._ended:
            wait = max(0.0, self._later[0][0] - time.monotonic()) if self._later else None
            for key, _events in self._selector.select(wait):
                # What came first may have closed what comes now.
                if key.fileobj is self._bell or key.fileobj in self._watched:
                    self._guard(key.data)
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                self._guard(heapq.heappop(self._later)[2])
            for _ in range(len(self._posted)):
                self._guard(self._posted.popleft())
        self._give_back()

    def _guard(self, work: Work) -> None:
        """Nothing ends the thread that all connections rely on."""
        try:
            work()
        except Exception:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)

    def _let_go(self) -> None:
        for work in list(self._closing.values()):
            self._guard(work)
        self._closing.clear()

    def _end(self) -> None:
        self._ended = True

    def _give_back(self) -> None:
        for carrier in tuple(self._carriers):
            self._guard(partial(carrier.end, "the event loop is closed"))
        for sock in tuple(self._watched):
            sock.close()
        self._selector.close()
        self._bell.close()
        self._ring.close()


class Carrier:
    """Carries the bytes of one connection. In the relay's thread."""

    def __init__(self, relay: Relay, tls: ssl.SSLSocket, local: socket.socket, peer: str) -> None:
        self._relay = relay
        self._tls = tls
        self._local = local
        self._peer = peer
        self._inward = b""
        self._outward = b""
        # TLS may have to write in order to read, and the other way round.
        self._to_read = READ
        self._to_write = WRITE
        # The connection reads no more; what it has sent is still to be brought out.
        self._deaf = False
        self._ended = False

    def advance(self) -> None:
        """Move what can be moved."""
        if self._ended:
            return
        try:
            again = not self._deaf and self._move_in()
            again = self._move_out() or again
        except OSError as error:
            self.end(error.strerror or str(error))
            return
        if again:
            self._relay.post(self.advance)
        self._watch()

    def _watch(self) -> None:
        """Be told of what is waited for now."""
        if self._ended:
            return
        events = (self._to_write if self._outward else 0) | (0 if self._inward or self._deaf else self._to_read)
        self._relay.watch(self._tls, events, self.advance)
        events = (WRITE if self._inward else 0) | (0 if self._outward else READ)
        self._relay.watch(self._local, events, self.advance)

    def _move_in(self) -> bool:
        """From the peer to the connection; returns whether there is more."""
        room = self._relay.room
        for _ in range(_TURNS):
            if self._inward:
                piece: bytes | memoryview = self._inward
            else:
                try:
                    count = self._tls.recv_into(room)
                except ssl.SSLWantReadError:
                    self._to_read = READ
                    return False
                except ssl.SSLWantWriteError:
                    self._to_read = WRITE
                    return False
                if not count:
                    self._hang_up()
                    return False
                piece = room[:count]
            try:
                sent = self._local.send(piece)
            except BlockingIOError:
                sent = 0
            except (BrokenPipeError, ConnectionResetError):
                self._deaf, self._inward = True, b""
                return False
            if sent < len(piece):
                self._inward = bytes(piece[sent:])
                return False
            self._inward = b""
            if len(piece) < _RECORD_BYTES and not self._tls.pending():
                # The selector tells of the next one.
                self._to_read = READ
                return False
        return True

    def _move_out(self) -> bool:
        """From the connection to the peer; returns whether there is more."""
        room = self._relay.room
        for _ in range(_TURNS):
            if self._ended:
                return False
            if self._outward:
                piece: bytes | memoryview = self._outward
            else:
                try:
                    count = self._local.recv_into(room)
                except BlockingIOError:
                    return False
                except ConnectionResetError:
                    count = 0
                if not count:
                    self._hang_up()
                    return False
                piece = room[:count]
            try:
                sent = self._tls.send(piece)
            except ssl.SSLWantWriteError:
                self._to_write, sent = WRITE, 0
            except ssl.SSLWantReadError:
                self._to_write, sent = READ, 0
            if sent < len(piece):
                # It wants the very same bytes again.
                self._outward = bytes(piece[sent:])
                return False
            self._outward = b""
            if len(piece) < _PIECE_BYTES:
                return False
        return True

    def _hang_up(self) -> None:
        """One side has ended in order; tell the other."""
        self._release()
        with contextlib.suppress(OSError, ValueError):
            self._tls.unwrap()
        Farewell(self._relay, socket.socket(fileno=self._tls.detach()), partial(self._relay.discard, self))

    def end(self, reason: str) -> None:
        """Stop carrying at once.

        Args:
            reason: for the log.
        """
        if self._ended:
            return
        self._relay.log(f"TLS connection to {self._peer} ended: {reason}")
        self._release()
        self._tls.close()
        self._relay.discard(self)

    def _release(self) -> None:
        self._ended = True
        self._relay.watch(self._tls, 0, self.advance)
        self._relay.watch(self._local, 0, self.advance)
        self._local.close()


class Farewell:
    """Closes a TCP connection such that the last bytes arrive: an early close would have the system take them back."""

    def __init__(self, relay: Relay, sock: socket.socket, then: Work) -> None:
        self._relay = relay
        self._sock = sock
        self._then: Work | None = then
        try:
            sock.setblocking(False)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close()
            return
        relay.watch(sock, READ, self._read)
        relay.call_later(_LINGER_SECONDS, self._close)

    def _read(self) -> None:
        try:
            for _ in range(_TURNS):
                if not self._sock.recv_into(self._relay.room):
                    break
            else:
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close()

    def _close(self) -> None:
        if self._then is not None:
            then, self._then = self._then, None
            self._relay.watch(self._sock, 0, self._read)
            self._sock.close()
            then()
