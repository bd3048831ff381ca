"""How one process tells another, over a pipe, of a socket that it has duplicated for it.

Two 32-bit little-endian numbers, the id of the process that the duplicate is for and the length of what follows, and
what ``socket.share`` has returned.
"""

import os
import struct
from typing import Final

_HEADER: Final = struct.Struct("<II")
_MAX_BYTES: Final = 1 << 16


def share_message(pid: int, shared: bytes) -> bytes:
    """What to send to process ``pid`` after ``socket.share`` for it has returned ``shared``."""
    return _HEADER.pack(pid, len(shared)) + shared


def read_share(descriptor: int, pid: int) -> bytes:
    """Wait for a `share_message` and return what ``socket.fromshare`` takes.

    Args:
        descriptor: where it comes from.
        pid: id of this process.

    Raises:
        OSError: if something else comes, or the message is for another process.
    """
    for_pid, length = _HEADER.unpack(_read(descriptor, _HEADER.size))
    if length > _MAX_BYTES:
        raise OSError(f"no socket was handed over through descriptor {descriptor}")
    shared = _read(descriptor, length)
    if for_pid != pid:
        raise OSError(
            f"the socket was handed to process {for_pid}, which is not this one ({pid}): a launcher stands between; "
            "start the program itself"
        )
    return shared


def _read(descriptor: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = os.read(descriptor, length - len(data))
        if not part:
            raise OSError(f"no socket was handed over through descriptor {descriptor}")
        data += part
    return data
