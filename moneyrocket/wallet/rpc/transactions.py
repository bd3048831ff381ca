"""RPC methods about the wallet's history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.transaction_json import transaction_json as decoded_json
from moneyrocket.rpc.values import amount_json
from moneyrocket.script.address import AddressError
from moneyrocket.wallet.balance import is_change, is_trusted, parts
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.util import (
    ensure_unlocked,
    invalid,
    label_from,
    last_processed_block,
    parent_descriptors,
    synced_wallet_of,
    wallet_error,
    wallet_of,
)
from moneyrocket.wallet.scan import ScanStatus, reserve_scan, scan_blocks
from moneyrocket.wallet.transaction import WalletTx
from moneyrocket.wallet.wallet import Wallet

_UNUSED_WATCHONLY: Final = Param("include_watchonly", ParamType.BOOL, "No longer used", default=False)
_NO_SUCH_TX: Final = "Invalid or non-wallet transaction id"
_ANY_DEPTH: Final = -100_000_000


def transaction_json(wallet: Wallet, wtx: WalletTx) -> dict[str, Json]:
    """The members that describe a transaction in every history."""
    depth = wallet.ledger.depth(wtx)
    entry: dict[str, Json] = {"confirmations": depth}
    if wtx.tx.is_coinbase:
        entry["generated"] = True
    if wtx.is_confirmed and wtx.state.block_hash is not None:
        entry["blockhash"] = hash_to_hex(wtx.state.block_hash)
        entry["blockheight"] = wtx.state.height
        entry["blockindex"] = wtx.state.index
        entry["blocktime"] = wtx.state.block_time
    else:
        entry["trusted"] = is_trusted(wallet, wtx)
    entry["txid"] = hash_to_hex(wtx.txid)
    entry["wtxid"] = hash_to_hex(wtx.tx.wtxid)
    entry["alternate_wtxids"] = []
    entry["walletconflicts"] = [*map(hash_to_hex, wallet.ledger.conflicts(wtx))]
    entry["mempoolconflicts"] = [*map(hash_to_hex, sorted(wtx.mempool_conflicts))]
    entry["time"] = wtx.time
    entry["timereceived"] = wtx.time_received
    if wallet.settings.show_replaceable:
        entry["bip125-replaceable"] = _replaceable(wallet, wtx, depth)
    if wtx.comment is not None:
        entry["comment"] = wtx.comment
    if wtx.comment_to is not None:
        entry["to"] = wtx.comment_to
    if wtx.replaces is not None:
        entry["replaces_txid"] = hash_to_hex(wtx.replaces)
    if wtx.replaced_by is not None:
        entry["replaced_by_txid"] = hash_to_hex(wtx.replaced_by)
    return entry


def _replaceable(wallet: Wallet, wtx: WalletTx, depth: int) -> str:
    """Whether a transaction, or an unconfirmed ancestor that the wallet knows, signals replaceability (BIP125)."""
    if depth > 0:
        return "no"
    todo, seen = [wtx], {wtx.txid}
    while todo:
        current = todo.pop()
        if any(txin.sequence <= 0xFFFFFFFD for txin in current.tx.inputs):
            return "yes"
        for txin in current.tx.inputs:
            parent = wallet.ledger.txs.get(txin.prevout.txid)
            if parent is not None and parent.txid not in seen and wallet.ledger.depth(parent) <= 0:
                seen.add(parent.txid)
                todo.append(parent)
    return "no" if wtx.in_mempool else "unknown"


def history(
    wallet: Wallet,
    wtx: WalletTx,
    *,
    min_depth: int = 0,
    full: bool = True,
    label: str | None = None,
    include_change: bool = False,
) -> list[Json]:
    """One entry for every output of a transaction that was sent or received.

    Args:
        wallet: the wallet.
        wtx: the transaction.
        min_depth: confirmations that receipts need.
        full: describe the transaction in each entry.
        label: only receipts on addresses with this label.
        include_change: show change as well.
    """
    found = parts(wallet, wtx, include_change=include_change)
    result: list[Json] = []
    described = transaction_json(wallet, wtx) if full else {}
    for part in found.sent if label is None else ():
        entry: dict[str, Json] = {}
        script = part.out.script_pubkey
        _add_address(wallet, script, entry)
        entry["category"] = "send"
        entry["amount"] = amount_json(-part.out.value)
        known = wallet.addresses.label(script)
        if known is not None:
            entry["label"] = known
        entry["vout"] = part.n
        entry["fee"] = amount_json(-found.fee)
        entry.update(described)
        entry["abandoned"] = wtx.is_abandoned
        result.append(entry)
    depth = wallet.ledger.depth(wtx)
    for part in found.received if depth >= min_depth else ():
        script = part.out.script_pubkey
        known = wallet.addresses.label(script)
        if label is not None and (known or "") != label:
            continue
        entry = {}
        _add_address(wallet, script, entry)
        entry["parent_descs"] = parent_descriptors(wallet, script)
        if not wtx.tx.is_coinbase:
            entry["category"] = "receive"
        elif depth < 1:
            entry["category"] = "orphan"
        else:
            entry["category"] = "immature" if wallet.ledger.is_immature(wtx) else "generate"
        entry["amount"] = amount_json(part.out.value)
        if known is not None:
            entry["label"] = known
        entry["vout"] = part.n
        entry["abandoned"] = wtx.is_abandoned
        entry.update(described)
        result.append(entry)
    return result


def _add_address(wallet: Wallet, script: bytes, entry: dict[str, Json]) -> None:
    address = wallet.address_of(script)
    if address is not None:
        entry["address"] = address


@dataclass(slots=True)
class _Tally:
    amount: int = 0
    depth: int | None = None
    txids: list[Json] = field(default_factory=list)

    def add(self, amount: int, depth: int | None) -> None:
        self.amount += amount
        if depth is not None:
            self.depth = depth if self.depth is None else min(self.depth, depth)


def _tally(wallet: Wallet, args: Args, only: bytes | None) -> dict[bytes, _Tally]:
    min_depth, include_immature = args.int("minconf"), args.bool("include_immature_coinbase")
    tallies: dict[bytes, _Tally] = {}
    for wtx in wallet.ledger.txs.values():
        depth = wallet.ledger.depth(wtx)
        if depth < min_depth or (wtx.tx.is_coinbase and depth < 1):
            continue
        if wallet.ledger.is_immature(wtx) and not include_immature:
            continue
        for out in wtx.tx.outputs:
            script = out.script_pubkey
            if (only is not None and script != only) or not wallet.is_mine(script):
                continue
            tally = tallies.setdefault(script, _Tally())
            tally.add(out.value, depth)
            tally.txids.append(hash_to_hex(wtx.txid))
    return tallies


_RECEIVED_MINCONF: Final = Param("minconf", ParamType.NUM, "Confirmations that a payment needs to count", default=1)
_INCLUDE_EMPTY: Final = Param("include_empty", ParamType.BOOL, "List what received nothing, too", default=False)
_INCLUDE_IMMATURE: Final = Param(
    "include_immature_coinbase", ParamType.BOOL, "Count block rewards that cannot be spent yet", default=False
)


@rpc_method(
    category="wallet",
    help="Returns what each address received.",
    params=(
        _RECEIVED_MINCONF,
        _INCLUDE_EMPTY,
        _UNUSED_WATCHONLY,
        Param("address_filter", ParamType.STR, "Only this address", required=False),
        _INCLUDE_IMMATURE,
    ),
    result="array of objects: address, amount in BTC, confirmations of the youngest payment, label, txids",
    examples=(cli_example("listreceivedbyaddress", "6 true"), http_example("listreceivedbyaddress", "6, true")),
)
def listreceivedbyaddress(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    only: bytes | None = None
    if args.opt_str("address_filter"):
        try:
            only = wallet.script_of(args.str("address_filter"))
        except AddressError as error:
            raise wallet_error("address_filter parameter was invalid") from error
    with wallet.lock:
        tallies = _tally(wallet, args, only)
        result: list[Json] = []
        for entry, label in wallet.addresses.labelled():
            if only is not None and entry.script != only:
                continue
            tally = tallies.get(entry.script)
            if tally is None:
                if not args.bool("include_empty") or not wallet.is_mine(entry.script):
                    continue
                tally = _Tally()
            result.append(
                {
                    "address": wallet.address_of(entry.script),
                    "amount": amount_json(tally.amount),
                    "confirmations": tally.depth or 0,
                    "label": label,
                    "txids": [*tally.txids],
                }
            )
    return result


@rpc_method(
    category="wallet",
    help="Returns what the addresses with each label received.",
    params=(_RECEIVED_MINCONF, _INCLUDE_EMPTY, _UNUSED_WATCHONLY, _INCLUDE_IMMATURE),
    result="array of objects: amount in BTC, confirmations of the youngest payment, label",
    examples=(cli_example("listreceivedbylabel", "6 true"), http_example("listreceivedbylabel", "6, true")),
)
def listreceivedbylabel(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        tallies = _tally(wallet, args, None)
        by_label: dict[str, _Tally] = {}
        for entry, label in wallet.addresses.labelled():
            tally = tallies.get(entry.script)
            if tally is None:
                if not args.bool("include_empty") or not wallet.is_mine(entry.script):
                    continue
                tally = _Tally()
            by_label.setdefault(label, _Tally()).add(tally.amount, tally.depth)
    return [
        {"amount": amount_json(tally.amount), "confirmations": tally.depth or 0, "label": label}
        for label, tally in sorted(by_label.items())
    ]


@rpc_method(
    category="wallet",
    help="Returns the most recent transactions, oldest first, with one entry for each output sent or received.",
    params=(
        Param(
            "label",
            ParamType.STR,
            'Only payments to addresses with this label; "*" for all transactions',
            required=False,
            aliases=("dummy",),
        ),
        Param("count", ParamType.NUM, "How many entries", default=10),
        Param("skip", ParamType.NUM, "How many of the most recent entries to leave out", default=0),
        _UNUSED_WATCHONLY,
    ),
    result="array of objects: address, category, amount in BTC, vout, fee, confirmations, txid, time and more",
    examples=(cli_example("listtransactions", '"*" 20 100'), http_example("listtransactions", '"*", 20, 100')),
)
def listtransactions(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    label: str | None = None
    if not args.is_null("label") and args.str("label") != "*":
        label = label_from(args.raw("label"))
        if not label:
            raise invalid('Label argument must be a valid label name or "*".')
    count, skip = args.int("count"), args.int("skip")
    if count < 0:
        raise invalid("Negative count")
    if skip < 0:
        raise invalid("Negative from")
    newest: list[Json] = []
    with wallet.lock:
        for wtx in wallet.ledger.newest_first():
            newest.extend(history(wallet, wtx, label=label))
            if len(newest) >= count + skip:
                break
    return newest[skip : skip + count][::-1]


@rpc_method(
    category="wallet",
    help="Returns the transactions since a block, and those that a reorganisation took away since then.",
    params=(
        Param("blockhash", ParamType.STR, "The block; left out or empty for all transactions", required=False),
        Param(
            "target_confirmations",
            ParamType.NUM,
            'Makes "lastblock" the block with this number of confirmations',
            default=1,
        ),
        _UNUSED_WATCHONLY,
        Param("include_removed", ParamType.BOOL, 'List what was taken away in "removed"', default=True),
        Param("include_change", ParamType.BOOL, "Show change, too", default=False),
        Param("label", ParamType.STR, "Only payments to addresses with this label", required=False),
    ),
    result='object: "transactions" and "removed" with entries as of listtransactions, and "lastblock", '
    "the block to ask with next time",
    examples=(cli_example("listsinceblock"), http_example("listsinceblock")),
)
def listsinceblock(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    target = args.int("target_confirmations")
    label = None if args.is_null("label") else label_from(args.raw("label"))
    include_removed, include_change = args.bool("include_removed"), args.bool("include_change")
    with wallet.lock:
        tip_height = wallet.ledger.tip_height
        depth: int | None = None
        removed: list[Json] = []
        if args.opt_str("blockhash"):
            found = wallet.chain.find_block(args.hash("blockhash"))
            if found is None:
                raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Block not found")
            while not found.in_active_chain:
                block = wallet.chain.read_block(found.hash)
                if block is None:
                    raise RpcError(RpcErrorCode.INTERNAL_ERROR, "Can't read block from disk")
                for tx in block.transactions if include_removed else ():
                    wtx = wallet.ledger.txs.get(tx.txid)
                    if wtx is not None:
                        removed.extend(
                            history(wallet, wtx, min_depth=_ANY_DEPTH, label=label, include_change=include_change)
                        )
                found = wallet.chain.find_block(block.header.prev_hash)
                assert found is not None
            depth = tip_height + 1 - found.height
        if target < 1:
            raise invalid("Invalid parameter")
        transactions = [
            entry
            for wtx in wallet.ledger.txs.values()
            if depth is None or abs(wallet.ledger.depth(wtx)) < depth
            for entry in history(wallet, wtx, label=label, include_change=include_change)
        ]
        last_height = tip_height + 1 - min(target, tip_height + 1)
        result: dict[str, Json] = {"transactions": transactions}
        if include_removed:
            result["removed"] = removed
        result["lastblock"] = hash_to_hex(wallet.chain.get_block_hash(last_height))
    return result


@rpc_method(
    category="wallet",
    help="Returns all that the wallet knows of a transaction.",
    params=(
        Param("txid", ParamType.STR, "Id of the transaction"),
        _UNUSED_WATCHONLY,
        Param("verbose", ParamType.BOOL, 'Add "decoded", the result of decoderawtransaction', default=False),
    ),
    result="object: amount and fee in BTC, confirmations, details with one entry for each output, hex and more",
    examples=(cli_example("gettransaction", '"mytxid" false true'), http_example("gettransaction", '"mytxid"')),
)
def gettransaction(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        wtx = _transaction(wallet, args)
        ledger = wallet.ledger
        credit = 0 if ledger.is_immature(wtx) else ledger.credit(wtx.tx)
        debit = ledger.debit(wtx.tx)
        fee = wtx.tx.value_out - debit if debit else 0
        entry: dict[str, Json] = {"amount": amount_json(credit - debit - fee)}
        if debit:
            entry["fee"] = amount_json(fee)
        entry.update(transaction_json(wallet, wtx))
        entry["details"] = history(wallet, wtx, full=False)
        entry["hex"] = wtx.tx.serialize().hex()
        if args.bool("verbose"):
            entry["decoded"] = _decoded(wallet, wtx)
        entry["lastprocessedblock"] = last_processed_block(wallet)
    return entry


def _decoded(wallet: Wallet, wtx: WalletTx) -> Json:
    return decoded_json(
        wtx.tx, wallet.params, with_hex=False, is_change=lambda out: is_change(wallet, out.script_pubkey)
    )


def _transaction(wallet: Wallet, args: Args) -> WalletTx:
    wtx = wallet.ledger.txs.get(args.hash("txid"))
    if wtx is None:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, _NO_SUCH_TX)
    return wtx


@rpc_method(
    category="wallet",
    help="Gives up a transaction and all of the wallet that spend from it, so that their coins can be spent anew. "
    "It must not be in a block or in the mempool.",
    params=(Param("txid", ParamType.HEX, "Id of the transaction"),),
    examples=(cli_example("abandontransaction", '"mytxid"'), http_example("abandontransaction", '"mytxid"')),
)
def abandontransaction(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        if not wallet.ledger.abandon(_transaction(wallet, args)):
            raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Transaction not eligible for abandonment")
    return None


@rpc_method(
    category="wallet",
    help="Reads blocks again to find transactions of the wallet. getwalletinfo shows the progress.",
    params=(
        Param("start_height", ParamType.NUM, "First block", default=0),
        Param("stop_height", ParamType.NUM, "Last block; left out for the tip", required=False),
    ),
    result='object: "start_height" and "stop_height", the first and the last block that were read',
    examples=(cli_example("rescanblockchain", "100000 120000"), http_example("rescanblockchain", "100000, 120000")),
)
def rescanblockchain(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    start, stop = args.int("start_height"), args.opt_int("stop_height")
    try:
        with reserve_scan(wallet) as scan:
            with wallet.lock:
                ensure_unlocked(wallet)
                tip_hash, tip_height = wallet.ledger.tip_hash, wallet.ledger.tip_height
            if not 0 <= start <= tip_height:
                raise invalid("Invalid start_height")
            if stop is not None:
                if not 0 <= stop <= tip_height:
                    raise invalid("Invalid stop_height")
                if stop < start:
                    raise invalid("stop_height must be greater than start_height")
            if not wallet.chain.has_blocks(tip_hash, start):
                raise RpcError(RpcErrorCode.MISC_ERROR, _missing_blocks(wallet))
            result = scan_blocks(wallet, scan, start, stop)
    except WalletError as error:
        raise wallet_error(str(error)) from error
    if result.status is ScanStatus.FAILURE:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Rescan failed. Potentially corrupted data files.")
    if result.status is ScanStatus.ABORTED:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Rescan aborted.")
    return {"start_height": start, "stop_height": result.last_height}


def _missing_blocks(wallet: Wallet) -> str:
    if wallet.chain.have_pruned():
        return "Can't rescan beyond pruned data. Use RPC call getblockchaininfo to determine your pruned height."
    return (
        "Failed to rescan unavailable blocks, potentially caused by data corruption. "
        "If the issue persists you may want to reindex (see -reindex option)."
    )


@rpc_method(
    category="wallet",
    help="Stops a running rescan.",
    result="boolean: whether there was one to stop",
    examples=(cli_example("abortrescan"), http_example("abortrescan")),
)
def abortrescan(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    with wallet.lock:
        if wallet.scan is None or wallet.scan.aborted:
            return False
        wallet.scan.aborted = True
    return True


METHODS = (
    listreceivedbyaddress,
    listreceivedbylabel,
    listtransactions,
    listsinceblock,
    gettransaction,
    abandontransaction,
    rescanblockchain,
    abortrescan,
)
