"""What the HTTP server hands to a handler, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A complete request.

    Attributes:
        method: ``POST``, ``GET``, …
        target: path and query as sent.
        headers: names in lower case; the first of several equal ones counts.
        body: the whole body.
        peer: address and port of the client.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer. Length, date and connection headers are added by the server.

    Attributes:
        status: HTTP status code.
        body: the whole body.
        content_type: type of the body.
        headers: further headers.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=ISO-8859-1"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Paths that one handler answers.

    Attributes:
        prefix: start of the path.
        exact: the path must be equal to the prefix.
        handler: runs on a worker thread.
    """

    prefix: str
    exact: bool
    handler: Callable[[HttpRequest], HttpResponse]

    def matches(self, target: str) -> bool:
        """Whether the route answers a request target."""
        return target == self.prefix if self.exact else target.startswith(self.prefix)


def refusal(status: int, text: str = "") -> HttpResponse:
    """Returns an error answer that no proxy may keep."""
    return HttpResponse(status, text.encode(), headers=(("Cache-Control", "no-store"),))
