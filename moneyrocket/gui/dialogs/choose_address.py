"""Choosing an address to pay to from the address book."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from moneyrocket.gui.models.addresses import AddressModel
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import EmptyState
from moneyrocket.gui.widgets.data_table import DataTable, MonoDelegate, TableWithEmptyState
from moneyrocket.interfaces.wallet_values import AddressPurpose

TYPING_MS = 200


class ChooseAddressDialog(QDialog):
    """A searchable list of addresses.

    Args:
        session: The wallet whose address book it is.
        parent: Qt parent.

    Signals:
        picked: The `AddressEntry` that was chosen.
    """

    picked = Signal(object)

    def __init__(self, session: WalletSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Choose a recipient"))
        self.resize(680, 440)
        self.model = AddressModel(session.wallet, session.worker, self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search labels and addresses"))
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.table = DataTable(self.model, self.tr("Addresses"))
        self.table.setItemDelegateForColumn(1, MonoDelegate(self.table))
        empty = EmptyState(
            "addresses",
            self.tr("No addresses here"),
            self.tr("Addresses that you have paid to with a label are kept here."),
        )
        self.box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.box.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("&Choose"))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.search)
        column.addWidget(TableWithEmptyState(self.table, empty), 1)
        column.addWidget(self.box)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(TYPING_MS)
        self._wait.timeout.connect(self._search)
        self.search.textChanged.connect(self._wait.start)
        self.table.opened.connect(self.accept)
        self.table.chosen.connect(self._enable)
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        self._enable()
        self._search()

    def accept(self) -> None:
        """Hand over the chosen entry."""
        entry = self.table.current_row()
        if entry is not None:
            self.picked.emit(entry)
            super().accept()

    def _search(self) -> None:
        self.model.search(AddressPurpose.SEND, self.search.text().strip())

    def _enable(self) -> None:
        self.box.button(QDialogButtonBox.StandardButton.Ok).setEnabled(self.table.current_row() is not None)
