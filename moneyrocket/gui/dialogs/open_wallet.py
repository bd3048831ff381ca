"""Opening a wallet of the wallet folder."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from moneyrocket.gui.models.table import Column, TableModel
from moneyrocket.gui.session import Session
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.widgets.amounts import TONE_ROLE
from moneyrocket.gui.widgets.basics import Banner, EmptyState, label
from moneyrocket.gui.widgets.data_table import DataTable, TableWithEmptyState
from moneyrocket.interfaces.wallet import LoadedWallet, Wallets
from moneyrocket.interfaces.wallet_values import WalletDirEntry


class OpenWalletDialog(QDialog):
    """Lists the wallets, and opens the chosen one.

    Args:
        session: The node.
        parent: Qt parent.

    Signals:
        opened: The name of the wallet, and warnings.
    """

    opened = Signal(str, list)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Open wallet"))
        self.resize(520, 420)
        unnamed = self.tr("(default wallet)")
        self.model: TableModel[WalletDirEntry] = TableModel(
            [
                Column(
                    self.tr("Name"),
                    lambda entry: entry.name or unnamed,
                    roles={TONE_ROLE: lambda entry: Tone.MUTED if entry.loaded or entry.legacy else Tone.NEUTRAL},
                ),
                Column(
                    self.tr("State"),
                    self._state,
                    roles={TONE_ROLE: lambda entry: Tone.MUTED},
                    width=190,
                ),
            ],
            lambda entry: entry.name,
            self,
        )
        self.banner = Banner()
        self.table = DataTable(self.model, self.tr("Wallets"))
        self.folder = label(kind="small", wrap=True, selectable=True)
        self.startup = QCheckBox(self.tr("Open it at every &start"))
        self.startup.setChecked(True)
        empty = EmptyState(
            "wallet",
            self.tr("No wallets here"),
            self.tr("Create one with \u201cCreate wallet\u201d in the Wallet menu."),
        )
        self.box = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self.open_button = self.box.button(QDialogButtonBox.StandardButton.Open)
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addWidget(TableWithEmptyState(self.table, empty), 1)
        column.addWidget(self.folder)
        column.addWidget(self.startup)
        column.addWidget(self.box)
        self.table.chosen.connect(self._enable)
        self.table.opened.connect(self.accept)
        self._enable()
        self._ask()

    def _state(self, entry: WalletDirEntry) -> str:
        if entry.loaded:
            return self.tr("open")
        return self.tr("old format, cannot be opened") if entry.legacy else ""

    def _ask(self) -> None:
        wallets = self._session.wallets
        if wallets is None:
            return

        def ask() -> tuple[str, list[WalletDirEntry]]:
            return wallets.directory(), wallets.list_directory()

        self._session.worker.call(ask, self._take, self._refused, context=self)

    def _take(self, answer: tuple[str, list[WalletDirEntry]]) -> None:
        folder, entries = answer
        self.folder.setText(self.tr("Folder: {path}").replace("{path}", folder))
        self.model.show(sorted(entries, key=lambda entry: (entry.loaded, entry.legacy, entry.name.casefold())))
        if entries:
            self.table.selectRow(0)
            self.table.setFocus()
        self._enable()

    def _enable(self, _: QModelIndex | None = None) -> None:
        entry = self.table.current_row()
        self.open_button.setEnabled(entry is not None and not entry.loaded and not entry.legacy)

    def accept(self) -> None:
        """Open the chosen wallet; the dialog stays until that worked."""
        wallets, entry, startup = self._session.wallets, self.table.current_row(), self.startup.isChecked()
        if wallets is None or entry is None or entry.loaded or entry.legacy:
            return
        self.setEnabled(False)
        self.banner.say(self.tr("Opening\u2026 Reading old blocks can take a while."), Tone.ACCENT)
        self._load(wallets, entry.name, startup)

    def _load(self, wallets: Wallets, name: str, startup: bool) -> None:
        def loaded(result: LoadedWallet) -> None:
            self._session.wallet_loaded(result.wallet)
            self.opened.emit(name, list(result.warnings))
            super(OpenWalletDialog, self).accept()

        self._session.control.call(
            lambda: wallets.load(name, startup), loaded, self._refused, context=self, patient=True
        )

    def _refused(self, error: Exception) -> None:
        self.setEnabled(True)
        self.banner.say(str(error), Tone.DANGER)
