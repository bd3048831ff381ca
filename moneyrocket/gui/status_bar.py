"""The line at the lower edge: network, sync, peers, wallet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.session import State
from moneyrocket.gui.style.colors import NETWORKS
from moneyrocket.gui.style.theme import set_icon
from moneyrocket.gui.times import duration, number
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import label


class StatusBar(QStatusBar):
    """What is always to be seen.

    Args:
        context: The rest of the program.
        chain: Name of the chain.
    """

    def __init__(self, context: Context, chain: str) -> None:
        super().__init__()
        self.context = context
        self._wallet: WalletSession | None = None
        self.setSizeGripEnabled(False)
        self.network = QLabel(chain)
        self.network.setAccessibleName(self.tr("Network"))
        self.network.setStyleSheet(
            f"background: {NETWORKS.get(chain, NETWORKS['regtest'])}; color: white; border-radius: 8px;"
            " padding: 1px 9px; font-weight: 600;"
        )
        self.text = label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 10_000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(120)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.hide()
        left = QWidget()
        row = QHBoxLayout(left)
        row.setContentsMargins(12, 4, 0, 4)
        row.setSpacing(10)
        for widget in (self.network, self.bar, self.text):
            row.addWidget(widget)
        row.addStretch(1)
        self.addWidget(left, 1)
        self.lock = self._button("lock")
        self.peers = self._button("peers")
        self.theme = self._button("moon")
        self.theme.setToolTip(self.tr("Light or dark (Ctrl+Shift+D)"))
        self.theme.setAccessibleName(self.tr("Light or dark"))
        self.unit = self._button("")
        self.unit.setToolTip(self.tr("Unit of amounts; press for the next"))
        for button in (self.lock, self.unit, self.peers, self.theme):
            self.addPermanentWidget(button)
        self.lock.hide()
        self.peers.clicked.connect(lambda: context.page_wanted.emit("peers"))
        self.lock.clicked.connect(lambda: context.action_wanted.emit("lock"))
        self._step = ""
        context.session.events.init_message.connect(self._init_message)
        context.session.events.progress.connect(self._progress)
        context.session.state_changed.connect(self.refresh)
        context.monitor.sync_changed.connect(self.refresh)
        context.monitor.network_changed.connect(self._show_peers)
        context.preferences.changed.connect(self._show_unit)
        self.refresh()
        self._show_peers()
        self._show_unit()

    def _button(self, icon: str) -> QToolButton:
        made = QToolButton()
        made.setProperty("kind", "plain")
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if icon:
            set_icon(made, icon)
        return made

    def show_wallet(self, wallet: WalletSession | None) -> None:
        """Show whether a wallet is locked."""
        if self._wallet is not None:
            self._wallet.info_changed.disconnect(self._show_lock)
        self._wallet = wallet
        if wallet is not None:
            wallet.info_changed.connect(self._show_lock)
        self._show_lock()

    def _show_lock(self) -> None:
        info = self._wallet.info if self._wallet is not None else None
        self.lock.setVisible(info is not None and info.encrypted)
        if info is None:
            return
        set_icon(self.lock, "lock" if info.locked else "unlock")
        text = self.tr("Locked") if info.locked else self.tr("Unlocked")
        self.lock.setText(text)
        tip = self.tr("Unlock the wallet") if info.locked else self.tr("Lock the wallet")
        self.lock.setToolTip(tip)
        self.lock.setAccessibleName(tip)

    def _show_peers(self) -> None:
        network = self.context.monitor.network
        if network is None:
            self.peers.setText("\u2013")
            return
        count = network.inbound + network.outbound
        set_icon(self.peers, "peers" if network.active else "ban")
        self.peers.setText(
            self.tr("{n} peers").replace("{n}", str(count)) if network.active else self.tr("network off")
        )
        tip = self.tr("{inbound} inbound, {outbound} outbound")
        self.peers.setToolTip(
            tip.replace("{inbound}", str(network.inbound)).replace("{outbound}", str(network.outbound))
        )

    def _show_unit(self) -> None:
        self.unit.setText(self.context.preferences.unit.label)
        self.unit.setAccessibleName(self.tr("Unit: {unit}").replace("{unit}", self.unit.text()))

    def _init_message(self, message: str) -> None:
        self._step = message
        self.refresh()

    def _progress(self, title: str, percent: int) -> None:
        if percent >= 100:
            self._step = ""
            self.refresh()
            return
        self._step = f"{title} {percent} %"
        self.refresh()
        self.bar.setValue(percent * 100)
        self.bar.show()

    def refresh(self) -> None:
        """Say where the node stands."""
        state, sync = self.context.session.state, self.context.monitor.sync
        attached = bool(self.context.session.source.attached_to)
        texts = {
            State.CONNECTING: self.tr("Looking for the node\u2026") if attached else self.tr("Starting the node\u2026"),
            State.STARTING: self._step or self.tr("Starting\u2026"),
            State.LOST: self.tr("The node is away") if attached else self.tr("The node is gone"),
            State.FAILED: self.tr("The node cannot be used") if attached else self.tr("The node cannot start"),
            State.STOPPING: self.tr("Leaving\u2026") if attached else self.tr("Shutting down\u2026"),
            State.STOPPED: self.tr("Stopped"),
        }
        self.bar.setVisible(state is State.READY and sync is not None and not sync.synced)
        if state is not State.READY:
            self.text.setText(texts[state])
            return
        if sync is None:
            self.text.setText(self._step)
            return
        height = number(max(0, sync.height))
        if sync.synced:
            self.text.setText(self.tr("Block {height}").replace("{height}", height))
            self.text.setToolTip(self.tr("Caught up with the network"))
            return
        self.bar.setValue(int(sync.progress * 10_000))
        text = self.tr("Catching up, {percent} %").replace("{percent}", f"{sync.progress * 100:.1f}")
        if sync.seconds_left is not None:
            left = self.tr("about {time} left").replace("{time}", duration(sync.seconds_left))
            text = f"{text} \u00b7 {left}"
        self.text.setText(text)
        self.text.setToolTip(self.tr("Block {height}").replace("{height}", height))
