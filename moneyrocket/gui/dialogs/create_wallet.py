"""Making a wallet."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from moneyrocket.gui.session import Session
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.widgets.basics import Banner, label, restyle
from moneyrocket.interfaces.wallet import LoadedWallet
from moneyrocket.interfaces.wallet_values import NewWallet


class CreateWalletDialog(QDialog):
    """Asks for name, passphrase and kind, and makes the wallet.

    Args:
        session: The node.
        parent: Qt parent.

    Signals:
        made: The name of the new wallet, and warnings.
    """

    made = Signal(str, list)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Create wallet"))
        self.setMinimumWidth(480)
        self.banner = Banner()
        self.name = QLineEdit()
        self.name.setMaxLength(100)
        self.name.setPlaceholderText(self.tr("For example: Savings"))
        self.encrypt = QCheckBox(self.tr("&Encrypt with a passphrase"))
        self.encrypt.setChecked(True)
        self.passphrase, self.again = QLineEdit(), QLineEdit()
        for field in (self.passphrase, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self.warning = label(
            self.tr("Nobody can recover a forgotten passphrase. Write it down and keep it apart from this computer."),
            "small",
            wrap=True,
        )
        self.more = QCheckBox(self.tr("&Advanced options"))
        self.watch_only = QCheckBox(self.tr("Watch only: &no private keys"))
        self.blank = QCheckBox(self.tr("&Blank: no keys yet, import them later"))
        self.avoid_reuse = QCheckBox(self.tr("Keep coins on &reused addresses apart"))
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.addRow(self.tr("&Name"), self.name)
        form.addRow("", self.encrypt)
        form.addRow(self.tr("&Passphrase"), self.passphrase)
        form.addRow(self.tr("A&gain"), self.again)
        form.addRow("", self.warning)
        form.addRow("", self.more)
        for box in (self.watch_only, self.blank, self.avoid_reuse):
            form.addRow("", box)
        self._form = form
        self.box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.create_button = self.box.button(QDialogButtonBox.StandardButton.Ok)
        self.create_button.setText(self.tr("&Create"))
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(self.box)
        for edit in (self.name, self.passphrase, self.again):
            edit.textChanged.connect(self._check)
        for each in (self.encrypt, self.more, self.watch_only):
            each.toggled.connect(self._check)
        self._check()

    def _check(self) -> None:
        advanced = self.more.isChecked()
        for box in (self.watch_only, self.blank, self.avoid_reuse):
            self._form.setRowVisible(box, advanced)
        watches = advanced and self.watch_only.isChecked()
        self.encrypt.setEnabled(not watches)
        encrypted = self.encrypt.isChecked() and not watches
        for field in (self.passphrase, self.again, self.warning):
            self._form.setRowVisible(field, encrypted)
        same = self.passphrase.text() == self.again.text()
        restyle(self.again, "invalid", "true" if self.again.text() and not same else "false")
        ready = not encrypted or (bool(self.passphrase.text()) and same)
        self.create_button.setEnabled(bool(self.name.text().strip()) and ready)
        self.adjustSize()

    def accept(self) -> None:
        """Make the wallet; the dialog stays open until that worked."""
        wallets, advanced = self._session.wallets, self.more.isChecked()
        if wallets is None:
            self._refused(ConnectionError(self.tr("There are no wallets at the moment. Try again soon.")))
            return
        watches = advanced and self.watch_only.isChecked()
        wanted = NewWallet(
            name=self.name.text().strip(),
            passphrase=self.passphrase.text() if self.encrypt.isChecked() and not watches else "",
            private_keys=not watches,
            blank=advanced and self.blank.isChecked(),
            avoid_reuse=advanced and self.avoid_reuse.isChecked(),
        )
        self.setEnabled(False)
        self._session.control.call(
            lambda: wallets.create(wanted), self._created, self._refused, context=self, patient=True
        )

    def _created(self, loaded: LoadedWallet) -> None:
        self._session.wallet_loaded(loaded.wallet)
        self.made.emit(self.name.text().strip(), list(loaded.warnings))
        super().accept()

    def _refused(self, error: Exception) -> None:
        self.setEnabled(True)
        self.banner.say(str(error), Tone.DANGER)
        self.name.setFocus()
