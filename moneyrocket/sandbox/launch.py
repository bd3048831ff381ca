"""What a launcher gives to the processes that it starts."""

from __future__ import annotations

import os
import socket
from typing import Final

LAUNCH_VARIABLE: Final = "MONEYROCKET_LAUNCH"
"""Environment variable of a launched process: the descriptors of its settings and of its socket to the launcher."""


def take_launch() -> tuple[str, socket.socket] | None:
    """The settings of this process, and its socket to the launcher; None if no launcher has started it."""
    text = os.environ.pop(LAUNCH_VARIABLE, "")
    if not text:
        return None
    settings, sock = (int(number) for number in text.split(","))
    with os.fdopen(settings, "rb") as file:
        data = file.read().decode()
    taken = socket.socket(fileno=sock)
    taken.set_inheritable(False)
    return data, taken
