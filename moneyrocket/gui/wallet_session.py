"""A loaded wallet as the pages see it: its latest state, its worker, its events."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from moneyrocket.gui.events import WalletEvents
from moneyrocket.gui.workers import Worker
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.wallet import Wallet
from moneyrocket.interfaces.wallet_values import WalletBalances, WalletFailure, WalletInfo, WalletRequestError


class WalletSession(QObject):
    """One wallet while it is loaded.

    Args:
        name: Its name, which never changes.
        wallet: The wallet.
        parent: Qt parent.

    Attributes:
        worker: The thread of this wallet's calls: if it hangs, the others go on.
        events: What it tells.
        info: Its state as last heard, None before.
        balances: Its money as last heard, None before.

    Signals:
        info_changed, balances_changed: See the attributes.
        closed: The wallet was unloaded, or its process is gone.
    """

    info_changed = Signal()
    balances_changed = Signal()
    closed = Signal()

    def __init__(self, name: str, wallet: Wallet, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.wallet = wallet
        self.worker = Worker(f"wallet-{name or 'default'}", self)
        self.events = WalletEvents(self)
        self.info: WalletInfo | None = None
        self.balances: WalletBalances | None = None
        self._handler: Handler | None = None
        self.events.status_changed.connect(self.refresh_info)
        self.events.balances_changed.connect(self.refresh_balances)
        self.events.unloaded.connect(self.closed)

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.name or self.tr("Default wallet")

    def begin(self) -> None:
        """Subscribe, and ask for everything once."""
        self.worker.call(
            lambda: self.wallet.handle_notifications(self.events.receiver),
            self._subscribed,
            self._not_subscribed,
            context=self,
        )
        self.refresh_info()
        self.refresh_balances()

    def end(self) -> None:
        """Subscribe no more. Does not wait: the wallet may be the one that hangs."""
        handler = self._handler
        if handler is not None:
            self.worker.call(handler.disconnect, None, lambda _: None)
        self.worker.stop()

    def refresh_info(self) -> None:
        """Ask for `info`."""
        self.worker.call(self.wallet.info, self._take_info, lambda _: None, key="info", context=self)

    def refresh_balances(self) -> None:
        """Ask for `balances`."""
        self.worker.call(self.wallet.balances, self._take_balances, lambda _: None, key="balances", context=self)

    def _subscribed(self, handler: Handler) -> None:
        self._handler = handler

    def _not_subscribed(self, error: Exception) -> None:
        # Unloaded before there was anybody to be told of it.
        if isinstance(error, WalletRequestError) and error.failure is WalletFailure.UNLOADED:
            self.closed.emit()

    def _take_info(self, info: WalletInfo) -> None:
        self.info = info
        self.info_changed.emit()

    def _take_balances(self, balances: WalletBalances) -> None:
        self.balances = balances
        self.balances_changed.emit()
