"""The main window: navigation, the page chosen, and what is wrong at the moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from moneyrocket.gui.about import show_about
from moneyrocket.gui.bip21 import PaymentUri, PaymentUriError, parse_payment_uri
from moneyrocket.gui.context import Context
from moneyrocket.gui.notifier import Notifier
from moneyrocket.gui.page_factory import make_page
from moneyrocket.gui.pages.start_page import StartPage
from moneyrocket.gui.session import State
from moneyrocket.gui.sidebar import Sidebar, page_names
from moneyrocket.gui.status_bar import StatusBar
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.style.theme import set_icon
from moneyrocket.gui.units import Unit
from moneyrocket.gui.wallet_actions import WalletActions
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import Banner
from moneyrocket.gui.widgets.toast import Toast
from moneyrocket.interfaces.node_values import MessageKind

SIZE = (1080, 720)
LEAST_SIZE = (820, 560)


class MainWindow(QMainWindow):
    """The window.

    Args:
        context: The parts of the program.
        chain: Name of the chain.
        processes: Whether there is more than one process to show.
        icon: The program's icon.

    Signals:
        closed: Everything has stopped: the program can end.
    """

    closed = Signal()

    def __init__(self, context: Context, chain: str, processes: bool, icon: QIcon) -> None:
        super().__init__()
        self.context = context
        self.wallet: WalletSession | None = None
        self.page = "overview"
        self._wanted_wallet = context.preferences.choices.wallet
        self._pages: dict[tuple[str, int], QWidget] = {}
        self._names = {page.name: page for page in page_names(processes)}
        self.setWindowTitle("Moneyrocket" if chain == "main" else f"Moneyrocket \u2013 {chain}")
        self.setWindowIcon(icon)
        self.setMinimumSize(*LEAST_SIZE)
        self.resize(*SIZE)
        self.restoreGeometry(QByteArray.fromHex(context.preferences.choices.geometry.encode()))
        self.setAcceptDrops(True)
        self.sidebar = Sidebar(list(self._names.values()))
        self.node_banner, self.wallet_banner = Banner(), Banner()
        self.stack = QStackedWidget()
        self.start = StartPage(context)
        self.stack.addWidget(self.start)
        self.wallet_actions = WalletActions(context, self, lambda: self.wallet, self._want_wallet)
        self.status = StatusBar(context, chain)
        self.setStatusBar(self.status)
        self._lay_out()
        self._make_menus()
        self.toast = Toast(self)
        self.notifier = Notifier(context, self, icon)
        self._connect()
        self.show_page("overview")
        self.stack.setFocus()

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        banners = QVBoxLayout()
        banners.setContentsMargins(24, 0, 24, 0)
        banners.setSpacing(0)
        for banner in (self.node_banner, self.wallet_banner):
            banner.setProperty("place", "top")
            banners.addWidget(banner)
        right.addLayout(banners)
        right.addWidget(self.stack, 1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(right, 1)
        self.setCentralWidget(body)

    def _make_menus(self) -> None:
        bar = self.menuBar()
        wallet = bar.addMenu(self.tr("&Wallet"))
        self.wallet_actions.fill(wallet)
        self._add(wallet.addAction, self.tr("&Settings\u2026"), "Ctrl+,", self.open_settings, "settings")
        if self.context.session.source.attached_to:
            self._add(wallet.addAction, self.tr("S&top the node\u2026"), "", self._stop_node)
        self._add(wallet.addAction, self.tr("&Quit"), "Ctrl+Q", self.close)
        view = bar.addMenu(self.tr("&View"))
        for page in self._names.values():
            self._add(view.addAction, page.title, page.shortcut, partial(self.go_to, page.name), page.name)
        view.addSeparator()
        self._add(view.addAction, self.tr("Next wallet"), "Ctrl+Tab", self._next_wallet)
        self._add(view.addAction, self.tr("&Light or dark"), "Ctrl+Shift+D", self._toggle_theme, "moon")
        self._add(view.addAction, self.tr("&Hide amounts"), "Ctrl+Shift+M", self._toggle_conceal, "eye")
        help_menu = bar.addMenu(self.tr("&Help"))
        self._add(help_menu.addAction, self.tr("&Open payment link\u2026"), "Ctrl+U", self._ask_for_link)
        self._add(help_menu.addAction, self.tr("&About Moneyrocket"), "", lambda: show_about(self.context, self))

    def _add(
        self, add: Callable[[QAction], object], text: str, shortcut: str, run: Callable[[], object], icon: str = ""
    ) -> None:
        action = QAction(text, self)
        if shortcut:
            action.setShortcut(shortcut)
        if icon:
            set_icon(action, icon)
        action.triggered.connect(lambda _=False: run())
        add(action)

    def _connect(self) -> None:
        session, context = self.context.session, self.context
        self.sidebar.page_chosen.connect(self.show_page)
        self.sidebar.wallet_chosen.connect(self.choose_wallet)
        self.sidebar.settings_wanted.connect(self.open_settings)
        context.page_wanted.connect(self.go_to)
        context.pay_wanted.connect(self.pay)
        context.told.connect(self.toast.tell)
        self.status.theme.clicked.connect(self._toggle_theme)
        self.status.unit.clicked.connect(self._next_unit)
        session.state_changed.connect(self._state_changed)
        session.answering_changed.connect(self._show_answering)
        session.wallets_alive_changed.connect(self._show_wallets_alive)
        session.wallet_opened.connect(self._wallet_opened)
        session.wallet_closed.connect(self._wallet_closed)
        session.wallets_changed.connect(self._refresh)
        session.quit_wanted.connect(self.leave)
        session.failed.connect(lambda error: self.toast.tell(str(error), Tone.DANGER))
        session.events.message.connect(self._message)
        context.monitor.warnings_changed.connect(self._show_warnings)
        self.node_banner.action.clicked.connect(self._node_action)
        self._refresh()

    # Pages

    def go_to(self, name: str) -> None:
        """Show a page and work with it: the keyboard is its own from now on."""
        self.show_page(name)
        page = self.stack.currentWidget()
        if page is not None:
            page.setFocus()

    def show_page(self, name: str) -> None:
        """Show a page, of the chosen wallet if it is about wallets."""
        if name not in self._names:
            return
        self.page = name
        self.sidebar.show_page(name)
        self.stack.setCurrentWidget(self.page_widget(name))

    def page_widget(self, name: str) -> QWidget:
        """Returns the widget of a page, made when it is first needed."""
        of_wallet = self._names[name].of_wallet
        stopping = self.context.session.state in (State.STOPPING, State.STOPPED, State.FAILED)
        if stopping or (of_wallet and self.wallet is None):
            return self.start
        key = (name, id(self.wallet) if of_wallet else 0)
        if key not in self._pages:
            self._pages[key] = make_page(name, self.context, self.wallet)
            self.stack.addWidget(self._pages[key])
        return self._pages[key]

    def pay(self, request: PaymentUri) -> None:
        """Show the send page with a payment request filled in."""
        self.go_to("send")
        fill = getattr(self.stack.currentWidget(), "fill", None)
        if fill is not None:
            fill(request)
        else:
            self.toast.tell(self.tr("Open a wallet to pay."), Tone.WARNING)

    def open_link(self, text: str) -> None:
        """Pay what a ``bitcoin:`` link asks for."""
        try:
            self.pay(parse_payment_uri(text))
        except PaymentUriError as error:
            self.toast.tell(str(error), Tone.DANGER)

    def _ask_for_link(self) -> None:
        text, done = QInputDialog.getText(self, self.tr("Open payment link"), self.tr("bitcoin: link"))
        if done and text.strip():
            self.open_link(text)

    def open_settings(self) -> None:
        """Open the settings."""
        # Rarely used, so not loaded at the start.
        from moneyrocket.gui.dialogs.settings import SettingsDialog

        dialog = SettingsDialog(self.context, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    # Wallets

    def choose_wallet(self, wallet: WalletSession | None) -> None:
        """Show another wallet's pages."""
        if wallet is not None:
            self._wanted_wallet = wallet.name
            self.context.preferences.choose(wallet=wallet.name)
        if wallet is not self.wallet:
            if self.wallet is not None:
                self.wallet.info_changed.disconnect(self.wallet_actions.refresh)
                self.wallet.worker.stuck_changed.disconnect(self._show_stuck)
            self.wallet = wallet
            if wallet is not None:
                wallet.info_changed.connect(self.wallet_actions.refresh)
                wallet.worker.stuck_changed.connect(self._show_stuck)
            self.status.show_wallet(wallet)
            self._show_stuck(wallet is not None and wallet.worker.stuck)
            self.show_page(self.page)
        self._refresh()

    def _want_wallet(self, name: str) -> None:
        self._wanted_wallet = name
        wallet = self.context.session.find(name)
        if wallet is not None:
            self.choose_wallet(wallet)

    def _wallet_opened(self, wallet: WalletSession) -> None:
        if self.wallet is None or wallet.name == self._wanted_wallet:
            wanted = self._wanted_wallet
            self.choose_wallet(wallet)
            # The one chosen last may be loaded after others.
            self._wanted_wallet = wanted if self.context.session.find(wanted) is None else wallet.name

    def _wallet_closed(self, wallet: WalletSession) -> None:
        for key in [key for key in self._pages if key[1] == id(wallet)]:
            page = self._pages.pop(key)
            self.stack.removeWidget(page)
            page.deleteLater()
        if wallet is self.wallet:
            name = wallet.name
            others = self.context.session.open_wallets
            self.wallet = None
            self.status.show_wallet(None)
            self._show_stuck(False)
            self.choose_wallet(others[0] if others else None)
            self.show_page(self.page)
            self._wanted_wallet = name

    def _next_wallet(self) -> None:
        wallets = self.context.session.open_wallets
        if self.wallet in wallets:
            self.choose_wallet(wallets[(wallets.index(self.wallet) + 1) % len(wallets)])

    def _refresh(self) -> None:
        self.sidebar.show_wallets(self.context.session.open_wallets, self.wallet)
        self.wallet_actions.refresh()

    # What is wrong

    def _state_changed(self) -> None:
        state = self.context.session.state
        if state is State.LOST:
            self._show_lost()
        elif state in (State.READY, State.STOPPING, State.FAILED):
            self.node_banner.hide()
        if state is State.STOPPED:
            self.closed.emit()
        elif state is State.READY:
            # Samples are taken from now on, whether or not the page is shown.
            QTimer.singleShot(0, self, lambda: self.page_widget("network"))
        self.show_page(self.page)
        self._refresh()

    def _show_lost(self) -> None:
        session = self.context.session
        if session.source.attached_to:
            text = self.tr("The node is away. {problem}").replace("{problem}", session.problem)
            self.node_banner.say(text, Tone.WARNING, self.tr("Look now"))
            return
        text = session.problem or self.tr("The node's process ended unexpectedly.")
        action = self.tr("Start it now") if session.source.can_reconnect else ""
        self.node_banner.say(text, Tone.DANGER, action)

    def _show_answering(self, answers: bool) -> None:
        if answers:
            self.node_banner.hide()
            return
        source = self.context.session.source
        again = self.tr("Connect again") if source.attached_to else self.tr("Restart it")
        action = again if source.can_reconnect else ""
        self.node_banner.say(
            self.tr("The node does not answer. It may be busy; this goes away by itself."), Tone.WARNING, action
        )

    def _node_action(self) -> None:
        session = self.context.session
        if session.state is State.LOST:
            session.retry()
        elif not session.node_answers:
            session.restart_node()
        else:
            self.node_banner.hide()

    def _stop_node(self) -> None:
        text = self.tr("Stop the node for everybody who uses it? This window stays, and waits for it to come back.")
        if QMessageBox.question(self, self.tr("Stop the node"), text) is QMessageBox.StandardButton.Yes:
            self.context.session.stop_node()

    def _show_wallets_alive(self, alive: bool) -> None:
        if alive:
            self.wallet_banner.hide()
        else:
            self.wallet_banner.say(self.tr("The wallet process ended unexpectedly, and is started again."), Tone.DANGER)

    def _show_stuck(self, stuck: bool) -> None:
        if not stuck:
            if self.context.session.wallets_alive:
                self.wallet_banner.hide()
            return
        name = self.wallet.title if self.wallet is not None else ""
        text = self.tr("The wallet \u201c{name}\u201d does not answer. What is shown may be old.")
        self.wallet_banner.say(text.replace("{name}", name), Tone.WARNING)

    def _show_warnings(self) -> None:
        warnings = self.context.monitor.warnings
        session = self.context.session
        if session.state is State.READY and session.node_answers:
            if warnings:
                self.node_banner.say("\n".join(warnings), Tone.WARNING, self.tr("Dismiss"))
            else:
                self.node_banner.hide()

    def _message(self, kind: MessageKind, text: str) -> None:
        tone = {MessageKind.ERROR: Tone.DANGER, MessageKind.WARNING: Tone.WARNING}.get(kind, Tone.ACCENT)
        if kind is MessageKind.INFORMATION:
            self.toast.tell(text, tone)
        else:
            self.node_banner.say(text, tone, self.tr("Dismiss"))

    # Small changes

    def _toggle_theme(self) -> None:
        self.context.theme.toggle()
        self.context.preferences.choose(theme=self.context.theme.choice.value)

    def _toggle_conceal(self) -> None:
        self.context.preferences.choose(conceal=not self.context.preferences.choices.conceal)

    def _next_unit(self) -> None:
        units = list(Unit)
        now = units.index(self.context.preferences.unit)
        self.context.preferences.choose(unit=units[(now + 1) % len(units)].value)

    # Links dropped on the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take links."""
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Pay what a dropped link asks for."""
        urls = event.mimeData().urls()
        self.open_link(urls[0].toString() if urls else event.mimeData().text())

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Stop the node first, if it is ours; the window goes when that is done."""
        state = self.context.session.state
        if state is State.STOPPED:
            event.accept()
            return
        event.ignore()
        if state is State.STOPPING:
            return
        if self.context.preferences.choices.ask_before_quit:
            attached = self.context.session.source.attached_to
            text = self.tr("Quit? The node goes on.") if attached else self.tr("Stop the node and quit?")
            answer = QMessageBox.question(self, self.tr("Quit"), text)
            if answer is not QMessageBox.StandardButton.Yes:
                return
        self.leave()

    def leave(self) -> None:
        """Stop everything that is ours, then end."""
        geometry = bytes(self.saveGeometry().toHex().data()).decode()
        self.context.preferences.choose(geometry=geometry)
        self.menuBar().setEnabled(False)
        self.sidebar.setEnabled(False)
        self.context.session.stop()
