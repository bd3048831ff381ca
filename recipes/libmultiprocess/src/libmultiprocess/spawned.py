"""A child process as the one that started it sees it."""

import socket
import subprocess


class SpawnedProcess:
    """A child process and this end of the socket pair to it."""

    def __init__(self, popen: "subprocess.Popen[bytes]", sock: socket.socket) -> None:
        self._popen = popen
        self.sock = sock

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._popen.pid

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the child's end and return its status, negative for a signal (on Windows 1 after `kill`).

        Raises:
            subprocess.TimeoutExpired: if it still runs after ``timeout`` seconds.
        """
        return self._popen.wait(timeout)

    def poll(self) -> int | None:
        """The child's status if it has ended."""
        return self._popen.poll()

    def kill(self) -> None:
        """End the child at once."""
        self._popen.kill()
