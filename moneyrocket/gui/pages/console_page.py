"""The console: RPC methods typed in, with history, completion and help."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QStringListModel, Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QTextBrowser

from moneyrocket.gui.console_parser import is_secret, parse_line, run_call, spell
from moneyrocket.gui.context import Context
from moneyrocket.gui.pages.node_page import NodePage
from moneyrocket.gui.session import State
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import number
from moneyrocket.gui.widgets.basics import button, label
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.node_values import RpcMethodInfo
from moneyrocket.interfaces.rpc import RpcError

HISTORY = 500
BLOCKS = 5000
"""Most paragraphs of output kept."""
SHOWN = 200_000
"""Most characters of one result shown; more would hold up the window."""


class ConsolePage(NodePage):
    """Output above, a line to type below."""

    def __init__(self, context: Context) -> None:
        super().__init__(QCoreApplication.translate("ConsolePage", "Console"), context)
        self.methods: dict[str, RpcMethodInfo] = {}
        self.history = list(context.preferences.choices.console_history)
        self._at = len(self.history)
        self._draft = ""
        self.wallet = QComboBox()
        self.wallet.setAccessibleName(self.tr("Wallet"))
        self.wallet.setMinimumWidth(170)
        self.help = button(self.tr("&Help"), "info", "plain")
        self.help.setShortcut("F1")
        self.clear = button(self.tr("C&lear"), "trash", "plain")
        self.clear.setShortcut("Ctrl+L")
        for widget in (label(self.tr("Wallet"), "muted"), self.wallet, self.help, self.clear):
            self.buttons.addWidget(widget)
        self.output = QTextBrowser()
        self.output.setProperty("kind", "mono")
        self.output.setOpenLinks(False)
        self.output.setAccessibleName(self.tr("Output"))
        self.output.document().setMaximumBlockCount(BLOCKS)
        self.output.document().setDocumentMargin(8)
        self.output.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.line = QLineEdit()
        self.line.setProperty("kind", "mono")
        self.line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.line.setAccessibleName(self.tr("Command"))
        self.line.setPlaceholderText(self.tr("Type a command, for example getblockchaininfo"))
        self.line.installEventFilter(self)
        self.hint = label(kind="small")
        self.hint.setMinimumHeight(18)
        self.run = button(self.tr("&Run"), "play", "primary")
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(12)
        self.line.setCompleter(completer)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.run)
        self.body.addWidget(self.output, 1)
        self.body.setSpacing(8)
        self.body.addWidget(self.hint)
        self.body.addLayout(row)
        self.setFocusProxy(self.line)
        self.line.returnPressed.connect(self.submit)
        self.run.clicked.connect(self.submit)
        self.line.textChanged.connect(self._show_hint)
        self.clear.clicked.connect(self._clear)
        self.help.clicked.connect(self._help)
        self.session.state_changed.connect(self._learn)
        self.session.wallets_changed.connect(self._wallets_changed)
        context.theme.changed.connect(self._restyle)
        self.shown.connect(self._learn)
        self._wallets_changed()
        self._welcome()
        self._show_hint()

    # Methods and wallets

    def _learn(self) -> None:
        node = self.session.node
        if node is not None and self.session.state is State.READY and self.isVisible():
            self.session.worker.call(node.rpc_methods, self._learned, lambda _: None, key="methods", context=self)

    def _learned(self, methods: list[RpcMethodInfo]) -> None:
        self.methods = {method.name: method for method in methods}
        names = [method.name for method in methods if method.category != "hidden"]
        self._names.setStringList(sorted(names + [f"help {name}" for name in names]))
        self._show_hint()

    def _wallets_changed(self) -> None:
        chosen = self.wallet.currentData()
        self.wallet.clear()
        self.wallet.addItem(self.tr("(no wallet)"), None)
        for session in self.session.open_wallets:
            self.wallet.addItem(session.title, session.name)
        place = self.wallet.findData(chosen) if chosen is not None else min(1, self.wallet.count() - 1)
        self.wallet.setCurrentIndex(max(0, place))
        self._learn()

    def choose_wallet(self, name: str) -> None:
        """Run commands on a wallet."""
        place = self.wallet.findData(name)
        if place >= 0:
            self.wallet.setCurrentIndex(place)

    # Running

    def submit(self) -> None:
        """Run what was typed."""
        line = self.line.text().strip()
        if not line:
            return
        self.line.clear()
        self._remember(line)
        secret = is_secret(line)
        self._say(line.split()[0].split("(")[0] + " (\u2026)" if secret else line, "command")
        node = self.session.node
        if node is None or self.session.state not in (State.READY, State.STARTING):
            self._say(self.tr("There is no node to ask."), "error")
            return
        wallet = self.wallet.currentData()
        uri = "/" if wallet is None else f"/wallet/{quote(wallet, safe='')}"
        methods = self.methods
        self.session.console.call(
            lambda: _run(node, line, methods, uri), self._show_result, self._show_error, context=self, patient=True
        )

    def _show_result(self, result: str) -> None:
        if len(result) > SHOWN:
            cut = self.tr("\u2026 {n} characters more: use moneyrocket-cli to see all").replace(
                "{n}", number(len(result) - SHOWN)
            )
            result = f"{result[:SHOWN]}\n{cut}"
        self._say(result, "result")

    def _show_error(self, error: Exception) -> None:
        if isinstance(error, RpcError):
            self._say(f"{error.message} (code {error.code})", "error")
        elif isinstance(error, ConnectionError):
            self._say(self.tr("The node went away before it answered."), "error")
        else:
            self._say(str(error), "error")

    def _say(self, text: str, kind: str) -> None:
        colors = self.context.theme.colors
        tones = {"command": Tone.ACCENT, "error": Tone.DANGER, "warning": Tone.WARNING, "note": Tone.MUTED}
        block = QTextBlockFormat()
        block.setTopMargin(12 if kind == "command" else 2)
        block.setLeftMargin(18 if kind in ("result", "error") else 0)
        cursor = QTextCursor(self.output.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if self.output.document().isEmpty():
            cursor.setBlockFormat(block)
        else:
            cursor.insertBlock(block)
        style = QTextCharFormat()
        if kind == "command":
            style.setForeground(QColor(colors.muted))
            cursor.insertText(datetime.now().strftime("%H:%M:%S") + " \u203a ", style)
        style.setForeground(QColor(colors.tone(tones.get(kind, Tone.NEUTRAL))))
        # Lines of one result stay one paragraph, so that only the first has a margin.
        cursor.insertText(text.replace("\n", "\u2028"), style)
        self.output.setTextCursor(cursor)
        self.output.ensureCursorVisible()

    def _welcome(self) -> None:
        self._say(self.tr("Type a command and press Enter; \u2191 and \u2193 walk through the history."), "note")
        nested = self.tr("\u201chelp\u201d lists the commands. They can be nested: {example}")
        self._say(nested.replace("{example}", "getblock(getblockhash(0) 1)[tx][0]"), "note")
        self._say(
            self.tr("Never type what others tell you to type here. Scammers steal whole wallets that way."), "warning"
        )

    def _clear(self) -> None:
        self.output.clear()
        self.line.setFocus()

    def _help(self) -> None:
        word = self.line.text().strip().split(" ")[0].split("(")[0]
        self.line.setText(f"help {word}" if word in self.methods else "help")
        self.submit()

    def _restyle(self) -> None:
        """Begin anew: what was written has the colours of the other theme."""
        self.output.clear()
        self._welcome()

    # Typing

    def _show_hint(self) -> None:
        words = self.line.text().strip().replace("(", " ").split()
        method = self.methods.get(words[0].casefold()) if words else None
        if method is None:
            self.hint.setText(self.tr("F1 for help, Tab to complete"))
            return
        names = " ".join(argument.name.split("|")[0] for argument in method.arguments)
        self.hint.setText(
            f"{method.name} {names}" if names else self.tr("{name} takes no arguments").replace("{name}", method.name)
        )

    def _remember(self, line: str) -> None:
        if not is_secret(line) and (not self.history or self.history[-1] != line):
            self.history = [*self.history, line][-HISTORY:]
            self.context.preferences.choose(console_history=self.history)
        self._at = len(self.history)
        self._draft = ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Up and down walk through the history, Tab completes."""
        if watched is self.line and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            popup = self.line.completer().popup()
            if popup is not None and popup.isVisible():
                return False
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._walk(-1 if event.key() == Qt.Key.Key_Up else 1)
                return True
            if event.key() == Qt.Key.Key_Tab and self.line.text():
                return self._complete()
        return super().eventFilter(watched, event)

    def _walk(self, step: int) -> None:
        if self._at == len(self.history):
            self._draft = self.line.text()
        self._at = max(0, min(len(self.history), self._at + step))
        self.line.setText(self.history[self._at] if self._at < len(self.history) else self._draft)

    def _complete(self) -> bool:
        typed = self.line.text()
        found = [name for name in self._names.stringList() if name.startswith(typed)]
        if not found:
            return False
        common = found[0]
        for name in found:
            while not name.startswith(common):
                common = common[:-1]
        if len(common) > len(typed):
            self.line.setText(common)
        if len(found) > 1:
            self.line.completer().setCompletionPrefix(self.line.text())
            self.line.completer().complete()
        return True


def _run(node: Node, line: str, methods: dict[str, RpcMethodInfo], uri: str) -> str:
    if not methods:
        methods = {method.name: method for method in node.rpc_methods()}

    def execute(method: str, params: Json) -> Json:
        return node.execute_rpc(method, params, uri)

    return spell(run_call(parse_line(line), methods, execute))
