"""The address book: addresses that were paid to, and one's own."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QModelIndex, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit

from moneyrocket.gui.bip21 import PaymentUri
from moneyrocket.gui.context import Context
from moneyrocket.gui.dialogs.edit_label import EditLabelDialog
from moneyrocket.gui.models.addresses import AddressModel
from moneyrocket.gui.pages.wallet_page import WalletPage
from moneyrocket.gui.times import number
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import EmptyState, button, label
from moneyrocket.gui.widgets.data_table import DataTable, MonoDelegate, TableWithEmptyState
from moneyrocket.interfaces.wallet_values import AddressPurpose

TYPING_MS = 200


class AddressBookPage(WalletPage):
    """A searchable table of addresses of one purpose."""

    def __init__(self, context: Context, session: WalletSession) -> None:
        super().__init__(QCoreApplication.translate("AddressBookPage", "Addresses"), context, session)
        self.others = button(self.tr("&Recipients"), kind="segment")
        self.own = button(self.tr("&Your addresses"), kind="segment")
        group = QButtonGroup(self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search labels and addresses"))
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(380)
        row = QHBoxLayout()
        row.setSpacing(6)
        for each in (self.others, self.own):
            each.setCheckable(True)
            group.addButton(each)
            row.addWidget(each)
        self.others.setChecked(True)
        row.addStretch(1)
        row.addWidget(self.search, 1)
        self.add = button(self.tr("&New address\u2026"), "add")
        self.buttons.addWidget(self.add)
        self.model = AddressModel(session.wallet, session.worker, self)
        self.table = DataTable(self.model, self.tr("Addresses"))
        self.table.setItemDelegateForColumn(1, MonoDelegate(self.table))
        self.empty = EmptyState("addresses", "", "")
        self.count = label(kind="muted")
        self.body.addLayout(row)
        self.body.addWidget(TableWithEmptyState(self.table, self.empty), 1)
        self.body.addWidget(self.count)
        self._add_actions()
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(TYPING_MS)
        self._wait.timeout.connect(self.reload)
        self.search.textChanged.connect(self._wait.start)
        group.buttonToggled.connect(self._switched)
        self.add.clicked.connect(lambda: EditLabelDialog(session, parent=self).open())
        self.table.opened.connect(self._edit)
        self.model.loaded.connect(self._show_count)
        self.model.failed.connect(self.complain)
        session.events.address_book_changed.connect(self.mark_dirty)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search.setFocus)
        self._switched()
        self.setFocusProxy(self.table)

    @property
    def purpose(self) -> AddressPurpose:
        """Whose addresses are shown."""
        return AddressPurpose.SEND if self.others.isChecked() else AddressPurpose.RECEIVE

    def _add_actions(self) -> None:
        for text, shortcut, action in (
            (self.tr("Copy address"), QKeySequence.StandardKey.Copy, self._copy),
            (self.tr("Edit label\u2026"), "F2", lambda: self._edit(self.table.currentIndex())),
            (self.tr("Pay to this address"), "", self._pay),
            (self.tr("Remove"), QKeySequence.StandardKey.Delete, self._remove),
        ):
            made = self.table.add_action(QAction(text, self.table))
            if shortcut:
                made.setShortcut(shortcut)
            made.triggered.connect(action)
        self._pay_action, self._remove_action = self.table.actions()[-2:]

    def reload(self) -> None:
        """Ask anew."""
        self.model.search(self.purpose, self.search.text().strip())

    def _switched(self) -> None:
        others = self.others.isChecked()
        self.add.setVisible(others)
        for action in (self._pay_action, self._remove_action):
            action.setEnabled(others)
            action.setVisible(others)
        if self.isVisible():
            self.reload()
        else:
            self._dirty = True

    def _show_count(self) -> None:
        total = self.model.rowCount()
        self.count.setText(self.tr("{n} addresses").replace("{n}", number(total)) if total else "")
        if self.search.text().strip():
            self.empty.say(self.tr("Nothing found"), self.tr("No label or address has this text."))
        elif self.others.isChecked():
            self.empty.say(
                self.tr("No recipients yet"), self.tr("Addresses that you pay to with a label, or add here, are kept.")
            )
        else:
            self.empty.say(
                self.tr("No addresses of yours yet"),
                self.tr("Addresses that you create under \u201cReceive\u201d appear here."),
            )

    def _copy(self) -> None:
        entry = self.table.current_row()
        if entry is not None:
            QGuiApplication.clipboard().setText(entry.address)

    def _edit(self, index: QModelIndex) -> None:
        entry = self.model.row(index)
        if entry is not None:
            EditLabelDialog(self.session, entry.address, entry.label, parent=self).open()

    def _pay(self) -> None:
        entry = self.table.current_row()
        if entry is not None:
            self.context.pay_wanted.emit(PaymentUri(entry.address, label=entry.label))

    def _remove(self) -> None:
        entry, wallet = self.table.current_row(), self.session.wallet
        if entry is not None and self.others.isChecked():
            self.session.worker.call(
                lambda: wallet.remove_address(entry.address), lambda _: self.mark_dirty(), self.complain, context=self
            )
