"""Telling about new transactions, in the window and on the desktop."""

from __future__ import annotations

import time
from collections import OrderedDict

from PySide6.QtCore import QObject
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.units import format_amount
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.interfaces.wallet_values import TxRow, TxType

RECENT = 2 * 3600
"""Transactions older than this, in seconds, are no news."""
MOST = 5
"""More changes at once than this are a catch-up, and no news."""
REMEMBERED = 1000


class Notifier(QObject):
    """Follows the wallets, and tells once of every payment that came in.

    Args:
        context: The rest of the program.
        window: The main window, which a click brings up.
        icon: The program's icon.
    """

    def __init__(self, context: Context, window: QWidget, icon: QIcon) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._told: OrderedDict[bytes, None] = OrderedDict()
        self.tray: QSystemTrayIcon | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.tray = QSystemTrayIcon(icon, self)
            self.tray.activated.connect(self._bring_up)
            self.tray.messageClicked.connect(self._bring_up)
            self.tray.show()
        context.session.wallet_opened.connect(self._follow)

    def _follow(self, wallet: WalletSession) -> None:
        wallet.events.transactions_changed.connect(lambda txids: self._look(wallet, txids))

    def _look(self, wallet: WalletSession, txids: list[bytes]) -> None:
        sync = self._context.monitor.sync
        new = [txid for txid in txids if txid not in self._told]
        if not new or len(new) > MOST or not self._context.preferences.choices.notify:
            return
        if sync is not None and not sync.synced:
            return
        for txid in new:
            self._told[txid] = None
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)

        def ask() -> list[TxRow]:
            return [row for txid in new for row in wallet.wallet.transaction_rows(txid).rows]

        wallet.worker.call(ask, lambda rows: self._tell(wallet, rows), lambda _: None, context=self)

    def _tell(self, wallet: WalletSession, rows: list[TxRow]) -> None:
        now = time.time()
        preferences = self._context.preferences
        for row in rows:
            if row.type not in (TxType.RECEIVED, TxType.MINED) or now - row.time > RECENT or row.confirmations > 1:
                continue
            amount = format_amount(row.amount, preferences.unit)
            shown = self.tr("Received {amount}").replace("{amount}", amount)
            if preferences.choices.conceal:
                shown = self.tr("Received a payment")
            text = f"{shown} \u00b7 {row.label or wallet.title}"
            self._context.told.emit(text, Tone.POSITIVE)
            if self.tray is not None and not self._window.isActiveWindow():
                self.tray.showMessage(self.tr("Moneyrocket"), text)

    def _bring_up(self) -> None:
        self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()
