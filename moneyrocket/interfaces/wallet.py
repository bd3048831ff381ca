"""Wallets: `WalletLoader` as the node sees them, `Wallets` and `Wallet` as a desktop program does.

A desktop program gets them from `moneyrocket.interfaces.node.Node.wallets`. Every method may wait, and raises
`ConnectionError` once the wallet's process is gone. Methods of a wallet that was unloaded raise `WalletRequestError`
(UNLOADED).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only desktop programs need them; a daemon starts sooner without.
    from moneyrocket.interfaces.handler import Handler
    from moneyrocket.interfaces.process import ProcessStats, SandboxInfo
    from moneyrocket.interfaces.wallet_values import (
        AddressInfo,
        AddressPage,
        AddressPurpose,
        AddressType,
        FeeChoice,
        FeeRateInfo,
        NewWallet,
        Payment,
        PreparedPayment,
        ReceiveRequest,
        TxDetails,
        TxPage,
        TxQuery,
        WalletBalances,
        WalletDirEntry,
        WalletInfo,
    )
    from moneyrocket.primitives.transaction import Transaction


class WalletNotifications:
    """What a wallet tells a subscriber; override what matters.

    Calls come one at a time, on a thread of their own. What happens within a moment is told together.
    """

    def transactions_changed(self, txids: list[bytes]) -> None:
        """Transactions are new, or their standing or labels changed. Empty: any may have, all should be read again."""

    def balances_changed(self) -> None:
        """See `Wallet.balances`."""

    def address_book_changed(self) -> None:
        """See `Wallet.addresses` and `Wallet.receive_requests`."""

    def status_changed(self) -> None:
        """See `Wallet.info`: locked, unlocked, encrypted, a scan began, went on or ended."""

    def unloaded(self) -> None:
        """The wallet was closed, by whomever; this is the last call."""


class Wallet(ABC):
    """A loaded wallet. Safe to use from several threads."""

    @abstractmethod
    def name(self) -> str:
        """Its name, possibly empty; it never changes."""

    @abstractmethod
    def info(self) -> WalletInfo:
        """Its state."""

    @abstractmethod
    def balances(self) -> WalletBalances:
        """Its money."""

    @abstractmethod
    def handle_notifications(self, notifications: WalletNotifications) -> Handler:
        """Subscribe until the handler is disconnected or the subscriber's process is gone."""

    # History

    @abstractmethod
    def transactions(self, query: TxQuery, offset: int, count: int) -> TxPage:
        """Rows of the history.

        Args:
            query: which, and in which order.
            offset: how many to leave out.
            count: how many at most; never more than `MAX_PAGE`.
        """

    @abstractmethod
    def transaction_rows(self, txid: bytes) -> TxPage:
        """The rows of one transaction, to refresh them after a notification; empty if the wallet does not have it."""

    @abstractmethod
    def transaction(self, txid: bytes) -> TxDetails | None:
        """All that is known of a transaction, None if the wallet does not have it."""

    @abstractmethod
    def abandon(self, txid: bytes) -> bool:
        """Give up a transaction that cannot confirm, and all that spend from it; False if that is not possible."""

    # Addresses

    @abstractmethod
    def new_address(self, label: str, kind: AddressType) -> str:
        """Hand out an address for receiving.

        Raises:
            WalletRequestError: there is none of that type (NO_KEYS).
        """

    @abstractmethod
    def address_info(self, address: str) -> AddressInfo:
        """What is known of a text that may be an address."""

    @abstractmethod
    def addresses(self, purpose: AddressPurpose, text: str, offset: int, count: int) -> AddressPage:
        """Entries of the address book.

        Args:
            purpose: whose.
            text: only those whose address or label has it, whatever the case; empty for all.
            offset: how many to leave out.
            count: how many at most; never more than `MAX_PAGE`.
        """

    @abstractmethod
    def set_label(self, address: str, label: str) -> None:
        """Label an address, of the wallet or of others; adds it to the address book.

        Raises:
            WalletRequestError: it is no address (BAD_ADDRESS).
        """

    @abstractmethod
    def remove_address(self, address: str) -> bool:
        """Take an address of others off the address book; False if it is not there, or the wallet's own."""

    @abstractmethod
    def receive_requests(self) -> list[ReceiveRequest]:
        """Payments that the user asked for, newest first."""

    @abstractmethod
    def add_receive_request(self, request: ReceiveRequest) -> ReceiveRequest:
        """Store one; returns it with its id and time."""

    @abstractmethod
    def remove_receive_request(self, request_id: int) -> bool:
        """Forget one; False if there is none."""

    # Payments

    @abstractmethod
    def fee_rate(self, fee: FeeChoice) -> FeeRateInfo:
        """The fee rate that would be used."""

    @abstractmethod
    def prepare_payment(self, payments: list[Payment], fee: FeeChoice, sign: bool) -> PreparedPayment:
        """Make a transaction without storing or sending it; nothing is used up, so it may be called for every preview.

        Raises:
            WalletRequestError: it cannot be made (LOCKED only with ``sign``, BAD_ADDRESS, BAD_AMOUNT,
                INSUFFICIENT_FUNDS, FEE …).
        """

    @abstractmethod
    def commit_payment(self, tx: Transaction, payments: list[Payment]) -> bytes:
        """Store and send a prepared transaction, signing it first if need be; returns its txid.

        When this returns the payment is stored, whatever happens later. Sending it is tried at once and again later.

        Args:
            tx: of a `PreparedPayment`.
            payments: what it was made for; their labels are stored.

        Raises:
            WalletRequestError: it cannot be signed (LOCKED, NO_KEYS) or its coins are spent (COINS_CHANGED).
        """

    # Passphrase

    @abstractmethod
    def encrypt(self, passphrase: str) -> None:
        """Encrypt the private keys, and make new ones: backups from before do not have these.

        Raises:
            WalletRequestError: there is a passphrase already, or there are no private keys.
        """

    @abstractmethod
    def unlock(self, passphrase: str, seconds: int) -> None:
        """Make private keys usable.

        Args:
            passphrase: the passphrase.
            seconds: for how long, 0 until `lock` or the end of the program.

        Raises:
            WalletRequestError: the passphrase is wrong (WRONG_PASSPHRASE), or there is none.
        """

    @abstractmethod
    def lock(self) -> None:
        """Make private keys unusable until `unlock`. Without a passphrase nothing happens."""

    @abstractmethod
    def change_passphrase(self, old: str, new: str) -> None:
        """Replace the passphrase.

        Raises:
            WalletRequestError: the old one is wrong (WRONG_PASSPHRASE), or there is none.
        """

    # Files

    @abstractmethod
    def backup(self, path: str) -> None:
        """Copy the wallet into a file.

        Raises:
            WalletRequestError: it cannot be written.
        """


@dataclass(frozen=True, slots=True)
class LoadedWallet:
    """A wallet that was made, loaded or restored, and warnings for the user."""

    wallet: Wallet
    warnings: tuple[str, ...]


class Wallets(ABC):
    """The wallets of a wallet component. Safe to use from several threads."""

    @abstractmethod
    def loaded(self) -> list[Wallet]:
        """The loaded wallets, in the order of loading."""

    @abstractmethod
    def directory(self) -> str:
        """The folder that holds the wallets."""

    @abstractmethod
    def list_directory(self) -> list[WalletDirEntry]:
        """The wallets in it, loaded or not."""

    @abstractmethod
    def create(self, wallet: NewWallet) -> LoadedWallet:
        """Make a wallet and load it.

        Raises:
            WalletRequestError: it cannot be made.
        """

    @abstractmethod
    def load(self, name: str, load_on_startup: bool | None) -> LoadedWallet:
        """Load a wallet; and at every start from now on, or not, or with None as before.

        Raises:
            WalletRequestError: it cannot be loaded.
        """

    @abstractmethod
    def unload(self, name: str, load_on_startup: bool | None) -> None:
        """Close a wallet; and load it at every start from now on, or not, or with None as before.

        Raises:
            WalletRequestError: it is not loaded (NOT_FOUND), or busy with a scan.
        """

    @abstractmethod
    def restore(self, name: str, backup: str, load_on_startup: bool | None) -> LoadedWallet:
        """Make a wallet of a backup file and load it.

        Raises:
            WalletRequestError: it cannot be made or loaded.
        """

    @abstractmethod
    def handle_loaded(self, loaded: Callable[[Wallet], None]) -> Handler:
        """Call ``loaded`` with every wallet that is loaded from now on, by whomever, on a thread of its own."""

    @abstractmethod
    def process_stats(self) -> ProcessStats:
        """The process that the wallets are in."""


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

    @abstractmethod
    def wallets(self) -> Wallets:
        """What a desktop program may do with the wallets."""

    def reopen_log(self) -> None:
        """Open the log again in the process that has the wallets; it was moved away."""
        from moneyrocket.common import logging

        logging.reopen_own_log()

    def sandbox(self) -> SandboxInfo:
        """The sandbox of the process that has the wallets."""
        from moneyrocket.interfaces.process import ProcessRole, SandboxInfo

        return SandboxInfo.of_this_process(ProcessRole.WALLET)
