"""The history: filtered, searched, sorted, opened, exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout

from moneyrocket.gui.context import Context
from moneyrocket.gui.dialogs.edit_label import EditLabelDialog
from moneyrocket.gui.dialogs.transaction_details import TransactionDialog
from moneyrocket.gui.export import export_history
from moneyrocket.gui.models.transactions import SORTS, TransactionModel
from moneyrocket.gui.pages.wallet_page import WalletPage
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import number
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.amounts import AmountDelegate, AmountLabel
from moneyrocket.gui.widgets.basics import EmptyState, button, label
from moneyrocket.gui.widgets.data_table import DataTable, LabelDelegate, TableWithEmptyState
from moneyrocket.gui.widgets.tx_filter import TxFilter
from moneyrocket.gui.workers import Task
from moneyrocket.interfaces.wallet_values import TxRow, TxSort
from moneyrocket.primitives.hashes import hash_to_hex

AMOUNT_COLUMN = 4


class TransactionsPage(WalletPage):
    """A table of which only the rows in view are fetched."""

    def __init__(self, context: Context, session: WalletSession) -> None:
        super().__init__(QCoreApplication.translate("TransactionsPage", "Transactions"), context, session)
        self.filter = TxFilter(self.unit)
        self.model = TransactionModel(session.wallet, session.worker, self)
        self.model.color(context.theme.colors)
        self.table = DataTable(self.model, self.tr("Transactions"))
        self.amounts = AmountDelegate(self.table, self.unit, plus=True)
        self.amounts.concealed = self.concealed
        self.table.setItemDelegateForColumn(AMOUNT_COLUMN, self.amounts)
        self.table.allow_sorting(0, Qt.SortOrder.DescendingOrder)
        self.table.setItemDelegateForColumn(2, LabelDelegate(self.table))
        self.export = button(self.tr("&Export\u2026"), "export", tip=self.tr("Write the listed transactions to a file"))
        self.export.setShortcut("Ctrl+E")
        self.buttons.addWidget(self.export)
        self.empty = EmptyState("transactions", "", "")
        self.count = label(kind="muted")
        self.sum = AmountLabel(plus=True)
        foot = QHBoxLayout()
        foot.addWidget(self.count)
        foot.addStretch(1)
        foot.addWidget(label(self.tr("Sum"), "muted"))
        foot.addWidget(self.sum)
        self.body.addWidget(self.filter)
        self.body.addWidget(TableWithEmptyState(self.table, self.empty), 1)
        self.body.addLayout(foot)
        self._exporting: Task[int] | None = None
        self._first = True
        self._add_actions()
        self.model.sort_wanted.connect(self._sort)
        self.model.loaded.connect(self._show_totals)
        self.model.failed.connect(self.complain)
        self.filter.changed.connect(self._search)
        self.export.clicked.connect(self._export)
        self.table.opened.connect(self._open)
        session.events.transactions_changed.connect(self.mark_dirty)
        session.events.address_book_changed.connect(self.mark_dirty)
        context.theme.changed.connect(lambda: self.model.color(context.theme.colors))
        context.preferences.changed.connect(self._preference_changed)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.filter.text.setFocus)
        self._show_totals()
        self.setFocusProxy(self.table)

    def _add_actions(self) -> None:
        for text, shortcut, action in (
            (self.tr("Show details"), "", lambda: self._open(self.table.currentIndex())),
            (self.tr("Copy address"), QKeySequence.StandardKey.Copy, lambda: self._copy(lambda row: row.address)),
            (self.tr("Copy transaction id"), "Ctrl+Shift+C", lambda: self._copy(lambda row: hash_to_hex(row.txid))),
            (self.tr("Edit label\u2026"), "F2", self._edit_label),
        ):
            made = self.table.add_action(QAction(text, self.table))
            if shortcut:
                made.setShortcut(shortcut)
            made.triggered.connect(action)

    def reload(self) -> None:
        """Fetch again what is in view."""
        if self._first:
            self._first = False
            self._search()
        else:
            self.model.refresh()

    def _search(self) -> None:
        self.model.search(self.filter.query(self.model.query))

    def _sort(self, column: int, descending: bool) -> None:
        sort = SORTS[column] if 0 <= column < len(SORTS) else TxSort.TIME
        if sort is None or self._first:
            return
        self.model.search(replace(self.model.query, sort=sort, descending=descending))

    def _show_totals(self) -> None:
        total = self.model.rowCount()
        self.count.setText(self.tr("{n} transactions").replace("{n}", number(total)) if total else "")
        self.sum.show_amount(self.model.total_amount, self.unit, concealed=self.concealed)
        self.export.setEnabled(total > 0)
        if self.filter.is_blank():
            self.empty.say(
                self.tr("No transactions yet"), self.tr("Payments that you send and receive are listed here.")
            )
        else:
            self.empty.say(
                self.tr("Nothing found"), self.tr("No transaction is like that. Change or clear the filter.")
            )

    def _open(self, index: QModelIndex) -> None:
        row = self.model.row(index)
        if row is not None:
            dialog = TransactionDialog(self.session, row.txid, self.unit, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _copy(self, text: Callable[[TxRow], str]) -> None:
        row = self.table.current_row()
        if row is not None:
            QGuiApplication.clipboard().setText(text(row))

    def _edit_label(self) -> None:
        row = self.table.current_row()
        if row is not None and row.address:
            EditLabelDialog(self.session, row.address, row.label, parent=self).open()

    def _export(self) -> None:
        if self._exporting is not None and not self._exporting.finished:
            self._exporting.cancel()
            return
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Export transactions"), "transactions.csv", self.tr("Comma-separated values (*.csv)")
        )
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write what is listed into a file."""
        wallet, query = self.session.wallet, self.model.query
        self.banner.say(self.tr("Exporting\u2026"), Tone.ACCENT)
        self._exporting = self.context.files.call(
            lambda: export_history(wallet, query, path, lambda: False), self._exported, self.complain, context=self
        )

    def _exported(self, count: int) -> None:
        text = self.tr("{n} transactions exported.").replace("{n}", number(count))
        self.banner.say(text, Tone.POSITIVE, self.tr("Dismiss"))

    def _preference_changed(self, name: str) -> None:
        if name in ("unit", "conceal"):
            self.amounts.unit = self.unit
            self.amounts.concealed = self.concealed
            self.filter.set_unit(self.unit)
            self.table.viewport().update()
            self._show_totals()
