"""RPC methods about descriptors and the keys in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.chain import BroadcastMethod
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import as_bool, as_int, as_obj, as_str, type_name
from moneyrocket.script.address import has_address
from moneyrocket.wallet.address_book import RECEIVE
from moneyrocket.wallet.chain_follower import resubmit
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.util import (
    ensure_unlocked,
    invalid,
    label_from,
    wallet_error,
    wallet_of,
)
from moneyrocket.wallet.scan import TIMESTAMP_WINDOW, reserve_scan, scan_from_time
from moneyrocket.wallet.settings import parse_output_type
from moneyrocket.wallet.wallet import Wallet

if TYPE_CHECKING:
    from moneyrocket.script.descriptors import Descriptor

_MAX_RANGE: Final = 1_000_000
_MIN_TIMESTAMP: Final = 1


@dataclass(frozen=True, slots=True)
class _Range:
    start: int = 0
    end: int = 1
    next_index: int = 0


def parse_range(value: Json) -> tuple[int, int]:
    """Read a range of indexes, given as its end or as [begin, end]; both ends belong to it.

    Raises:
        RpcError: -8 when it is no usable range.
    """
    if type_name(value) == "number":
        low, high = 0, as_int(value, bits=64)
    elif isinstance(value, list) and len(value) == 2:
        low, high = as_int(value[0], bits=64), as_int(value[1], bits=64)
        if low > high:
            raise invalid("Range specified as [begin,end] must not have begin after end")
    else:
        raise invalid("Range must be specified as end or as [begin,end]")
    if low < 0:
        raise invalid("Range should be greater or equal than 0")
    if high >> 31:
        raise invalid("End of range is too high")
    if high >= low + _MAX_RANGE:
        raise invalid("Range is too large")
    return low, high


def _timestamp(request: dict[str, Json], now: int) -> int:
    value = request.get("timestamp")
    if value is None:
        raise RpcError(RpcErrorCode.TYPE_ERROR, "Missing required timestamp field for key")
    if value == "now":
        return now
    if type_name(value) == "number":
        return as_int(value, bits=64)
    raise RpcError(
        RpcErrorCode.TYPE_ERROR,
        f'Expected number or "now" timestamp value for key. got type {type_name(value)}',
    )


def _range(wallet: Wallet, request: dict[str, Json], descriptor: Descriptor, warnings: list[Json]) -> _Range:
    if not descriptor.is_range:
        if "range" in request:
            raise invalid("Range should not be specified for an un-ranged descriptor")
        return _Range()
    if "range" in request:
        start, last = parse_range(request["range"])
        end = last + 1
    else:
        warnings.append("Range not given, using default keypool range")
        start, end = 0, wallet.settings.keypool_size
    next_index = start
    if "next_index" in request:
        next_index = as_int(request["next_index"], bits=64)
        if not start <= next_index < end:
            raise invalid("next_index is out of range")
    return _Range(start, end, next_index)


def _import(wallet: Wallet, request: dict[str, Json], timestamp: int) -> dict[str, Json]:
    warnings: list[Json] = []
    result: dict[str, Json]
    try:
        with wallet.database.transaction():
            _import_descriptors(wallet, request, timestamp, warnings)
        result = {"success": True}
    except RpcError as error:
        result = {"success": False, "error": {"code": error.code, "message": error.message}}
    if warnings:
        result["warnings"] = warnings
    return result


def _import_descriptors(wallet: Wallet, request: dict[str, Json], timestamp: int, warnings: list[Json]) -> None:
    from moneyrocket.script.descriptors import DescriptorError, parse_descriptors

    if "desc" not in request:
        raise invalid("Descriptor not found.")
    text = as_str(request["desc"])
    active = as_bool(request["active"]) if "active" in request else False
    label = label_from(request.get("label"))
    try:
        parsed = parse_descriptors(text, wallet.params, require_checksum=True)
    except DescriptorError as error:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, str(error)) from error
    first = parsed[0]
    internal = False
    if "internal" in request:
        if len(parsed) > 1:
            raise RpcError(
                RpcErrorCode.INVALID_ADDRESS_OR_KEY,
                "Cannot have multipath descriptor while also specifying 'internal'",
            )
        internal = as_bool(request["internal"])
    indexes = _range(wallet, request, first, warnings)
    if active and not first.is_range:
        raise invalid("Active descriptors must be ranged")
    if "label" in request:
        if len(parsed) > 1:
            raise invalid("Multipath descriptors should not have a label")
        if first.is_range:
            raise invalid("Ranged descriptors should not have a label")
        if internal:
            raise invalid("Internal addresses should not have a label")
    if active and not first.is_single_type:
        raise wallet_error("Combo descriptors cannot be set to active")
    if not wallet.has_private_keys and first.has_private_keys:
        raise wallet_error("Cannot import private keys to a wallet with private keys disabled")
    for number, descriptor in enumerate(parsed):
        for_change = number == 1 if len(parsed) == 2 else internal
        _add_descriptor(wallet, text, descriptor, timestamp, indexes, warnings)
        _finish_import(wallet, descriptor, label=label, active=active, internal=for_change, warnings=warnings)


def _add_descriptor(
    wallet: Wallet, text: str, descriptor: Descriptor, timestamp: int, indexes: _Range, warnings: list[Json]
) -> None:
    from moneyrocket.script.descriptors import DescriptorError

    try:
        descriptor.expand(0)
        descriptor.to_string(wallet.params, normalized=True)
    except DescriptorError as error:
        raise wallet_error(
            "Cannot expand descriptor. Probably because of hardened derivations without private keys provided"
        ) from error
    if wallet.has_private_keys:
        if not descriptor.has_private_keys:
            raise wallet_error("Cannot import descriptor without private keys to a wallet with private keys enabled")
        if not all(key.has_private_key for key in descriptor.keys):
            warnings.append("Not all private keys provided. Some wallet functionality may return unexpected errors")
    try:
        wallet.keyring.add(
            descriptor,
            created=timestamp,
            range_start=indexes.start,
            range_end=indexes.end,
            next_index=indexes.next_index,
        )
    except WalletError as error:
        raise wallet_error(f"Could not add descriptor '{text}': {error}") from error


def _finish_import(
    wallet: Wallet, descriptor: Descriptor, *, label: str, active: bool, internal: bool, warnings: list[Json]
) -> None:
    manager = wallet.keyring.find(descriptor)
    assert manager is not None
    if not descriptor.is_range and not internal:
        for script in manager.scripts_at(0):
            if has_address(script):
                wallet.addresses.set_label(script, label, RECEIVE)
    kind = parse_output_type(descriptor.output_type or "")
    if active and kind is None:
        warnings.append("Unknown output type, cannot set descriptor to active.")
    elif active and kind is not None:
        wallet.keyring.activate(manager, kind, internal)
    elif kind is not None:
        wallet.keyring.deactivate(manager, kind, internal)


@rpc_method(
    category="wallet",
    help="Adds descriptors to the wallet, then reads the blocks since the earliest of their timestamps. "
    "Back the wallet up afterwards. A descriptor with two paths is imported as one for receiving and one for change.",
    params=(
        Param(
            "requests",
            ParamType.ARR,
            "The descriptors",
            oneline="requests",
            inner=(
                Param(
                    "",
                    ParamType.OBJ,
                    required=False,
                    inner=(
                        Param("desc", ParamType.STR, "The descriptor with its checksum"),
                        Param("active", ParamType.BOOL, "New addresses of its type come from it", default=False),
                        Param("range", ParamType.RANGE, "Indexes: the last one or [begin,end]", required=False),
                        Param("next_index", ParamType.NUM, "Next index to hand out", required=False),
                        Param(
                            "timestamp",
                            ParamType.NUM,
                            'Unix time before which nothing paid to it, or "now" to read no blocks',
                            type_text='timestamp | "now"',
                        ),
                        Param("internal", ParamType.BOOL, "It is for change", default=False),
                        Param("label", ParamType.STR, "Label of its address", default=""),
                    ),
                ),
            ),
        ),
    ),
    result='array with an object for each descriptor: "success", "warnings", "error"',
    examples=(cli_example("importdescriptors", '\'[{ "desc": "<descriptor>", "timestamp": 1455191478 }]\''),),
)
def importdescriptors(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    requests = [as_obj(value) for value in args.list("requests")]
    try:
        with reserve_scan(wallet) as scan:
            wallet.wait_until_synced()
            with wallet.lock:
                ensure_unlocked(wallet)
                tip = wallet.chain.find_block(wallet.ledger.tip_hash)
                now = tip.median_time_past if tip is not None else 0
                lowest = tip.time if tip is not None else 0
                results: list[dict[str, Json]] = []
                for request in requests:
                    timestamp = max(_timestamp(request, now), _MIN_TIMESTAMP)
                    results.append(_import(wallet, request, timestamp))
                    lowest = min(lowest, timestamp)
                wallet.ledger.refresh_coins()
                wallet.events.all_transactions()
            if any(result["success"] for result in results):
                scanned = scan_from_time(wallet, scan, lowest)
                resubmit(wallet, BroadcastMethod.MEMPOOL_ONLY, force=True)
                if scan.aborted:
                    raise RpcError(RpcErrorCode.MISC_ERROR, "Rescan aborted by user.")
                if scanned > lowest:
                    results = [
                        _rescan_failure(wallet, result, _timestamp(request, now), scanned)
                        for request, result in zip(requests, results, strict=True)
                    ]
    except WalletError as error:
        raise wallet_error(str(error)) from error
    return [*results]


def _rescan_failure(wallet: Wallet, result: dict[str, Json], timestamp: int, scanned: int) -> dict[str, Json]:
    if scanned <= timestamp or "error" in result:
        return result
    message = (
        f"Rescan failed for descriptor with timestamp {timestamp}. There was an error reading a block from time "
        f"{scanned - TIMESTAMP_WINDOW - 1}, which is after or within {TIMESTAMP_WINDOW} seconds of key creation, and "
        "could contain transactions pertaining to the desc. As a result, transactions and coins using this desc may "
        "not appear in the wallet."
    )
    if wallet.chain.have_pruned():
        message += (
            " This error could be caused by pruning or data corruption (see moneyrocketd log for details) and could "
            "be dealt with by downloading and rescanning the relevant blocks (see -reindex option and "
            "rescanblockchain RPC)."
        )
    else:
        message += (
            " This error could potentially caused by data corruption. If the issue persists you may want to reindex "
            "(see -reindex option)."
        )
    return {"success": False, "error": {"code": int(RpcErrorCode.MISC_ERROR), "message": message}}


@rpc_method(
    category="wallet",
    help="Returns all descriptors of the wallet.",
    params=(Param("private", ParamType.BOOL, "Show private keys", default=False),),
    result='object: "wallet_name" and "descriptors", an array of objects with desc, timestamp, active, internal, '
    "range and next_index",
    examples=(cli_example("listdescriptors", "true"), http_example("listdescriptors", "true")),
)
def listdescriptors(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    private = args.bool("private")
    if private and not wallet.has_private_keys:
        raise wallet_error("Can't get private descriptor string for watch-only wallets")
    with wallet.lock:
        if private:
            ensure_unlocked(wallet)
        entries: list[dict[str, Json]] = []
        for found in wallet.keyring.managers.values():
            internal = wallet.keyring.activity(found)
            entry: dict[str, Json] = {
                "desc": found.private_text if private else found.public_text,
                "timestamp": found.created,
                "active": internal is not None,
            }
            if internal is not None:
                entry["internal"] = internal
            if found.is_range:
                entry["range"] = [found.row.range_start, found.row.range_end - 1]
                entry["next"] = found.row.next_index
                entry["next_index"] = found.row.next_index
            entries.append(entry)
    entries.sort(key=lambda entry: str(entry["desc"]))
    return {"wallet_name": wallet.name, "descriptors": [*entries]}


@rpc_method(
    category="wallet",
    help="Returns the extended keys (BIP32) of the wallet, and the descriptors that use them.",
    params=(
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            inner=(
                Param("active_only", ParamType.BOOL, "Only keys of active descriptors", default=False),
                Param("private", ParamType.BOOL, "Show private keys", default=False),
            ),
        ),
    ),
    result='array of objects: "xpub", "has_private", "xprv" and "descriptors"',
    examples=(cli_example("gethdkeys"), http_example("gethdkeys")),
)
def gethdkeys(manager: WalletManager, args: Args) -> Json:
    from moneyrocket.script.descriptors.key_expression import ExtendedKeyExpression

    wallet = wallet_of(manager, args)
    options = args.obj("options")
    active_only = as_bool(options.get("active_only", False))
    private = as_bool(options.get("private", False))
    with wallet.lock:
        if private:
            ensure_unlocked(wallet)
        users: dict[str, list[Json]] = {}
        secrets: dict[str, str] = {}
        for found in wallet.keyring.managers.values():
            active = wallet.keyring.activity(found) is not None
            if active_only and not active:
                continue
            for key in dict.fromkeys(found.descriptor.keys):
                if not isinstance(key, ExtendedKeyExpression):
                    continue
                xpub = key.key.to_xpub(wallet.params)
                users.setdefault(xpub, []).append({"desc": found.public_text, "active": active})
                if key.key.secret is not None:
                    secrets[xpub] = key.key.to_xprv(wallet.params)
    result: list[Json] = []
    for xpub in sorted(users):
        entry: dict[str, Json] = {"xpub": xpub, "has_private": xpub in secrets}
        if private and xpub in secrets:
            entry["xprv"] = secrets[xpub]
        entry["descriptors"] = sorted(users[xpub], key=lambda user: str(as_obj(user)["desc"]))
        result.append(entry)
    return result


METHODS = (importdescriptors, listdescriptors, gethdkeys)
