"""The first page: how much there is, and what happened last."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.models.transactions import amount_tone, status_text, status_tone, title_of, type_icon
from moneyrocket.gui.pages.wallet_page import WalletPage
from moneyrocket.gui.style.colors import colors_of
from moneyrocket.gui.style.icons import icon_pixmap
from moneyrocket.gui.times import absolute_time, relative_time
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.amounts import AmountLabel
from moneyrocket.gui.widgets.basics import (
    SPACE,
    Card,
    ElidedLabel,
    EmptyState,
    button,
    icon_button,
    label,
    scrolled,
    set_tone,
)
from moneyrocket.gui.widgets.sync_card import SyncCard
from moneyrocket.interfaces.wallet_values import TxPage, TxQuery, TxRow, TxStatus

RECENT = 7
"""Rows of the history that are shown."""


class RecentRow(QWidget):
    """One line of what happened last."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QLabel()
        self._picture.setFixedWidth(34)
        self._title = ElidedLabel()
        self._detail = label(kind="small")
        self._amount = AmountLabel(plus=True)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._title)
        texts.addWidget(self._detail)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 5, 0, 5)
        row.addWidget(self._picture)
        row.addLayout(texts, 1)
        row.addWidget(self._amount)

    def show_row(self, row: TxRow, page: WalletPage) -> None:
        """Show a row of the history."""
        colors = colors_of(self.palette())
        tone = amount_tone(row)
        self._picture.setPixmap(icon_pixmap(type_icon(row.type), colors.tone(tone), 22, 2.0))
        self._title.setText(title_of(row))
        when = relative_time(row.time, int(time.time()))
        said = (
            when if row.status is TxStatus.CONFIRMED else f"{when} \u00b7 {status_text(row.status, row.confirmations)}"
        )
        self._detail.setText(said)
        self._detail.setToolTip(absolute_time(row.time))
        set_tone(self._detail, status_tone(row.status))
        self._amount.tone = tone
        self._amount.show_amount(row.amount, page.unit, concealed=page.concealed)


class OverviewPage(WalletPage):
    """Balances, sync, recent transactions."""

    def __init__(self, context: Context, session: WalletSession) -> None:
        super().__init__(QCoreApplication.translate("OverviewPage", "Overview"), context, session)
        self._conceal = icon_button("eye", self.tr("Hide amounts (Ctrl+Shift+M)"))
        self._conceal.setCheckable(True)
        self.buttons.addWidget(self._conceal)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        self.sync = SyncCard(context.monitor)
        column.addWidget(self.sync)
        column.addWidget(self._make_balances())
        column.addWidget(self._make_recent())
        column.addStretch(1)
        self.body.addWidget(scrolled(content), 1)
        self._rows: tuple[TxRow, ...] = ()
        self._conceal.setChecked(self.concealed)
        self._conceal.toggled.connect(lambda on: context.preferences.choose(conceal=on))
        context.preferences.changed.connect(self._preference_changed)
        context.theme.changed.connect(self._fill)
        session.balances_changed.connect(self._show_balances)
        session.events.transactions_changed.connect(self.mark_dirty)
        session.events.balances_changed.connect(self.mark_dirty)
        self._show_balances()

    def _make_balances(self) -> Card:
        card = Card()
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addWidget(label(self.tr("Available balance"), "muted"))
        self.available = AmountLabel(2.2, bold=True)
        self.available.setAccessibleName(self.tr("Available balance"))
        left.addWidget(self.available)
        send = button(self.tr("&Send"), "send", "primary")
        receive = button(self.tr("&Receive"), "receive")
        send.clicked.connect(lambda: self.context.page_wanted.emit("send"))
        receive.clicked.connect(lambda: self.context.page_wanted.emit("receive"))
        top = QHBoxLayout()
        top.addLayout(left, 1)
        for each in (send, receive):
            each.setMinimumWidth(112)
            top.addWidget(each, 0, Qt.AlignmentFlag.AlignVCenter)
        card.body.addLayout(top)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE * 3)
        grid.setVerticalSpacing(1)
        self.parts: dict[str, tuple[QLabel, AmountLabel]] = {}
        names = {
            "pending": (self.tr("Pending"), self.tr("Payments to you that no block has confirmed yet")),
            "immature": (self.tr("Immature"), self.tr("Block rewards that cannot be spent yet")),
            "used": (self.tr("Reused addresses"), self.tr("On addresses that were spent from, kept apart")),
            "total": (self.tr("Total"), self.tr("Everything together")),
        }
        for column, (name, (title, tip)) in enumerate(names.items()):
            head, amount = label(title, "small"), AmountLabel()
            head.setToolTip(tip)
            amount.setToolTip(tip)
            amount.setAccessibleName(title)
            grid.addWidget(head, 0, column)
            grid.addWidget(amount, 1, column)
            self.parts[name] = (head, amount)
        grid.setColumnStretch(len(names), 1)
        card.body.addSpacing(6)
        card.body.addLayout(grid)
        return card

    def _make_recent(self) -> Card:
        card = Card(self.tr("Recent transactions"))
        every = button(self.tr("Show &all"), kind="link")
        every.clicked.connect(lambda: self.context.page_wanted.emit("transactions"))
        card.head.addWidget(every)
        self._lines = [RecentRow() for _ in range(RECENT)]
        for line in self._lines:
            line.hide()
            card.body.addWidget(line)
        start = button(self.tr("Receive your first payment"), "receive")
        start.clicked.connect(lambda: self.context.page_wanted.emit("receive"))
        self.empty = EmptyState(
            "transactions",
            self.tr("Nothing has happened yet"),
            self.tr("Payments that you send and receive appear here, the latest first."),
            start,
        )
        self.empty.setMinimumHeight(300)
        card.body.addWidget(self.empty)
        self._every = every
        return card

    def reload(self) -> None:
        """Ask for the latest rows."""
        wallet = self.session.wallet
        self.session.worker.call(
            lambda: wallet.transactions(TxQuery(), 0, RECENT), self._take, lambda _: None, key="recent", context=self
        )

    def _take(self, page: TxPage) -> None:
        self._rows = page.rows
        self._fill()

    def _fill(self) -> None:
        for place, line in enumerate(self._lines):
            line.setVisible(place < len(self._rows))
            if place < len(self._rows):
                line.show_row(self._rows[place], self)
        self.empty.setVisible(not self._rows)
        self._every.setVisible(bool(self._rows))

    def _show_balances(self) -> None:
        balances = self.session.balances
        self.available.show_amount(balances.available if balances else None, self.unit, concealed=self.concealed)
        for name, (head, amount) in self.parts.items():
            value = getattr(balances, name) if balances else None
            amount.show_amount(value, self.unit, concealed=self.concealed)
            if name in ("immature", "used"):
                head.setVisible(bool(value))
                amount.setVisible(bool(value))

    def _preference_changed(self, name: str) -> None:
        if name in ("unit", "conceal"):
            self._conceal.setChecked(self.concealed)
            self._show_balances()
            self._fill()
