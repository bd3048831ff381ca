"""One wallet as a desktop program sees it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.wallet import Wallet, WalletNotifications
from moneyrocket.interfaces.wallet_values import (
    MAX_PAGE,
    AddressEntry,
    AddressInfo,
    AddressPage,
    AddressPurpose,
    AddressType,
    FeeChoice,
    FeeRateInfo,
    Payment,
    PreparedPayment,
    ReceiveRequest,
    TxDetails,
    TxPage,
    TxQuery,
    WalletBalances,
    WalletFailure,
    WalletInfo,
    WalletRequestError,
)
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.script.address import AddressError
from moneyrocket.wallet import wallet as impl
from moneyrocket.wallet.balance import balances
from moneyrocket.wallet.desktop import payments as pay
from moneyrocket.wallet.desktop.details import details
from moneyrocket.wallet.desktop.errors import opened, require_open
from moneyrocket.wallet.desktop.history import History
from moneyrocket.wallet.desktop.receive_requests import add_request, receive_requests, remove_request
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.settings import OutputType

_NOT_ENCRYPTED: Final = "The wallet has no passphrase."
_WRONG_PASSPHRASE: Final = "The passphrase is wrong."


class DesktopWallet(Wallet):
    """Answers from a loaded wallet."""

    def __init__(self, wallet: impl.Wallet) -> None:
        self._wallet = wallet
        self._history = History(wallet)

    def name(self) -> str:
        """See `Wallet`."""
        return self._wallet.name

    def info(self) -> WalletInfo:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            keyring, flags = wallet.keyring, wallet.flags
            types = tuple(kind for kind in OutputType if keyring.has_active(kind, internal=False))
            return WalletInfo(
                name=wallet.name,
                path=str(wallet.database.path),
                private_keys=wallet.has_private_keys,
                blank=WalletFlag.BLANK in flags,
                encrypted=keyring.is_encrypted,
                locked=keyring.is_locked,
                unlocked_until=wallet.relocker.until,
                avoid_reuse=WalletFlag.AVOID_REUSE in flags,
                can_receive=keyring.can_get_addresses(internal=False),
                address_types=tuple(AddressType(kind.value) for kind in types),
                default_address_type=AddressType(wallet.settings.address_type.value),
                transactions=len(wallet.ledger.txs),
                height=wallet.ledger.tip_height,
                scan_progress=wallet.scan.progress if wallet.scan is not None else None,
            )

    def balances(self) -> WalletBalances:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            found = balances(wallet)
        return WalletBalances(found.trusted, found.untrusted_pending, found.immature, found.used)

    def handle_notifications(self, notifications: WalletNotifications) -> Handler:
        """See `Wallet`."""
        return self._wallet.events.watch(notifications)

    # History

    def transactions(self, query: TxQuery, offset: int, count: int) -> TxPage:
        """See `Wallet`."""
        require_open(self._wallet)
        return self._history.page(query, offset, count)

    def transaction_rows(self, txid: bytes) -> TxPage:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            wtx = wallet.ledger.txs.get(txid)
            rows = self._history.rows_of(wtx) if wtx is not None else ()
            return TxPage(rows, len(rows), sum(row.amount for row in rows), wallet.events.revision)

    def transaction(self, txid: bytes) -> TxDetails | None:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            wtx = wallet.ledger.txs.get(txid)
            return None if wtx is None else details(wallet, self._history, wtx)

    def abandon(self, txid: bytes) -> bool:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            wtx = wallet.ledger.txs.get(txid)
            return wtx is not None and not wtx.is_abandoned and wallet.ledger.abandon(wtx)

    # Addresses

    def new_address(self, label: str, kind: AddressType) -> str:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            try:
                return wallet.new_address(OutputType(kind.value), label)
            except WalletError as error:
                raise WalletRequestError(WalletFailure.NO_KEYS, str(error)) from error

    def address_info(self, address: str) -> AddressInfo:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            try:
                script = wallet.script_of(address)
            except AddressError as error:
                return AddressInfo(False, str(error) or "Invalid address", False, None)
            return AddressInfo(True, "", wallet.is_mine(script), wallet.addresses.label(script))

    def addresses(self, purpose: AddressPurpose, text: str, offset: int, count: int) -> AddressPage:
        """See `Wallet`."""
        wanted = text.casefold()
        with opened(self._wallet) as wallet:
            found = [
                (label.casefold(), address, label)
                for entry, label in wallet.addresses.labelled()
                if wallet.is_mine(entry.script) is (purpose is AddressPurpose.RECEIVE)
                and (address := wallet.address_of(entry.script)) is not None
                and (wanted in label.casefold() or wanted in address.casefold())
            ]
        found.sort()
        offset = max(offset, 0)
        chosen = found[offset : offset + max(min(count, MAX_PAGE), 0)]
        return AddressPage(tuple(AddressEntry(address, label, purpose) for _, address, label in chosen), len(found))

    def set_label(self, address: str, label: str) -> None:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            wallet.set_label(self._script(address), label)

    def remove_address(self, address: str) -> bool:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            return wallet.remove_address(self._script(address))

    def receive_requests(self) -> list[ReceiveRequest]:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            return receive_requests(wallet)

    def add_receive_request(self, request: ReceiveRequest) -> ReceiveRequest:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            return add_request(wallet, request)

    def remove_receive_request(self, request_id: int) -> bool:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            return remove_request(wallet, request_id)

    # Payments

    def fee_rate(self, fee: FeeChoice) -> FeeRateInfo:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            return pay.fee_rate(wallet, fee)

    def prepare_payment(self, payments: list[Payment], fee: FeeChoice, sign: bool) -> PreparedPayment:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            return pay.prepare(wallet, payments, fee, sign=sign)

    def commit_payment(self, tx: Transaction, payments: list[Payment]) -> bytes:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            wtx = pay.store(wallet, tx, payments)
        self._wallet.broadcast(wtx)
        return wtx.txid

    # Passphrase

    def encrypt(self, passphrase: str) -> None:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            if not wallet.has_private_keys:
                raise WalletRequestError(WalletFailure.NO_KEYS, "The wallet has no private keys, nothing to encrypt.")
            if wallet.keyring.is_encrypted or not passphrase:
                message = "The wallet has a passphrase already." if passphrase else "The passphrase is empty."
                raise WalletRequestError(WalletFailure.OTHER, message)
            self._require_idle()
            wallet.encrypt(passphrase)

    def unlock(self, passphrase: str, seconds: int) -> None:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            self._require_encrypted()
            if not wallet.unlock_keys(passphrase, seconds if seconds > 0 else None):
                raise WalletRequestError(WalletFailure.WRONG_PASSPHRASE, _WRONG_PASSPHRASE)

    def lock(self) -> None:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            if wallet.keyring.is_encrypted:
                self._require_idle()
                wallet.lock_keys()

    def change_passphrase(self, old: str, new: str) -> None:
        """See `Wallet`."""
        with opened(self._wallet) as wallet:
            self._require_encrypted()
            self._require_idle()
            if not new:
                raise WalletRequestError(WalletFailure.OTHER, "The passphrase is empty.")
            if not wallet.keyring.change_passphrase(old, new):
                raise WalletRequestError(WalletFailure.WRONG_PASSPHRASE, _WRONG_PASSPHRASE)

    # Files

    def backup(self, path: str) -> None:
        """See `Wallet`."""
        destination = Path(path)
        with opened(self._wallet) as wallet:
            try:
                if destination.exists() and destination.samefile(wallet.database.path):
                    raise WalletRequestError(WalletFailure.OTHER, f"{path} is the wallet itself.")
                wallet.backup(destination)
            except (sqlite3.Error, OSError) as error:
                raise WalletRequestError(WalletFailure.OTHER, f"The backup failed: {error}") from error

    def _script(self, address: str) -> bytes:
        try:
            return self._wallet.script_of(address)
        except AddressError as error:
            raise WalletRequestError(WalletFailure.BAD_ADDRESS, f"{address} is not an address: {error}") from error

    def _require_encrypted(self) -> None:
        if not self._wallet.keyring.is_encrypted:
            raise WalletRequestError(WalletFailure.OTHER, _NOT_ENCRYPTED)

    def _require_idle(self) -> None:
        if self._wallet.scan is not None:
            raise WalletRequestError(WalletFailure.OTHER, "The wallet is reading blocks; wait until it has done so.")
