"""TCP ports that no two tests share, on one machine, whatever process they run in."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

FIRST_PORT = 20_000
LAST_PORT = 31_999
"""Below Linux's ephemeral range (32768 and up), whose ports the kernel may hand out meanwhile."""


class PortPool:
    """Gives out ports under a lock file each, which the kernel releases if this process dies."""

    def __init__(self, lock_dir: Path | None = None) -> None:
        self._lock_dir = lock_dir or Path(tempfile.gettempdir()) / f"moneyrocket-test-ports-{os.getuid()}"
        self._lock_dir.mkdir(exist_ok=True)
        self._held: dict[int, IO[bytes]] = {}

    def take(self) -> int:
        """A port that is free and stays this pool's until `release`.

        Raises:
            RuntimeError: if every port is taken.
        """
        count = LAST_PORT - FIRST_PORT + 1
        start = random.randrange(count)
        for step in range(count):
            port = FIRST_PORT + (start + step) % count
            if port not in self._held and self._try_lock(port):
                return port
        raise RuntimeError(f"no free TCP port between {FIRST_PORT} and {LAST_PORT}")

    def _try_lock(self, port: int) -> bool:
        lock = (self._lock_dir / str(port)).open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            return False
        self._held[port] = lock
        return True

    def release(self, port: int) -> None:
        """Give a port back. The process that listened on it must have ended."""
        self._held.pop(port).close()

    def release_all(self) -> None:
        """Give every port back."""
        for port in list(self._held):
            self.release(port)
