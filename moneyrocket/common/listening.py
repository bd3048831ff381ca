"""Options of sockets that listen."""

from __future__ import annotations

import socket


def set_listening_options(sock: socket.socket) -> None:
    """Lets the port be taken at once after an earlier process, and by nobody else while this one has it."""
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        # What SO_REUSEADDR means on Windows is that anybody may listen there as well.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
