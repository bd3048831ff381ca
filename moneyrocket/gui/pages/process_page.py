"""The processes that the program consists of, and the calls between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit

from moneyrocket.gui.context import Context
from moneyrocket.gui.events import LogEvents
from moneyrocket.gui.pages.node_page import NodePage
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import byte_size, duration, milliseconds
from moneyrocket.gui.widgets.basics import SPACE, Card, Pill, button, label
from moneyrocket.gui.widgets.line_graph import Sparkline
from moneyrocket.gui.workers import Poll
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.process import ProcessRole, ProcessStats

INTERVAL_MS = 1000
LINES = 2000
"""Lines of traffic kept."""


_SPELLED: tuple[Callable[[float], str], ...] = (byte_size, "{:.0f} %".format, "{:.0f}".format, milliseconds)


class ProcessCard(Card):
    """One process: numbers, each with its last minute.

    Args:
        role: What it does.
        attached_to: Address of the node that it belongs to, empty for a process of this program.
    """

    def __init__(self, role: ProcessRole, attached_to: str = "") -> None:
        super().__init__(" ")
        self.role = role
        self._attached_to = attached_to
        self.state = Pill()
        self.head.addWidget(self.state)
        self.process = label(kind="small", wrap=True, selectable=True)
        self.body.addWidget(self.process)
        self.sandbox = label(kind="small", wrap=True, selectable=True)
        self.body.addWidget(self.sandbox)
        names = (self.tr("Memory"), self.tr("Processor"), self.tr("Calls a second"), self.tr("Latency"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        self.values: list[QLabel] = []
        self.lines: list[Sparkline] = []
        for place, name in enumerate(names):
            value, line = label("\u2013"), Sparkline()
            value.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            value.setAccessibleName(name)
            grid.addWidget(label(name, "muted"), place, 0)
            grid.addWidget(line, place, 1)
            grid.addWidget(value, place, 2)
            self.values.append(value)
            self.lines.append(line)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addStretch(1)
        self._last: ProcessStats | None = None

    def show_stats(self, stats: ProcessStats) -> None:
        """Show a measurement."""
        names = {
            ProcessRole.GUI: self.tr("Window"),
            ProcessRole.NODE: self.tr("Node"),
            ProcessRole.WALLET: self.tr("Wallet"),
            ProcessRole.ALL: self.tr("Everything in one process"),
        }
        self.heading.setText(names[stats.role])
        last, self._last = self._last, stats
        if not stats.alive:
            if self._attached_to:
                self.state.show_state(self.tr("away"), Tone.WARNING)
            else:
                self.state.show_state(self.tr("gone"), Tone.DANGER)
            self.process.setText(stats.name)
            self.sandbox.clear()
            return
        if self._attached_to:
            self.state.show_state(self.tr("attached"), Tone.ACCENT)
        else:
            self.state.show_state(self.tr("running"), Tone.POSITIVE)
        self.state.setToolTip(self._attached_to)
        text = self.tr("{name}, process {pid}, {threads} threads, up {time}")
        self.process.setText(
            text.replace("{name}", stats.name)
            .replace("{pid}", str(stats.pid))
            .replace("{threads}", str(stats.threads))
            .replace("{time}", duration(stats.uptime))
        )
        self.sandbox.setText(self.tr("Sandbox {state}").replace("{state}", stats.sandbox))
        numbers: list[float | None] = [float(stats.memory), None, None, None]
        if last is not None and last.pid == stats.pid and stats.time > last.time:
            span = stats.time - last.time
            made = stats.calls_made - last.calls_made
            numbers[1] = 100 * (stats.cpu_seconds - last.cpu_seconds) / span
            numbers[2] = (made + stats.calls_served - last.calls_served) / span
            numbers[3] = (stats.wait_seconds - last.wait_seconds) / made if made else None
        for number, spell, value, line in zip(numbers, _SPELLED, self.values, self.lines, strict=True):
            if number is not None:
                line.add(number)
            value.setText("\u2013" if number is None else spell(number))


class ProcessPage(NodePage):
    """A card for each process, and the traffic between them.

    Attributes:
        cards: The first process of each role.
        more_cards: Further wallet processes of the node.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(QCoreApplication.translate("ProcessPage", "Processes"), context)
        self.cards: dict[ProcessRole, ProcessCard] = {}
        self.more_cards: list[ProcessCard] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(SPACE)
        self.body.addLayout(self._row)
        self.body.addWidget(self._make_traffic(), 1)
        self.lines: deque[str] = deque(maxlen=LINES)
        self._waiting: list[str] = []
        self._handler: Handler | None = None
        self._log = LogEvents(self)
        self._log.arrived.connect(self._arrived)
        self._poll = Poll(self.session.monitor, self.session.source.process_stats, self._take, INTERVAL_MS, self)
        self.shown.connect(self._watch)
        self.hidden.connect(self._rest)
        self.session.state_changed.connect(self._node_changed)

    def _make_traffic(self) -> Card:
        card = Card(self.tr("Calls between the processes"))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Show only lines with this text"))
        self.filter.setAccessibleName(self.tr("Filter"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setMinimumWidth(260)
        self.pause = button(self.tr("&Pause"), "pause", "plain")
        self.pause.setCheckable(True)
        self.clear = button(self.tr("C&lear"), "trash", "plain")
        for widget in (self.filter, self.pause, self.clear):
            card.head.addWidget(widget)
        self.text = QPlainTextEdit()
        self.text.setProperty("kind", "mono")
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.text.setAccessibleName(self.tr("Calls"))
        self.text.setPlaceholderText(self.tr("Calls appear here as they happen."))
        card.body.addWidget(self.text, 1)
        self.filter.textChanged.connect(self._filter_changed)
        self.pause.toggled.connect(self._paused)
        self.clear.clicked.connect(self._clear)
        return card

    def _watch(self) -> None:
        self._poll.start()
        self._subscribe()

    def _rest(self) -> None:
        # Lines cost the node time: none are sent when nobody looks.
        self._poll.stop()
        handler, self._handler = self._handler, None
        if handler is not None:
            self.session.worker.call(handler.disconnect, None, lambda _: None)

    def _subscribe(self) -> None:
        node = self.session.node
        if node is None or self._handler is not None:
            return

        def subscribed(handler: Handler) -> None:
            self._handler = handler
            if not self.isVisible():
                self._rest()

        self.session.worker.call(
            lambda: node.handle_log("ipc", self._log.receiver), subscribed, lambda _: None, key="ipc-log", context=self
        )

    def _node_changed(self) -> None:
        if self.session.node is None:
            self._handler = None
        elif self.isVisible():
            self._subscribe()

    def _take(self, stats: list[ProcessStats]) -> None:
        first: dict[ProcessRole, ProcessStats] = {}
        further = [each for each in stats if first.setdefault(each.role, each) is not each]
        for each in first.values():
            if each.role not in self.cards:
                self.cards[each.role] = self._add_card(each.role)
            self.cards[each.role].show_stats(each)
        for role in set(self.cards) - set(first):
            self._remove(self.cards.pop(role))
        while len(self.more_cards) > len(further):
            self._remove(self.more_cards.pop())
        for place, each in enumerate(further):
            if place == len(self.more_cards):
                self.more_cards.append(self._add_card(each.role))
            self.more_cards[place].show_stats(each)

    def _add_card(self, role: ProcessRole) -> ProcessCard:
        card = ProcessCard(role, "" if role is ProcessRole.GUI else self.session.source.attached_to)
        self._row.addWidget(card, 1)
        return card

    def _remove(self, card: ProcessCard) -> None:
        self._row.removeWidget(card)
        card.deleteLater()

    def _arrived(self, lines: list[str]) -> None:
        if self.pause.isChecked():
            # Not lost: shown when the pause ends.
            self._waiting = (self._waiting + lines)[-LINES:]
            return
        self.lines.extend(lines)
        wanted = self._wanted(lines)
        if wanted:
            bar = self.text.verticalScrollBar()
            at_end = bar.value() >= bar.maximum() - 4
            self.text.appendPlainText("\n".join(wanted[-LINES:]))
            if at_end:
                bar.setValue(bar.maximum())

    def _wanted(self, lines: list[str]) -> list[str]:
        text = self.filter.text().casefold()
        return [line for line in lines if text in line.casefold()] if text else lines

    def _filter_changed(self) -> None:
        self.text.setPlainText("\n".join(self._wanted(list(self.lines))))
        self.text.moveCursor(QTextCursor.MoveOperation.End)

    def _paused(self, on: bool) -> None:
        self.pause.setText(self.tr("&Resume") if on else self.tr("&Pause"))
        if not on:
            waiting, self._waiting = self._waiting, []
            self._arrived(waiting)

    def _clear(self) -> None:
        self.lines.clear()
        self._waiting.clear()
        self.text.clear()
