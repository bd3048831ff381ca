"""Getting a node, losing it, getting it back."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.pages.peers_page import PeersPage
from moneyrocket.gui.session import State
from moneyrocket.interfaces.node import NodeStartError
from moneyrocket.tests.gui.conftest import StartDesktop
from moneyrocket.tests.gui.fake_node import FakeNode, FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeWallet, FakeWallets


def test_the_window_is_there_before_the_node(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    source.node.start_gate.clear()
    desktop = start(source, ready=False)
    qtbot.waitUntil(lambda: desktop.session.state is State.STARTING)
    assert desktop.window.isVisible()
    source.node.tell(lambda listener: listener.init_message("Verifying blocks\u2026"))
    qtbot.waitUntil(lambda: "Verifying blocks" in desktop.window.start.message.hint.text())
    assert "Verifying blocks" in desktop.window.status.text.text()
    source.node.start_gate.set()
    qtbot.waitUntil(lambda: desktop.session.state is State.READY)


def test_a_node_that_cannot_start_says_why_and_can_be_tried_again(
    qtbot: QtBot, start: StartDesktop, source: FakeSource
) -> None:
    source.node.start_error = NodeStartError("Cannot obtain a lock on directory /data.")
    desktop = start(source, ready=False)
    qtbot.waitUntil(lambda: desktop.session.state is State.FAILED)
    page = desktop.window.start
    assert "Cannot obtain a lock" in page.message.hint.text()
    assert page.retry_button.isVisible()
    source.node.start_error = None
    page.retry_button.click()
    qtbot.waitUntil(lambda: desktop.session.state is State.READY)


def test_a_node_that_dies_comes_back_with_its_wallets(qtbot: QtBot, start: StartDesktop) -> None:
    wallets = [FakeWallet("One"), FakeWallet("Two")]
    source = FakeSource(FakeNode(FakeWallets(wallets)), FakeNode(FakeWallets(wallets)))
    desktop = start(source)
    desktop.window.choose_wallet(desktop.session.find("Two"))
    source.lose("The node's process ended unexpectedly.")
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
    assert desktop.session.open_wallets == []
    assert desktop.window.node_banner.isVisible()
    assert "ended unexpectedly" in desktop.window.node_banner.text.text()
    qtbot.waitUntil(lambda: len(desktop.session.open_wallets) == 2)
    assert source.connections == 2
    assert not desktop.window.node_banner.isVisible()
    qtbot.waitUntil(lambda: desktop.window.wallet is not None and desktop.window.wallet.name == "Two")


def test_a_node_in_this_process_is_not_started_again(qtbot: QtBot, start: StartDesktop, node: FakeNode) -> None:
    source = FakeSource(node, can_reconnect=False)
    desktop = start(source)
    source.lose()
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
    assert not desktop.window.start.retry_button.isVisible()
    assert "processes" not in desktop.window.sidebar.buttons


def test_a_wallet_process_that_dies_comes_back(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    with qtbot.waitSignal(desktop.session.wallets_alive_changed) as lost:
        node.tell(lambda listener: listener.wallets_lost())
    assert lost.args == [False]
    qtbot.waitUntil(lambda: len(desktop.session.open_wallets) == 1)
    assert node.wallet_restarts == 1
    assert desktop.session.wallets_alive
    assert not desktop.window.wallet_banner.isVisible()


def test_a_node_that_hangs_is_shown_as_such(qtbot: QtBot, desktop: Desktop, source: FakeSource) -> None:
    source.answers = False
    desktop.session._ping.ask()
    qtbot.waitUntil(desktop.window.node_banner.isVisible)
    assert "does not answer" in desktop.window.node_banner.text.text()
    source.answers = True
    qtbot.waitUntil(lambda: not desktop.window.node_banner.isVisible())


def test_a_node_that_hangs_can_be_restarted(qtbot: QtBot, desktop: Desktop, source: FakeSource) -> None:
    source.answers = False
    desktop.session._ping.ask()
    qtbot.waitUntil(desktop.window.node_banner.isVisible)
    source.answers = True
    desktop.window.node_banner.action.click()
    qtbot.waitUntil(lambda: source.connections == 2 and desktop.session.state is State.READY)
    assert source.closed == 1


def test_a_wallet_that_hangs_is_shown_and_holds_up_nobody_else(
    qtbot: QtBot, desktop: Desktop, wallet: FakeWallet, node: FakeNode
) -> None:
    session = desktop.session.open_wallets[0]
    qtbot.waitUntil(lambda: session.info is not None and session.balances is not None)
    session.worker.limit = 0.05
    wallet.gate.clear()
    session.refresh_balances()
    qtbot.waitUntil(desktop.window.wallet_banner.isVisible)
    assert "Savings" in desktop.window.wallet_banner.text.text()
    desktop.window.go_to("peers")
    peers = desktop.window.stack.currentWidget()
    assert isinstance(peers, PeersPage)
    qtbot.waitUntil(lambda: peers.model.rowCount() == len(node.peer_list))
    wallet.gate.set()
    qtbot.waitUntil(lambda: not desktop.window.wallet_banner.isVisible())


def test_leaving_stops_the_node_even_while_it_starts(qtbot: QtBot, start: StartDesktop, source: FakeSource) -> None:
    source.node.start_gate.clear()
    desktop = start(source, ready=False)
    qtbot.waitUntil(lambda: desktop.session.state is State.STARTING)
    with qtbot.waitSignal(desktop.window.closed):
        desktop.window.close()
    assert source.node.stopped
    assert source.closed == 1


def test_a_stop_by_rpc_ends_the_program(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    with qtbot.waitSignal(desktop.window.closed):
        node.tell(lambda listener: listener.shutdown_requested())
    assert node.stopped


def test_warnings_and_messages_are_shown(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    node.warning_list = ["This is a pre-release test build."]
    node.tell(lambda listener: listener.warnings_changed())
    qtbot.waitUntil(lambda: "pre-release" in desktop.window.node_banner.text.text())
    desktop.window.node_banner.action.click()
    assert not desktop.window.node_banner.isVisible()
