"""Leaves the terminal and goes on in the background."""

from __future__ import annotations

import os
import sys


class Umbilical:
    """The background process's line to the one that started it, which waits for the outcome of start-up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def report(self, success: bool) -> None:
        """Lets the waiting process end, with status 0 or 1. Further reports have no effect."""
        if self._descriptor >= 0:
            os.write(self._descriptor, b"\x01" if success else b"\x00")
            os.close(self._descriptor)
            self._descriptor = -1


def daemonize(*, log_name: str) -> Umbilical:
    """Forks; returns in the child, whose standard streams are /dev/null, and never in the parent.

    The parent ends with status 0 when the child reports success, else with 1 and a line that points to the log.

    Args:
        log_name: name of the log file, for that line.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    if os.fork():
        os.close(writer)
        if os.read(reader, 1) == b"\x01":
            os._exit(0)
        print(f"Error during initialization - check {log_name} for details", file=sys.stderr, flush=True)
        os._exit(1)
    os.close(reader)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    if null > 2:
        os.close(null)
    return Umbilical(writer)
