"""How a process talks to its launcher: one packet a request, one a reply, both JSON; descriptors travel beside them."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

_LARGEST: Final = 1 << 16
_MOST_DESCRIPTORS: Final = 4


def send(sock: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send a message.

    Raises:
        OSError: the other side has gone.
    """
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    sock.sendmsg([json.dumps(message).encode()], ancillary)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Wait for a message and the descriptors that came with it, which now belong to the caller.

    Raises:
        ConnectionError: the other side has gone.
    """
    size = array.array("i").itemsize
    data, ancillary, _flags, _address = sock.recvmsg(_LARGEST, socket.CMSG_SPACE(_MOST_DESCRIPTORS * size))
    descriptors = array.array("i")
    for level, kind, payload in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(payload[: len(payload) - len(payload) % size])
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if not data:
        raise ConnectionError("the launcher has gone")
    message: dict[str, Any] = json.loads(data)
    return message, list(descriptors)
