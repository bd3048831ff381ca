"""The wallets of a component as a desktop program sees them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from moneyrocket.common.outbox import Outbox
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.process import ProcessRole, ProcessStats
from moneyrocket.interfaces.wallet import LoadedWallet, Wallet, Wallets
from moneyrocket.interfaces.wallet_values import NewWallet, WalletDirEntry, WalletFailure, WalletRequestError
from moneyrocket.wallet import wallet as impl
from moneyrocket.wallet.desktop.errors import told
from moneyrocket.wallet.desktop.wallet_interface import DesktopWallet
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.paths import list_wallets
from moneyrocket.wallet.scan import reserve_scan


class DesktopWallets(Wallets):
    """Answers from a wallet manager."""

    def __init__(self, manager: WalletManager) -> None:
        self._manager = manager
        self._lock = threading.Lock()
        # One each: it keeps a history, which all who ask shall share.
        self._seen: dict[int, tuple[impl.Wallet, DesktopWallet]] = {}

    def loaded(self) -> list[Wallet]:
        """See `Wallets`."""
        return [self._desktop(wallet) for wallet in self._manager.wallets()]

    def directory(self) -> str:
        """See `Wallets`."""
        return str(self._manager.directory)

    def list_directory(self) -> list[WalletDirEntry]:
        """See `Wallets`."""
        manager = self._manager
        found = list_wallets(manager.directory, manager.params.magic)
        return [WalletDirEntry(name, manager.find(name) is not None, legacy) for name, legacy in found]

    def create(self, wallet: NewWallet) -> LoadedWallet:
        """See `Wallets`."""
        flags = WalletFlag(0)
        if not wallet.private_keys:
            flags |= WalletFlag.DISABLE_PRIVATE_KEYS
        if wallet.blank:
            flags |= WalletFlag.BLANK
        if wallet.avoid_reuse:
            flags |= WalletFlag.AVOID_REUSE
        if wallet.passphrase and not wallet.private_keys:
            message = "A passphrase encrypts private keys, and this wallet is to have none."
            raise WalletRequestError(WalletFailure.OTHER, message)
        with told():
            made, warnings = self._manager.create(
                wallet.name, flags, passphrase=wallet.passphrase, load_on_startup=wallet.load_on_startup or None
            )
        return LoadedWallet(self._desktop(made), tuple(warnings))

    def load(self, name: str, load_on_startup: bool | None) -> LoadedWallet:
        """See `Wallets`."""
        with told():
            made, warnings = self._manager.load(name, load_on_startup=load_on_startup)
        return LoadedWallet(self._desktop(made), tuple(warnings))

    def unload(self, name: str, load_on_startup: bool | None) -> None:
        """See `Wallets`."""
        wallet = self._manager.find(name)
        if wallet is None:
            raise WalletRequestError(WalletFailure.NOT_FOUND, f'No wallet "{name}" is loaded.')
        with told(), reserve_scan(wallet):
            self._manager.unload(wallet, load_on_startup=load_on_startup)
        with self._lock:
            self._seen.pop(id(wallet), None)

    def restore(self, name: str, backup: str, load_on_startup: bool | None) -> LoadedWallet:
        """See `Wallets`."""
        with told():
            made, warnings = self._manager.restore(name, Path(backup), load_on_startup=load_on_startup)
        return LoadedWallet(self._desktop(made), tuple(warnings))

    def handle_loaded(self, loaded: Callable[[Wallet], None]) -> Handler:
        """See `Wallets`."""
        return _LoadedHandler(self._manager, lambda wallet: loaded(self._desktop(wallet)))

    def process_stats(self) -> ProcessStats:
        """See `Wallets`."""
        return ProcessStats.measure(ProcessRole.WALLET)

    def _desktop(self, wallet: impl.Wallet) -> DesktopWallet:
        with self._lock:
            self._seen = {key: pair for key, pair in self._seen.items() if not pair[0].closed}
            known = self._seen.get(id(wallet))
            if known is None:
                known = self._seen[id(wallet)] = (wallet, DesktopWallet(wallet))
            return known[1]


class _LoadedHandler(Handler):
    def __init__(self, manager: WalletManager, tell: Callable[[impl.Wallet], None]) -> None:
        self._manager = manager
        self._tell = tell
        self._outbox = Outbox("walletsnotify")
        manager.observers.append(self._loaded)

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        if self._loaded in self._manager.observers:
            self._manager.observers.remove(self._loaded)
        self._outbox.close()

    def _loaded(self, wallet: impl.Wallet) -> None:
        self._outbox.put(lambda: self._tell(wallet))
