"""The wallets of several wallet components as if they were those of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.process import ProcessStats
from moneyrocket.interfaces.wallet import LoadedWallet, Wallet, WalletLoader, Wallets
from moneyrocket.interfaces.wallet_values import NewWallet, WalletDirEntry

T = TypeVar("T")


def wallets_of(loaders: list[WalletLoader]) -> Wallets | None:
    """The wallets of these components, None if there are none.

    Args:
        loaders: the components, the node's own first.
    """
    found = list(_answers(loaders, lambda loader: loader.wallets()))
    return AllWallets(found) if len(found) > 1 else next(iter(found), None)


def stats_of(loaders: list[WalletLoader]) -> list[ProcessStats]:
    """What the processes of these components use."""
    return list(_answers(loaders, lambda loader: loader.wallets().process_stats()))


class AllWallets(Wallets):
    """Finds the component that a request is for. One that has gone is as if it were not there.

    Args:
        parts: the wallets of each component, at least one. New wallets are made in the first.
    """

    def __init__(self, parts: list[Wallets]) -> None:
        self._parts = parts

    def loaded(self) -> list[Wallet]:
        """See `Wallets`."""
        return [wallet for wallets in _answers(self._parts, lambda part: part.loaded()) for wallet in wallets]

    def directory(self) -> str:
        """See `Wallets`: that of new wallets."""
        return self._parts[0].directory()

    def list_directory(self) -> list[WalletDirEntry]:
        """See `Wallets`."""
        return [entry for entries in _answers(self._parts, lambda part: part.list_directory()) for entry in entries]

    def create(self, wallet: NewWallet) -> LoadedWallet:
        """See `Wallets`."""
        return self._parts[0].create(wallet)

    def load(self, name: str, load_on_startup: bool | None) -> LoadedWallet:
        """See `Wallets`."""
        return self._with(lambda part: any(entry.name == name for entry in part.list_directory())).load(
            name, load_on_startup
        )

    def unload(self, name: str, load_on_startup: bool | None) -> None:
        """See `Wallets`."""
        self._with(lambda part: any(wallet.name() == name for wallet in part.loaded())).unload(name, load_on_startup)

    def restore(self, name: str, backup: str, load_on_startup: bool | None) -> LoadedWallet:
        """See `Wallets`."""
        return self._parts[0].restore(name, backup, load_on_startup)

    def handle_loaded(self, loaded: Callable[[Wallet], None]) -> Handler:
        """See `Wallets`."""
        return _Handlers(list(_answers(self._parts, lambda part: part.handle_loaded(loaded))))

    def process_stats(self) -> ProcessStats:
        """See `Wallets`: the process of new wallets."""
        return self._parts[0].process_stats()

    def _with(self, accept: Callable[[Wallets], bool]) -> Wallets:
        """The part that is meant, the first if none is: its error says so."""
        accepted = _answers(self._parts, lambda part: part if accept(part) else None)
        return next((part for part in accepted if part is not None), self._parts[0])


class _Handlers(Handler):
    def __init__(self, handlers: list[Handler]) -> None:
        self._handlers = handlers

    def disconnect(self) -> None:
        """See `Handler.disconnect`."""
        for _ in _answers(self._handlers, lambda handler: handler.disconnect()):
            pass


Part = TypeVar("Part")


def _answers(parts: list[Part], ask: Callable[[Part], T]) -> Iterator[T]:
    """What those answer whose process is still there."""
    for part in parts:
        with suppress(ConnectionError):
            yield ask(part)
