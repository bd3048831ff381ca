"""RPC methods that make, read, sign and combine raw transactions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
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
from moneyrocket.rpc.transaction_args import CREATE_PARAMS, construct_transaction
from moneyrocket.rpc.transaction_json import decode_transaction_hex, script_json, transaction_json
from moneyrocket.rpc.values import as_str, parse_hex

if TYPE_CHECKING:
    from moneyrocket.script.signing_provider import SigningProvider

_NO_INPUTS = "Make sure the tx has at least one input."


@rpc_method(
    category="rawtransactions",
    help="Makes a transaction from inputs and outputs. It is neither signed, nor kept, nor sent.",
    params=CREATE_PARAMS,
    result="hex string: the transaction",
    examples=(
        cli_example("createrawtransaction", '"[{\\"txid\\":\\"myid\\",\\"vout\\":0}]" "[{\\"address\\":0.01}]"'),
        cli_example("createrawtransaction", '"[{\\"txid\\":\\"myid\\",\\"vout\\":0}]" "[{\\"data\\":\\"00010203\\"}]"'),
        http_example("createrawtransaction", '[{"txid":"myid","vout":0}], [{"address":0.01}]'),
    ),
)
def createrawtransaction(node: NodeContext, args: Args) -> Json:
    replaceable = None if args.is_null("replaceable") else args.bool("replaceable")
    tx = construct_transaction(
        args.raw("inputs"),
        args.raw("outputs"),
        args.given("locktime"),
        replaceable,
        args.raw("version"),
        node.params,
    )
    return tx.serialize().hex()


@rpc_method(
    category="rawtransactions",
    help="Shows a serialized transaction as an object.",
    params=(
        Param("hexstring", ParamType.HEX, "The transaction"),
        Param(
            "iswitness",
            ParamType.BOOL,
            "Whether it is serialized with witness data, which matters for transactions without inputs",
            default_hint="depends on heuristic tests",
        ),
    ),
    result='object: "txid", "hash", "version", "size", "vsize", "weight", "locktime", "vin", "vout"',
    examples=(cli_example("decoderawtransaction", '"hexstring"'), http_example("decoderawtransaction", '"hexstring"')),
)
def decoderawtransaction(node: NodeContext, args: Args) -> Json:
    tx = decode_transaction_hex(args.str("hexstring"), witness=args.opt_bool("iswitness"))
    if tx is None:
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "TX decode failed")
    return transaction_json(tx, node.params, with_hex=False)


@rpc_method(
    category="rawtransactions",
    help="Shows a script as an object, with the addresses that pay to it.",
    params=(Param("hexstring", ParamType.HEX, "The script"),),
    result=(
        'object: "asm", "desc", "type", "address"; "p2sh" and "segwit" (an object) with the addresses that wrap it, '
        "if that makes sense"
    ),
    examples=(cli_example("decodescript", '"hexstring"'), http_example("decodescript", '"hexstring"')),
)
def decodescript(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.address import encode_address
    from moneyrocket.script.signing_provider import SigningProvider
    from moneyrocket.script.standard import p2sh
    from moneyrocket.script.wrapping import can_wrap_in_p2sh, segwit_form

    text = args.str("hexstring")
    script = parse_hex(text, "argument") if text else b""
    result = script_json(script, node.params, with_hex=False)
    if not can_wrap_in_p2sh(script):
        return result
    result["p2sh"] = encode_address(p2sh(script), node.params)
    wrapped = segwit_form(script)
    if wrapped is not None:
        from moneyrocket.primitives.hashes import hash160

        provider = SigningProvider(scripts={hash160(script): script})
        shown = script_json(wrapped, node.params, provider=provider)
        shown["p2sh-segwit"] = encode_address(p2sh(wrapped), node.params)
        result["segwit"] = shown
    return result


@rpc_method(
    category="rawtransactions",
    help="Combines several copies of one transaction that are signed in parts.",
    params=(
        Param(
            "txs",
            ParamType.ARR,
            "The copies",
            inner=(Param("hexstring", ParamType.HEX, "A transaction", required=False),),
        ),
    ),
    result="hex string: the transaction with all signatures",
    examples=(cli_example("combinerawtransaction", '\'["myhex1", "myhex2", "myhex3"]\''),),
)
def combinerawtransaction(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.sighash import SIGHASH_ALL, TransactionHasher
    from moneyrocket.script.signature_creator import TransactionSignatureCreator
    from moneyrocket.script.signature_data import SignatureData
    from moneyrocket.script.signature_extract import signature_data_of
    from moneyrocket.script.signing import produce_signature
    from moneyrocket.script.signing_provider import SigningProvider

    copies = _decode_copies(args.list("txs"))
    coins = _find_coins(node, copies[0])
    inputs = list(copies[0].inputs)
    spent = [coins.get(txin.prevout) for txin in inputs]
    known = [out for out in spent if out is not None]
    if len(known) != len(inputs):
        raise RpcError(RpcErrorCode.VERIFY_ERROR, "Input not found or already spent")
    hashers = [TransactionHasher(tx, known) for tx in copies]
    for number, out in enumerate(known):
        data = SignatureData()
        for hasher in hashers:
            data = data.merge(signature_data_of(hasher, number, out))
        creator = TransactionSignatureCreator(hashers[0], number, out.value, SIGHASH_ALL)
        produce_signature(SigningProvider(), creator, out.script_pubkey, data)
        inputs[number] = data.apply(inputs[number])
    return replace(copies[0], inputs=tuple(inputs)).serialize().hex()


def _decode_copies(texts: list[Json]) -> list[Transaction]:
    if len(texts) < 2:
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "Missing transactions. At least two transactions required.")
    copies: list[Transaction] = []
    for number, text in enumerate(texts):
        tx = decode_transaction_hex(as_str(text))
        if tx is None:
            raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, f"TX decode failed for tx {number}. {_NO_INPUTS}")
        copies.append(tx)
    unsigned = [_unsigned(tx).txid for tx in copies]
    for number, txid in enumerate(unsigned):
        if txid != unsigned[0]:
            raise RpcError(
                RpcErrorCode.INVALID_PARAMETER,
                f"Transaction number {number + 1} not compatible with first transaction",
            )
    return copies


def _unsigned(tx: Transaction) -> Transaction:
    return replace(tx, inputs=tuple(replace(txin, script_sig=b"", witness=()) for txin in tx.inputs))


@rpc_method(
    category="rawtransactions",
    help="Signs the inputs of a transaction with the given private keys.",
    params=(
        Param("hexstring", ParamType.STR, "The transaction"),
        Param(
            "privkeys",
            ParamType.ARR,
            "The private keys",
            inner=(Param("privatekey", ParamType.HEX, "A private key in base58", required=False),),
        ),
        PREVTXS_PARAM,
        SIGHASH_PARAM,
    ),
    result='object: "hex", "complete", and "errors" for inputs that do not satisfy what they spend',
    examples=(
        cli_example("signrawtransactionwithkey", '"myhex" "[\\"key1\\",\\"key2\\"]"'),
        http_example("signrawtransactionwithkey", '"myhex", "[\\"key1\\",\\"key2\\"]"'),
    ),
)
def signrawtransactionwithkey(node: NodeContext, args: Args) -> Json:
    from moneyrocket.script.signing import sign_transaction

    tx = decode_transaction_hex(args.str("hexstring"))
    if tx is None:
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, f"TX decode failed. {_NO_INPUTS}")
    provider = _provider_of_keys([as_str(key) for key in args.list("privkeys")], node)
    coins = _find_coins(node, tx)
    scripts: dict[bytes, bytes] = {}
    parse_prevouts(args.raw("prevtxs"), coins, scripts)
    hash_type = parse_sighash_type(args.raw("sighashtype"))
    result = sign_transaction(tx, coins, replace(provider, scripts=scripts), hash_type)
    return sign_result_json(result, coins)


def _provider_of_keys(texts: list[str], node: NodeContext) -> SigningProvider:
    from moneyrocket.script.keys import InvalidKeyError, PrivateKey
    from moneyrocket.script.signing_provider import SigningProvider

    try:
        keys = [PrivateKey.from_wif(text, node.params) for text in texts]
    except InvalidKeyError:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Invalid private key") from None
    return SigningProvider(
        public_keys={key.public_key.key_id: key.public_key for key in keys},
        private_keys={key.public_key.key_id: key for key in keys},
        x_only_keys={key.public_key.x_only: key.public_key.key_id for key in keys},
    )


def _find_coins(node: NodeContext, tx: Transaction) -> dict[OutPoint, TxOut]:
    """The outputs that ``tx`` spends, as far as chain and mempool have them."""
    from moneyrocket.node.mempool_coins import MempoolCoins

    with node.chainman.lock, node.mempool.lock:
        view = MempoolCoins(node.chainman, node.mempool)
        found = {txin.prevout: view.get(txin.prevout) for txin in tx.inputs}
    return {outpoint: coin.out for outpoint, coin in found.items() if coin is not None}


METHODS = (
    createrawtransaction,
    decoderawtransaction,
    decodescript,
    combinerawtransaction,
    signrawtransactionwithkey,
)
