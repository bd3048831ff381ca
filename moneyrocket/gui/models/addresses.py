"""An address book as a table."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject

from moneyrocket.gui.models.paged import Page, PagedModel
from moneyrocket.gui.models.table import Column
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.widgets.amounts import TONE_ROLE
from moneyrocket.gui.workers import Worker
from moneyrocket.interfaces.wallet import Wallet
from moneyrocket.interfaces.wallet_values import AddressEntry, AddressPurpose


class AddressModel(PagedModel[AddressEntry]):
    """Addresses with their labels.

    Args:
        wallet: Whose address book.
        worker: The wallet's worker.
        parent: Qt parent.
    """

    def __init__(self, wallet: Wallet, worker: Worker, parent: QObject | None = None) -> None:
        unnamed = QCoreApplication.translate("Addresses", "(no label)")
        columns: list[Column[AddressEntry]] = [
            Column(
                QCoreApplication.translate("Addresses", "Label"),
                lambda entry: entry.label or unnamed,
                roles={TONE_ROLE: lambda entry: Tone.NEUTRAL if entry.label else Tone.MUTED},
                width=280,
            ),
            Column(
                QCoreApplication.translate("Addresses", "Address"),
                lambda entry: entry.address,
                tip=lambda entry: entry.address,
            ),
        ]
        super().__init__(columns, lambda entry: entry.address, worker, parent)
        self._wallet = wallet

    def search(self, purpose: AddressPurpose, text: str) -> None:
        """Show the addresses of a purpose whose label or address has ``text``."""

        def fetch(offset: int, count: int) -> Page[AddressEntry]:
            page = self._wallet.addresses(purpose, text, offset, count)
            return Page(page.entries, page.total)

        self.show(fetch)
