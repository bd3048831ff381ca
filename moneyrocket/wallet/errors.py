"""What can go wrong in a wallet."""

from __future__ import annotations

from enum import Enum

from moneyrocket.common.errors import MoneyrocketError


class WalletError(MoneyrocketError):
    """The wallet cannot do what it was asked; the text is for the user."""


class SpendError(WalletError):
    """No transaction can be made that pays what was asked."""


class InsufficientFundsError(SpendError):
    """The coins that may be spent do not suffice."""


class FeeError(SpendError):
    """There is no fee rate to use, or the fee is too high or too low."""


class AmountError(SpendError):
    """An amount is negative, or so small that nobody relays it."""


class LoadFailure(Enum):
    """Why a wallet could not be created, opened or restored."""

    BAD_PATH = "bad path"
    NOT_FOUND = "not found"
    BAD_FORMAT = "bad format"
    LEGACY = "legacy"
    ALREADY_LOADED = "already loaded"
    ALREADY_EXISTS = "already exists"
    UNNAMED = "unnamed"
    INVALID_BACKUP = "invalid backup"
    VERIFY = "verify"
    CREATE = "create"
    LOAD = "load"
    ENCRYPT = "encrypt"


class WalletLoadError(WalletError):
    """A wallet could not be created, opened or restored.

    Attributes:
        failure: the kind of failure, from which the RPC error code follows.
    """

    def __init__(self, failure: LoadFailure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message

    def with_prefix(self, prefix: str, failure: LoadFailure | None = None) -> WalletLoadError:
        """The same error, seen from a caller that says what it was doing."""
        return WalletLoadError(failure or self.failure, f"{prefix} {self.message}")
