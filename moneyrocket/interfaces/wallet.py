"""The wallet component as the node sees it."""

from abc import ABC, abstractmethod


class WalletLoader(ABC):
    """Loads wallets and offers their RPC methods to the node. Calls come in this order: the node's start-up order."""

    @abstractmethod
    def register_rpcs(self) -> None:
        """Offer the wallet's RPC methods through `Chain.handle_rpc`."""

    @abstractmethod
    def verify(self) -> bool:
        """Check the wallet folder and every wallet to be loaded. False stops the node after `Chain.init_error`."""

    @abstractmethod
    def load(self) -> bool:
        """Load the wallets that settings name and catch up with the chain. False stops the node."""

    @abstractmethod
    def start(self, schedule_rebroadcast: bool) -> None:
        """Begin background work, and resubmit unconfirmed transactions."""

    @abstractmethod
    def stop(self) -> None:
        """Stop background work, write everything, and close the wallets."""

    @abstractmethod
    def set_mock_time(self, time: int) -> None:
        """Set the wallet's clock (unix seconds, 0 for real time)."""

    @abstractmethod
    def scheduler_mock_forward(self, seconds: int) -> None:
        """Let the wallet's scheduled work happen as if ``seconds`` had passed."""

    @abstractmethod
    def loaded_wallets(self) -> list[str]:
        """Names of the loaded wallets."""
