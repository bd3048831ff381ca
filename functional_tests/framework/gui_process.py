"""A moneyrocket-gui without a screen that is attached to a node: start, stop, kill."""

import os
import signal
import subprocess

from functional_tests.framework.node import Node
from functional_tests.framework.process import kill_session, start_process
from functional_tests.framework.waiting import wait_until

STOP_TIMEOUT = 60.0


class GuiProcess:
    """A desktop program that nobody clicks at.

    Args:
        gui: its settings and data directory; not started as a node.
        node: the node that it attaches to.
        connect: the value of -ipcconnect.
    """

    def __init__(self, gui: Node, node: Node, connect: str) -> None:
        self.name = "gui"
        self._gui = gui
        self._node = node
        self._connect = connect
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it."""
        self._process = start_process(
            [*self._gui.command(), f"-ipcconnect={self._connect}", "-splash=0"],
            stdout=self._gui.stdout_path,
            stderr=self._gui.stderr_path,
            pid_dir=self._gui.settings.pid_dir,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )

    def stop(self) -> None:
        """Stop it by SIGTERM; one that has hardly begun to start may die of it.

        Raises:
            AssertionError: it ends with another status.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(self._gui.timeout(STOP_TIMEOUT)) in (0, -signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and what it may have started; harmless when nothing runs."""
        if self._process is not None:
            kill_session(self._process.pid)
            self._process.wait()

    def wait_until_attached(self) -> None:
        """Wait until it uses the node that runs now: one that has just started has logged so since."""
        log = self._node.debug_log.path
        offset = log.stat().st_size
        self.kill()
        self.start()
        wait_until(
            lambda: "moneyrocket-gui" in log.read_bytes()[offset:].decode(errors="replace"),
            "the node tells of the GUI",
            timeout=self._gui.timeout(60),
        )
        assert self.running
