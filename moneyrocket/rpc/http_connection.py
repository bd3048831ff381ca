"""One client of the HTTP server: parsing through h11, and sending without blocking.

A connection has one owner at a time: the I/O thread while it waits for a request or drains a reply, the worker thread
between a complete request and its reply.
"""

from __future__ import annotations

import re
import socket
import time
from enum import Enum

import h11

from moneyrocket.common import clock
from moneyrocket.rpc.http_types import HttpRequest, HttpResponse, refusal

MAX_HEADER_BYTES = 8192
MAX_BODY_BYTES = 32 * 1024 * 1024
_READ_BYTES = 65536
_NO_HOST = re.compile(rb"(?:(?!\r\nhost:).)*", re.DOTALL | re.IGNORECASE)

_REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content too large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class _BodyTooLargeError(Exception):
    pass


class Progress(Enum):
    """What the I/O thread does next with a connection."""

    READ = 0
    """Wait for more of the request."""
    WRITE = 1
    """Wait until the client takes more of the reply."""
    CLOSE = 2


class HttpConnection:
    """A client's connection.

    Attributes:
        socket: non-blocking socket.
        peer: address and port of the client.
        number: counts connections from 0.
        last_active: `clock.monotonic` of the last byte in either direction.
        busy: a worker owns the connection.
        close_after: close when the reply is sent.
    """

    def __init__(self, connected: socket.socket, peer: str, number: int) -> None:
        self.socket = connected
        self.peer = peer
        self.number = number
        self.last_active = clock.monotonic()
        self.busy = False
        self.close_after = False
        self._parser = h11.Connection(h11.SERVER)
        self._unparsed = bytearray()
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._pending = b""

    def read(self) -> bool:
        """Takes bytes from the socket; returns False when the client closed or the connection failed."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        if not data:
            return False
        self.last_active = clock.monotonic()
        self._unparsed += data
        return True

    def next_request(self) -> HttpRequest | HttpResponse | None:
        """Returns the next complete request, or an error answer to a malformed one, or None for not yet."""
        try:
            return self._parse()
        except _BodyTooLargeError:
            self.close_after = True
            return refusal(413)
        except h11.RemoteProtocolError:
            self.close_after = True
            return refusal(400)

    def send(self, response: HttpResponse) -> Progress:
        """Begins to send an answer; returns what comes next."""
        self._pending += self._encode(response)
        return self.flush()

    def flush(self) -> Progress:
        """Sends as much of the answer as the client takes; returns what comes next."""
        while self._pending:
            try:
                sent = self.socket.send(self._pending)
            except (BlockingIOError, InterruptedError):
                return Progress.WRITE
            except OSError:
                self._pending = b""
                return Progress.CLOSE
            self._pending = self._pending[sent:]
            self.last_active = clock.monotonic()
        return Progress.CLOSE if self.close_after else Progress.READ

    @property
    def has_unsent(self) -> bool:
        """Whether a part of an answer is still to be sent."""
        return bool(self._pending)

    def close(self) -> None:
        """Closes the socket."""
        self.socket.close()

    def _parse(self) -> HttpRequest | None:
        if self._parser.their_state is h11.DONE:
            # A new parser for each request: what came after the last one must be looked at before it is parsed.
            self._unparsed[:0] = self._parser.trailing_data[0]
            self._parser = h11.Connection(h11.SERVER)
        if self._parser.their_state is h11.IDLE and not self._feed_head():
            return None
        if self._unparsed:
            # No data would mean the end of the connection to the parser.
            self._parser.receive_data(bytes(self._unparsed))
            self._unparsed.clear()
        while True:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                if self._parser.they_are_waiting_for_100_continue:
                    self._pending += self._parser.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
                    self.flush()
                return None
            if isinstance(event, h11.Request):
                self._head = event
                if not event.http_version.startswith(b"1."):
                    raise h11.RemoteProtocolError("bad HTTP version")
                length = next((value for name, value in event.headers if name == b"content-length"), b"0")
                if int(length) > MAX_BODY_BYTES:
                    raise _BodyTooLargeError
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY_BYTES:
                    raise _BodyTooLargeError
            elif isinstance(event, h11.EndOfMessage):
                return self._complete()
            else:
                return None

    def _feed_head(self) -> bool:
        """Gives the parser the head of a request once all of it is here; returns whether it is."""
        end = self._unparsed.find(b"\r\n\r\n") + 4
        if max(end, len(self._unparsed) if end < 4 else 0) > MAX_HEADER_BYTES:
            raise h11.RemoteProtocolError("the head of the request is too large")
        if end < 4:
            return False
        head = bytes(self._unparsed[:end])
        del self._unparsed[:end]
        if b"\n " in head or b"\n\t" in head:
            raise h11.RemoteProtocolError("a header goes on in a second line")
        if _NO_HOST.fullmatch(head):
            # HTTP/1.1 demands the header and the parser insists; nothing here depends on it.
            line, _, rest = head.partition(b"\r\n")
            head = line + b"\r\nHost:\r\n" + rest
        self._parser.receive_data(head)
        return True

    def _complete(self) -> HttpRequest:
        head, body = self._head, bytes(self._body)
        assert head is not None
        self._head = None
        self._body = bytearray()
        headers: dict[str, str] = {}
        for name, value in head.headers:
            headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
        return HttpRequest(head.method.decode("ascii"), head.target.decode("latin-1"), headers, body, self.peer)

    def _encode(self, response: HttpResponse) -> bytes:
        if self._parser.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # The request was too broken for the parser to answer it; say what is wrong and hang up.
            return _raw_response(response)
        headers = [*response.headers]
        if response.status != 204:
            headers += [("Content-Length", str(len(response.body))), ("Content-Type", response.content_type)]
        headers.append(("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(clock.now()))))
        if self.close_after:
            headers.append(("Connection", "close"))
        start = h11.Response(
            status_code=response.status, headers=headers, reason=_REASONS.get(response.status, "").encode()
        )
        parts = [self._parser.send(start)]
        if response.body and response.status != 204:
            parts.append(self._parser.send(h11.Data(data=response.body)))
        parts.append(self._parser.send(h11.EndOfMessage()))
        final_state: object = self._parser.our_state
        if final_state is h11.MUST_CLOSE:
            self.close_after = True
        return b"".join(part or b"" for part in parts)


def _raw_response(response: HttpResponse) -> bytes:
    head = f"HTTP/1.1 {response.status} {_REASONS.get(response.status, '')}\r\n"
    for name, value in (*response.headers, ("Content-Length", str(len(response.body))), ("Connection", "close")):
        head += f"{name}: {value}\r\n"
    return f"{head}\r\n".encode() + response.body
