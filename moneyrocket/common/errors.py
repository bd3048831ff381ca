"""Exceptions shared by every part of Moneyrocket."""

from __future__ import annotations


class MoneyrocketError(Exception):
    """Base of the errors that Moneyrocket raises on purpose."""


class InitError(MoneyrocketError):
    """Start-up cannot go on; printed as ``Error: <message>`` and the process ends with status 1.

    Args:
        message: what happened, as shown to the user.
        hint: a second line for the user, without a prefix (may be empty).
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ChainLoadError(InitError):
    """The stored chain cannot be used, but can be built anew. Printed without ``Error:``, as it is half an offer.

    Args:
        reason: what is wrong, a sentence without its full stop.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}.\nPlease restart with -reindex or -reindex-chainstate to recover.")


class ConfigError(MoneyrocketError):
    """The command line, the configuration file or the settings file is wrong."""
