"""What a node may do with the wallets of a process that has attached to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.wallet import LoadedWallet, Wallet, WalletLoader, Wallets

if TYPE_CHECKING:
    from moneyrocket.interfaces.process import ProcessStats
    from moneyrocket.interfaces.wallet_values import NewWallet, WalletDirEntry


class VisitingLoader(WalletLoader):
    """Wallets that are not the node's own: it neither loads nor closes them.

    Args:
        loader: the wallets.
        shared: the node may use them, for its RPC clients and desktop programs.
    """

    def __init__(self, loader: WalletLoader, *, shared: bool) -> None:
        self._loader = loader
        self._shared = shared

    def register_rpcs(self) -> None:
        """Done without being asked, if at all."""

    def verify(self) -> bool:
        """Done without being asked."""
        return True

    def load(self) -> bool:
        """Done without being asked."""
        return True

    def start(self, schedule_rebroadcast: bool) -> None:
        """Done without being asked."""

    def stop(self) -> None:
        """Wallets that are not the node's outlive it."""

    def set_mock_time(self, time: int) -> None:
        """See `WalletLoader`."""
        self._loader.set_mock_time(time)

    def scheduler_mock_forward(self, seconds: int) -> None:
        """See `WalletLoader`."""
        self._loader.scheduler_mock_forward(seconds)

    def loaded_wallets(self) -> list[str]:
        """See `WalletLoader`."""
        return self._loader.loaded_wallets() if self._shared else []

    def wallets(self) -> Wallets:
        """See `WalletLoader`."""
        return self._loader.wallets() if self._shared else NoWallets()


class NoWallets(Wallets):
    """Stands for wallets that their process keeps for itself."""

    def loaded(self) -> list[Wallet]:
        """See `Wallets`."""
        return []

    def directory(self) -> str:
        """See `Wallets`."""
        return ""

    def list_directory(self) -> list[WalletDirEntry]:
        """See `Wallets`."""
        return []

    def create(self, wallet: NewWallet) -> LoadedWallet:
        """See `Wallets`."""
        self._refuse()

    def load(self, name: str, load_on_startup: bool | None) -> LoadedWallet:
        """See `Wallets`."""
        self._refuse()

    def unload(self, name: str, load_on_startup: bool | None) -> None:
        """See `Wallets`."""
        self._refuse()

    def restore(self, name: str, backup: str, load_on_startup: bool | None) -> LoadedWallet:
        """See `Wallets`."""
        self._refuse()

    def handle_loaded(self, loaded: Callable[[Wallet], None]) -> Handler:
        """See `Wallets`."""
        return _Nothing()

    def process_stats(self) -> ProcessStats:
        """See `Wallets`."""
        from moneyrocket.interfaces.process import ProcessRole, ProcessStats

        return ProcessStats.measure(ProcessRole.WALLET)

    def _refuse(self) -> NoReturn:
        from moneyrocket.interfaces.wallet_values import WalletFailure, WalletRequestError

        raise WalletRequestError(
            WalletFailure.NOT_FOUND, "This wallet process lets no node use its wallets (-forwardwalletrpc=0)."
        )


class _Nothing(Handler):
    def disconnect(self) -> None:
        """Nothing was registered."""
