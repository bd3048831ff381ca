"""RPC methods about addresses and labels."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json
from moneyrocket.script.address import AddressError
from moneyrocket.wallet.address_book import RECEIVE, SEND
from moneyrocket.wallet.balance import address_balances, address_groupings, is_change
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.address_info import describe_own_address
from moneyrocket.wallet.rpc.util import (
    ensure_unlocked,
    invalid,
    label_from,
    output_type_from,
    script_from,
    synced_wallet_of,
    wallet_error,
    wallet_of,
)
from moneyrocket.wallet.settings import OutputType

_TYPES = ", ".join(f'"{kind.value}"' for kind in OutputType)
_NO_KEYS = "Error: This wallet has no available keys"


@rpc_method(
    category="wallet",
    help="Returns a new address for receiving payments.",
    params=(
        Param("label", ParamType.STR, "A label for payments to it", default=""),
        Param("address_type", ParamType.STR, f"One of {_TYPES}", default_hint="set by -addresstype"),
    ),
    result="string: the address",
    examples=(cli_example("getnewaddress"), http_example("getnewaddress")),
)
def getnewaddress(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        if not wallet.keyring.can_get_addresses(internal=False):
            raise wallet_error(_NO_KEYS)
        label = label_from(args.raw("label"))
        kind = output_type_from(args.opt_str("address_type"), wallet.settings.address_type)
        try:
            return wallet.new_address(kind, label)
        except WalletError as error:
            raise RpcError(RpcErrorCode.WALLET_KEYPOOL_RAN_OUT, str(error)) from error


@rpc_method(
    category="wallet",
    help="Returns a new address for change, for use in raw transactions.",
    params=(Param("address_type", ParamType.STR, f"One of {_TYPES}", default_hint="set by -changetype"),),
    result="string: the address",
    examples=(cli_example("getrawchangeaddress"), http_example("getrawchangeaddress")),
)
def getrawchangeaddress(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        if not wallet.keyring.can_get_addresses(internal=True):
            raise wallet_error(_NO_KEYS)
        default = wallet.settings.change_type or wallet.settings.address_type
        kind = output_type_from(args.opt_str("address_type"), default)
        try:
            return wallet.address_of(wallet.keyring.new_script(kind, internal=True))
        except WalletError as error:
            raise RpcError(RpcErrorCode.WALLET_KEYPOOL_RAN_OUT, str(error)) from error


@rpc_method(
    category="wallet",
    help="Gives an address a label.",
    params=(
        Param("address", ParamType.STR, "The address"),
        Param("label", ParamType.STR, "The label"),
    ),
    examples=(cli_example("setlabel", '"bcrt1q…" "rent"'),),
)
def setlabel(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        script = script_from(wallet, args.str("address"), "Invalid Bitcoin address")
        wallet.set_label(script, label_from(args.raw("label")))
    return None


@rpc_method(
    category="wallet",
    help="Returns groups of addresses that past transactions have shown to have one owner.",
    result="array of groups, each an array of [address, amount in BTC, label]",
    examples=(cli_example("listaddressgroupings"), http_example("listaddressgroupings")),
)
def listaddressgroupings(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        money = address_balances(wallet)
        groups: list[Json] = []
        for scripts in address_groupings(wallet):
            group: list[Json] = []
            for script in sorted(scripts):
                label = wallet.addresses.label(script)
                entry: list[Json] = [wallet.address_of(script), amount_json(money.get(script, 0))]
                group.append(entry if label is None else [*entry, label])
            groups.append(group)
    return groups


@rpc_method(
    category="wallet",
    help="Derives keys ahead, until each active descriptor has the given number of unused addresses.",
    params=(Param("newsize", ParamType.NUM, "That number", default_hint="1000, or as set by -keypool"),),
    examples=(cli_example("keypoolrefill"), http_example("keypoolrefill")),
)
def keypoolrefill(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    size = args.opt_int("newsize") or 0
    if size < 0:
        raise invalid("Invalid parameter, expected valid size.")
    with wallet.lock:
        ensure_unlocked(wallet)
        wallet.keyring.top_up(size)
        count = wallet.keyring.keypool_count(internal=False) + wallet.keyring.keypool_count(internal=True)
        if count < size:
            raise wallet_error("Error refreshing keypool.")
        wallet.ledger.refresh_coins()
        wallet.events.all_transactions()
    return None


@rpc_method(
    category="wallet",
    help="Returns what the wallet knows of an address. Some of it is known only for addresses of the wallet.",
    params=(Param("address", ParamType.STR, "The address"),),
    result="object: address, scriptPubKey, ismine, solvable, desc, parent_desc, isscript, iswitness, ischange, "
    "hdkeypath, labels and more",
    examples=(cli_example("getaddressinfo", '"bcrt1q…"'), http_example("getaddressinfo", '"bcrt1q…"')),
)
def getaddressinfo(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        try:
            script = wallet.script_of(args.str("address"))
        except AddressError as error:
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, str(error) or "Invalid address") from error
        mine = wallet.is_mine(script)
        info: dict[str, Json] = {
            "address": wallet.address_of(script),
            "scriptPubKey": script.hex(),
            "ismine": mine,
            "solvable": False,
        }
        managers = wallet.keyring.managers_for(script)
        if managers:
            info["solvable"] = True
            info["desc"] = wallet.keyring.describe(script)
            info["parent_desc"] = managers[0].public_text
        info["iswatchonly"] = False
        info.update(describe_own_address(wallet, script))
        info["ischange"] = is_change(wallet, script)
        if managers:
            info["timestamp"] = managers[0].created
            origin = wallet.keyring.key_origin(script)
            if origin is not None:
                info["hdkeypath"] = origin.path
                info["hdseedid"] = "00" * 20
                info["hdmasterfingerprint"] = origin.fingerprint.hex()
        label = wallet.addresses.label(script)
        info["labels"] = [] if label is None else [label]
    return info


@rpc_method(
    category="wallet",
    help="Returns the addresses with a label.",
    params=(Param("label", ParamType.STR, "The label"),),
    result='object: for each address an object with its "purpose", "send" or "receive"',
    examples=(cli_example("getaddressesbylabel", '"rent"'), http_example("getaddressesbylabel", '"rent"')),
)
def getaddressesbylabel(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    label = label_from(args.raw("label"))
    with wallet.lock:
        result: dict[str, Json] = {
            str(wallet.address_of(entry.script)): {"purpose": entry.purpose or "unknown"}
            for entry, found in wallet.addresses.labelled()
            if found == label
        }
    if not result:
        raise RpcError(RpcErrorCode.WALLET_INVALID_LABEL_NAME, f"No addresses with label {label}")
    return result


@rpc_method(
    category="wallet",
    help="Returns all labels, or those of addresses with a purpose.",
    params=(Param("purpose", ParamType.STR, '"send" or "receive"; left out or empty for all', required=False),),
    result="array of strings",
    examples=(cli_example("listlabels", "receive"), http_example("listlabels", '"receive"')),
)
def listlabels(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    purpose = args.opt_str("purpose") or ""
    if purpose not in ("", RECEIVE, SEND, "refund"):
        raise invalid("Invalid 'purpose' argument, must be a known purpose string, typically 'send', or 'receive'.")
    with wallet.lock:
        labels = {label for entry, label in wallet.addresses.labelled() if purpose in ("", entry.purpose)}
    return [*sorted(labels)]


METHODS = (
    getnewaddress,
    getrawchangeaddress,
    setlabel,
    listaddressgroupings,
    keypoolrefill,
    getaddressinfo,
    getaddressesbylabel,
    listlabels,
)
