"""RPC methods about balances and coins."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import (
    amount_from_json,
    amount_json,
    as_bool,
    as_int,
    as_obj,
    as_str,
    check_object,
    parse_hash,
)
from moneyrocket.wallet.available import CoinFilter, available_coins
from moneyrocket.wallet.balance import balances
from moneyrocket.wallet.coin_control import MAX_DEPTH, CoinControl
from moneyrocket.wallet.coins import SpendableCoin
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.util import (
    avoid_reuse_from,
    invalid,
    label_from,
    last_processed_block,
    parent_descriptors,
    script_from,
    synced_wallet_of,
    wallet_error,
)
from moneyrocket.wallet.wallet import Wallet

_MINCONF: Final = Param("minconf", ParamType.NUM, "Confirmations that a transaction needs to count", default=1)
_IMMATURE: Final = Param(
    "include_immature_coinbase", ParamType.BOOL, "Count block rewards that cannot be spent yet", default=False
)


def _received(wallet: Wallet, args: Args, scripts: list[bytes]) -> Json:
    own = {script for script in scripts if wallet.is_mine(script)}
    if not own:
        raise wallet_error("Address not found in wallet")
    min_depth, include_immature = args.int("minconf"), args.bool("include_immature_coinbase")
    amount = 0
    for wtx in wallet.ledger.txs.values():
        depth = wallet.ledger.depth(wtx)
        if depth < min_depth or (wtx.tx.is_coinbase and depth < 1):
            continue
        if wallet.ledger.is_immature(wtx) and not include_immature:
            continue
        amount += sum(out.value for out in wtx.tx.outputs if out.script_pubkey in own)
    return amount_json(amount)


@rpc_method(
    category="wallet",
    help="Returns what an address of the wallet received in total.",
    params=(Param("address", ParamType.STR, "The address"), _MINCONF, _IMMATURE),
    result="numeric: amount in BTC",
    examples=(cli_example("getreceivedbyaddress", '"bcrt1q…" 6'),),
)
def getreceivedbyaddress(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        return _received(wallet, args, [script_from(wallet, args.str("address"), "Invalid Bitcoin address")])


@rpc_method(
    category="wallet",
    help="Returns what the addresses with a label received in total.",
    params=(Param("label", ParamType.STR, 'The label; "" is the default label'), _MINCONF, _IMMATURE),
    result="numeric: amount in BTC",
    examples=(cli_example("getreceivedbylabel", '"rent" 6'),),
)
def getreceivedbylabel(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        scripts = wallet.addresses.scripts_with_label(label_from(args.raw("label")))
        if not scripts:
            raise wallet_error("Label not found in wallet")
        return _received(wallet, args, scripts)


@rpc_method(
    category="wallet",
    help="Returns the money that the wallet considers spendable.",
    params=(
        Param("dummy", ParamType.STR, 'Left from older versions; leave it out or give "*"', required=False),
        Param("minconf", ParamType.NUM, "Confirmations that a coin needs to count", default=0),
        Param("include_watchonly", ParamType.BOOL, "No longer used", default=False),
        Param(
            "avoid_reuse",
            ParamType.BOOL,
            "Leave out coins on addresses that were spent from (only for wallets that avoid reuse)",
            default_hint="true",
        ),
    ),
    result="numeric: amount in BTC",
    examples=(cli_example("getbalance", '"*" 6'), http_example("getbalance", '"*", 6')),
)
def getbalance(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    if (args.opt_str("dummy") or "*") != "*":
        raise RpcError(RpcErrorCode.METHOD_DEPRECATED, 'dummy first argument must be excluded or set to "*".')
    with wallet.lock:
        avoid_reuse = avoid_reuse_from(wallet, args.opt_bool("avoid_reuse"))
        return amount_json(balances(wallet, min_depth=args.int("minconf"), avoid_reuse=avoid_reuse).trusted)


@rpc_method(
    category="wallet",
    help="Returns all balances of the wallet, by how sure they are.",
    result='object: "mine" with trusted, untrusted_pending, immature, nonmempool and (when reuse is avoided) used, '
    'all in BTC; "lastprocessedblock"',
    examples=(cli_example("getbalances"), http_example("getbalances")),
)
def getbalances(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        found = balances(wallet, include_nonmempool=True)
        mine: dict[str, Json] = {
            "trusted": amount_json(found.trusted),
            "untrusted_pending": amount_json(found.untrusted_pending),
            "immature": amount_json(found.immature),
            "nonmempool": amount_json(found.nonmempool),
        }
        if WalletFlag.AVOID_REUSE in wallet.flags:
            mine["used"] = amount_json(found.used)
        return {"mine": mine, "lastprocessedblock": last_processed_block(wallet)}


@rpc_method(
    category="wallet",
    help="Locks outputs, so that they are not chosen for payments, or unlocks them. "
    "Without outputs, unlocking unlocks all. A lock lasts until the wallet is unloaded, unless it is persistent.",
    params=(
        Param("unlock", ParamType.BOOL, "true to unlock, false to lock"),
        Param(
            "transactions",
            ParamType.ARR,
            "The outputs",
            required=False,
            inner=(
                Param(
                    "",
                    ParamType.OBJ,
                    required=False,
                    inner=(
                        Param("txid", ParamType.HEX, "Id of the transaction"),
                        Param("vout", ParamType.NUM, "Index of the output"),
                    ),
                ),
            ),
        ),
        Param("persistent", ParamType.BOOL, "Store the lock in the wallet; ignored when unlocking", default=False),
    ),
    result="boolean: true",
    examples=(cli_example("lockunspent", 'false \'[{"txid":"mytxid","vout":1}]\''),),
)
def lockunspent(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    unlock, persistent = args.bool("unlock"), args.bool("persistent")
    with wallet.lock, wallet.database.transaction():
        ledger = wallet.ledger
        given = args.opt_list("transactions")
        if given is None:
            if unlock:
                for outpoint in list(ledger.locked):
                    ledger.unlock(outpoint)
            return True
        chosen = [_lockable(wallet, as_obj(value), unlock=unlock, persistent=persistent) for value in given]
        for outpoint in chosen:
            if unlock:
                ledger.unlock(outpoint)
            else:
                ledger.lock(outpoint, persistent=persistent)
    return True


def _lockable(wallet: Wallet, value: dict[str, Json], *, unlock: bool, persistent: bool) -> OutPoint:
    check_object(value, {"txid": "string", "vout": "number"})
    txid, n = parse_hash(value["txid"], "txid"), as_int(value["vout"])
    if n < 0:
        raise invalid("Invalid parameter, vout cannot be negative")
    outpoint = OutPoint(txid, n)
    wtx = wallet.ledger.txs.get(txid)
    if wtx is None:
        raise invalid("Invalid parameter, unknown transaction")
    if n >= len(wtx.tx.outputs):
        raise invalid("Invalid parameter, vout index out of bounds")
    if wallet.ledger.is_spent(outpoint):
        raise invalid("Invalid parameter, expected unspent output")
    locked = outpoint in wallet.ledger.locked
    if unlock and not locked:
        raise invalid("Invalid parameter, expected locked output")
    if not unlock and locked and not persistent:
        raise invalid("Invalid parameter, output already locked")
    return outpoint


@rpc_method(
    category="wallet",
    help="Returns the locked outputs.",
    result='array of objects with "txid" and "vout"',
    examples=(cli_example("listlockunspent"), http_example("listlockunspent")),
)
def listlockunspent(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        return [{"txid": hash_to_hex(txid), "vout": n} for txid, n in sorted(wallet.ledger.locked)]


_QUERY_OPTIONS: Final = (
    Param("minimumAmount", ParamType.AMOUNT, "Smallest coin, in BTC", default=0),
    Param("maximumAmount", ParamType.AMOUNT, "Largest coin, in BTC", default_hint="unlimited"),
    Param("maximumCount", ParamType.NUM, "Stop at this many coins", default_hint="unlimited"),
    Param("minimumSumAmount", ParamType.AMOUNT, "Stop when the coins add up to this, in BTC", default_hint="unlimited"),
    Param("include_immature_coinbase", ParamType.BOOL, "List block rewards that cannot be spent yet", default=False),
)


def _coin_filter(options: dict[str, Json]) -> CoinFilter:
    check_object(
        options,
        {
            "minimumAmount": "",
            "maximumAmount": "",
            "minimumSumAmount": "",
            "maximumCount": "number",
            "include_immature_coinbase": "bool",
        },
        allow_null=True,
        strict=True,
    )
    bounds = CoinFilter(min_amount=0, check_version=False)
    if "minimumAmount" in options:
        bounds = replace(bounds, min_amount=amount_from_json(options["minimumAmount"]))
    if "maximumAmount" in options:
        bounds = replace(bounds, max_amount=amount_from_json(options["maximumAmount"]))
    if "minimumSumAmount" in options:
        bounds = replace(bounds, min_sum=amount_from_json(options["minimumSumAmount"]))
    if "maximumCount" in options:
        bounds = replace(bounds, max_count=as_int(options["maximumCount"], bits=64))
    if "include_immature_coinbase" in options:
        bounds = replace(bounds, include_immature=as_bool(options["include_immature_coinbase"]))
    return bounds


@rpc_method(
    category="wallet",
    help="Returns unspent coins with a number of confirmations between two bounds, inclusive.",
    params=(
        Param("minconf", ParamType.NUM, "Fewest confirmations", default=1),
        Param("maxconf", ParamType.NUM, "Most confirmations", default=MAX_DEPTH),
        Param(
            "addresses",
            ParamType.ARR,
            "Only coins on these addresses",
            required=False,
            inner=(Param("address", ParamType.STR, required=False),),
        ),
        Param("include_unsafe", ParamType.BOOL, 'List coins whose "safe" is false', default=True),
        Param("query_options", ParamType.OPTIONS, required=False, inner=_QUERY_OPTIONS, oneline="query_options"),
    ),
    result="array of objects: txid, vout, address, label, scriptPubKey, amount in BTC, confirmations, spendable, "
    "solvable, desc, parent_descs, safe and more",
    examples=(cli_example("listunspent", "6 9999999 '[]' true '{ \"minimumAmount\": 0.005 }'"),),
)
def listunspent(manager: WalletManager, args: Args) -> Json:
    min_depth, max_depth = args.int("minconf"), args.int("maxconf")
    addresses = [as_str(value) for value in args.opt_list("addresses") or []]
    bounds = _coin_filter(args.obj("query_options"))
    wallet = synced_wallet_of(manager, args)
    wanted: set[bytes] = set()
    for address in addresses:
        script = script_from(wallet, address, f"Invalid Bitcoin address: {address}")
        if script in wanted:
            raise invalid(f"Invalid parameter, duplicated address: {address}")
        wanted.add(script)
    control = CoinControl(min_depth=min_depth, max_depth=max_depth, include_unsafe=args.bool("include_unsafe"))
    with wallet.lock:
        return [
            _coin_json(wallet, coin)
            for coin in available_coins(wallet, control, bounds)
            if not wanted or coin.out.script_pubkey in wanted
        ]


def _coin_json(wallet: Wallet, coin: SpendableCoin) -> Json:
    script = coin.out.script_pubkey
    entry: dict[str, Json] = {"txid": hash_to_hex(coin.outpoint.txid), "vout": coin.outpoint.n}
    address = wallet.address_of(script)
    if address is not None:
        entry["address"] = address
        label = wallet.addresses.label(script)
        if label is not None:
            entry["label"] = label
        redeem_script, witness_script = wallet.keyring.inner_scripts(script)
        if redeem_script is not None:
            entry["redeemScript"] = redeem_script.hex()
        if witness_script is not None:
            entry["witnessScript"] = witness_script.hex()
    entry["scriptPubKey"] = script.hex()
    entry["amount"] = amount_json(coin.value)
    entry["confirmations"] = coin.depth
    if not coin.depth:
        ancestry = wallet.chain.get_mempool_ancestry(coin.outpoint.txid)
        if ancestry is not None:
            entry["ancestorcount"] = ancestry.ancestors
            entry["ancestorsize"] = ancestry.ancestor_size
            entry["ancestorfees"] = ancestry.ancestor_fees
    entry["spendable"] = True
    entry["solvable"] = coin.solvable
    if coin.solvable:
        entry["desc"] = wallet.keyring.describe(script)
    entry["parent_descs"] = parent_descriptors(wallet, script)
    if WalletFlag.AVOID_REUSE in wallet.flags:
        entry["reused"] = wallet.addresses.was_spent(script)
    entry["safe"] = coin.safe
    return entry


METHODS = (
    getreceivedbyaddress,
    getreceivedbylabel,
    getbalance,
    getbalances,
    lockunspent,
    listlockunspent,
    listunspent,
)
