"""Tells those who watch a wallet what changed in it, without making the wallet wait for them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from moneyrocket.common.outbox import Outbox
from moneyrocket.interfaces.handler import Handler

if TYPE_CHECKING:
    from moneyrocket.interfaces.wallet import WalletNotifications

_DELAY: Final = 0.05
"""Seconds in which changes gather before they are told."""
_MAX_TXIDS: Final = 1000
"""With more changed transactions than these, a watcher had better read all anew."""


class WalletEvents:
    """The watchers of one wallet. Its methods return at once and may be called under any lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: tuple[_Watcher, ...] = ()
        self._changed: set[bytes] = set()
        self._follows = False
        self._revision = 0

    @property
    def revision(self) -> int:
        """Grows whenever rows of the history may come, go or move."""
        return self._revision

    def watch(self, notifications: WalletNotifications) -> Handler:
        """Tell ``notifications`` of everything from now on."""
        watcher = _Watcher(self, notifications)
        with self._lock:
            self._watchers = (*self._watchers, watcher)
        return watcher

    def forget(self, watcher: _Watcher) -> None:
        """Tell a watcher nothing more."""
        with self._lock:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)

    def take_changed(self) -> set[bytes] | None:
        """Transactions that changed since the last call; None when all may have, as at the first one."""
        with self._lock:
            changed = self._changed if self._follows else None
            self._changed, self._follows = set(), True
        return changed

    def transaction(self, txid: bytes) -> None:
        """A transaction is new, or stands elsewhere."""
        with self._lock:
            self._revision += 1
            if self._follows:
                self._changed.add(txid)
            watchers = self._watchers
        for watcher in watchers:
            watcher.transaction(txid)

    def all_transactions(self) -> None:
        """Many transactions may have changed."""
        with self._lock:
            self._revision += 1
            self._follows = False
            watchers = self._watchers
        for watcher in watchers:
            watcher.all_transactions()

    def labels(self) -> None:
        """Labels changed that rows of the history show."""
        with self._lock:
            self._revision += 1
            watchers = self._watchers
        for watcher in watchers:
            watcher.all_transactions()

    def tip(self) -> None:
        """A block was taken in or taken back: confirmations and balances changed."""
        for watcher in self._watchers:
            watcher.send("balances")

    def address_book(self) -> None:
        """An address was labelled, or a request stored or deleted."""
        for watcher in self._watchers:
            watcher.send("address_book")

    def status(self) -> None:
        """The wallet was locked, unlocked, encrypted, or a scan began, went on or ended."""
        for watcher in self._watchers:
            watcher.send("status")

    def unloaded(self) -> None:
        """The wallet was closed."""
        for watcher in self._watchers:
            watcher.send("unloaded")


class _Watcher(Handler):
    def __init__(self, events: WalletEvents, notifications: WalletNotifications) -> None:
        self._events = events
        self._outbox = Outbox("walletnotify", _DELAY)
        self._lock = threading.Lock()
        self._txids: set[bytes] = set()
        self._all = False
        self._calls = {
            "transactions": self._tell_transactions,
            "balances": notifications.balances_changed,
            "address_book": notifications.address_book_changed,
            "status": notifications.status_changed,
            "unloaded": notifications.unloaded,
        }
        self._notifications = notifications

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        self._events.forget(self)
        self._outbox.close()

    def send(self, what: str) -> None:
        if self._outbox.closed:
            self._events.forget(self)
        else:
            self._outbox.put(self._calls[what], what)

    def transaction(self, txid: bytes) -> None:
        with self._lock:
            self._txids.add(txid)
        self.send("transactions")
        self.send("balances")

    def all_transactions(self) -> None:
        with self._lock:
            self._all = True
        self.send("transactions")
        self.send("balances")

    def _tell_transactions(self) -> None:
        with self._lock:
            txids, everything = self._txids, self._all
            self._txids, self._all = set(), False
        if txids and len(txids) <= _MAX_TXIDS:
            self._notifications.transactions_changed(sorted(txids))
        if everything or len(txids) > _MAX_TXIDS:
            self._notifications.transactions_changed([])
