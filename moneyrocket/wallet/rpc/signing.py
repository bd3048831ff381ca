"""RPC methods that sign, and that look at transactions before they are signed."""

from __future__ import annotations

from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxOut
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.signing_args import (
    PREVTXS_PARAM,
    SIGHASH_PARAM,
    parse_prevouts,
    parse_sighash_type,
    sign_result_json,
)
from moneyrocket.rpc.transaction_json import decode_transaction_hex
from moneyrocket.rpc.values import amount_json, as_str
from moneyrocket.script.standard import TxoutType, solve
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.util import ensure_unlocked, invalid, script_from, wallet_of
from moneyrocket.wallet.wallet import Wallet

_DECODE_FAILED: Final = "TX decode failed. Make sure the tx has at least one input."


def _decoded(text: str, message: str) -> Transaction:
    tx = decode_transaction_hex(text)
    if tx is None:
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, message)
    return tx


@rpc_method(
    category="wallet",
    help="Signs a message with the private key of an address.",
    params=(
        Param("address", ParamType.STR, "The address; it must be of the legacy type"),
        Param("message", ParamType.STR, "The message"),
    ),
    result="string: the signature in base 64",
    examples=(cli_example("signmessage", '"1D1Z…" "my message"'),),
)
def signmessage(manager: WalletManager, args: Args) -> Json:
    from moneyrocket.script.message import sign_message

    wallet = wallet_of(manager, args)
    with wallet.lock:
        ensure_unlocked(wallet)
        script = script_from(wallet, args.str("address"), "Invalid address")
        kind, solutions = solve(script)
        if kind is not TxoutType.PUBKEYHASH:
            raise RpcError(RpcErrorCode.TYPE_ERROR, "Address does not refer to key")
        key = wallet.keyring.provider(script, private=True).private_keys.get(solutions[0])
        if key is None:
            raise RpcError(RpcErrorCode.WALLET_ERROR, "Private key not available")
    return sign_message(key, args.str("message"))


@rpc_method(
    category="wallet",
    help="Signs the inputs of a transaction that the wallet has keys for.",
    params=(
        Param("hexstring", ParamType.STR, "The transaction in hex"),
        PREVTXS_PARAM,
        SIGHASH_PARAM,
    ),
    result='object: "hex", "complete", and "errors" for inputs that could not be signed',
    examples=(cli_example("signrawtransactionwithwallet", '"myhex"'),),
)
def signrawtransactionwithwallet(manager: WalletManager, args: Args) -> Json:
    from moneyrocket.script.signing import sign_transaction

    wallet = wallet_of(manager, args)
    tx = _decoded(args.str("hexstring"), _DECODE_FAILED)
    with wallet.lock:
        ensure_unlocked(wallet)
        coins = _coins_of(wallet, tx)
        parse_prevouts(args.raw("prevtxs"), coins, None)
        sighash = parse_sighash_type(args.raw("sighashtype"))
        provider = wallet.keyring.signing_provider(coins)
    return sign_result_json(sign_transaction(tx, coins, provider, sighash), coins)


def _coins_of(wallet: Wallet, tx: Transaction) -> dict[OutPoint, TxOut]:
    outpoints = [txin.prevout for txin in tx.inputs]
    found = wallet.chain.find_coins(outpoints)
    coins = {outpoint: coin.out for outpoint, coin in zip(outpoints, found, strict=True) if coin is not None}
    for outpoint in outpoints:
        out = wallet.ledger.coin(outpoint)
        if outpoint not in coins and out is not None and not wallet.ledger.is_spent(outpoint):
            coins[outpoint] = out
    return coins


@rpc_method(
    category="wallet",
    help="Returns by how much transactions would change the wallet's balance.",
    params=(
        Param(
            "rawtxs",
            ParamType.ARR,
            "The transactions in hex",
            required=False,
            inner=(Param("rawtx", ParamType.HEX, required=False),),
        ),
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            inner=(Param("include_watchonly", ParamType.BOOL, "No longer used", default=False),),
        ),
    ),
    result='object: "balance_change" in BTC, negative for a loss',
    examples=(
        cli_example("simulaterawtransaction", "'[\"myhex\"]'"),
        http_example("simulaterawtransaction", '["hex"]'),
    ),
)
def simulaterawtransaction(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    change = 0
    made: dict[OutPoint, int] = {}
    spent: set[OutPoint] = set()
    with wallet.lock:
        for value in args.list("rawtxs"):
            tx = _decoded(as_str(value), "Transaction hex string decoding failure.")
            outpoints = [txin.prevout for txin in tx.inputs]
            for outpoint, coin in zip(outpoints, wallet.chain.find_coins(outpoints), strict=True):
                if outpoint in spent:
                    raise invalid("Transaction(s) are spending the same output more than once")
                if outpoint in made:
                    change -= made.pop(outpoint)
                elif coin is None:
                    raise invalid("One or more transaction inputs are missing or have been spent already")
                else:
                    own = wallet.ledger.coin(outpoint)
                    change -= own.value if own is not None else 0
                spent.add(outpoint)
            for n, out in enumerate(tx.outputs):
                value_to_us = out.value if wallet.is_mine(out.script_pubkey) else 0
                made[OutPoint(tx.txid, n)] = value_to_us
                change += value_to_us
    return {"balance_change": amount_json(change)}


METHODS = (signmessage, signrawtransactionwithwallet, simulaterawtransaction)
