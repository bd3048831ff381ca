"""The mempool: how full it is, and what its transactions pay."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout

from moneyrocket.gui.context import Context
from moneyrocket.gui.pages.node_page import NodePage
from moneyrocket.gui.times import byte_size, number
from moneyrocket.gui.units import format_amount, format_fee_rate
from moneyrocket.gui.widgets.basics import SPACE, Card, EmptyState, label
from moneyrocket.gui.widgets.fee_bars import FeeBars
from moneyrocket.interfaces.node_values import FeeBand, MempoolState

INTERVAL_MS = 2000
BANDS = [100, 1000, 2000, 3000, 4000, 5000, 6000, 8000, 10_000, 15_000, 20_000, 30_000, 50_000, 100_000]
"""Lower bounds, sat/kvB."""
BLOCK_VSIZE = 1_000_000


class MempoolPage(NodePage):
    """Numbers, and bars by fee rate."""

    def __init__(self, context: Context) -> None:
        super().__init__(QCoreApplication.translate("MempoolPage", "Mempool"), context)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        self.transactions, self.transactions_note = self._tile(row, self.tr("Transactions"))
        self.vsize, self.vsize_note = self._tile(row, self.tr("Size"))
        self.fees, self.fees_note = self._tile(row, self.tr("Fees waiting"))
        self.usage, self.usage_note = self._tile(row, self.tr("Memory"))
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Memory used"))
        parent = self.usage.parentWidget()
        assert isinstance(parent, Card)
        parent.body.addWidget(self.bar)
        self.body.addLayout(row)
        self.chart = Card(self.tr("By fee rate, sat/vB"))
        self.bars = FeeBars()
        self.empty = EmptyState(
            "mempool", self.tr("The mempool is empty"), self.tr("Transactions wait here until a block takes them.")
        )
        self.chart.body.addWidget(self.bars, 1)
        self.chart.body.addWidget(self.empty, 1)
        self.bars.hide()
        self.body.addWidget(self.chart, 1)
        self.poll(lambda node: (node.mempool_state(), node.mempool_bands(BANDS)), self._take, INTERVAL_MS)

    def _tile(self, row: QHBoxLayout, name: str) -> tuple[QLabel, QLabel]:
        card = Card()
        value, note = label("\u2013", "title"), label(kind="small", wrap=True)
        value.setAccessibleName(name)
        column = QVBoxLayout()
        column.setSpacing(2)
        for widget in (label(name, "muted"), value, note):
            column.addWidget(widget)
        card.body.addLayout(column)
        card.body.addStretch(1)
        row.addWidget(card, 1)
        return value, note

    def _take(self, answer: tuple[MempoolState, list[FeeBand]]) -> None:
        state, bands = answer
        unit = self.context.preferences.unit
        self.transactions.setText(number(state.transactions))
        self.transactions_note.setText("" if state.loaded else self.tr("still loading from disk"))
        self.vsize.setText(f"{state.vsize / 1e6:.2f} MvB")
        blocks = self.tr("about {n} blocks").replace("{n}", f"{state.vsize / BLOCK_VSIZE:.1f}")
        self.vsize_note.setText(blocks)
        self.fees.setText(format_amount(state.total_fee, unit))
        rate = self.tr("{rate} on average")
        average = state.total_fee * 1000 / state.vsize if state.vsize else 0
        self.fees_note.setText(rate.replace("{rate}", format_fee_rate(average)))
        self.usage.setText(byte_size(state.usage))
        text = self.tr("of {most}; nothing below {rate} is taken")
        self.usage_note.setText(
            text.replace("{most}", byte_size(state.max_usage)).replace("{rate}", format_fee_rate(state.min_fee_rate))
        )
        self.bar.setValue(int(1000 * state.usage / state.max_usage) if state.max_usage else 0)
        self.bars.setVisible(bool(state.transactions))
        self.empty.setVisible(not state.transactions)
        self.bars.show_bands(bands)
