"""One HTTP request to the RPC server.

`http.client` would do, but importing it takes longer than everything else that moneyrocket-cli does.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from moneyrocket.cli.errors import ConnectionFailedError

_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Response:
    """Status code and body of an answer."""

    status: int
    body: bytes


def post(host: str, port: int, path: str, headers: dict[str, str], body: bytes, timeout: float | None) -> Response:
    """Sends a POST request on a connection of its own and returns the answer.

    Args:
        host: name or address.
        port: TCP port.
        path: the request target.
        headers: besides Host, Connection and Content-Length.
        body: what to send.
        timeout: seconds without progress after which it fails, None for ever.

    Raises:
        ConnectionFailedError: no connection, no answer, or a malformed one.
    """
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join((*lines, "", "")).encode() + body
    try:
        connection = socket.create_connection((host, port), timeout)
    except socket.gaierror:
        raise ConnectionFailedError(f"Could not resolve host: {host}") from None
    except OSError:
        raise ConnectionFailedError("Could not connect to the server") from None
    with connection:
        try:
            connection.sendall(request)
            return _read(connection)
        except TimeoutError:
            raise ConnectionFailedError("timeout") from None
        except OSError as error:
            raise ConnectionFailedError(f"Read error: {error.strerror}") from None


def _read(connection: socket.socket) -> Response:
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        _more(connection, received)
    status_line, *header_lines = bytes(received[:end]).decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    if not version.startswith("HTTP/") or not rest[:3].isdecimal():
        raise ConnectionFailedError("HTTP error: Invalid status line")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)}
    del received[: end + 4]
    if "transfer-encoding" in headers:
        raise ConnectionFailedError("HTTP error: transfer encodings are not supported")
    length = headers.get("content-length")
    if length is None:
        while chunk := connection.recv(_READ_BYTES):
            received += chunk
    elif length.isdecimal():
        while len(received) < int(length):
            _more(connection, received)
        del received[int(length) :]
    else:
        raise ConnectionFailedError("HTTP error: Invalid Content-Length")
    return Response(int(rest[:3]), bytes(received))


def _more(connection: socket.socket, received: bytearray) -> None:
    chunk = connection.recv(_READ_BYTES)
    if not chunk:
        raise ConnectionFailedError("EOF")
    received += chunk
