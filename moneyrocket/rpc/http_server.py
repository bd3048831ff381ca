"""A small HTTP server: one I/O thread, and worker threads that run the handlers.

Requests of one connection are answered in order; a connection that waits for its reply is not read. When the queue of
requests is full, a request is refused at once.
"""

from __future__ import annotations

import queue
import selectors
import socket
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger, log
from moneyrocket.common.threads import start_thread
from moneyrocket.rpc.http_connection import HttpConnection, Progress
from moneyrocket.rpc.http_types import HttpRequest, HttpResponse, Route, refusal

_log = category_logger("http")

_TICK_SECONDS = 1.0
_GOODBYE_SECONDS = 30.0
_METHODS = ("GET", "POST", "HEAD", "PUT")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server works.

    Attributes:
        threads: number of workers.
        queue_depth: requests that may wait for a worker.
        timeout: seconds after which an idle connection is closed.
        allow: networks besides the loopback ones that may connect, as understood by `ipaddress.ip_network`.
    """

    threads: int = 16
    queue_depth: int = 64
    timeout: float = 30
    allow: tuple[str, ...] = ()


class HttpServer:
    """Answers HTTP requests through routes.

    Args:
        listeners: bound, listening sockets; the server closes them.
        routes: tried in order.
        options: how the server works.
    """

    def __init__(self, listeners: Sequence[socket.socket], routes: Sequence[Route], options: ServerOptions) -> None:
        self._listeners = list(listeners)
        self._routes = list(routes)
        self._options = options
        self._selector = selectors.DefaultSelector()
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._connections: set[HttpConnection] = set()
        self._returned: deque[HttpConnection] = deque()
        self._queue: queue.SimpleQueue[tuple[HttpConnection, HttpRequest, Route] | None] = queue.SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._io_thread: threading.Thread | None = None
        self._rejecting = False
        self._closing = False
        self._accepted = 0

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each listening socket."""
        return [listener.getsockname()[:2] for listener in self._listeners]

    def start(self) -> None:
        """Starts the threads."""
        log.info("Starting HTTP server with %d worker threads", self._options.threads)
        for listener in (*self._listeners, self._wake_receiver):
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ)
        self._io_thread = start_thread("http", self._serve)
        self._workers = [start_thread(f"httpworker.{number}", self._work) for number in range(self._options.threads)]

    def interrupt(self) -> None:
        """Refuses new requests from now on; those that run go on."""
        _log.debug("Interrupting HTTP server")
        self._rejecting = True

    def stop(self) -> None:
        """Waits for running requests, sends their replies, and ends all threads."""
        _log.debug("Stopping HTTP server")
        self._rejecting = True
        for _ in self._workers:
            self._queue.put(None)
        for worker in self._workers:
            worker.join()
        self._closing = True
        self._wake()
        if self._io_thread is not None:
            self._io_thread.join()
        for listener in self._listeners:
            listener.close()
        self._wake_receiver.close()
        self._wake_sender.close()
        self._selector.close()
        _log.debug("Stopped HTTP server")

    # I/O thread

    def _serve(self) -> None:
        last_sweep = clock.monotonic()
        deadline = 0.0
        while True:
            for key, events in self._selector.select(_TICK_SECONDS):
                if key.data is not None:
                    self._handle(key.data, events)
                elif key.fileobj is self._wake_receiver:
                    self._take_back()
                elif not self._closing:
                    self._accept(key.fileobj)
            current = clock.monotonic()
            if current - last_sweep >= _TICK_SECONDS:
                last_sweep = current
                self._close_idle(current)
            if self._closing:
                deadline = deadline or current + _GOODBYE_SECONDS
                self._take_back()
                for connection in [each for each in self._connections if not each.has_unsent]:
                    self._close(connection)
                if not self._connections:
                    return
                if current > deadline:
                    log.warning(
                        "Force-disconnecting %d HTTP client(s) that did not disconnect gracefully",
                        len(self._connections),
                    )
                    for connection in list(self._connections):
                        self._close(connection)
                    return

    def _accept(self, listener: object) -> None:
        assert isinstance(listener, socket.socket)
        try:
            connected, address = listener.accept()
        except OSError:
            return
        host, port = address[:2]
        peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if not _allowed(host, self._options.allow):
            _log.debug("Connection from %s rejected: Client network is not allowed HTTP access", peer)
            connected.close()
            return
        connected.setblocking(False)
        with suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = HttpConnection(connected, peer, self._accepted)
        self._accepted += 1
        self._connections.add(connection)
        self._selector.register(connected, selectors.EVENT_READ, connection)
        _log.debug("HTTP Connection accepted from %s (id=%d)", peer, connection.number)

    def _handle(self, connection: HttpConnection, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._proceed(connection, connection.flush())
        elif connection.read():
            self._dispatch(connection)
        else:
            _log.debug("Received EOF from %s (id=%d)", connection.peer, connection.number)
            self._close(connection)

    def _dispatch(self, connection: HttpConnection) -> None:
        request = connection.next_request()
        if request is None:
            return
        if isinstance(request, HttpResponse):
            _log.debug("Bad HTTP request from %s (id=%d)", connection.peer, connection.number)
            self._proceed(connection, connection.send(request))
            return
        _log.debug(
            "Received a %s request for %s from %s (id=%d)",
            request.method,
            request.target,
            connection.peer,
            connection.number,
        )
        route = next((route for route in self._routes if route.matches(request.target)), None)
        if request.method not in _METHODS:
            answer = refusal(405)
        elif self._rejecting:
            _log.debug("Rejecting request while shutting down")
            answer = refusal(503)
        elif route is None:
            answer = refusal(404)
        elif self._queue.qsize() >= self._options.queue_depth:
            log.warning(
                "Request rejected because http work queue depth exceeded, it can be increased with the -rpcworkqueue= "
                "setting"
            )
            answer = refusal(503, "Work queue depth exceeded")
        else:
            connection.busy = True
            self._selector.unregister(connection.socket)
            self._queue.put((connection, request, route))
            return
        self._proceed(connection, connection.send(answer))

    def _proceed(self, connection: HttpConnection, progress: Progress) -> None:
        if progress is Progress.CLOSE:
            self._close(connection)
        elif progress is Progress.WRITE:
            self._watch(connection, selectors.EVENT_WRITE)
        else:
            self._watch(connection, selectors.EVENT_READ)
            self._dispatch(connection)

    def _watch(self, connection: HttpConnection, events: int) -> None:
        if connection.socket.fileno() in self._selector.get_map():
            self._selector.modify(connection.socket, events, connection)
        else:
            self._selector.register(connection.socket, events, connection)

    def _take_back(self) -> None:
        with suppress(BlockingIOError):
            self._wake_receiver.recv(4096)
        while self._returned:
            connection = self._returned.popleft()
            connection.busy = False
            self._proceed(connection, connection.flush())

    def _close_idle(self, current: float) -> None:
        for connection in list(self._connections):
            idle = current - connection.last_active > self._options.timeout > 0
            if idle and not connection.busy:
                _log.debug("HTTP client idle timeout %s (id=%d)", connection.peer, connection.number)
                self._close(connection)

    def _close(self, connection: HttpConnection) -> None:
        _log.debug("Disconnecting HTTP client %s (id=%d)", connection.peer, connection.number)
        self._connections.discard(connection)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.close()

    # Worker threads

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            connection, request, route = item
            try:
                response = route.handler(request)
            except Exception as error:
                log.warning(
                    "Unexpected error while processing request for '%s'. Error msg: '%s'", request.target, error
                )
                connection.close_after = True
                response = refusal(500, str(error))
            connection.send(response)
            self._returned.append(connection)
            self._wake()

    def _wake(self) -> None:
        with suppress(OSError):
            self._wake_sender.send(b"\0")


def _allowed(host: str, networks: Sequence[str]) -> bool:
    if host == "::1" or host.startswith("127."):
        return True
    if not networks:
        return False
    import ipaddress

    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)
