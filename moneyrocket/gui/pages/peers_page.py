"""Peers: who is connected, what is known of them, and who is banned."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.models.peers import BanModel, PeerModel, kind_text, network_text
from moneyrocket.gui.pages.node_page import NodePage
from moneyrocket.gui.style.theme import set_icon
from moneyrocket.gui.times import byte_size, duration, milliseconds, number
from moneyrocket.gui.units import format_fee_rate
from moneyrocket.gui.widgets.basics import SPACE, Card, ElidedLabel, EmptyState, button, label, scrolled
from moneyrocket.gui.widgets.data_table import DataTable, TableWithEmptyState
from moneyrocket.gui.widgets.facts import Facts
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.node_values import BanEntry, PeerInfo

INTERVAL_MS = 2000
DETAILED_COLUMNS = (3, 5, 6, 7)
"""Network, sent, received, client."""
HOUR, DAY, WEEK, YEAR = 3600, 86_400, 7 * 86_400, 365 * 86_400


class PeerDetails(Card):
    """All that is known of one peer."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ElidedLabel()
        self.title.setProperty("kind", "heading")
        self.facts = Facts(
            [
                self.tr("Client"),
                self.tr("Kind"),
                self.tr("Network"),
                self.tr("Protocol"),
                self.tr("Services"),
                self.tr("Permissions"),
                self.tr("Transport"),
                self.tr("Connected for"),
                self.tr("Last send"),
                self.tr("Last receive"),
                self.tr("Last block"),
                self.tr("Last transaction"),
                self.tr("Sent"),
                self.tr("Received"),
                self.tr("Ping"),
                self.tr("Shortest ping"),
                self.tr("Time offset"),
                self.tr("Headers in common"),
                self.tr("Blocks in common"),
                self.tr("Blocks in flight"),
                self.tr("Relays transactions"),
                self.tr("Fee filter"),
                self.tr("High bandwidth"),
                self.tr("Addresses taken"),
                self.tr("Our address there"),
            ]
        )
        self.body.addWidget(self.title)
        self.body.addWidget(scrolled(self.facts), 1)
        self.setMinimumWidth(300)

    def show_peer(self, peer: PeerInfo) -> None:
        """Show a peer."""
        now = int(time.time())
        none = "\u2013"

        def ago(when: int) -> str:
            if not when:
                return self.tr("never")
            return self.tr("{time} ago").replace("{time}", duration(now - when))

        def height(value: int) -> str:
            return number(value) if value >= 0 else none

        yes, no = self.tr("yes"), self.tr("no")
        bandwidth = [
            name
            for on, name in (
                (peer.high_bandwidth_to, self.tr("to the peer")),
                (peer.high_bandwidth_from, self.tr("from the peer")),
            )
            if on
        ]
        waited = f" ({self.tr('waiting')} {milliseconds(peer.ping_wait)})" if peer.ping_wait else ""
        self.title.setText(peer.address)
        self.facts.show_values(
            [
                peer.user_agent.strip("/") or none,
                kind_text(peer),
                network_text(peer.network),
                str(peer.version) if peer.version else none,
                ", ".join(peer.services) or none,
                ", ".join(peer.permissions) or none,
                peer.transport,
                duration(now - peer.connected),
                ago(peer.last_send),
                ago(peer.last_receive),
                ago(peer.last_block),
                ago(peer.last_transaction),
                byte_size(peer.bytes_sent),
                byte_size(peer.bytes_received),
                (none if peer.ping is None else milliseconds(peer.ping)) + waited,
                none if peer.min_ping is None else milliseconds(peer.min_ping),
                f"{peer.time_offset:+d} s",
                height(peer.synced_headers),
                height(peer.synced_blocks),
                ", ".join(number(value) for value in peer.in_flight) or none,
                yes if peer.relays_txs else no,
                format_fee_rate(peer.fee_filter),
                ", ".join(bandwidth) or no,
                number(peer.addresses_processed),
                peer.local_address or none,
            ]
        )


class PeersPage(NodePage):
    """Tables of peers and bans, and details beside them."""

    def __init__(self, context: Context) -> None:
        super().__init__(QCoreApplication.translate("PeersPage", "Peers"), context)
        self.model = PeerModel(self)
        self.table = DataTable(self.model, self.tr("Peers"), multiple=True)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.allow_sorting(0, Qt.SortOrder.AscendingOrder)
        self.details = PeerDetails()
        self.details.hide()
        self.bans = BanModel(self)
        self.ban_table = DataTable(self.bans, self.tr("Banned addresses"), multiple=True)
        self.ban_card = QWidget()
        column = QVBoxLayout(self.ban_card)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label(self.tr("Banned"), "heading"))
        column.addWidget(self.ban_table)
        self.ban_card.hide()
        self.network = button(self.tr("&Network on"), kind="segment", tip=self.tr("Turn all connections on or off"))
        self.network.setCheckable(True)
        self.network.setChecked(True)
        self.disconnect_button = button(self.tr("&Disconnect"), "disconnect")
        self.ban_button = QToolButton()
        self.ban_button.setText(self.tr("&Ban"))
        self.ban_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.ban_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.ban_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(self.ban_button, "ban")
        for widget in (self.network, self.disconnect_button, self.ban_button):
            self.buttons.addWidget(widget)
        self._empty = EmptyState(
            "peers", self.tr("No peers yet"), self.tr("The node looks for peers by itself; this can take a minute.")
        )
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(TableWithEmptyState(self.table, self._empty))
        left.addWidget(self.ban_card)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 1)
        left.setSizes([440, 170])
        left.setHandleWidth(SPACE)
        across = QHBoxLayout()
        across.setSpacing(SPACE)
        across.addWidget(left, 1)
        across.addWidget(self.details)
        self.body.addLayout(across, 1)
        self._add_actions()
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.network.toggled.connect(self._switch_network)
        self.disconnect_button.clicked.connect(self._disconnect)
        self._poll = self.poll(lambda node: (node.peers(), node.banned()), self._take, INTERVAL_MS)
        context.monitor.network_changed.connect(self._show_network)
        self.session.events.banned_list_changed.connect(self._poll.ask)
        self._selected()
        self.setFocusProxy(self.table)

    def _add_actions(self) -> None:
        copy = self.table.add_action(QAction(self.tr("Copy address"), self.table))
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(self._copy)
        drop = self.table.add_action(QAction(self.tr("Disconnect"), self.table))
        drop.setShortcut(QKeySequence.StandardKey.Delete)
        drop.triggered.connect(self._disconnect)
        menu = QMenu(self)
        for text, seconds in (
            (self.tr("Ban for 1 &hour"), HOUR),
            (self.tr("Ban for 1 &day"), DAY),
            (self.tr("Ban for 1 &week"), WEEK),
            (self.tr("Ban for 1 &year"), YEAR),
        ):
            action = QAction(text, self)
            action.triggered.connect(lambda _=False, span=seconds: self._ban(span))
            menu.addAction(action)
            self.table.actions_menu.addAction(action)
        self.ban_button.setMenu(menu)
        unban = self.ban_table.add_action(QAction(self.tr("Lift the ban"), self.ban_table))
        unban.setShortcut(QKeySequence.StandardKey.Delete)
        unban.triggered.connect(self._unban)

    def _take(self, answer: tuple[list[PeerInfo], list[BanEntry]]) -> None:
        peers, bans = answer
        self.model.show(peers)
        self.bans.show(bans)
        self.ban_card.setVisible(bool(bans))
        self._selected()

    def _selected(self) -> None:
        peers = self.table.selected_rows()
        self.disconnect_button.setEnabled(bool(peers))
        self.ban_button.setEnabled(bool(peers))
        alone = len(peers) == 1
        self.details.setVisible(alone)
        # The details say it all, and need the room.
        for column in DETAILED_COLUMNS:
            self.table.setColumnHidden(column, alone)
        if alone:
            self.details.show_peer(peers[0])

    def _show_network(self) -> None:
        network = self.context.monitor.network
        active = network is None or network.active
        self.network.blockSignals(True)
        self.network.setChecked(active)
        self.network.blockSignals(False)
        self.network.setText(self.tr("&Network on") if active else self.tr("&Network off"))
        if not active:
            self._empty.say(self.tr("The network is off"), self.tr("Turn it on to connect to peers."))
        else:
            self._empty.say(
                self.tr("No peers yet"), self.tr("The node looks for peers by itself; this can take a minute.")
            )

    def _switch_network(self, on: bool) -> None:
        self.act(lambda node: node.set_network_active(on))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(peer.address for peer in self.table.selected_rows()))

    def _disconnect(self) -> None:
        ids = [peer.id for peer in self.table.selected_rows()]
        self.act(lambda node: [node.disconnect_peer(each) for each in ids], lambda _: self._poll.ask())

    def _ban(self, seconds: int) -> None:
        addresses = [peer.address for peer in self.table.selected_rows()]

        def work(node: Node) -> list[str]:
            return [address for address in addresses if not node.ban(address, seconds)]

        def done(refused: list[str]) -> None:
            self._poll.ask()
            if refused:
                self.complain(ValueError(self.tr("Cannot be banned: ") + ", ".join(refused)))

        self.act(work, done)

    def _unban(self) -> None:
        subnets = [ban.subnet for ban in self.ban_table.selected_rows()]
        self.act(lambda node: [node.unban(each) for each in subnets], lambda _: self._poll.ask())
