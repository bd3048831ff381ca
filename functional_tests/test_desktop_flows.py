"""Whole flows through the widgets of moneyrocket-qt and moneyrocket-gui, from the first start to the closed window.

A build without Qt has neither; `test_desktop_programs` holds that.
"""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from functional_tests.framework.desktop import DesktopFlow
from functional_tests.framework.executables import Executables
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory

PROGRAMS = ("moneyrocket-qt", "moneyrocket-gui")

StartFlow = Callable[[str], DesktopFlow]


@pytest.fixture(params=PROGRAMS)
def desktop(request: pytest.FixtureRequest, executables: Executables, node_factory: NodeFactory) -> Node | None:
    """A desktop program that was never started, None if the build has no such program."""
    program: str = request.param
    if not executables.node.with_name(program).exists():
        assert program == "moneyrocket-gui" or not executables.node.with_name("moneyrocket-gui").exists()
        return None
    return node_factory.create(program=program, premined=False)


@pytest.fixture
def start(desktop: Node | None) -> Iterator[StartFlow]:
    """Starts the program with a flow to go through."""
    flows: list[DesktopFlow] = []

    def begin(flow: str) -> DesktopFlow:
        assert desktop is not None
        flows.append(DesktopFlow(desktop, flow))
        return flows[-1]

    yield begin
    for flow in flows:
        flow.kill_all()


def test_closing_the_window_ends_all(desktop: Node | None, start: StartFlow) -> None:
    if desktop is None:
        return
    flow = start("close")

    flow.wait_for("welcome")

    assert [step["step"] for step in flow.wait_until_closed()] == ["window", "welcome", "close"]
    assert "Shutdown done" in desktop.debug_log.path.read_text()


def test_first_start_payment_restart(desktop: Node | None, start: StartFlow) -> None:
    if desktop is None:
        return
    first = start("first")
    confirmed = first.wait_for("confirmed")
    first.wait_until_closed()

    second = start("again")

    again = second.wait_for("again")
    assert (again["balance"], again["amount"]) == (confirmed["balance"], confirmed["amount"])
    second.wait_until_closed()


def test_killed_processes_come_back(desktop: Node | None, start: StartFlow) -> None:
    if desktop is None or desktop.settings.executables.node.name != "moneyrocket-gui":
        return
    flow = start("kills")
    for name in ("wallet", "node"):
        flow.wait_for(f"kill {name}")
        pids = flow.pids()
        assert sorted(pids) == ["moneyrocket-node", "moneyrocket-wallet"]

        os.kill(pids[f"moneyrocket-{name}"], signal.SIGKILL)

        flow.wait_for(f"{name} back")
    flow.wait_until_closed()
