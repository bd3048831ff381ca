"""Being paid: a new address, its QR code, and what was asked for before."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
)

from moneyrocket.gui.bip21 import PaymentUri
from moneyrocket.gui.context import Context
from moneyrocket.gui.models.table import END, Column, TableModel
from moneyrocket.gui.pages.wallet_page import WalletPage
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import absolute_time, relative_time
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.address import GroupedText, confirm_copy
from moneyrocket.gui.widgets.amounts import AMOUNT_ROLE, TONE_ROLE, AmountDelegate, AmountEdit, AmountLabel
from moneyrocket.gui.widgets.basics import SPACE, Card, ElidedLabel, EmptyState, button, label
from moneyrocket.gui.widgets.data_table import DataTable, MonoDelegate, TableWithEmptyState
from moneyrocket.gui.widgets.qr_code import QrCode
from moneyrocket.interfaces.wallet_values import AddressType, ReceiveRequest

IMAGE_EDGE = 600
"""Pixels of a saved QR code."""


def uri_of(request: ReceiveRequest) -> str:
    """Spell a request as a URI."""
    return PaymentUri(request.address, request.amount, request.label, request.message).to_text()


class RequestCard(Card):
    """One request for money, large: QR code, address, URI."""

    def __init__(self) -> None:
        super().__init__()
        self.qr = QrCode()
        self.title = ElidedLabel()
        self.title.setProperty("kind", "heading")
        self.message = label(kind="muted", wrap=True)
        self.amount = AmountLabel(1.3, bold=True)
        self.address = GroupedText()
        self.copy_address = button(self.tr("Copy a&ddress"), "copy", "primary")
        self.copy_address.setToolTip(self.tr("Copy the address (Ctrl+Shift+C)"))
        self.copy_address.setShortcut("Ctrl+Shift+C")
        self.copy_uri = button(self.tr("Copy lin&k"), "copy")
        self.copy_uri.setToolTip(self.tr("Copy as a bitcoin: link with amount, label and message"))
        self.save = button(self.tr("Save &image\u2026"), "export")
        texts = QVBoxLayout()
        texts.setSpacing(6)
        for widget in (self.title, self.amount, self.message, label(self.tr("Address"), "small"), self.address):
            texts.addWidget(widget)
        texts.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        for each in (self.copy_address, self.copy_uri, self.save):
            row.addWidget(each)
        row.addStretch(1)
        across = QHBoxLayout()
        across.setSpacing(SPACE)
        across.addWidget(self.qr, 0, Qt.AlignmentFlag.AlignTop)
        across.addLayout(texts, 1)
        self.body.addLayout(across)
        self.body.addLayout(row)
        self.request: ReceiveRequest | None = None
        self.copy_uri.clicked.connect(self._copy)
        self.copy_address.clicked.connect(lambda: confirm_copy(self.copy_address, self.address.text()))

    def show_request(self, request: ReceiveRequest, page: WalletPage) -> None:
        """Show a request."""
        self.request = request
        self.qr.show_text(uri_of(request))
        self.title.setText(request.label or self.tr("Payment request"))
        self.message.setText(request.message)
        self.message.setVisible(bool(request.message))
        self.amount.setVisible(request.amount is not None)
        self.amount.show_amount(request.amount, page.unit)
        self.address.setText(request.address)

    def _copy(self) -> None:
        if self.request is not None:
            QGuiApplication.clipboard().setText(uri_of(self.request))


class ReceivePage(WalletPage):
    """The form that makes requests, the one that is shown, and the list of all."""

    def __init__(self, context: Context, session: WalletSession) -> None:
        super().__init__(QCoreApplication.translate("ReceivePage", "Receive"), context, session)
        self.requests: list[ReceiveRequest] = []
        self.card = RequestCard()
        self.empty = EmptyState(
            "receive",
            self.tr("Ask for a payment"),
            self.tr(
                "Create an address and hand it, its QR code or its link to whoever pays you. "
                "Use every address once: that keeps your payments apart."
            ),
        )
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self._make_form(), 2)
        self._right = Card()
        self._right.body.addWidget(self.empty)
        top.addWidget(self._right, 3)
        top.addWidget(self.card, 3)
        self.card.hide()
        self.body.addLayout(top)
        self.body.addWidget(label(self.tr("Earlier requests"), "heading"))
        self.body.addWidget(self._make_table(), 1)
        self.create_button.clicked.connect(self._create)
        self.setFocusProxy(self.label_field)
        self.card.save.clicked.connect(self._save_image)
        session.info_changed.connect(self._show_types)
        session.events.address_book_changed.connect(self.mark_dirty)
        context.preferences.changed.connect(self._preference_changed)
        self._show_types()

    def _make_form(self) -> Card:
        card = Card(self.tr("New request"))
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.label_field = QLineEdit()
        self.label_field.setPlaceholderText(self.tr("Who pays, for your own list"))
        self.label_field.setMaxLength(200)
        self.amount = AmountEdit(self.unit)
        self.message = QLineEdit()
        self.message.setPlaceholderText(self.tr("Shown to who pays"))
        self.message.setMaxLength(400)
        self.kind = QComboBox()
        self.kind.activated.connect(self._remember_type)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.addRow(self.tr("&Label"), self.label_field)
        form.addRow(self.tr("&Amount"), self.amount)
        form.addRow(self.tr("&Message"), self.message)
        form.addRow(self.tr("Address &type"), self.kind)
        card.body.addLayout(form)
        self.create_button = button(self.tr("Create &new address"), "add", "primary")
        self.create_button.setShortcut("Ctrl+Return")
        self.create_button.setEnabled(False)
        card.body.addWidget(self.create_button)
        card.body.addStretch(1)
        card.setMinimumWidth(350)
        card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        return card

    def _make_table(self) -> TableWithEmptyState:
        open_amount = self.tr("any amount")
        columns: list[Column[ReceiveRequest]] = [
            Column(
                self.tr("Date"),
                lambda row: absolute_time(row.time),
                sort_key=lambda row: row.time,
                tip=lambda row: relative_time(row.time, int(time.time())),
                width=165,
            ),
            Column(self.tr("Label"), lambda row: row.label or "\u2013", tip=lambda row: row.message, width=220),
            Column(self.tr("Address"), lambda row: row.address, tip=lambda row: row.address),
            Column(
                self.tr("Amount"),
                lambda row: open_amount,
                sort_key=lambda row: row.amount or 0,
                align=END,
                roles={
                    AMOUNT_ROLE: lambda row: row.amount,
                    TONE_ROLE: lambda row: Tone.MUTED if row.amount is None else Tone.NEUTRAL,
                },
                width=180,
            ),
        ]
        self.model = TableModel(columns, lambda row: row.id, self)
        self.table = DataTable(self.model, self.tr("Earlier requests"))
        self.table.setItemDelegateForColumn(2, MonoDelegate(self.table))
        self.amounts = AmountDelegate(self.table, self.unit)
        self.table.setItemDelegateForColumn(3, self.amounts)
        copy = self.table.add_action(QAction(self.tr("Copy address"), self.table))
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(self._copy_address)
        remove = self.table.add_action(QAction(self.tr("Remove from the list"), self.table))
        remove.setShortcut(QKeySequence.StandardKey.Delete)
        remove.triggered.connect(self._remove)
        self.table.chosen.connect(self._show_chosen)
        empty = EmptyState(
            "clock",
            self.tr("No requests yet"),
            self.tr("What you ask for is listed here, so that you can show it again."),
        )
        return TableWithEmptyState(self.table, empty)

    def reload(self) -> None:
        """Ask for the requests."""
        self.session.worker.call(
            self.session.wallet.receive_requests, self._take, lambda _: None, key="requests", context=self
        )

    def _take(self, requests: list[ReceiveRequest]) -> None:
        self.requests = requests
        self.model.show(requests)
        if self.card.request is None and requests:
            self._show(requests[0])

    def _show(self, request: ReceiveRequest) -> None:
        self._right.hide()
        self.card.show()
        self.card.show_request(request, self)

    def _show_chosen(self) -> None:
        request = self.table.current_row()
        if request is not None:
            self._show(request)

    def _create(self) -> None:
        if not self.amount.is_blank() and self.amount.amount() is None:
            self.amount.field.setFocus()
            return
        text, message = self.label_field.text().strip(), self.message.text().strip()
        amount, kind, wallet = self.amount.amount() or None, self.kind.currentData(), self.session.wallet
        self.create_button.setEnabled(False)

        def make() -> ReceiveRequest:
            address = wallet.new_address(text, kind)
            return wallet.add_receive_request(ReceiveRequest(0, 0, address, text, message, amount))

        def made(request: ReceiveRequest) -> None:
            self._enable()
            self.banner.hide()
            self.label_field.clear()
            self.amount.set_amount(None)
            self.message.clear()
            self._show(request)
            self.card.copy_address.setFocus()
            self.mark_dirty()

        def failed(error: Exception) -> None:
            self._enable()
            self.complain(error)

        self.session.worker.call(make, made, failed, context=self)

    def _enable(self) -> None:
        info = self.session.info
        # Until the wallet has told what it can make, there is no type to ask for.
        self.create_button.setEnabled(info is not None and info.can_receive)

    def _show_types(self) -> None:
        info = self.session.info
        self._enable()
        if info is None:
            return
        if not info.can_receive:
            self.banner.say(self.tr("This wallet has no keys to make addresses from."), Tone.WARNING)
        wanted = self.context.preferences.choices.address_type or info.default_address_type.value
        chosen = self.kind.currentData() or AddressType(wanted)
        if [self.kind.itemData(place) for place in range(self.kind.count())] == list(info.address_types):
            return
        names = {
            AddressType.BECH32: self.tr("Bech32 (segwit)"),
            AddressType.BECH32M: self.tr("Bech32m (taproot)"),
            AddressType.P2SH_SEGWIT: self.tr("P2SH (older wallets)"),
            AddressType.LEGACY: self.tr("Legacy (oldest wallets)"),
        }
        self.kind.clear()
        for kind in info.address_types:
            self.kind.addItem(names[kind], kind)
        self.kind.setCurrentIndex(max(0, self.kind.findData(chosen)))

    def _remember_type(self) -> None:
        self.context.preferences.choose(address_type=self.kind.currentData().value)

    def _copy_address(self) -> None:
        request = self.table.current_row()
        if request is not None:
            QGuiApplication.clipboard().setText(request.address)

    def _remove(self) -> None:
        request, wallet = self.table.current_row(), self.session.wallet
        if request is not None:
            self.session.worker.call(
                lambda: wallet.remove_receive_request(request.id),
                lambda _: self.mark_dirty(),
                self.complain,
                context=self,
            )

    def _save_image(self) -> None:
        if self.card.request is None:
            return
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save QR code"), "payment.png", self.tr("Images (*.png)"))
        if name:
            image = self.card.qr.image(IMAGE_EDGE)
            self.context.files.call(lambda: image.save(name), self._saved, self.complain, context=self)

    def _saved(self, done: bool) -> None:
        if done:
            self.context.told.emit(self.tr("QR code saved."), Tone.POSITIVE)
        else:
            self.complain(OSError(self.tr("The image could not be written.")))

    def _preference_changed(self, name: str) -> None:
        if name == "unit":
            self.amount.set_unit(self.unit)
            self.amounts.unit = self.unit
            self.table.viewport().update()
            if self.card.request is not None:
                self.card.show_request(self.card.request, self)
