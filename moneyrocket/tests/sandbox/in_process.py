"""Runs a piece of a test in a process of its own, since a sandbox is for good."""

import os
import warnings
from collections.abc import Callable


def in_process(function: Callable[[], str]) -> str:
    """Run a function in a fork of this process, which has one thread; returns its result."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # The other threads of a test run hold nothing that the piece needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, function().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        result = file.read().decode()
    os.waitpid(pid, 0)
    return result
