"""The last look at a payment before it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from moneyrocket.gui.times import number
from moneyrocket.gui.units import Unit, format_fee_rate
from moneyrocket.gui.widgets.address import ElidedText
from moneyrocket.gui.widgets.amounts import AmountLabel
from moneyrocket.gui.widgets.basics import SPACE, Card, label, rule, scrolled
from moneyrocket.interfaces.wallet_values import Payment, PreparedPayment


class ConfirmPaymentDialog(QDialog):
    """Shows who gets what, the fee, and the total.

    Args:
        payments: Who gets what.
        prepared: The transaction.
        wallet: Name of the wallet that pays.
        unit: What amounts are spelled in.
        parent: Qt parent.
    """

    def __init__(
        self,
        payments: Sequence[Payment],
        prepared: PreparedPayment,
        wallet: str,
        unit: Unit,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Confirm payment"))
        self.setMinimumSize(560, 380)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(label(self.tr("Send this payment?"), "title"))
        text = self.tr("From the wallet \u201c{name}\u201d. A payment cannot be taken back.")
        column.addWidget(label(text.replace("{name}", wallet), "muted", wrap=True))
        card = Card()
        for place, payment in enumerate(payments):
            if place:
                card.body.addWidget(rule())
            card.body.addLayout(self._recipient(payment, unit))
        area = scrolled(card)
        card.setProperty("kind", "card")
        column.addWidget(area, 1)
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        rate = f"{format_fee_rate(prepared.fee_rate)}, {number(prepared.vsize)} vB"
        total = prepared.amount + prepared.fee
        for place, (name, note, amount) in enumerate(
            ((self.tr("Fee"), rate, prepared.fee), (self.tr("Total"), "", total))
        ):
            shown = AmountLabel(1.3 if name == self.tr("Total") else 1.0, bold=name == self.tr("Total"))
            shown.show_amount(amount, unit)
            grid.addWidget(label(name, "heading" if not note else ""), place, 0)
            grid.addWidget(label(note, "muted"), place, 1)
            grid.addWidget(shown, place, 2, Qt.AlignmentFlag.AlignTrailing)
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(SPACE)
        column.addLayout(grid)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.send = box.addButton(self.tr("&Send"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.send.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        column.addWidget(box)

    def _recipient(self, payment: Payment, unit: Unit) -> QGridLayout:
        grid = QGridLayout()
        amount = AmountLabel(bold=True)
        amount.show_amount(payment.amount, unit)
        grid.addWidget(label(payment.label or self.tr("To"), wrap=True), 0, 0)
        grid.addWidget(amount, 0, 1, Qt.AlignmentFlag.AlignTrailing)
        grid.addWidget(ElidedText(payment.address), 1, 0, 1, 2)
        if payment.subtract_fee:
            grid.addWidget(label(self.tr("The fee is taken from this amount."), "small"), 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        return grid
