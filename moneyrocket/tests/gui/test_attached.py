"""The window over a node that runs on its own: waiting for it, losing it, getting it back, leaving it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.pages.peers_page import PeersPage
from moneyrocket.gui.pages.process_page import ProcessPage
from moneyrocket.gui.session import LAST_LOOK_MS, State
from moneyrocket.interfaces.node import NodeAbsentError, NodeStartError
from moneyrocket.interfaces.process import ProcessRole, ProcessStats
from moneyrocket.tests.gui.conftest import StartDesktop
from moneyrocket.tests.gui.fake_node import FakeNode, FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeWallet
from moneyrocket.tests.gui.pages import open_page

ADDRESS = "unix:/data/node.sock"
AWAY = "Nobody listens at /data/node.sock: there is no such socket"
GONE = f"The node at {ADDRESS} has gone"


@pytest.fixture
def source(node: FakeNode) -> FakeSource:
    return FakeSource(node, attached_to=ADDRESS)


def stop_actions(desktop: Desktop) -> list[QAction]:
    """What the menus offer to stop the node."""
    return [action for action in desktop.window.findChildren(QAction) if action.text().startswith("S&top the node")]


def test_the_window_waits_for_a_node_that_comes_later(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    source.error = NodeAbsentError(AWAY)
    desktop = start(source, ready=False)
    page = desktop.window.start
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
    assert page.message.title.text() == "Waiting for the node"
    assert AWAY in page.message.hint.text()
    assert page.wait.isVisible()
    assert desktop.window.status.text.text() == "The node is away"

    source.error = None

    qtbot.waitUntil(lambda: desktop.session.state is State.READY)
    qtbot.waitUntil(lambda: len(desktop.session.open_wallets) == 1)
    assert not desktop.window.node_banner.isVisible()


def test_what_is_waited_for_stays_on_the_window_while_it_is_looked_for(
    qtbot: QtBot, start: StartDesktop, source: FakeSource
) -> None:
    source.error = NodeAbsentError(AWAY)
    desktop = start(source, ready=False)
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
    seen: set[tuple[State, str, str]] = set()
    page = desktop.window.start
    desktop.session.state_changed.connect(
        lambda: seen.add((desktop.session.state, page.message.title.text(), desktop.window.node_banner.text.text()))
    )

    desktop.window.node_banner.action.click()

    qtbot.waitUntil(lambda: {state for state, _, _ in seen} == {State.CONNECTING, State.LOST})
    assert {title for _, title, _ in seen} == {"Waiting for the node"}
    assert len({banner for _, _, banner in seen}) == 1


def test_the_longest_pause_is_short(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    source.error = NodeAbsentError(AWAY)
    desktop = start(source, ready=False)
    for _ in range(8):
        qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
        desktop.session.retry()
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)

    assert desktop.session._retry.interval() == LAST_LOOK_MS


def test_a_window_that_waits_can_be_closed(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    source.error = NodeAbsentError(AWAY)
    desktop = start(source, ready=False)
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)

    with qtbot.waitSignal(desktop.window.closed):
        desktop.window.close()


def test_a_node_that_cannot_be_used_is_not_waited_for(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    source.error = NodeStartError("moneyrocket-gui 2 and this node do not fit together.")
    desktop = start(source, ready=False)
    page = desktop.window.start
    qtbot.waitUntil(lambda: desktop.session.state is State.FAILED)
    assert page.message.title.text() == "The node cannot be used"
    assert "do not fit together" in page.message.hint.text()

    source.error = None
    page.retry_button.click()

    qtbot.waitUntil(lambda: desktop.session.state is State.READY)


def test_the_window_stays_when_the_node_is_stopped_and_catches_up_when_it_is_back(
    qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode
) -> None:
    desktop = start(source)
    peers = open_page(desktop, "peers", PeersPage)
    qtbot.waitUntil(lambda: peers.model.rowCount() == 8)
    source.error = NodeAbsentError(AWAY)
    node.tell(lambda listener: listener.shutdown_requested())
    source.lose(GONE)
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
    assert desktop.window.isVisible()
    assert desktop.window.node_banner.text.text() == f"The node is away. {GONE}"
    assert desktop.session.open_wallets == []

    node.dead = False
    node.peer_list.pop()
    source.error = None

    qtbot.waitUntil(lambda: desktop.session.state is State.READY)
    qtbot.waitUntil(lambda: peers.model.rowCount() == 7)
    qtbot.waitUntil(lambda: len(desktop.session.open_wallets) == 1)
    assert not node.stopped


def test_leaving_leaves_the_node_alone(qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode) -> None:
    desktop = start(source)

    with qtbot.waitSignal(desktop.window.closed):
        desktop.window.close()

    assert source.closed == 1
    assert not node.stopped
    assert not node.shutdown_asked


def test_leaving_waits_for_nobody(qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode) -> None:
    node.start_gate.clear()
    desktop = start(source, ready=False)
    qtbot.waitUntil(lambda: desktop.session.state is State.STARTING)

    with qtbot.waitSignal(desktop.window.closed):
        desktop.window.close()

    assert not node.start_gate.is_set()


def test_the_node_is_stopped_only_by_who_asks_for_that(
    qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = start(source)
    (action,) = stop_actions(desktop)
    answers = iter((QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes))
    monkeypatch.setattr(QMessageBox, "question", lambda *_: next(answers))

    action.trigger()
    assert not node.shutdown_asked
    action.trigger()

    qtbot.waitUntil(lambda: node.shutdown_asked)
    assert desktop.window.isVisible()


def test_a_node_of_ones_own_is_not_offered_to_be_stopped(start: StartDesktop, node: FakeNode) -> None:
    assert stop_actions(start(FakeSource(node))) == []


def test_processes_of_the_node_are_shown_as_attached(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    desktop = start(source)
    page = open_page(desktop, "processes", ProcessPage)
    qtbot.waitUntil(lambda: len(page.cards) == 3)

    states = {role: card.state.text() for role, card in page.cards.items()}

    assert states == {ProcessRole.GUI: "running", ProcessRole.NODE: "attached", ProcessRole.WALLET: "attached"}
    assert "process 4712" in page.cards[ProcessRole.NODE].process.text()
    assert page.cards[ProcessRole.NODE].state.toolTip() == ADDRESS


def test_a_node_that_hangs_is_connected_to_anew(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    desktop = start(source)
    source.answers = False
    desktop.session._ping.ask()
    qtbot.waitUntil(desktop.window.node_banner.isVisible)
    assert desktop.window.node_banner.action.text() == "Connect again"
    source.answers = True

    desktop.window.node_banner.action.click()

    qtbot.waitUntil(lambda: source.connections == 2 and desktop.session.state is State.READY)


def test_wallets_of_a_node_without_them(qtbot: QtBot, start: StartDesktop) -> None:
    desktop = start(FakeSource(FakeNode(None), attached_to=ADDRESS))

    qtbot.waitUntil(lambda: desktop.window.start.message.title.text() == "No wallets")


def test_a_wallet_loaded_by_somebody_else_appears(
    qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode
) -> None:
    desktop = start(source)
    assert node.wallet_component is not None

    node.wallet_component.open.append(FakeWallet("Other"))
    node.tell(lambda listener: listener.wallets_ready())

    qtbot.waitUntil(lambda: desktop.session.find("Other") is not None)


def test_a_wallet_of_a_process_that_has_left_disappears(
    qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode
) -> None:
    desktop = start(source)
    assert node.wallet_component is not None

    node.wallet_component.open.clear()
    node.tell(lambda listener: listener.wallets_ready())

    qtbot.waitUntil(lambda: desktop.session.open_wallets == [])
    assert not desktop.window.wallet_banner.isVisible()


def test_a_wallet_whose_process_left_and_returned_is_taken_anew(
    qtbot: QtBot, start: StartDesktop, source: FakeSource, node: FakeNode, wallet: FakeWallet
) -> None:
    desktop = start(source)
    old = desktop.session.open_wallets[0]
    assert node.wallet_component is not None

    wallet.process_gone = True
    node.wallet_component.open[:] = [FakeWallet("Savings")]
    node.tell(lambda listener: listener.wallets_ready())

    qtbot.waitUntil(lambda: desktop.session.open_wallets not in ([], [old]))
    assert [session.name for session in desktop.session.open_wallets] == ["Savings"]


def test_every_wallet_process_is_shown(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    desktop = start(source)
    page = open_page(desktop, "processes", ProcessPage)
    qtbot.waitUntil(lambda: len(page.cards) == 3)
    own, node, wallet = (ProcessStats(role, role.value, 4000, True, 1.0) for role in list(ProcessRole)[:3])

    page._take([own, node, wallet, replace(wallet, pid=4999)])
    assert ["process 4999" in card.process.text() for card in page.more_cards] == [True]
    page._take([own, node, wallet])

    assert page.more_cards == []
