"""RPC methods that submit, test and fetch raw transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.broadcast import BroadcastError, BroadcastFailure, broadcast_transaction
from moneyrocket.node.context import NodeContext
from moneyrocket.node.feerate import fee_at_rate
from moneyrocket.node.mempool_accept import AcceptResult, accept
from moneyrocket.node.package import (
    AlreadyInMempool,
    DifferentWitness,
    PackageResult,
    accept_package,
    examine_package,
)
from moneyrocket.node.package_rules import MAX_PACKAGE_COUNT, is_child_with_parents_tree
from moneyrocket.primitives.amount import format_money
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.transaction_json import decode_transaction_hex, transaction_json
from moneyrocket.rpc.values import amount_json, as_str, fee_rate_from_json, parse_hash, parse_verbosity
from moneyrocket.script.script import has_valid_ops, is_unspendable

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex

_DEFAULT_MAX_RATE: Final = 10_000_000
"""Fee rate in sat/kvB above which a submitted transaction is taken for a mistake."""
_NO_INPUTS: Final = "Make sure the tx has at least one input."

_MAX_FEE_RATE: Final = Param(
    "maxfeerate",
    ParamType.AMOUNT,
    "Refuse transactions that pay a higher fee rate, BTC/kvB; 0 for no limit, 1 and more is not possible",
    default=format_money(_DEFAULT_MAX_RATE),
)
_MAX_BURN: Final = Param(
    "maxburnamount",
    ParamType.AMOUNT,
    "Refuse transactions with an unspendable output (such as data behind OP_RETURN) of a higher amount, BTC",
    default=format_money(0),
)


def _decode(text: str, error: str) -> Transaction:
    tx = decode_transaction_hex(text)
    if tx is None:
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, f"{error} {_NO_INPUTS}")
    return tx


def _decode_all(args: Args, name: str) -> list[Transaction]:
    texts = [as_str(text) for text in args.list(name)]
    if not 1 <= len(texts) <= MAX_PACKAGE_COUNT:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER, f"Array must contain between 1 and {MAX_PACKAGE_COUNT} transactions."
        )
    return [_decode(text, f"TX decode failed: {text}") for text in texts]


def _check_burn(tx: Transaction, max_burn: int) -> None:
    for txout in tx.outputs:
        script = txout.script_pubkey
        if txout.value > max_burn and (is_unspendable(script) or not has_valid_ops(script)):
            raise _rpc_error(BroadcastError(BroadcastFailure.MAX_BURN_EXCEEDED))


def _rpc_error(error: BroadcastError) -> RpcError:
    codes = {
        BroadcastFailure.MEMPOOL_REJECTED: RpcErrorCode.VERIFY_REJECTED,
        BroadcastFailure.ALREADY_IN_UTXO_SET: RpcErrorCode.VERIFY_ALREADY_IN_UTXO_SET,
    }
    return RpcError(codes.get(error.failure, RpcErrorCode.VERIFY_ERROR), error.message)


@rpc_method(
    category="rawtransactions",
    help=(
        "Submits a signed transaction to the mempool and announces it to all peers. One that is in the mempool already "
        "is announced again, which may tell peers where it came from."
    ),
    params=(Param("hexstring", ParamType.HEX, "The transaction"), _MAX_FEE_RATE, _MAX_BURN),
    result="hex string: id of the transaction",
    examples=(cli_example("sendrawtransaction", '"signedhex"'), http_example("sendrawtransaction", '"signedhex"')),
)
def sendrawtransaction(node: NodeContext, args: Args) -> Json:
    max_burn = args.amount("maxburnamount")
    tx = _decode(args.str("hexstring"), "TX decode failed.")
    _check_burn(tx, max_burn)
    max_rate = fee_rate_from_json(args.raw("maxfeerate"))
    try:
        broadcast_transaction(node, tx, fee_at_rate(max_rate, tx.vsize))
    except BroadcastError as error:
        raise _rpc_error(error) from error
    return hash_to_hex(tx.txid)


@rpc_method(
    category="rawtransactions",
    help=(
        f"Tells whether transactions would be accepted to the mempool. Up to {MAX_PACKAGE_COUNT} may be given, parents "
        "before children; they must not conflict with one another or with the mempool. If one fails, others may remain "
        "without an answer."
    ),
    params=(
        Param(
            "rawtxs",
            ParamType.ARR,
            "The transactions",
            inner=(Param("rawtx", ParamType.HEX, "A signed transaction", required=False),),
        ),
        _MAX_FEE_RATE,
    ),
    result=(
        "json array of objects, one for each transaction: txid, wtxid, package-error, allowed, vsize_adjusted, vsize, "
        "vsize_bip141, fees (base, effective-feerate, effective-includes), reject-reason, reject-details"
    ),
    examples=(cli_example("testmempoolaccept", "'[\"signedhex\"]'"),),
)
def testmempoolaccept(node: NodeContext, args: Args) -> Json:
    transactions = _decode_all(args, "rawtxs")
    max_rate = fee_rate_from_json(args.raw("maxfeerate"))
    found = _test(node, transactions)
    results: list[Json] = []
    stop = False
    for tx in transactions:
        result: dict[str, Json] = {"txid": hash_to_hex(tx.txid), "wtxid": hash_to_hex(tx.wtxid)}
        if found.is_policy and found.error is not None:
            result["package-error"] = str(found.error)
        outcome = None if stop else found.transactions.get(tx.wtxid)
        if isinstance(outcome, AcceptResult):
            limit = fee_at_rate(max_rate, outcome.vsize)
            if limit and outcome.base_fee > limit:
                result |= {"allowed": False, "reject-reason": "max-fee-exceeded"}
                stop = True
            else:
                result |= {"allowed": True, **_accepted_json(outcome)}
        elif isinstance(outcome, ValidationError):
            result["allowed"] = False
            if outcome.result is TxResult.MISSING_INPUTS:
                result["reject-reason"] = "missing-inputs"
            else:
                result |= {"reject-reason": outcome.reason, "reject-details": str(outcome)}
        results.append(result)
    return results


def _test(node: NodeContext, transactions: Sequence[Transaction]) -> PackageResult:
    if len(transactions) > 1:
        return examine_package(node.chainman, node.mempool, transactions)
    tx = transactions[0]
    try:
        return PackageResult({tx.wtxid: accept(node.chainman, node.mempool, tx, test_only=True)})
    except ValidationError as error:
        return PackageResult({tx.wtxid: error}, ValidationError("transaction failed"))


def _accepted_json(outcome: AcceptResult) -> dict[str, Json]:
    return {
        **_sizes_json(outcome.vsize, outcome.tx),
        "fees": {
            "base": amount_json(outcome.base_fee),
            "effective-feerate": amount_json(outcome.effective_rate),
            "effective-includes": [hash_to_hex(wtxid) for wtxid in outcome.fee_wtxids],
        },
    }


def _sizes_json(vsize: int, tx: Transaction) -> dict[str, Json]:
    return {"vsize_adjusted": vsize, "vsize": vsize, "vsize_bip141": tx.vsize}


@rpc_method(
    category="rawtransactions",
    help=(
        "Submits a transaction together with unconfirmed parents for which it may pay. Whatever is acceptable enters "
        "the mempool, even if the rest does not; being accepted here does not mean that other nodes relay it."
    ),
    params=(
        Param(
            "package",
            ParamType.ARR,
            "Signed transactions: parents that do not depend on one another, then their child; or a single one",
            inner=(Param("rawtx", ParamType.HEX, "A signed transaction", required=False),),
        ),
        _MAX_FEE_RATE,
        _MAX_BURN,
    ),
    result=(
        'json object: package_msg ("success" if all are in the mempool), tx-results (for each wtxid: txid, '
        "other-wtxid, vsize_adjusted, vsize, vsize_bip141, fees, error), replaced-transactions (txids)"
    ),
    examples=(cli_example("submitpackage", '\'["parenthex", "childhex"]\''),),
)
def submitpackage(node: NodeContext, args: Args) -> Json:
    transactions = _decode_all(args, "package")
    max_rate = fee_rate_from_json(args.raw("maxfeerate"))
    max_burn = args.amount("maxburnamount")
    for tx in transactions:
        _check_burn(tx, max_burn)
    if len(transactions) > 1 and not is_child_with_parents_tree(transactions):
        raise RpcError(
            RpcErrorCode.VERIFY_ERROR,
            "package topology disallowed. not child-with-parents or parents depend on each other.",
        )
    found = accept_package(node.chainman, node.mempool, transactions, max_rate or None)
    sent = 0
    for tx in transactions:
        if tx.txid not in node.mempool:
            continue
        try:
            broadcast_transaction(node, tx)
        except BroadcastError as error:
            failed = _rpc_error(error)
            raise RpcError(
                failed.code,
                f"transaction broadcast failed: {error.message} ({sent} transactions were broadcast successfully)",
            ) from error
        sent += 1
    replaced: dict[str, None] = {}
    results: dict[str, Json] = {}
    for tx in transactions:
        outcome = found.transactions.get(tx.wtxid)
        if isinstance(outcome, AcceptResult):
            replaced |= dict.fromkeys(hash_to_hex(old.txid) for old in outcome.replaced)
        results[hash_to_hex(tx.wtxid)] = {"txid": hash_to_hex(tx.txid), **_submitted_json(tx, outcome)}
    return {
        "package_msg": "success" if found.error is None else str(found.error),
        "tx-results": results,
        "replaced-transactions": [*replaced],
    }


def _submitted_json(
    tx: Transaction, outcome: AcceptResult | AlreadyInMempool | DifferentWitness | ValidationError | None
) -> dict[str, Json]:
    match outcome:
        case None:
            return {"error": "package-not-validated"}
        case DifferentWitness():
            return {"other-wtxid": hash_to_hex(outcome.wtxid)}
        case ValidationError():
            return {"error": str(outcome)}
        case AlreadyInMempool():
            return {**_sizes_json(outcome.vsize, tx), "fees": {"base": amount_json(outcome.base_fee)}}
        case AcceptResult():
            return _accepted_json(outcome)


@rpc_method(
    category="rawtransactions",
    help=(
        "Returns a transaction of the mempool, or of a block if its hash is given. Verbosity 0 returns its bytes, 1 an "
        "object, 2 an object that also has the fee and, where undo data is there, the outputs that it spends."
    ),
    params=(
        Param("txid", ParamType.HEX, "Id of the transaction"),
        Param(
            "verbosity",
            ParamType.NUM,
            "0 for hex, 1 for an object, 2 for an object with fee and spent outputs",
            default=0,
            aliases=("verbose",),
            skip_type_check=True,
        ),
        Param("blockhash", ParamType.HEX, "The block in which to look", required=False),
    ),
    result="hex string or json object: the transaction",
    examples=(cli_example("getrawtransaction", '"mytxid" 1'), http_example("getrawtransaction", '"mytxid", 1')),
)
def getrawtransaction(node: NodeContext, args: Args) -> Json:
    txid = parse_hash(args.raw("txid"), "parameter 1")
    if txid == node.params.genesis.header.merkle_root:
        raise RpcError(
            RpcErrorCode.INVALID_ADDRESS_OR_KEY,
            "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved",
        )
    verbosity = parse_verbosity(args.given("verbosity"), 0)
    block = None if args.is_null("blockhash") else _find_block(node, parse_hash(args.raw("blockhash"), "parameter 3"))
    if block is not None:
        return _from_block(node, txid, block, verbosity)
    indexed = node.tx_index is not None and node.tx_index.wait_until_synced()
    entry = node.mempool.entry(txid)
    if entry is None:
        found = node.tx_index.find(txid) if node.tx_index is not None else None
        if found is None:
            raise RpcError(
                RpcErrorCode.INVALID_ADDRESS_OR_KEY,
                f"{_not_found(node, indexed=indexed)}. Use gettransaction for wallet transactions.",
            )
        if verbosity <= 0:
            return found[0].serialize().hex()
        shown = _from_block(node, txid, found[1], verbosity)
        if isinstance(shown, dict):
            del shown["in_active_chain"]
        return shown
    if verbosity <= 0:
        return entry.tx.serialize().hex()
    return {"vsize_adjusted": entry.vsize, **transaction_json(entry.tx, node.params)}


def _not_found(node: NodeContext, *, indexed: bool) -> str:
    if node.tx_index is None:
        return (
            "No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries"
        )
    if not indexed:
        return "No such mempool transaction. Blockchain transactions are still in the process of being indexed"
    return "No such mempool or blockchain transaction"


def _find_block(node: NodeContext, block_hash: bytes) -> BlockIndex:
    index = node.chainman.lookup(block_hash)
    if index is None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Block hash not found")
    return index


def _from_block(node: NodeContext, txid: bytes, index: BlockIndex, verbosity: int) -> Json:
    if not index.have_data:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Block not available")
    block = node.chainman.read_block(index)
    position = next((at for at, tx in enumerate(block.transactions) if tx.txid == txid), None)
    if position is None:
        raise RpcError(
            RpcErrorCode.INVALID_ADDRESS_OR_KEY,
            "No such transaction found in the provided block. Use gettransaction for wallet transactions.",
        )
    tx = block.transactions[position]
    if verbosity <= 0:
        return tx.serialize().hex()
    with node.chainman.lock:
        active = index in node.chainman.active_chain
        tip_height = node.chainman.tip.height
    spent = None
    if verbosity >= 2 and position and index.have_undo:
        spent = node.chainman.read_undo(index).spent[position - 1]
    return {
        "in_active_chain": active,
        **transaction_json(tx, node.params, spent=spent),
        "blockhash": hash_to_hex(index.hash),
        **(
            {"confirmations": tip_height - index.height + 1, "time": index.time, "blocktime": index.time}
            if active
            else {"confirmations": 0}
        ),
    }


METHODS = (sendrawtransaction, testmempoolaccept, submitpackage, getrawtransaction)
