"""Paying: recipients, fee, preview, confirmation."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from moneyrocket.gui.bip21 import PaymentUri
from moneyrocket.gui.context import Context
from moneyrocket.gui.dialogs.choose_address import ChooseAddressDialog
from moneyrocket.gui.dialogs.confirm_payment import ConfirmPaymentDialog
from moneyrocket.gui.dialogs.unlock import unlock_then
from moneyrocket.gui.pages.wallet_page import WalletPage
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import number
from moneyrocket.gui.units import format_amount, format_fee_rate
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.amounts import AmountLabel
from moneyrocket.gui.widgets.basics import SPACE, Card, button, label, scrolled, set_tone
from moneyrocket.gui.widgets.fee_chooser import FeeChooser
from moneyrocket.gui.widgets.recipient import RecipientForm
from moneyrocket.interfaces.wallet_values import Payment, PreparedPayment, WalletFailure, WalletRequestError
from moneyrocket.primitives.hashes import hash_to_hex

TYPING_MS = 250
"""How long typing rests before a preview is made."""


class SendPage(WalletPage):
    """The form that pays."""

    def __init__(self, context: Context, session: WalletSession) -> None:
        super().__init__(QCoreApplication.translate("SendPage", "Send"), context, session)
        self.forms: list[RecipientForm] = []
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self.add = button(self.tr("Add r&ecipient"), "add", "plain")
        self.clear = button(self.tr("&Clear"), "trash", "plain")
        self.buttons.addWidget(self.add)
        self.buttons.addWidget(self.clear)
        self.fee = FeeChooser(session, context.preferences)
        self._column.addWidget(self.fee)
        self._column.addStretch(1)
        self._area = scrolled(self._content)
        self.body.addWidget(self._area, 1)
        self.body.addWidget(self._make_summary())
        self._preview = QTimer(self)
        self._preview.setSingleShot(True)
        self._preview.setInterval(TYPING_MS)
        self._preview.timeout.connect(self._ask_preview)
        self.add.clicked.connect(lambda: self.add_recipient().address.setFocus())
        self.clear.clicked.connect(self.reset)
        self.review.clicked.connect(self._begin_review)
        self.fee.changed.connect(self._preview.start)
        session.balances_changed.connect(self._show_available)
        session.events.balances_changed.connect(self._preview.start)
        session.info_changed.connect(self._show_kind)
        context.preferences.changed.connect(self._preference_changed)
        self.add_recipient()
        self._show_available()
        self._show_preview(None)
        self._say("")
        self.setFocusProxy(self.forms[0].address)

    def _make_summary(self) -> Card:
        card = Card()
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE * 2)
        grid.setVerticalSpacing(1)
        self.amounts = {name: AmountLabel() for name in ("available", "amount", "fee", "total")}
        names = {
            "available": self.tr("Available"),
            "amount": self.tr("Recipients get"),
            "fee": self.tr("Fee"),
            "total": self.tr("Total"),
        }
        for column, (name, amount) in enumerate(self.amounts.items()):
            grid.addWidget(label(names[name], "small"), 0, column)
            grid.addWidget(amount, 1, column)
            amount.setAccessibleName(names[name])
        grid.setColumnStretch(4, 1)
        self.review = button(self.tr("Re&view and send\u2026"), "send", "primary")
        self.review.setShortcut("Ctrl+Return")
        self.review.setToolTip(self.tr("Look at the payment once more, then send it (Ctrl+Return)"))
        grid.addWidget(self.review, 0, 5, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        card.body.addLayout(grid)
        self.note = label(kind="small", wrap=True)
        row = QHBoxLayout()
        row.addWidget(self.note, 1)
        card.body.addLayout(row)
        return card

    # Recipients

    def add_recipient(self) -> RecipientForm:
        """Add an empty form at the end."""
        form = RecipientForm(self.session, self.unit)
        self.forms.append(form)
        self._column.insertWidget(len(self.forms) - 1, form)
        form.changed.connect(self._preview.start)
        form.removed.connect(lambda: self._remove(form))
        form.book_wanted.connect(lambda: self._choose(form))
        form.everything_wanted.connect(lambda: self._give_everything(form))
        self._number()
        QTimer.singleShot(0, self, lambda: self._area.ensureWidgetVisible(form))
        return form

    def fill(self, request: PaymentUri) -> None:
        """Put a payment request into the first free form."""
        form = next((form for form in self.forms if form.is_blank()), None) or self.add_recipient()
        form.fill(request)

    def reset(self) -> None:
        """Forget what was put in."""
        for form in self.forms:
            self._column.removeWidget(form)
            form.deleteLater()
        self.forms.clear()
        self.add_recipient()
        self._show_preview(None)
        self._say("")

    def _remove(self, form: RecipientForm) -> None:
        self.forms.remove(form)
        self._column.removeWidget(form)
        form.deleteLater()
        self._number()
        self._preview.start()

    def _number(self) -> None:
        for place, form in enumerate(self.forms, 1):
            form.number(place, len(self.forms))

    def _choose(self, form: RecipientForm) -> None:
        dialog = ChooseAddressDialog(self.session, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.picked.connect(lambda entry: form.fill(PaymentUri(entry.address, label=entry.label)))
        dialog.open()

    def _give_everything(self, form: RecipientForm) -> None:
        balances = self.session.balances
        if balances is None:
            return
        others = sum(other.amount.amount() or 0 for other in self.forms if other is not form)
        form.subtract.setChecked(True)
        form.amount.set_amount(max(0, balances.available - others))

    # Preview

    def payments(self) -> list[Payment] | None:
        """Returns what was put in, None while something is missing or wrong."""
        payments = [form.payment() for form in self.forms]
        return [payment for payment in payments if payment is not None] if all(payments) else None

    def reload(self) -> None:
        """Ask for the fee anew."""
        self.fee.refresh()
        self._preview.start()

    def _ask_preview(self) -> None:
        payments, fee, wallet = self.payments(), self.fee.choice(), self.session.wallet
        if payments is None:
            # A preview under way is of something that is not wanted any more.
            self.session.worker.call(lambda: None, key="preview")
            self._show_preview(None)
            blank = all(form.is_blank() for form in self.forms)
            self._say("" if blank else self.tr("Fill in address and amount of every recipient to see the fee."))
            return
        self.session.worker.call(
            lambda: wallet.prepare_payment(payments, fee, False),
            self._take_preview,
            self._refuse_preview,
            key="preview",
            context=self,
        )

    def _take_preview(self, prepared: PreparedPayment) -> None:
        self._show_preview(prepared)
        text = self.tr("{rate} for {vsize} vB, spending {inputs} coins; {change} come back as change.")
        change = self.amounts["fee"]
        self._say(
            text.replace("{rate}", format_fee_rate(prepared.fee_rate))
            .replace("{vsize}", number(prepared.vsize))
            .replace("{inputs}", str(prepared.inputs))
            .replace("{change}", self._spell(prepared.change))
        )
        change.setToolTip(prepared.reason)

    def _refuse_preview(self, error: Exception) -> None:
        self._show_preview(None)
        if not isinstance(error, ConnectionError):
            self._say(str(error), Tone.DANGER)

    def _show_preview(self, prepared: PreparedPayment | None) -> None:
        values = (
            {"amount": None, "fee": None, "total": None}
            if prepared is None
            else {
                "amount": prepared.amount,
                "fee": prepared.fee,
                "total": prepared.amount + prepared.fee,
            }
        )
        for name, value in values.items():
            self.amounts[name].show_amount(value, self.unit)
        self.review.setEnabled(prepared is not None)

    def _say(self, text: str, tone: Tone = Tone.MUTED) -> None:
        self.note.setText(text or self.tr("Nothing is sent before you have confirmed it."))
        set_tone(self.note, tone)

    def _spell(self, amount: int) -> str:
        return format_amount(amount, self.unit)

    # Sending

    def _begin_review(self) -> None:
        payments, fee, wallet = self.payments(), self.fee.choice(), self.session.wallet
        if payments is None:
            return
        self.review.setEnabled(False)
        info = self.session.info
        sign = info is None or info.private_keys

        def failed(error: Exception) -> None:
            self.review.setEnabled(True)
            if isinstance(error, WalletRequestError) and error.failure is WalletFailure.LOCKED:
                unlock_then(self.session, self, self._begin_review)
                return
            self.complain(error)

        self.session.worker.call(
            lambda: wallet.prepare_payment(payments, fee, sign),
            lambda prepared: self._confirm(payments, prepared),
            failed,
            key="review",
            context=self,
            patient=True,
        )

    def _confirm(self, payments: list[Payment], prepared: PreparedPayment) -> None:
        self.review.setEnabled(True)
        dialog = ConfirmPaymentDialog(payments, prepared, self.session.title, self.unit, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._send(payments, prepared))
        dialog.open()

    def _send(self, payments: list[Payment], prepared: PreparedPayment) -> None:
        wallet = self.session.wallet
        self.review.setEnabled(False)

        def sent(txid: bytes) -> None:
            self.reset()
            text = self.tr("Sent. The transaction is {txid}.").replace("{txid}", hash_to_hex(txid))
            self.banner.say(text, Tone.POSITIVE, self.tr("Dismiss"))

        def failed(error: Exception) -> None:
            self.review.setEnabled(True)
            self.complain(error)
            self._preview.start()

        self.session.worker.call(
            lambda: wallet.commit_payment(prepared.tx, payments), sent, failed, key="send", context=self, patient=True
        )

    # State

    def _show_available(self) -> None:
        balances = self.session.balances
        self.amounts["available"].show_amount(
            balances.available if balances else None, self.unit, concealed=self.concealed
        )

    def _show_kind(self) -> None:
        info = self.session.info
        if info is not None and not info.private_keys:
            self.banner.say(
                self.tr("This wallet only watches: it has no private keys, so it cannot sign payments."), Tone.WARNING
            )

    def _preference_changed(self, name: str) -> None:
        if name in ("unit", "conceal"):
            self._show_available()
            for form in self.forms:
                form.amount.set_unit(self.unit)
            self._preview.start()
