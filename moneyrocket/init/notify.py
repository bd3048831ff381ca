"""Commands of the user that run when something happens (-startupnotify, -shutdownnotify, -blocknotify)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from moneyrocket.common.logging import log
from moneyrocket.common.threads import start_thread
from moneyrocket.sandbox.state import launcher


def run_command(command: str) -> None:
    """Runs a command in the shell and waits for it; a failure is logged."""
    outside = launcher()
    try:
        status = os.system(command) if outside is None else outside.run(command)
    except OSError as error:
        log.error("runCommand error: %s could not be run: %s", command, error)
        return
    if status:
        log.error("runCommand error: system(%s) returned %d", command, status)


def start_command(command: str) -> None:
    """Runs a command in the shell without waiting for it."""
    if command:
        start_thread("notify", partial(run_command, command), daemon=True)


def run_commands(commands: Sequence[str]) -> None:
    """Runs commands side by side and waits for all of them."""
    threads = [start_thread("notify", partial(run_command, command)) for command in commands]
    for thread in threads:
        thread.join()
