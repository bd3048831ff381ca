"""Naming an address."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import Banner, restyle
from moneyrocket.interfaces.wallet_values import AddressInfo

TYPING_MS = 200


class EditLabelDialog(QDialog):
    """Changes the label of an address, or adds an address of others with its label.

    Args:
        session: The wallet.
        address: The address; empty to have one typed in.
        text: Its label.
        parent: Qt parent.
    """

    def __init__(
        self, session: WalletSession, address: str = "", text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._new = not address
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("New address") if self._new else self.tr("Edit label"))
        self.setMinimumWidth(540)
        self.banner = Banner()
        self.address = QLineEdit(address)
        self.address.setProperty("kind", "mono")
        self.address.setReadOnly(not self._new)
        self.label_field = QLineEdit(text)
        self.label_field.setMaxLength(200)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        if self._new:
            form.addRow(self.tr("&Address"), self.address)
            form.addRow(self.tr("&Label"), self.label_field)
        else:
            form.addRow(self.tr("&Label"), self.label_field)
            form.addRow(self.tr("&Address"), self.address)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.save = box.button(QDialogButtonBox.StandardButton.Save)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addLayout(form)
        column.addWidget(box)
        (self.address if self._new else self.label_field).setFocus()
        self.save.setEnabled(not self._new)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(TYPING_MS)
        self._wait.timeout.connect(self._check)
        if self._new:
            self.address.textChanged.connect(self._wait.start)

    def accept(self) -> None:
        """Store it."""
        wallet, address, text = self._session.wallet, self.address.text().strip(), self.label_field.text().strip()
        self.save.setEnabled(False)
        self._session.worker.call(lambda: wallet.set_label(address, text), self._stored, self._refused, context=self)

    def _stored(self, _: None) -> None:
        super().accept()

    def _refused(self, error: Exception) -> None:
        self.save.setEnabled(True)
        self.banner.say(str(error), Tone.DANGER)

    def _check(self) -> None:
        wallet, address = self._session.wallet, self.address.text().strip()
        self._session.worker.call(
            lambda: wallet.address_info(address), self._judge, self._refused, key=f"edit-{id(self)}", context=self
        )

    def _judge(self, info: AddressInfo) -> None:
        blank = not self.address.text().strip()
        restyle(self.address, "invalid", "true" if not info.valid and not blank else "false")
        self.save.setEnabled(info.valid and not info.mine)
        if info.valid and not info.mine:
            self.banner.hide()
            if info.label and not self.label_field.text():
                self.label_field.setText(info.label)
        elif not blank:
            own = self.tr("This is an address of your own wallet: label it under \u201cYour addresses\u201d.")
            self.banner.say(own if info.valid else info.error or self.tr("This is not a valid address."))
