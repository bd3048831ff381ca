"""What the wallet's RPC methods share."""

from __future__ import annotations

from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import as_str
from moneyrocket.rpc.wallet_choice import endpoint_wallet, none_loaded, not_loaded, several_loaded
from moneyrocket.script.address import AddressError
from moneyrocket.wallet.errors import LoadFailure, WalletLoadError
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.settings import OutputType, parse_output_type
from moneyrocket.wallet.wallet import Wallet

LOAD_ON_STARTUP: Final = Param(
    "load_on_startup",
    ParamType.BOOL,
    "Whether the wallet is loaded at each start: true to add it to the list, false to take it off, null for no change.",
    required=False,
)

_CODES: Final = {
    LoadFailure.NOT_FOUND: RpcErrorCode.WALLET_NOT_FOUND,
    LoadFailure.BAD_FORMAT: RpcErrorCode.WALLET_NOT_FOUND,
    LoadFailure.LEGACY: RpcErrorCode.WALLET_NOT_FOUND,
    LoadFailure.ALREADY_LOADED: RpcErrorCode.WALLET_ALREADY_LOADED,
    LoadFailure.ALREADY_EXISTS: RpcErrorCode.WALLET_ALREADY_EXISTS,
    LoadFailure.UNNAMED: RpcErrorCode.INVALID_PARAMETER,
    LoadFailure.INVALID_BACKUP: RpcErrorCode.INVALID_PARAMETER,
    LoadFailure.ENCRYPT: RpcErrorCode.WALLET_ENCRYPTION_FAILED,
}


def wallet_of(manager: WalletManager, args: Args) -> Wallet:
    """The wallet that a request is for.

    Raises:
        RpcError: -18 when it is not loaded, or none is; -19 when the request does not say which of several.
    """
    name = endpoint_wallet(args.request)
    if name is not None:
        wallet = manager.find(name)
        if wallet is None:
            raise not_loaded()
        return wallet
    wallets = manager.wallets()
    if len(wallets) == 1:
        return wallets[0]
    raise several_loaded() if wallets else none_loaded()


def synced_wallet_of(manager: WalletManager, args: Args) -> Wallet:
    """The wallet that a request is for, once it knows every block that the caller may know."""
    wallet = wallet_of(manager, args)
    wallet.wait_until_synced()
    return wallet


def wallet_name_of(args: Args, given: str | None) -> str:
    """The wallet's name from the request's path or a parameter.

    Raises:
        RpcError: -8 when there is none, or the two differ.
    """
    name = endpoint_wallet(args.request)
    if name is None and given is None:
        raise invalid("Either the RPC endpoint wallet or the wallet name parameter must be provided")
    if name is not None and given is not None and name != given:
        raise invalid("The RPC endpoint wallet and the wallet name parameter specify different wallets")
    return name if name is not None else str(given)


def invalid(message: str) -> RpcError:
    """The error for a wrong parameter, -8."""
    return RpcError(RpcErrorCode.INVALID_PARAMETER, message)


def wallet_error(message: str) -> RpcError:
    """The error for a wallet that cannot do what is asked, -4."""
    return RpcError(RpcErrorCode.WALLET_ERROR, message)


def load_error(error: WalletLoadError) -> RpcError:
    """The error for a wallet that could not be made or loaded."""
    return RpcError(_CODES.get(error.failure, RpcErrorCode.WALLET_ERROR), error.message)


def label_from(value: Json) -> str:
    """Read a label; null is the empty one.

    Raises:
        RpcError: -11 for the reserved label ``*``.
    """
    if value is None:
        return ""
    label = as_str(value)
    if label == "*":
        raise RpcError(RpcErrorCode.WALLET_INVALID_LABEL_NAME, "Invalid label name")
    return label


def output_type_from(text: str | None, default: OutputType, what: str = "address") -> OutputType:
    """Read an address type.

    Raises:
        RpcError: -5 when there is no such type.
    """
    if text is None:
        return default
    kind = parse_output_type(text)
    if kind is None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, f"Unknown {what} type '{text}'")
    return kind


def script_from(wallet: Wallet, address: str, message: str) -> bytes:
    """The output script of an address.

    Raises:
        RpcError: -5 with ``message`` when the text is no address.
    """
    try:
        return wallet.script_of(address)
    except AddressError as error:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, message) from error


def avoid_reuse_from(wallet: Wallet, value: bool | None) -> bool:
    """Whether to leave reused addresses alone: the caller's choice, else what the wallet does.

    Raises:
        RpcError: -4 when the wallet does not track reuse.
    """
    tracks = WalletFlag.AVOID_REUSE in wallet.flags
    if value and not tracks:
        raise wallet_error('wallet does not have the "avoid reuse" feature enabled')
    return tracks if value is None else value


def last_processed_block(wallet: Wallet) -> Json:
    """The ``lastprocessedblock`` member of several results."""
    return {"hash": hash_to_hex(wallet.ledger.tip_hash or bytes(32)), "height": wallet.ledger.tip_height}


def with_warnings(result: dict[str, Json], warnings: list[str]) -> Json:
    """Add a ``warnings`` member, if there are any."""
    if warnings:
        result["warnings"] = [*warnings]
    return result


def parent_descriptors(wallet: Wallet, script: bytes) -> Json:
    """The ``parent_descs`` member: public descriptors that a script comes from."""
    return [manager.public_text for manager in wallet.keyring.managers_for(script)]


def ensure_unlocked(wallet: Wallet) -> None:
    """Check that private keys can be used.

    Raises:
        RpcError: -13 when the wallet is locked.
    """
    if wallet.keyring.is_locked:
        raise RpcError(
            RpcErrorCode.WALLET_UNLOCK_NEEDED,
            "Error: Please enter the wallet passphrase with walletpassphrase first.",
        )
