"""Which wallet a request is for, and what its caller is told if that is not clear: the same in node and wallet."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.rpc.errors import RpcErrorCode

_ENDPOINT: Final = "/wallet/"


def endpoint_wallet(request: RpcRequest) -> str | None:
    """Name of the wallet that the request's path chooses, None if it chooses none."""
    if not request.uri.startswith(_ENDPOINT):
        return None
    return unquote(request.uri[len(_ENDPOINT) :])


def not_loaded() -> RpcError:
    """The error for a wallet that was named and is not there, -18."""
    return RpcError(RpcErrorCode.WALLET_NOT_FOUND, "Requested wallet does not exist or is not loaded")


def none_loaded() -> RpcError:
    """The error for a request without a wallet's name when there is no wallet, -18."""
    return RpcError(
        RpcErrorCode.WALLET_NOT_FOUND,
        "No wallet is loaded. Load a wallet using loadwallet or create a new one with createwallet. "
        "(Note: A default wallet is no longer automatically created)",
    )


def several_loaded() -> RpcError:
    """The error for a request without a wallet's name when there are several wallets, -19."""
    return RpcError(
        RpcErrorCode.WALLET_NOT_SPECIFIED,
        "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC through the "
        "/wallet/<walletname> URI path.",
    )
