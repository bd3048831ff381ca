"""From the wallet's own errors to what a desktop program is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from moneyrocket.interfaces.wallet_values import WalletFailure, WalletRequestError
from moneyrocket.wallet.errors import (
    AmountError,
    FeeError,
    InsufficientFundsError,
    LoadFailure,
    WalletError,
    WalletLoadError,
)
from moneyrocket.wallet.wallet import Wallet

_LOAD_FAILURES: Final = {
    LoadFailure.NOT_FOUND: WalletFailure.NOT_FOUND,
    LoadFailure.INVALID_BACKUP: WalletFailure.NOT_FOUND,
    LoadFailure.ALREADY_LOADED: WalletFailure.ALREADY_LOADED,
    LoadFailure.ALREADY_EXISTS: WalletFailure.ALREADY_EXISTS,
}
_FAILURES: Final[tuple[tuple[type[WalletError], WalletFailure], ...]] = (
    (InsufficientFundsError, WalletFailure.INSUFFICIENT_FUNDS),
    (FeeError, WalletFailure.FEE),
    (AmountError, WalletFailure.BAD_AMOUNT),
)


@contextmanager
def told() -> Iterator[None]:
    """Turn what a wallet raises into `WalletRequestError`."""
    try:
        yield
    except WalletLoadError as error:
        # What went wrong first says most; around it stands what was being done.
        first = error.__cause__ if isinstance(error.__cause__, WalletLoadError) else error
        raise WalletRequestError(_LOAD_FAILURES.get(first.failure, WalletFailure.OTHER), error.message) from error
    except WalletError as error:
        failure = next((failure for kind, failure in _FAILURES if isinstance(error, kind)), WalletFailure.OTHER)
        raise WalletRequestError(failure, str(error)) from error


@contextmanager
def opened(wallet: Wallet) -> Iterator[Wallet]:
    """Hold the wallet's lock, and turn what it raises into `WalletRequestError`; it must not be closed."""
    with told(), wallet.lock:
        require_open(wallet)
        yield wallet


def require_open(wallet: Wallet) -> None:
    """Check that a wallet was not closed.

    Raises:
        WalletRequestError: it was.
    """
    if wallet.closed:
        raise WalletRequestError(WalletFailure.UNLOADED, f'The wallet "{wallet.display_name}" was closed.')


def require_keys(wallet: Wallet) -> None:
    """Check that a wallet can sign. Call under its lock.

    Raises:
        WalletRequestError: it has no private keys, or they are locked.
    """
    if not wallet.has_private_keys:
        raise WalletRequestError(
            WalletFailure.NO_KEYS, "This wallet only watches: it has no private keys to sign with."
        )
    if wallet.keyring.is_locked:
        raise WalletRequestError(WalletFailure.LOCKED, "The wallet is locked: its passphrase is needed.")
