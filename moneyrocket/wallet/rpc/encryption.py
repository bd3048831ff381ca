"""RPC methods about the passphrase of a wallet."""

from __future__ import annotations

from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.util import invalid, wallet_error, wallet_of
from moneyrocket.wallet.wallet import Wallet

_MAX_SECONDS: Final = 100_000_000


def _ensure_encrypted(wallet: Wallet, method: str) -> None:
    if not wallet.keyring.is_encrypted:
        message = f"Error: running with an unencrypted wallet, but {method} was called."
        raise RpcError(RpcErrorCode.WALLET_WRONG_ENC_STATE, message)


def _ensure_idle(wallet: Wallet, what: str) -> None:
    if wallet.scan is not None:
        raise wallet_error(
            "Error: the wallet is currently being used to rescan the blockchain for related transactions. "
            f"Please call `abortrescan` before {what}."
        )


def _wrong_passphrase(passphrase: str, which: str, advice: str) -> RpcError:
    if "\0" not in passphrase:
        message = "Error: The wallet passphrase entered was incorrect."
    else:
        message = (
            f"Error: The {which} passphrase entered is incorrect. It contains a null character (ie - a zero byte). "
            f"If the {advice} was set with a version of this software prior to 25.0, please try again with only the "
            "characters up to — but not including — the first null character."
        )
    return RpcError(RpcErrorCode.WALLET_PASSPHRASE_INCORRECT, message)


@rpc_method(
    category="wallet",
    help="Makes the private keys of an encrypted wallet usable for some time. A second call sets a new time.",
    params=(
        Param("passphrase", ParamType.STR, "The passphrase"),
        Param("timeout", ParamType.NUM, "Seconds; at most 100000000"),
    ),
    examples=(cli_example("walletpassphrase", '"my passphrase" 60'),),
)
def walletpassphrase(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        _ensure_encrypted(wallet, "walletpassphrase")
        passphrase, seconds = args.str("passphrase"), args.int("timeout", bits=64)
        if seconds < 0:
            raise invalid("Timeout cannot be negative.")
        if not passphrase:
            raise invalid("passphrase cannot be empty")
        if not wallet.unlock_keys(passphrase, min(seconds, _MAX_SECONDS)):
            raise _wrong_passphrase(passphrase, "wallet", "passphrase")
    return None


@rpc_method(
    category="wallet",
    help="Changes the passphrase of the wallet.",
    params=(
        Param("oldpassphrase", ParamType.STR, "The passphrase"),
        Param("newpassphrase", ParamType.STR, "The new one"),
    ),
    examples=(cli_example("walletpassphrasechange", '"old one" "new one"'),),
)
def walletpassphrasechange(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        _ensure_encrypted(wallet, "walletpassphrasechange")
        _ensure_idle(wallet, "changing the passphrase")
        old, new = args.str("oldpassphrase"), args.str("newpassphrase")
        if not old or not new:
            raise invalid("passphrase cannot be empty")
        if not wallet.keyring.change_passphrase(old, new):
            raise _wrong_passphrase(old, "old wallet", "old passphrase")
    return None


@rpc_method(
    category="wallet",
    help="Makes the private keys unusable until walletpassphrase is called again.",
    examples=(cli_example("walletlock"), http_example("walletlock")),
)
def walletlock(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        _ensure_encrypted(wallet, "walletlock")
        _ensure_idle(wallet, "locking the wallet")
        wallet.lock_keys()
    return None


@rpc_method(
    category="wallet",
    help="Encrypts the wallet with a passphrase, and gives it new keys. Back it up afterwards: a backup made before "
    "does not have the new keys.",
    params=(Param("passphrase", ParamType.STR, "The passphrase; it cannot be recovered"),),
    result="string: what to do now",
    examples=(cli_example("encryptwallet", '"my passphrase"'), http_example("encryptwallet", '"my passphrase"')),
)
def encryptwallet(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        if not wallet.has_private_keys:
            raise RpcError(
                RpcErrorCode.WALLET_ENCRYPTION_FAILED,
                "Error: wallet does not contain private keys, nothing to encrypt.",
            )
        if wallet.keyring.is_encrypted:
            raise RpcError(
                RpcErrorCode.WALLET_WRONG_ENC_STATE,
                "Error: running with an encrypted wallet, but encryptwallet was called.",
            )
        _ensure_idle(wallet, "encrypting the wallet")
        passphrase = args.str("passphrase")
        if not passphrase:
            raise invalid("passphrase cannot be empty")
        wallet.encrypt(passphrase)
    return (
        "wallet encrypted; The keypool has been flushed and a new HD seed was generated. "
        "You need to make a new backup with the backupwallet RPC."
    )


METHODS = (walletpassphrase, walletpassphrasechange, walletlock, encryptwallet)
