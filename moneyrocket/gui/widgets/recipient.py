"""The form for one recipient of a payment."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy

from moneyrocket.gui.bip21 import PaymentUri, PaymentUriError, parse_payment_uri
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.units import Unit
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.amounts import AmountEdit
from moneyrocket.gui.widgets.basics import Card, button, icon_button, label, restyle, set_tone
from moneyrocket.interfaces.wallet_values import AddressInfo, Payment

TYPING_MS = 200
"""How long typing rests before the address is looked at."""


class RecipientForm(Card):
    """Address, label and amount of one recipient.

    Args:
        session: The wallet that pays.
        unit: What the amount is spelled in at first.

    Signals:
        changed: Anything in it changed.
        removed: The user does not want it any more.
        book_wanted: An address should be chosen from the address book.
        everything_wanted: All that is left should go here.
    """

    changed = Signal()
    removed = Signal()
    book_wanted = Signal()
    everything_wanted = Signal()

    def __init__(self, session: WalletSession, unit: Unit) -> None:
        super().__init__(" ")
        self._session = session
        self._info: AddressInfo | None = None
        self._label_typed = False
        self.remove = icon_button("remove", self.tr("Remove this recipient"))
        self.head.addWidget(self.remove)
        self.address = QLineEdit()
        self.address.setProperty("kind", "mono")
        self.address.setPlaceholderText(self.tr("Bitcoin address, or a bitcoin: request"))
        self.book = icon_button("addresses", self.tr("Choose from the address book (Alt+A)"))
        self.book.setShortcut("Alt+A")
        self.paste = icon_button("paste", self.tr("Paste (Alt+P)"))
        self.paste.setShortcut("Alt+P")
        self.verdict = label(kind="small", wrap=True)
        self.label_field = QLineEdit()
        self.label_field.setPlaceholderText(self.tr("Who or what this is for (kept in your address book)"))
        self.label_field.setMaxLength(200)
        self.amount = AmountEdit(unit)
        self.amount.setMinimumWidth(250)
        self.amount.setMaximumWidth(280)
        self.everything = button(self.tr("Use available &balance"), kind="link")
        self.subtract = QCheckBox(self.tr("Take the &fee from this amount"))
        self._lay_out()
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(TYPING_MS)
        self._look.timeout.connect(self._ask)
        self.address.textChanged.connect(self._address_typed)
        self.label_field.textEdited.connect(self._label_edited)
        self.amount.changed.connect(self.changed)
        self.subtract.toggled.connect(self.changed)
        self.remove.clicked.connect(self.removed)
        self.book.clicked.connect(self.book_wanted)
        self.paste.clicked.connect(lambda: self.address.setText(QGuiApplication.clipboard().text().strip()))
        self.everything.clicked.connect(self.everything_wanted)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        names = [self.tr("Pay &to"), self.tr("&Label"), self.tr("A&mount")]
        for place, (text, field) in enumerate(
            zip(names, (self.address, self.label_field, self.amount.field), strict=True)
        ):
            name = label(text)
            name.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            grid.addWidget(name, place * 2, 0)
        to = QHBoxLayout()
        to.setSpacing(4)
        to.addWidget(self.address, 1)
        to.addWidget(self.book)
        to.addWidget(self.paste)
        grid.addLayout(to, 0, 1)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.verdict.hide()
        grid.addWidget(self.verdict, 1, 1)
        grid.addWidget(self.label_field, 2, 1)
        money = QHBoxLayout()
        money.setSpacing(12)
        money.addWidget(self.amount, 1)
        money.addWidget(self.everything)
        money.addWidget(self.subtract)
        money.addStretch(1)
        grid.addLayout(money, 4, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)

    def number(self, place: int, count: int) -> None:
        """Tell it which of how many it is."""
        self.heading.setText(self.tr("Recipient {n}").replace("{n}", str(place)) if count > 1 else self.tr("Recipient"))
        self.remove.setVisible(count > 1)

    def fill(self, request: PaymentUri) -> None:
        """Put in what a payment request says."""
        self.address.blockSignals(True)
        self.address.setText(request.address)
        self.address.blockSignals(False)
        if request.label or request.message:
            self.label_field.setText(request.label or request.message)
            self._label_typed = True
        if request.amount is not None:
            self.amount.set_amount(request.amount)
        self._ask()
        self.changed.emit()

    def is_blank(self) -> bool:
        """Whether nothing was put in."""
        return not self.address.text().strip() and self.amount.is_blank()

    def payment(self) -> Payment | None:
        """Returns what was put in, None while something is missing or wrong."""
        amount = self.amount.amount()
        address = self.address.text().strip()
        if not address or not amount or (self._info is not None and not self._info.valid):
            return None
        text = self.label_field.text().strip()
        known = self._info.label if self._info is not None else None
        return Payment(
            address, amount, self.subtract.isChecked(), text if self._label_typed or text != (known or "") else None
        )

    def _address_typed(self, text: str) -> None:
        self._info = None
        if ":" in text or "?" in text:
            try:
                self.fill(parse_payment_uri(text))
            except PaymentUriError as error:
                self._judge(str(error), Tone.DANGER)
            return
        self._look.start()
        self.changed.emit()

    def _label_edited(self) -> None:
        self._label_typed = True
        self.changed.emit()

    def _ask(self) -> None:
        text = self.address.text().strip()
        if not text:
            self._judge("", Tone.MUTED)
            return
        wallet = self._session.wallet
        self._session.worker.call(
            lambda: wallet.address_info(text), self._take, lambda _: None, key=f"address-{id(self)}", context=self
        )

    def _take(self, info: AddressInfo) -> None:
        self._info = info
        if not info.valid:
            self._judge(info.error or self.tr("This is not a valid address."), Tone.DANGER)
        elif info.mine:
            self._judge(self.tr("This is an address of your own wallet."), Tone.WARNING)
        else:
            self._judge("", Tone.MUTED)
        if info.valid and info.label and not self._label_typed:
            self.label_field.setText(info.label)
        self.changed.emit()

    def _judge(self, text: str, tone: Tone) -> None:
        self.verdict.setText(text)
        self.verdict.setVisible(bool(text))
        set_tone(self.verdict, tone)
        restyle(self.address, "invalid", "true" if tone is Tone.DANGER else "false")
