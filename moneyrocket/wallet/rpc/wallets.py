"""RPC methods that make, load, unload and describe wallets."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from moneyrocket.common import clock
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.wallet_choice import not_loaded
from moneyrocket.sandbox.user_files import SandboxRefusedError
from moneyrocket.wallet.errors import WalletError, WalletLoadError
from moneyrocket.wallet.flags import FLAG_NAMES, MUTABLE_FLAGS, WalletFlag, flag_names
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.paths import list_wallets
from moneyrocket.wallet.rpc.util import (
    LOAD_ON_STARTUP,
    invalid,
    last_processed_block,
    load_error,
    synced_wallet_of,
    wallet_error,
    wallet_name_of,
    wallet_of,
    with_warnings,
)
from moneyrocket.wallet.scan import BUSY_MESSAGE, reserve_scan
from moneyrocket.wallet.wallet import NO_TIME

_WALLET_VERSION = 169900
"""What Bitcoin Core reports for all wallets since it dropped its old format."""


@rpc_method(
    category="wallet",
    help="Returns the state of the wallet.",
    result='object: walletname, txcount, keypoolsize, flags and more; "lastprocessedblock" says how current it is',
    examples=(cli_example("getwalletinfo"), http_example("getwalletinfo")),
)
def getwalletinfo(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        keyring = wallet.keyring
        info: dict[str, Json] = {
            "walletname": wallet.name,
            "walletversion": _WALLET_VERSION,
            "format": "sqlite",
            "txcount": len(wallet.ledger.txs),
            "keypoolsize": keyring.keypool_count(internal=False),
            "keypoolsize_hd_internal": keyring.keypool_count(internal=True),
            **({"unlocked_until": wallet.relocker.until} if keyring.is_encrypted else {}),
            "private_keys_enabled": wallet.has_private_keys,
            "avoid_reuse": WalletFlag.AVOID_REUSE in wallet.flags,
            "scanning": False,
            "descriptors": True,
            "external_signer": WalletFlag.EXTERNAL_SIGNER in wallet.flags,
            "blank": WalletFlag.BLANK in wallet.flags,
        }
        if wallet.scan is not None:
            duration = int(clock.monotonic() - wallet.scan.started)
            info["scanning"] = {"duration": duration, "progress": wallet.scan.progress}
        if wallet.birth_time != NO_TIME:
            info["birthtime"] = wallet.birth_time
        info["flags"] = [*flag_names(wallet.flags)]
        info["lastprocessedblock"] = last_processed_block(wallet)
    return info


@rpc_method(
    category="wallet",
    help="Returns the wallets in the wallet directory, loaded or not.",
    result='object: "wallets", an array of objects with "name" and "warnings"',
    examples=(cli_example("listwalletdir"), http_example("listwalletdir")),
)
def listwalletdir(manager: WalletManager, args: Args) -> Json:
    legacy_warning = (
        "This wallet is a legacy wallet and will need to be migrated with migratewallet before it can be loaded"
    )
    wallets: list[Json] = [
        {"name": name, "warnings": [legacy_warning] if legacy else []}
        for name, legacy in list_wallets(manager.directory, manager.params.magic)
    ]
    return {"wallets": wallets}


@rpc_method(
    category="wallet",
    help="Returns the names of the loaded wallets.",
    result="array of strings",
    examples=(cli_example("listwallets"), http_example("listwallets")),
)
def listwallets(manager: WalletManager, args: Args) -> Json:
    return [wallet.name for wallet in manager.wallets()]


@rpc_method(
    category="wallet",
    help="Loads a wallet from its directory or file.",
    params=(
        Param("filename", ParamType.STR, "The wallet's name, or the path of its directory"),
        LOAD_ON_STARTUP,
    ),
    result='object: "name" of the wallet, and "warnings" if there are any',
    examples=(cli_example("loadwallet", '"savings"'), http_example("loadwallet", '"savings"')),
)
def loadwallet(manager: WalletManager, args: Args) -> Json:
    try:
        wallet, warnings = manager.load(args.str("filename"), load_on_startup=args.opt_bool("load_on_startup"))
    except WalletLoadError as error:
        raise load_error(error) from error
    return with_warnings({"name": wallet.name}, warnings)


@rpc_method(
    category="wallet",
    help="Changes a flag of the wallet.",
    params=(
        Param(
            "flag",
            ParamType.STR,
            f"Name of the flag. Flags that can be changed: {', '.join(flag_names(MUTABLE_FLAGS))}",
        ),
        Param("value", ParamType.BOOL, "The new state", default=True),
    ),
    result='object: "flag_name", "flag_state", and "warnings" if there are any',
    examples=(cli_example("setwalletflag", "avoid_reuse"), http_example("setwalletflag", '"avoid_reuse"')),
)
def setwalletflag(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    name, value = args.str("flag"), args.bool("value")
    flag = next((flag for flag, known in FLAG_NAMES.items() if known == name), None)
    if flag is None:
        raise invalid(f"Unknown wallet flag: {name}")
    if not flag & MUTABLE_FLAGS:
        raise invalid(f"Wallet flag is immutable: {name}")
    with wallet.lock:
        if (flag in wallet.flags) == value:
            raise invalid(f"Wallet flag is already set to {'true' if value else 'false'}: {name}")
        wallet.set_flag(flag, value)
    result: dict[str, Json] = {"flag_name": name, "flag_state": value}
    if flag is WalletFlag.AVOID_REUSE and value:
        result["warnings"] = (
            "You need to rescan the blockchain in order to correctly mark used destinations in the past. Until this "
            "is done, some destinations may be considered unused, even if the opposite is the case."
        )
    return result


@rpc_method(
    category="wallet",
    help="Makes a wallet and loads it.",
    params=(
        Param("wallet_name", ParamType.STR, "The new wallet's name; a path puts it elsewhere"),
        Param("disable_private_keys", ParamType.BOOL, "Make a wallet that only watches", default=False),
        Param("blank", ParamType.BOOL, "Make a wallet without keys, to be filled by importdescriptors", default=False),
        Param("passphrase", ParamType.STR, "Encrypt the wallet with this passphrase", required=False),
        Param(
            "avoid_reuse",
            ParamType.BOOL,
            "Keep coins apart that lie on addresses that were spent from",
            default=False,
        ),
        Param("descriptors", ParamType.BOOL, "Must be true: there are only descriptor wallets", default=True),
        LOAD_ON_STARTUP,
        Param("external_signer", ParamType.BOOL, "Use an external signer such as a hardware wallet", default=False),
    ),
    result='object: "name" of the wallet, and "warnings" if there are any',
    examples=(cli_example("createwallet", '"savings"'), http_example("createwallet", '"savings"')),
)
def createwallet(manager: WalletManager, args: Args) -> Json:
    flags = WalletFlag(0)
    for name, flag in (
        ("disable_private_keys", WalletFlag.DISABLE_PRIVATE_KEYS),
        ("blank", WalletFlag.BLANK),
        ("avoid_reuse", WalletFlag.AVOID_REUSE),
    ):
        if args.bool(name):
            flags |= flag
    warnings: list[str] = []
    passphrase = args.opt_str("passphrase")
    if passphrase == "":
        warnings.append("Empty string given as passphrase, wallet will not be encrypted.")
    if not args.bool("descriptors"):
        raise wallet_error(
            'descriptors argument must be set to "true"; it is no longer possible to create a legacy wallet.'
        )
    if args.bool("external_signer"):
        raise wallet_error("External signers are not built yet")
    if passphrase and WalletFlag.DISABLE_PRIVATE_KEYS in flags:
        raise wallet_error(
            "Passphrase provided but private keys are disabled. A passphrase is only used to encrypt private "
            "keys, so cannot be used for wallets with private keys disabled."
        )
    try:
        wallet, load_warnings = manager.create(
            args.str("wallet_name"),
            flags,
            passphrase=passphrase or "",
            load_on_startup=args.opt_bool("load_on_startup"),
        )
    except WalletLoadError as error:
        raise load_error(error) from error
    return with_warnings({"name": wallet.name}, warnings + load_warnings)


@rpc_method(
    category="wallet",
    help="Unloads the wallet that the endpoint or the parameter names; both must be the same if both are given.",
    params=(
        Param("wallet_name", ParamType.STR, "The wallet's name", default_hint="the wallet name from the RPC endpoint"),
        LOAD_ON_STARTUP,
    ),
    result='object: "warnings" if there are any',
    examples=(cli_example("unloadwallet", "savings"), http_example("unloadwallet", '"savings"')),
)
def unloadwallet(manager: WalletManager, args: Args) -> Json:
    wallet = manager.find(wallet_name_of(args, args.opt_str("wallet_name")))
    if wallet is None:
        raise not_loaded()
    try:
        with reserve_scan(wallet):
            load_on_startup = args.opt_bool("load_on_startup")
            warnings = manager.unload(wallet, load_on_startup=load_on_startup)
    except WalletError as error:
        busy = str(error) == BUSY_MESSAGE
        raise RpcError(RpcErrorCode.WALLET_ERROR if busy else RpcErrorCode.MISC_ERROR, str(error)) from error
    return with_warnings({}, warnings)


@rpc_method(
    category="wallet",
    help="Copies the wallet, as it is now, to a file.",
    params=(Param("destination", ParamType.STR, "The file"),),
    examples=(cli_example("backupwallet", '"backup.dat"'), http_example("backupwallet", '"backup.dat"')),
)
def backupwallet(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    destination = Path(args.str("destination"))
    try:
        if destination.exists() and destination.samefile(wallet.database.path):
            raise wallet_error("Error: Wallet backup failed!")
        wallet.backup(destination)
    except SandboxRefusedError as error:
        raise wallet_error(f"Error: Wallet backup failed! {error}") from error
    except (sqlite3.Error, OSError) as error:
        raise wallet_error("Error: Wallet backup failed!") from error
    return None


@rpc_method(
    category="wallet",
    help="Makes a wallet of a backup, and loads it.",
    params=(
        Param("wallet_name", ParamType.STR, "The name that the wallet gets"),
        Param("backup_file", ParamType.STR, "The backup"),
        LOAD_ON_STARTUP,
    ),
    result='object: "name" of the wallet, and "warnings" if there are any',
    examples=(
        cli_example("restorewallet", '"savings" "backup.dat"'),
        http_example("restorewallet", '"savings", "backup.dat"'),
    ),
)
def restorewallet(manager: WalletManager, args: Args) -> Json:
    try:
        wallet, warnings = manager.restore(
            args.str("wallet_name"),
            Path(args.str("backup_file")),
            load_on_startup=args.opt_bool("load_on_startup"),
        )
    except WalletLoadError as error:
        raise load_error(error) from error
    return with_warnings({"name": wallet.name}, warnings)


METHODS = (
    getwalletinfo,
    listwalletdir,
    listwallets,
    loadwallet,
    setwalletflag,
    createwallet,
    unloadwallet,
    backupwallet,
    restorewallet,
)
