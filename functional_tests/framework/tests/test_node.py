import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from functional_tests.framework.node import Node, NodeStartError, NodeStopError
from functional_tests.framework.process import reap_noted_sessions, session_members, start_process
from functional_tests.framework.tests.conftest import HEALTHY_DAEMON, SERVE
from functional_tests.framework.waiting import WaitTimeout, wait_until

FakeNode = Callable[[str], Node]


def test_a_healthy_daemon_starts_answers_and_stops(fake_node: FakeNode) -> None:
    node = fake_node(HEALTHY_DAEMON + SERVE)

    node.start()

    assert node.rpc.getblockcount() == 7
    node.stop()
    assert not node.running


def test_a_daemon_that_crashes_at_start_is_reported_with_its_stderr(fake_node: FakeNode) -> None:
    node = fake_node("import sys; sys.exit('Error: disk is upside down')")

    with pytest.raises(NodeStartError, match="status 1 while starting: 'Error: disk is upside down'"):
        node.start()


def test_a_daemon_that_hangs_at_start_is_given_up_with_what_was_seen_last(fake_node: FakeNode) -> None:
    node = fake_node("import time; time.sleep(1000)")

    with pytest.raises(WaitTimeout, match=r"ready for RPC: not within 6\.0 s; last value seen: 'no cookie yet'"):
        node.start()


def test_a_daemon_that_ignores_sigterm_is_reported_and_killed(fake_node: FakeNode) -> None:
    node = fake_node("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HEALTHY_DAEMON + SERVE)
    node.start()
    session = node.pid

    with pytest.raises(NodeStopError, match="still runs"):
        node.terminate()

    node.kill_all()
    assert not session_members(session)


def test_output_on_stderr_spoils_a_clean_stop(fake_node: FakeNode) -> None:
    node = fake_node(HEALTHY_DAEMON + SERVE + "print('a warning', file=sys.stderr)")
    node.start()

    with pytest.raises(NodeStopError, match="a warning"):
        node.stop()


def test_a_child_that_outlives_the_daemon_is_noticed(fake_node: FakeNode) -> None:
    child = "import subprocess; subprocess.Popen(['sleep', '1000'])\n"
    node = fake_node(HEALTHY_DAEMON + child + SERVE)
    node.start()

    with pytest.raises(WaitTimeout, match="every process of fake ended with it"):
        node.stop()


def test_a_start_that_should_fail_and_does_not_is_an_error(fake_node: FakeNode) -> None:
    node = fake_node(HEALTHY_DAEMON + SERVE)

    with pytest.raises(AssertionError, match="was expected to refuse"):
        node.start_error()


def test_the_reaper_ends_sessions_that_a_dead_worker_left(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    process = start_process(
        ["sleep", "1000"], stdout=tmp_path / "out", stderr=tmp_path / "err", pid_dir=tmp_path / "pids"
    )

    assert reap_noted_sessions(tmp_path / "pids") == [process.pid]

    assert process.wait(10) == -9


def test_a_started_process_dies_with_the_one_that_started_it(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    program = (
        "import os, pathlib, signal\n"
        "from functional_tests.framework.process import start_process\n"
        f"base = pathlib.Path({str(tmp_path)!r})\n"
        "start_process(['sleep', '1000'], stdout=base/'out', stderr=base/'err', pid_dir=base/'pids')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    subprocess.run(
        [sys.executable, "-c", program], check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )

    (note,) = (tmp_path / "pids").iterdir()
    wait_until(lambda: session_members(int(note.name)), "orphan ended", timeout=10, accept=lambda members: not members)
