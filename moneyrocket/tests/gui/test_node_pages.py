"""Peers, network, mempool, console, processes."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.pages.console_page import ConsolePage
from moneyrocket.gui.pages.mempool_page import MempoolPage
from moneyrocket.gui.pages.network_page import NetworkPage
from moneyrocket.gui.pages.peers_page import DAY, PeersPage
from moneyrocket.gui.pages.process_page import ProcessPage
from moneyrocket.gui.session import State
from moneyrocket.gui.widgets.line_graph import round_up
from moneyrocket.interfaces.node_values import FeeBand, MempoolState
from moneyrocket.interfaces.process import ProcessRole
from moneyrocket.tests.gui.fake_node import FakeNode, make_peer
from moneyrocket.tests.gui.pages import open_page


def test_peers_are_listed_disconnected_banned_and_pardoned(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "peers", PeersPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 8)
    assert not page.disconnect_button.isEnabled()
    page.table.selectRow(0)
    assert page.details.isVisible()
    assert page.details.title.text() == node.peer_list[0].address
    page.disconnect_button.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 7)
    page.table.selectRow(0)
    page._ban(DAY)
    qtbot.waitUntil(lambda: page.bans.rowCount() == 1 and page.model.rowCount() == 6)
    assert page.ban_table.isVisible()
    page.ban_table.selectRow(0)
    page._unban()
    qtbot.waitUntil(lambda: page.bans.rowCount() == 0)


def test_the_chosen_peer_stays_chosen_when_others_come_and_go(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "peers", PeersPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 8)
    page.table.selectRow(3)
    chosen = page.table.current_row()
    node.peer_list = [make_peer(99), *node.peer_list[1:]]
    page._poll.ask()
    qtbot.waitUntil(lambda: any(peer.id == 99 for peer in page.model.rows))
    assert page.table.current_row().id == chosen.id


def test_the_network_is_turned_off_and_on(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "peers", PeersPage)
    page.network.click()
    qtbot.waitUntil(lambda: not node.net.active)
    qtbot.waitUntil(lambda: desktop.window.status.peers.text() == "network off")
    page.network.click()
    qtbot.waitUntil(lambda: node.net.active)


def test_the_graph_shows_rates(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "network", NetworkPage)
    qtbot.waitUntil(lambda: page._last is not None)
    node.net = replace(node.net, bytes_received=500_000, bytes_sent=1000)
    desktop.monitor._poll.ask()
    qtbot.waitUntil(lambda: any(rate > 0 for rate in page.received.samples))
    assert page.totals.values[0].text() == "500 kB"
    page.span.setCurrentIndex(0)
    assert page.graph.span == 300
    assert desktop.preferences.choices.graph_minutes == 5


def test_axes_end_with_round_numbers() -> None:
    assert [round_up(value) for value in (0, 1, 3, 11, 99, 501)] == [1, 1, 5, 20, 100, 1000]


def test_the_mempool_is_shown_by_fee_rate(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "mempool", MempoolPage)
    qtbot.waitUntil(page.empty.isVisible)
    node.pool = MempoolState(True, 1200, 2_500_000, 9_000_000, 300_000_000, 5_000_000, 1000, 100)
    node.bands = [FeeBand(1000, 1200, 2_500_000, 5_000_000)]
    page.hide()
    page.show()
    qtbot.waitUntil(page.bars.isVisible)
    assert page.transactions.text() == "1\u2009200"
    assert page.vsize.text() == "2.50 MvB"
    assert "1\u20132 sat/vB: 2500000 vB" in page.bars.accessibleDescription()


def test_the_console_runs_commands_on_the_chosen_wallet(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "console", ConsolePage)
    qtbot.waitUntil(lambda: bool(page.methods))
    page.choose_wallet("Savings")
    QTest.keyClicks(page.line, "getblockhash 5")
    QTest.keyClick(page.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "000000000019d668" in page.output.toPlainText())
    assert node.executed == [("getblockhash", [5], "/wallet/Savings")]
    page.line.setText("nosuchthing")
    page.submit()
    qtbot.waitUntil(lambda: "Method not found (code -32601)" in page.output.toPlainText())


def test_the_console_remembers_lines_but_no_secrets(qtbot: QtBot, desktop: Desktop) -> None:
    page = open_page(desktop, "console", ConsolePage)
    for line in ("getblockcount", "walletpassphrase horse 60", "uptime"):
        page.line.setText(line)
        page.submit()
    assert "horse" not in page.output.toPlainText()
    page.line.setText("draft")
    QTest.keyClick(page.line, Qt.Key.Key_Up)
    assert page.line.text() == "uptime"
    QTest.keyClick(page.line, Qt.Key.Key_Up)
    assert page.line.text() == "getblockcount"
    QTest.keyClick(page.line, Qt.Key.Key_Down)
    QTest.keyClick(page.line, Qt.Key.Key_Down)
    assert page.line.text() == "draft"
    assert desktop.preferences.choices.console_history == ["getblockcount", "uptime"]


def test_the_console_completes_and_hints(qtbot: QtBot, desktop: Desktop) -> None:
    page = open_page(desktop, "console", ConsolePage)
    qtbot.waitUntil(lambda: bool(page.methods))
    page.line.setText("getblockh")
    QTest.keyClick(page.line, Qt.Key.Key_Tab)
    assert page.line.text() == "getblockhash"
    assert page.hint.text() == "getblockhash height"


def test_processes_are_shown_with_their_traffic(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "processes", ProcessPage)
    qtbot.waitUntil(lambda: set(page.cards) == {ProcessRole.GUI, ProcessRole.NODE, ProcessRole.WALLET})
    qtbot.waitUntil(lambda: len(node.log_sinks) == 1)
    page._poll.ask()
    qtbot.waitUntil(lambda: page.cards[ProcessRole.NODE].values[2].text() != "\u2013")
    assert page.cards[ProcessRole.WALLET].sandbox.text().startswith("Sandbox in force")
    node.log_sinks[0].lines(["IpcServer recv one", "IpcServer recv two"])
    qtbot.waitUntil(lambda: "recv two" in page.text.toPlainText())
    page.filter.setText("ONE")
    assert page.text.toPlainText() == "IpcServer recv one"
    page.filter.clear()
    page.pause.click()
    node.log_sinks[0].lines(["IpcServer recv three"])
    qtbot.waitUntil(lambda: bool(page._waiting))
    assert "three" not in page.text.toPlainText()
    page.pause.click()
    assert "three" in page.text.toPlainText()
    desktop.window.show_page("peers")
    qtbot.waitUntil(lambda: node.log_sinks == [])


def test_node_pages_survive_the_loss_of_the_node(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    page = open_page(desktop, "peers", PeersPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 8)
    desktop.session.source.lose()  # type: ignore[attr-defined]  # the fake's
    qtbot.waitUntil(lambda: desktop.session.state is State.LOST)
    node.dead = False
    qtbot.waitUntil(lambda: desktop.session.state is State.READY)
    node.peer_list.pop()
    qtbot.waitUntil(lambda: page.model.rowCount() == 7)
