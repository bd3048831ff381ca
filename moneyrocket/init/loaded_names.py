"""Remembers which wallets are loaded, so that they can be loaded again after their process died."""

from __future__ import annotations

import threading

from moneyrocket.common.logging import log
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.wallet import Wallet, WalletNotifications, Wallets
from moneyrocket.interfaces.wallet_values import WalletRequestError


class LoadedNames:
    """The names of the loaded wallets of one wallet component after another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, None] = {}
        self._handlers: list[Handler] = []

    def follow(self, wallets: Wallets) -> None:
        """Load the wallets again that another component had loaded, and remember those of this one from now on."""
        self._handlers = []
        present = {wallet.name(): wallet for wallet in wallets.loaded()}
        for name in list(self._names):
            if name not in present:
                try:
                    wallets.load(name, None)
                except WalletRequestError as error:
                    log.warning("The wallet %s could not be loaded again: %s", name, error)
        self._names = {}
        self._handlers.append(wallets.handle_loaded(self._add))
        for wallet in wallets.loaded():
            self._add(wallet)

    def _add(self, wallet: Wallet) -> None:
        name = wallet.name()
        handler = wallet.handle_notifications(_Unloaded(self, name))
        with self._lock:
            self._names[name] = None
            self._handlers.append(handler)

    def remove(self, name: str) -> None:
        """A wallet was unloaded."""
        with self._lock:
            self._names.pop(name, None)


class _Unloaded(WalletNotifications):
    def __init__(self, names: LoadedNames, name: str) -> None:
        self._names = names
        self._name = name

    def unloaded(self) -> None:
        """See `WalletNotifications`."""
        self._names.remove(self._name)
