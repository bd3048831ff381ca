"""All that a wallet knows of a transaction."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from moneyrocket.gui.models.transactions import status_text, status_tone
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import absolute_time, number, relative_time
from moneyrocket.gui.units import Unit, format_fee_rate
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.address import CopyableText, ElidedText
from moneyrocket.gui.widgets.amounts import AmountLabel
from moneyrocket.gui.widgets.basics import SPACE, Banner, Card, Pill, button, label, scrolled
from moneyrocket.interfaces.wallet_values import TxDetails
from moneyrocket.primitives.hashes import hash_to_hex


class TransactionDialog(QDialog):
    """Details of a transaction; follows its confirmations while it is open.

    Args:
        session: The wallet.
        txid: The transaction.
        unit: What amounts are spelled in.
        parent: Qt parent.
    """

    def __init__(self, session: WalletSession, txid: bytes, unit: Unit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Transaction"))
        self.resize(720, 620)
        self._session = session
        self._txid = txid
        self._unit = unit
        self.status = Pill()
        self.net = AmountLabel(1.8, bold=True, plus=True)
        self.banner = Banner()
        head = QHBoxLayout()
        head.addWidget(self.net)
        head.addStretch(1)
        head.addWidget(self.status)
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self.box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.abandon = button(self.tr("&Abandon"), "trash", "danger")
        self.abandon.setToolTip(self.tr("Give this transaction up, so that its coins can be spent otherwise"))
        self.abandon.hide()
        self.copy_raw = button(self.tr("Copy &raw transaction"), "copy", "plain")
        self.box.addButton(self.copy_raw, QDialogButtonBox.ButtonRole.ActionRole)
        self.box.addButton(self.abandon, QDialogButtonBox.ButtonRole.DestructiveRole)
        self.box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.banner)
        column.addWidget(scrolled(self._content), 1)
        column.addWidget(self.box)
        self.details: TxDetails | None = None
        self.abandon.clicked.connect(self._abandon)
        self.copy_raw.clicked.connect(self._copy_raw)
        session.events.transactions_changed.connect(self._changed)
        session.closed.connect(self.reject)
        self._ask()

    def _changed(self, txids: list[bytes]) -> None:
        if not txids or self._txid in txids:
            self._ask()

    def _ask(self) -> None:
        wallet, txid = self._session.wallet, self._txid
        self._session.worker.call(
            lambda: wallet.transaction(txid), self._take, self._complain, key=f"details-{id(self)}", context=self
        )

    def _take(self, details: TxDetails | None) -> None:
        self.details = details
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if details is None:
            self.banner.say(self.tr("The wallet does not have this transaction any more."))
            return
        tone = status_tone(details.status)
        self.status.show_state(
            status_text(details.status, details.confirmations), Tone.POSITIVE if tone is Tone.MUTED else tone
        )
        net = details.credit - details.debit
        self.net.tone = Tone.POSITIVE if net > 0 else Tone.NEUTRAL
        self.net.show_amount(net, self._unit)
        self.abandon.setVisible(details.can_abandon)
        self._column.addWidget(self._facts(details))
        self._column.addWidget(self._ends(details))
        self._column.addStretch(1)

    def _facts(self, details: TxDetails) -> Card:
        card = Card()
        grid = _grid(card)

        def add(name: str, value: str | QWidget) -> None:
            place = grid.rowCount()
            shown = label(value, wrap=True, selectable=True) if isinstance(value, str) else value
            grid.addWidget(label(name, "muted"), place, 0)
            grid.addWidget(shown, place, 1)

        now = int(time.time())
        add(self.tr("Date"), f"{absolute_time(details.time)} ({relative_time(details.time, now)})")
        add(self.tr("Transaction id"), CopyableText(hash_to_hex(details.txid), self.tr("Copy transaction id")))
        if details.block_hash is not None:
            text = self.tr("{height}, {n} confirmations")
            text = text.replace("{height}", number(details.block_height)).replace("{n}", number(details.confirmations))
            add(self.tr("Block"), text)
            add("", CopyableText(hash_to_hex(details.block_hash), self.tr("Copy block hash")))
        else:
            add(
                self.tr("Mempool"), self.tr("waiting there for a block") if details.in_mempool else self.tr("not there")
            )
        if details.fee is not None:
            rate = format_fee_rate(details.fee * 1000 / details.vsize) if details.vsize else ""
            add(self.tr("Fee"), self._amount(details.fee, f"({rate})"))
        add(
            self.tr("Size"),
            self.tr("{vsize} vB, {size} bytes")
            .replace("{vsize}", number(details.vsize))
            .replace("{size}", number(details.size)),
        )
        for name, text in (
            (self.tr("Comment"), details.comment),
            (self.tr("Comment on recipient"), details.comment_to),
        ):
            if text:
                add(name, text)
        for name, txid in ((self.tr("Replaces"), details.replaces), (self.tr("Replaced by"), details.replaced_by)):
            if txid is not None:
                add(name, CopyableText(hash_to_hex(txid), self.tr("Copy transaction id")))
        for txid in details.conflicts:
            add(self.tr("Conflicts with"), CopyableText(hash_to_hex(txid), self.tr("Copy transaction id")))
        return card

    def _ends(self, details: TxDetails) -> Card:
        card = Card()
        grid = _grid(card)
        grid.addWidget(label(self.tr("Inputs"), "heading"), 0, 0, 1, 3)
        own = self.tr("yours")
        for each in details.inputs:
            self._end(grid, each.address or self.tr("(unknown address)"), own if each.mine else "", each.amount)
        grid.addWidget(label(self.tr("Outputs"), "heading"), grid.rowCount(), 0, 1, 3)
        for out in details.outputs:
            tag = self.tr("change") if out.change else own if out.mine else ""
            self._end(grid, out.address or self.tr("(no address)"), out.label or tag, out.amount)
        return card

    def _end(self, grid: QGridLayout, address: str, tag: str, amount: int | None) -> None:
        place = grid.rowCount()
        grid.addWidget(ElidedText(address), place, 0)
        grid.addWidget(label(tag, "muted"), place, 1)
        if amount is not None:
            grid.addWidget(self._amount(amount), place, 2, Qt.AlignmentFlag.AlignTrailing)

    def _amount(self, amount: int | None, note: str = "") -> QWidget:
        shown = AmountLabel()
        shown.show_amount(amount, self._unit)
        if not note:
            return shown
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(shown)
        row.addWidget(label(note, "muted"))
        row.addStretch(1)
        return both

    def _abandon(self) -> None:
        wallet, txid = self._session.wallet, self._txid
        self.abandon.setEnabled(False)

        def done(worked: bool) -> None:
            self.abandon.setEnabled(True)
            if not worked:
                self.banner.say(self.tr("This transaction can still confirm, so it cannot be abandoned."))
            self._ask()

        self._session.worker.call(lambda: wallet.abandon(txid), done, self._complain, context=self)

    def _copy_raw(self) -> None:
        if self.details is not None:
            QGuiApplication.clipboard().setText(self.details.raw.hex())

    def _complain(self, error: Exception) -> None:
        self.banner.say(str(error), Tone.DANGER)


def _grid(card: Card) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    card.body.addLayout(grid)
    return grid
