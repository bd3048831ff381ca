"""What can go wrong on the way to the server."""

from __future__ import annotations


class CliError(Exception):
    """The call failed; shown as ``error: …``, status 1."""


class ConnectionFailedError(CliError):
    """The server cannot be reached, or is still starting; -rpcwait tries again."""
