"""Navigation: which wallet, which page."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QFrame, QPushButton, QSizePolicy, QVBoxLayout

from moneyrocket.gui.style.theme import set_icon
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import label

WIDTH = 212


@dataclass(frozen=True, slots=True)
class PageName:
    """A page as the navigation knows it.

    Attributes:
        name: of the page and its icon.
        title: for people.
        shortcut: that leads there.
        of_wallet: whether it is about the chosen wallet.
    """

    name: str
    title: str
    shortcut: str
    of_wallet: bool


def page_names(processes: bool) -> list[PageName]:
    """Returns all pages in order; ``processes`` says whether there is more than one process to show."""
    pages = [
        ("overview", QCoreApplication.translate("Sidebar", "Overview"), True),
        ("send", QCoreApplication.translate("Sidebar", "Send"), True),
        ("receive", QCoreApplication.translate("Sidebar", "Receive"), True),
        ("transactions", QCoreApplication.translate("Sidebar", "Transactions"), True),
        ("addresses", QCoreApplication.translate("Sidebar", "Addresses"), True),
        ("peers", QCoreApplication.translate("Sidebar", "Peers"), False),
        ("network", QCoreApplication.translate("Sidebar", "Network"), False),
        ("mempool", QCoreApplication.translate("Sidebar", "Mempool"), False),
        ("console", QCoreApplication.translate("Sidebar", "Console"), False),
    ]
    if processes:
        pages.append(("processes", QCoreApplication.translate("Sidebar", "Processes"), False))
    return [
        PageName(name, title, f"Alt+{place % 10}", of_wallet) for place, (name, title, of_wallet) in enumerate(pages, 1)
    ]


class Sidebar(QFrame):
    """A list of wallets, and a button for each page.

    Args:
        pages: The pages.

    Signals:
        page_chosen: The user wants a page: its name.
        wallet_chosen: The user wants another wallet: its `WalletSession`.
        settings_wanted: The user wants to change settings.
    """

    page_chosen = Signal(str)
    wallet_chosen = Signal(object)
    settings_wanted = Signal()

    def __init__(self, pages: list[PageName]) -> None:
        super().__init__()
        self.setProperty("kind", "sidebar")
        self.setFixedWidth(WIDTH)
        self.wallets = QComboBox()
        self.wallets.setAccessibleName(self.tr("Wallet"))
        self.wallets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.buttons: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 14, 12, 12)
        column.setSpacing(3)
        column.addWidget(self.wallets)
        column.addSpacing(8)
        for page in pages:
            if page.name == "peers":
                column.addWidget(label(self.tr("NODE"), "small"))
            made = QPushButton(page.title)
            made.setCheckable(True)
            made.setAutoDefault(False)
            made.setToolTip(f"{page.title} ({page.shortcut})")
            made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            set_icon(made, page.name)
            made.clicked.connect(lambda _=False, name=page.name: self.page_chosen.emit(name))
            group.addButton(made)
            column.addWidget(made)
            self.buttons[page.name] = made
        column.addStretch(1)
        settings = QPushButton(self.tr("Settings"))
        settings.setToolTip(self.tr("Settings (Ctrl+,)"))
        set_icon(settings, "settings")
        settings.clicked.connect(self.settings_wanted)
        column.addWidget(settings)
        self.wallets.activated.connect(lambda place: self.wallet_chosen.emit(self.wallets.itemData(place)))
        self.show_wallets([], None)

    def show_page(self, name: str) -> None:
        """Mark a page as the one shown."""
        if name in self.buttons:
            self.buttons[name].setChecked(True)

    def show_wallets(self, wallets: list[WalletSession], current: WalletSession | None) -> None:
        """List the loaded wallets."""
        self.wallets.blockSignals(True)
        self.wallets.clear()
        for wallet in wallets:
            self.wallets.addItem(wallet.title, wallet)
            place = self.wallets.count() - 1
            self.wallets.setItemData(place, wallet.title, int(Qt.ItemDataRole.ToolTipRole))
        if not wallets:
            self.wallets.addItem(self.tr("No wallet"))
        elif current in wallets:
            self.wallets.setCurrentIndex(wallets.index(current))
        self.wallets.setEnabled(bool(wallets))
        self.wallets.blockSignals(False)
