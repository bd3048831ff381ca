"""What stands in place of a wallet's page while there is no wallet: starting, gone, failed, or none made yet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.session import State
from moneyrocket.gui.widgets.basics import SPACE, EmptyState, button
from moneyrocket.gui.widgets.sync_card import SyncCard


class StartPage(QWidget):
    """Says what is going on, and offers what can be done."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        session = context.session
        self.setAccessibleName(self.tr("Start"))
        self.message = EmptyState("rocket", "", "")
        self.create_button = button(self.tr("&Create a wallet"), "add", "primary")
        self.open_button = button(self.tr("&Open a wallet"), "wallet")
        self.retry_button = button(self.tr("&Try again"), "refresh", "primary")
        self.wait = QProgressBar()
        self.wait.setRange(0, 0)
        self.wait.setTextVisible(False)
        self.wait.setFixedWidth(260)
        self.wait.setAccessibleName(self.tr("Please wait"))
        row = QHBoxLayout()
        row.setSpacing(SPACE // 2)
        row.addStretch(1)
        for widget in (self.create_button, self.open_button, self.retry_button):
            row.addWidget(widget)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 8, SPACE + 4, SPACE + 8, SPACE)
        column.addWidget(SyncCard(context.monitor))
        column.addStretch(2)
        column.addWidget(self.message)
        column.addSpacing(SPACE // 2)
        column.addWidget(self.wait, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(row)
        column.addStretch(3)
        self._step = ""
        self.create_button.clicked.connect(lambda: context.action_wanted.emit("create"))
        self.open_button.clicked.connect(lambda: context.action_wanted.emit("open"))
        self.retry_button.clicked.connect(self._retry)
        session.state_changed.connect(self.refresh)
        session.wallets_changed.connect(self.refresh)
        session.wallets_alive_changed.connect(self.refresh)
        session.events.init_message.connect(self._show_step)
        session.events.progress.connect(self._show_progress)
        self.refresh()

    def _show_step(self, text: str) -> None:
        self._step = text
        self.wait.setRange(0, 0)
        self.refresh()

    def _show_progress(self, title: str, percent: int) -> None:
        self._step = title if percent < 100 else ""
        self.wait.setRange(0, 0 if percent >= 100 else 100)
        self.wait.setValue(percent)
        self.refresh()

    def _retry(self) -> None:
        session = self.context.session
        if session.state is State.READY and not session.wallets_alive:
            session.restart_wallets()
        else:
            session.retry()

    def refresh(self) -> None:
        """Say what is going on."""
        session = self.context.session
        state = session.state
        ready = state is State.READY
        have = session.wallets is not None
        waiting = state in (State.CONNECTING, State.STARTING, State.STOPPING) or (
            state is State.LOST and session.source.can_reconnect
        )
        title, hint = self._words(state, ready and have)
        self.message.say(title, hint)
        self.wait.setVisible(waiting or (ready and not have and not session.wallets_alive))
        for widget in (self.create_button, self.open_button):
            widget.setVisible(ready and have)
        self.retry_button.setVisible(
            (state in (State.FAILED, State.LOST) and session.source.can_reconnect)
            or (ready and not session.wallets_alive)
        )

    def _words(self, state: State, wallets: bool) -> tuple[str, str]:
        session = self.context.session
        if session.source.attached_to and state is not State.READY:
            return self._words_attached(state)
        if state is State.CONNECTING:
            return self.tr("Starting the node"), self.tr("This takes a moment.")
        if state is State.STARTING:
            return self.tr("Starting"), self._step or self.tr("This takes a moment.")
        if state is State.FAILED:
            return self.tr("The node cannot start"), session.problem or self.tr("It has told why in its log.")
        if state is State.LOST:
            again = self.tr("It is started again by itself.")
            if not session.source.can_reconnect:
                again = self.tr("Close this program and start it again.")
            return self.tr("The node ended unexpectedly"), f"{session.problem}\n{again}".strip()
        if state in (State.STOPPING, State.STOPPED):
            return (
                self.tr("Shutting down"),
                self.tr("Chain and wallets are being written. Please do not switch the computer off."),
            )
        if not session.wallets_alive:
            return (
                self.tr("The wallet process ended unexpectedly"),
                self.tr("It is started again by itself. What it had stored is safe."),
            )
        if not wallets:
            return self.tr("No wallets"), self.tr("The node runs without wallets. Its pages are on the left.")
        return (
            self.tr("Welcome to Moneyrocket"),
            self.tr("Create a wallet to send and receive, or open one that you have."),
        )

    def _words_attached(self, state: State) -> tuple[str, str]:
        """Those about a node that somebody else starts and stops."""
        session = self.context.session
        if state is State.STARTING:
            return self.tr("The node is starting"), self._step or self.tr("This takes a moment.")
        if state is State.FAILED:
            return self.tr("The node cannot be used"), session.problem
        if state in (State.STOPPING, State.STOPPED):
            return self.tr("Leaving"), self.tr("The node goes on.")
        if not session.problem:
            return self.tr("Connecting to the node"), session.source.attached_to
        again = self.tr("This window connects by itself once a node started with -ipcbind is there.")
        return self.tr("Waiting for the node"), f"{session.problem}.\n{again}"
