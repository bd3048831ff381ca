"""Traffic over time, and how the node is reached."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel

from moneyrocket.gui.context import Context
from moneyrocket.gui.pages.node_page import NodePage
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import byte_size
from moneyrocket.gui.widgets.basics import SPACE, Card, label, set_tone
from moneyrocket.gui.widgets.facts import Facts
from moneyrocket.gui.widgets.line_graph import LineGraph, Series
from moneyrocket.interfaces.node_values import NetworkState

SPANS = (5, 10, 30, 60, 120, 360, 720, 1440)
"""Minutes, as in Bitcoin Core."""
SECONDS_KEPT = SPANS[-1] * 60


class NetworkPage(NodePage):
    """The network graph. Samples are taken once a second from start on, whether or not somebody looks."""

    def __init__(self, context: Context) -> None:
        super().__init__(QCoreApplication.translate("NetworkPage", "Network"), context)
        self.received = Series(Tone.ACCENT, SECONDS_KEPT)
        self.sent = Series(Tone.POSITIVE, SECONDS_KEPT, dashed=True)
        self.graph = LineGraph(
            [self.received, self.sent], lambda value: f"{byte_size(value)}/s", self.tr("Traffic over time")
        )
        self.span = QComboBox()
        self.span.setAccessibleName(self.tr("Span of the graph"))
        for minutes in SPANS:
            hours = minutes // 60
            text = self.tr("{n} hours") if hours > 1 else self.tr("{n} hour") if hours else self.tr("{n} minutes")
            self.span.addItem(text.replace("{n}", str(hours or minutes)), minutes)
        self.buttons.addWidget(self.span)
        card = Card(self.tr("Traffic"))
        self._rates: list[QLabel] = []
        for name, series in ((self.tr("Received"), self.received), (self.tr("Sent"), self.sent)):
            mark = label("\u2501" if not series.dashed else "\u2505\u2505")
            set_tone(mark, series.tone)
            rate = label(kind="muted")
            card.head.addWidget(mark)
            card.head.addWidget(label(name))
            card.head.addWidget(rate)
            card.head.addSpacing(SPACE)
            self._rates.append(rate)
        card.body.addWidget(self.graph, 1)
        self.body.addWidget(card, 1)
        self.totals = Facts([self.tr("Received in all"), self.tr("Sent in all"), self.tr("Connections")])
        self.local = Facts([self.tr("Announced addresses"), self.tr("Services"), self.tr("Protocol version")])
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for title, facts in ((self.tr("Since start"), self.totals), (self.tr("This node"), self.local)):
            block = Card(title)
            block.body.addWidget(facts)
            row.addWidget(block, 1)
        self.body.addLayout(row)
        self._last: tuple[float, NetworkState] | None = None
        self.span.currentIndexChanged.connect(self._span_chosen)
        place = self.span.findData(context.preferences.choices.graph_minutes)
        self.span.setCurrentIndex(max(0, place))
        self._span_chosen()
        context.monitor.network_changed.connect(self._take)
        self.shown.connect(self._show_numbers)

    def _take(self) -> None:
        state, now = self.context.monitor.network, time.monotonic()
        last, self._last = self._last, None if state is None else (now, state)
        if state is None:
            return
        if last is not None and now > last[0]:
            # Counters begin anew with a new node.
            for series, after, before, shown in (
                (self.received, state.bytes_received, last[1].bytes_received, self._rates[0]),
                (self.sent, state.bytes_sent, last[1].bytes_sent, self._rates[1]),
            ):
                rate = max(0.0, (after - before) / (now - last[0]))
                series.samples.append(rate)
                shown.setText(f"{byte_size(rate)}/s")
        if self.isVisible():
            self._show_numbers()

    def _show_numbers(self) -> None:
        state = self.context.monitor.network
        if state is None:
            return
        connections = self.tr("{inbound} inbound, {outbound} outbound, at most {most}")
        self.totals.show_values(
            [
                byte_size(state.bytes_received),
                byte_size(state.bytes_sent),
                connections.replace("{inbound}", str(state.inbound))
                .replace("{outbound}", str(state.outbound))
                .replace("{most}", str(state.max_connections)),
            ]
        )
        self.local.show_values(
            [
                ", ".join(state.local_addresses) or self.tr("none"),
                ", ".join(state.services) or self.tr("none"),
                str(state.protocol_version),
            ]
        )
        self.graph.update()

    def _span_chosen(self) -> None:
        minutes = self.span.currentData()
        self.graph.span = minutes * 60
        ago = self.tr("{span} ago").replace("{span}", self.span.currentText())
        self.graph.span_text = (ago, self.tr("now"))
        self.graph.update()
        self.context.preferences.choose(graph_minutes=minutes)
