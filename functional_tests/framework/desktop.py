"""A desktop program that is used by `desktop_driver` inside its own process."""

import json
import os
import subprocess
from pathlib import Path

from functional_tests.framework.node import Node
from functional_tests.framework.process import kill_session, session_members, start_process
from functional_tests.framework.waiting import wait_until

# The build's own packages come first: this tree's may be others.
DRIVER = (
    f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); "
    "from functional_tests.framework.desktop_driver import main; sys.exit(main())"
)
STEP_TIMEOUT = 60.0
"""Seconds, times the timeout factor, that one step of a flow may take."""


class DesktopFlowError(AssertionError):
    """A flow went another way than it should; the text holds the driver's report."""


class DesktopFlow:
    """One run of a desktop program through one flow.

    Args:
        node: the program's settings and data directory; not started itself.
        flow: name of the flow.
    """

    def __init__(self, node: Node, flow: str) -> None:
        self._node = node
        executable = node.settings.executables.node
        self._stdout = node.settings.directory / f"{flow}.stdout"
        self._limit = node.timeout(STEP_TIMEOUT)
        node.stderr_path.write_bytes(b"")
        python = executable.with_name("python")
        self._process: subprocess.Popen[bytes] = start_process(
            [str(python), "-I", "-c", DRIVER, str(executable), flow, str(self._limit), *node.command()[1:]],
            stdout=self._stdout,
            stderr=node.stderr_path,
            pid_dir=node.settings.pid_dir,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )

    @property
    def pid(self) -> int:
        """Process id of the program itself."""
        return self._process.pid

    def steps(self) -> list[dict[str, str]]:
        """The steps reached so far."""
        lines = self._stdout.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, name: str) -> dict[str, str]:
        """Wait for a step.

        Returns:
            What the driver told with it.

        Raises:
            DesktopFlowError: if the program ends without it.
        """
        status, reached = wait_until(
            lambda: (self._process.poll(), self.steps()),
            f"the step {name!r}",
            timeout=self._limit * 3,
            accept=lambda seen: seen[0] is not None or any(step.get("step") == name for step in seen[1]),
        )
        for step in reached:
            if step.get("step") == name:
                return step
        raise DesktopFlowError(f"no step {name!r}, status {status}: {reached} {self._node.stderr()}")

    def pids(self) -> dict[str, int]:
        """The processes behind the window, by the name of their executable."""
        return {
            name: process.pid
            for process in session_members(self._process.pid)
            if process.pid != self._process.pid
            # A process that is about to become another program has no such command line yet.
            for name in (Path(word).name for word in process.command[:3])
            if name.startswith("moneyrocket-")
        }

    def wait_until_closed(self) -> list[dict[str, str]]:
        """Wait until the window was closed, and everything has ended with it as it should.

        Returns:
            All steps.

        Raises:
            DesktopFlowError: if it ends with an error, or with output on standard error.
        """
        self.wait_for("close")
        session = self._process.pid
        try:
            status = self._process.wait(self._limit)
        except subprocess.TimeoutExpired:
            raise DesktopFlowError(f"still runs after its window was closed: {session_members(session)}") from None
        wait_until(
            lambda: session_members(session),
            "every process ended with the window",
            timeout=self._node.timeout(10),
            accept=lambda members: not members,
        )
        (self._node.settings.pid_dir / str(session)).unlink(missing_ok=True)
        steps = self.steps()
        if status or self._node.stderr():
            raise DesktopFlowError(f"status {status}, standard error {self._node.stderr()!r}, steps {steps}")
        return steps

    def kill_all(self) -> None:
        """Kill whatever still runs; harmless when nothing does."""
        kill_session(self._process.pid)
        self._process.wait()
