"""A moneyrocket-gui without a screen that is attached to a node, and tells what it shows: start, stop, kill."""

import json
import os
import signal
import subprocess

from functional_tests.framework.desktop import DRIVER, STEP_TIMEOUT
from functional_tests.framework.node import Node
from functional_tests.framework.process import kill_session, start_process
from functional_tests.framework.waiting import wait_until

STOP_TIMEOUT = 60.0


class GuiProcess:
    """A desktop program that nobody clicks at.

    Args:
        gui: its settings and data directory; not started as a node.
        connect: the value of -ipcconnect.
    """

    def __init__(self, gui: Node, connect: str) -> None:
        self.name = "gui"
        self._gui = gui
        self._connect = connect
        self._process: subprocess.Popen[bytes] | None = None
        self._offset = 0

    @property
    def running(self) -> bool:
        """Whether it has been started and not been ended.

        Raises:
            AssertionError: it has ended by itself.
        """
        if self._process is not None:
            status = self._process.poll()
            assert status is None, f"the GUI ended with status {status}: {self._told()} {self._gui.stderr()}"
        return self._process is not None

    def start(self) -> None:
        """Start it."""
        executable = self._gui.settings.executables.node
        python = executable.with_name("python")
        stdout = self._gui.stdout_path
        self._offset = stdout.stat().st_size if stdout.exists() else 0
        driver = [str(python), "-I", "-c", DRIVER, str(executable), "watch", str(self._gui.timeout(STEP_TIMEOUT))]
        self._process = start_process(
            [*driver, *self._gui.command()[1:], f"-ipcconnect={self._connect}"],
            stdout=stdout,
            stderr=self._gui.stderr_path,
            pid_dir=self._gui.settings.pid_dir,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )

    def stop(self) -> None:
        """Stop it by SIGTERM.

        Raises:
            AssertionError: it ends with another status than 0.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(self._gui.timeout(STOP_TIMEOUT))
        self._process = None
        # Python itself ends by the signal, before the program has begun.
        accepted = (0,) if self._told() else (0, -signal.SIGTERM)
        assert status in accepted, f"the GUI ended with status {status}: {self._told()} {self._gui.stderr()}"

    def kill(self) -> None:
        """Kill it and what it may have started; harmless when nothing runs."""
        if self._process is not None:
            kill_session(self._process.pid)
            self._process.wait()
            self._process = None

    def wait_until_shown(self, height: int, wallets: list[str]) -> None:
        """Wait until its window shows a tip and wallets, in whichever order."""
        wait_until(
            lambda: (self.running, self._told()[-1:]),
            f"the window shows block {height} and {wallets}",
            timeout=self._gui.timeout(60),
            accept=lambda seen: any(
                step.get("height") == str(height) and sorted(step["wallets"].split()) == sorted(wallets)
                for step in seen[1]
            ),
        )

    def _told(self) -> list[dict[str, str]]:
        """What it has told since it was started."""
        with self._gui.stdout_path.open("rb") as told:
            told.seek(self._offset)
            lines = told.read().decode().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]
