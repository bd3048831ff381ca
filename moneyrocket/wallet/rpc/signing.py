"""RPC methods that sign, and that look at transactions before they are signed."""

from __future__ import annotations

from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.amount import MAX_MONEY
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import (
    amount_from_json,
    amount_json,
    as_int,
    as_str,
    check_object,
    is_hex,
    parse_hash,
    parse_hex,
)
from moneyrocket.script.standard import TxoutType, solve
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.util import ensure_unlocked, invalid, script_from, wallet_of
from moneyrocket.wallet.wallet import Wallet

_DECODE_FAILED: Final = "TX decode failed. Make sure the tx has at least one input."


def decode_transaction(text: str, message: str) -> Transaction:
    """Read a transaction given in hex, with or without witness data.

    Raises:
        RpcError: -22 with ``message`` when it is none.
    """
    if is_hex(text):
        data = bytes.fromhex(text)
        for allow_witness in (True, False):
            try:
                return Transaction.deserialize(data, allow_witness=allow_witness)
            except DeserializeError:
                continue
    raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, message)


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
        Param(
            "prevtxs",
            ParamType.ARR,
            "Outputs that it spends and that the node does not know",
            required=False,
            inner=(
                Param(
                    "",
                    ParamType.OBJ,
                    required=False,
                    inner=(
                        Param("txid", ParamType.HEX, "Id of the transaction"),
                        Param("vout", ParamType.NUM, "Index of the output"),
                        Param("scriptPubKey", ParamType.HEX, "Its script"),
                        Param("redeemScript", ParamType.HEX, "Script behind P2SH", required=False),
                        Param("witnessScript", ParamType.HEX, "Script behind P2WSH", required=False),
                        Param("amount", ParamType.AMOUNT, "Its amount, needed for witness inputs", required=False),
                    ),
                ),
            ),
        ),
        Param(
            "sighashtype",
            ParamType.STR,
            "DEFAULT, ALL, NONE, SINGLE, or one of the last three followed by |ANYONECANPAY",
            default="DEFAULT",
        ),
    ),
    result='object: "hex", "complete", and "errors" for inputs that could not be signed',
    examples=(cli_example("signrawtransactionwithwallet", '"myhex"'),),
)
def signrawtransactionwithwallet(manager: WalletManager, args: Args) -> Json:
    from moneyrocket.script.signing import sign_transaction

    wallet = wallet_of(manager, args)
    tx = decode_transaction(args.str("hexstring"), _DECODE_FAILED)
    with wallet.lock:
        ensure_unlocked(wallet)
        coins = _coins_of(wallet, tx)
        _add_given_outputs(args.opt_list("prevtxs") or [], coins)
        sighash = _sighash_type(args.str("sighashtype"))
        provider = wallet.keyring.signing_provider(coins)
    result = sign_transaction(tx, coins, provider, sighash)
    errors: list[Json] = []
    for number, problem in sorted(result.errors.items()):
        if problem == "Missing amount":
            out = coins[tx.inputs[number].prevout]
            raise RpcError(RpcErrorCode.TYPE_ERROR, f"Missing amount for {_out_text(out)}")
        errors.append(_input_error(result.tx.inputs[number], problem))
    answer: dict[str, Json] = {"hex": result.tx.serialize().hex(), "complete": result.complete}
    if errors:
        answer["errors"] = errors
    return answer


def _coins_of(wallet: Wallet, tx: Transaction) -> dict[OutPoint, TxOut]:
    outpoints = [txin.prevout for txin in tx.inputs]
    found = wallet.chain.find_coins(outpoints)
    coins = {outpoint: coin.out for outpoint, coin in zip(outpoints, found, strict=True) if coin is not None}
    for outpoint in outpoints:
        out = wallet.ledger.coin(outpoint)
        if outpoint not in coins and out is not None and not wallet.ledger.is_spent(outpoint):
            coins[outpoint] = out
    return coins


def _add_given_outputs(given: list[Json], coins: dict[OutPoint, TxOut]) -> None:
    from moneyrocket.script.asm import script_to_asm

    for value in given:
        if not isinstance(value, dict):
            raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, 'expected object with {"txid\'","vout","scriptPubKey"}')
        check_object(value, {"txid": "string", "vout": "number", "scriptPubKey": "string"})
        n = as_int(value["vout"])
        if n < 0:
            raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "vout cannot be negative")
        outpoint = OutPoint(parse_hash(value["txid"], "txid"), n)
        script = parse_hex(value["scriptPubKey"], "scriptPubKey")
        known = coins.get(outpoint)
        if known is not None and known.script_pubkey != script:
            raise RpcError(
                RpcErrorCode.DESERIALIZATION_ERROR,
                "Previous output scriptPubKey mismatch:\n"
                f"{script_to_asm(known.script_pubkey)}\nvs:\n{script_to_asm(script)}",
            )
        amount = amount_from_json(value["amount"]) if "amount" in value else MAX_MONEY
        coins[outpoint] = TxOut(amount, script)


def _sighash_type(text: str) -> int:
    types = {"DEFAULT": 0, "ALL": 1, "NONE": 2, "SINGLE": 3}
    name, bar, suffix = text.partition("|")
    if name not in types or (bar and (suffix != "ANYONECANPAY" or name == "DEFAULT")):
        raise invalid(f"'{text}' is not a valid sighash parameter.")
    return types[name] | (0x80 if bar else 0)


def _out_text(out: TxOut) -> str:
    whole, rest = divmod(out.value, 100_000_000)
    return f"CTxOut(nValue={whole}.{rest:08d}, scriptPubKey={out.script_pubkey.hex()[:30]})"


def _input_error(txin: TxIn, problem: str) -> Json:
    return {
        "txid": hash_to_hex(txin.prevout.txid),
        "vout": txin.prevout.n,
        "witness": [item.hex() for item in txin.witness],
        "scriptSig": txin.script_sig.hex(),
        "sequence": txin.sequence,
        "error": problem,
    }


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
            tx = decode_transaction(as_str(value), "Transaction hex string decoding failure.")
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
