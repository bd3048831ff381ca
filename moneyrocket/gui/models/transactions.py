"""The history of a wallet as a table."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QIcon

from moneyrocket.gui.models.paged import Fetch, Page, PagedModel
from moneyrocket.gui.models.table import END, Column, Index
from moneyrocket.gui.style.colors import Colors, Tone
from moneyrocket.gui.style.icons import icon_pixmap
from moneyrocket.gui.times import absolute_time, relative_time
from moneyrocket.gui.widgets.amounts import AMOUNT_ROLE, MONO_ROLE, TONE_ROLE
from moneyrocket.gui.workers import Worker
from moneyrocket.interfaces.wallet import Wallet
from moneyrocket.interfaces.wallet_values import TxQuery, TxRow, TxSort, TxStatus, TxType

_DECORATION = int(Qt.ItemDataRole.DecorationRole)

SORTS = (TxSort.TIME, TxSort.TYPE, TxSort.LABEL, None, TxSort.AMOUNT)
"""What each column is sorted by; None for one that cannot be."""


def type_text(kind: TxType) -> str:
    """Name a kind of row."""
    return {
        TxType.RECEIVED: QCoreApplication.translate("Transactions", "Received"),
        TxType.SENT: QCoreApplication.translate("Transactions", "Sent"),
        TxType.MINED: QCoreApplication.translate("Transactions", "Mined"),
        TxType.INTERNAL: QCoreApplication.translate("Transactions", "To yourself"),
    }[kind]


def type_icon(kind: TxType) -> str:
    """Name the icon of a kind of row."""
    return {TxType.RECEIVED: "in", TxType.SENT: "out", TxType.MINED: "mined", TxType.INTERNAL: "self"}[kind]


def status_text(status: TxStatus, confirmations: int) -> str:
    """Say where a transaction stands."""
    if status is TxStatus.CONFIRMING:
        text = QCoreApplication.translate("Transactions", "Confirming ({n} of 6)")
        return text.replace("{n}", str(confirmations))
    return {
        TxStatus.CONFIRMED: QCoreApplication.translate("Transactions", "Confirmed"),
        TxStatus.UNCONFIRMED: QCoreApplication.translate("Transactions", "Unconfirmed"),
        TxStatus.OFFLINE: QCoreApplication.translate("Transactions", "Not sent yet"),
        TxStatus.ABANDONED: QCoreApplication.translate("Transactions", "Abandoned"),
        TxStatus.CONFLICTED: QCoreApplication.translate("Transactions", "Conflicted"),
        TxStatus.IMMATURE: QCoreApplication.translate("Transactions", "Immature"),
        TxStatus.NOT_ACCEPTED: QCoreApplication.translate("Transactions", "Not accepted"),
    }[status]


def status_tone(status: TxStatus) -> Tone:
    """Choose the colour of a state."""
    if status in (TxStatus.ABANDONED, TxStatus.CONFLICTED, TxStatus.NOT_ACCEPTED):
        return Tone.DANGER
    if status in (TxStatus.UNCONFIRMED, TxStatus.OFFLINE, TxStatus.CONFIRMING, TxStatus.IMMATURE):
        return Tone.WARNING
    return Tone.MUTED


def amount_tone(row: TxRow) -> Tone:
    """Choose the colour of an amount: green for what came and counts, grey for what does not count."""
    if row.status in (TxStatus.ABANDONED, TxStatus.CONFLICTED, TxStatus.NOT_ACCEPTED):
        return Tone.MUTED
    return Tone.POSITIVE if row.amount > 0 else Tone.NEUTRAL


def title_of(row: TxRow) -> str:
    """Name a row by its label, or its address, or what it is."""
    return row.label or row.address or type_text(row.type)


def transaction_columns() -> list[Column[TxRow]]:
    """Returns the columns of a history."""
    return [
        Column(
            QCoreApplication.translate("Transactions", "Date"),
            lambda row: absolute_time(row.time),
            tip=lambda row: relative_time(row.time, int(time.time())),
            width=150,
        ),
        Column(QCoreApplication.translate("Transactions", "Type"), lambda row: type_text(row.type), width=118),
        Column(
            QCoreApplication.translate("Transactions", "Label or address"),
            lambda row: row.label or row.address or "\u2013",
            tip=lambda row: row.address,
            roles={MONO_ROLE: lambda row: not row.label},
        ),
        Column(
            QCoreApplication.translate("Transactions", "Status"),
            lambda row: status_text(row.status, row.confirmations),
            roles={TONE_ROLE: lambda row: status_tone(row.status)},
            width=150,
        ),
        Column(
            QCoreApplication.translate("Transactions", "Amount"),
            lambda row: str(row.amount),
            align=END,
            roles={AMOUNT_ROLE: lambda row: row.amount, TONE_ROLE: amount_tone},
            width=165,
        ),
    ]


class TransactionModel(PagedModel[TxRow]):
    """The rows that a query finds.

    Args:
        wallet: Whose history.
        worker: The wallet's worker.
        parent: Qt parent.

    Attributes:
        query: What is shown.
        total_amount: Sum of all rows that it finds, sat.
    """

    def __init__(self, wallet: Wallet, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(transaction_columns(), lambda row: (row.txid, row.n), worker, parent)
        self._wallet = wallet
        self._icons: dict[TxType, QIcon] = {}
        self.query = TxQuery()
        self.total_amount = 0

    def search(self, query: TxQuery) -> None:
        """Show what another query finds."""
        self.query = query
        self.show(self._fetch_for(query))

    def color(self, colors: Colors) -> None:
        """Draw the icons in the colours of a theme."""
        self._icons = {kind: QIcon(icon_pixmap(type_icon(kind), colors.muted, 18, 2.0)) for kind in TxType}

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What a cell shows."""
        if role == _DECORATION:
            row = self.row(index) if index.column() == 1 else None
            return self._icons.get(row.type) if row is not None else None
        return super().data(index, role)

    def _fetch_for(self, query: TxQuery) -> Fetch[TxRow]:
        def fetch(offset: int, count: int) -> Page[TxRow]:
            page = self._wallet.transactions(query, offset, count)
            self.total_amount = page.total_amount
            return Page(page.rows, page.total, page.revision)

        return fetch
