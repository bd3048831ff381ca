"""What a wallet's transactions amount to: balances, trust, change, and the parts shown in a history."""

from __future__ import annotations

from dataclasses import dataclass, field

from moneyrocket.primitives.transaction import OutPoint, TxOut
from moneyrocket.script.address import has_address
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.transaction import Status, WalletTx
from moneyrocket.wallet.wallet import Wallet


@dataclass(slots=True)
class Balances:
    """A wallet's money by how sure it is, sat.

    Attributes:
        trusted: confirmed, or unconfirmed change of the wallet's own transactions.
        untrusted_pending: unconfirmed payments of others, in the mempool.
        immature: block rewards that cannot be spent yet.
        nonmempool: what transactions spend that the mempool does not hold, as a negative number.
        used: on addresses that were spent from, in a wallet that avoids reuse.
    """

    trusted: int = 0
    untrusted_pending: int = 0
    immature: int = 0
    nonmempool: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One output in a history: its position in the transaction, and the output."""

    n: int
    out: TxOut


@dataclass(frozen=True, slots=True)
class Parts:
    """A transaction as a history shows it.

    Attributes:
        fee: paid by the wallet, sat; 0 when it paid nothing.
        sent: outputs paid by the wallet, change left out.
        received: outputs that belong to the wallet.
    """

    fee: int = 0
    sent: list[Entry] = field(default_factory=list)
    received: list[Entry] = field(default_factory=list)


def is_change(wallet: Wallet, script: bytes) -> bool:
    """Whether a script belongs to the wallet and was never handed out as an address."""
    return wallet.is_mine(script) and (not has_address(script) or wallet.addresses.find(script) is None)


def is_trusted(wallet: Wallet, wtx: WalletTx, trusted: set[bytes] | None = None) -> bool:
    """Whether a transaction can be relied on: confirmed, or in the mempool and made of trusted coins of the wallet.

    Args:
        wallet: the wallet.
        wtx: the transaction.
        trusted: txids already found to be trusted; grows.
    """
    known = trusted if trusted is not None else set()
    todo, seen = [wtx], set[bytes]()
    while todo:
        current = todo.pop()
        if current.txid in known or current.txid in seen or current.is_confirmed:
            continue
        seen.add(current.txid)
        if not current.in_mempool or not wallet.settings.spend_zero_conf_change:
            return False
        if not wallet.ledger.is_from_me(current):
            return False
        for txin in current.tx.inputs:
            parent = wallet.ledger.txs.get(txin.prevout.txid)
            if parent is None or wallet.ledger.coin(txin.prevout) is None:
                return False
            todo.append(parent)
    known |= seen
    return True


def balances(
    wallet: Wallet, *, min_depth: int = 0, avoid_reuse: bool = True, include_nonmempool: bool = False
) -> Balances:
    """Add up the coins of a wallet.

    Args:
        wallet: the wallet.
        min_depth: confirmations that trusted coins need.
        avoid_reuse: count coins on addresses that were spent from apart, if the wallet avoids reuse.
        include_nonmempool: count coins that only a transaction outside the mempool spends.
    """
    result = Balances()
    ledger = wallet.ledger
    keep_apart = avoid_reuse and WalletFlag.AVOID_REUSE in wallet.flags
    trusted: set[bytes] = set()
    for outpoint, out in ledger.coins.items():
        spending = ledger.spending_status(outpoint)
        pending_spend = spending is Status.INACTIVE
        if spending is not None and not (pending_spend and include_nonmempool):
            continue
        wtx = ledger.txs[outpoint.txid]
        if ledger.is_immature(wtx) and wtx.is_confirmed:
            bucket = "immature"
        elif is_trusted(wallet, wtx, trusted):
            if ledger.depth(wtx) < min_depth:
                continue
            bucket = "trusted"
        elif wtx.in_mempool:
            bucket = "untrusted_pending"
        else:
            continue
        if keep_apart and wallet.addresses.was_spent(out.script_pubkey):
            bucket = "used"
        setattr(result, bucket, getattr(result, bucket) + out.value)
        if pending_spend:
            result.nonmempool -= out.value
    return result


def parts(wallet: Wallet, wtx: WalletTx, *, include_change: bool = False) -> Parts:
    """Split a transaction into what was sent and received."""
    debit = wallet.ledger.debit(wtx.tx)
    result = Parts(fee=debit - wtx.tx.value_out if debit else 0)
    for n, out in enumerate(wtx.tx.outputs):
        mine = wallet.is_mine(out.script_pubkey)
        if debit:
            if not include_change and is_change(wallet, out.script_pubkey):
                continue
            result.sent.append(Entry(n, out))
        if mine:
            result.received.append(Entry(n, out))
    return result


def address_balances(wallet: Wallet) -> dict[bytes, int]:
    """Trusted money by output script, sat; scripts whose coins are all spent count 0."""
    result: dict[bytes, int] = {}
    ledger = wallet.ledger
    trusted: set[bytes] = set()
    for outpoint, out in ledger.coins.items():
        wtx = ledger.txs[outpoint.txid]
        if not is_trusted(wallet, wtx, trusted) or ledger.is_immature(wtx):
            continue
        if ledger.depth(wtx) < (0 if ledger.is_from_me(wtx) else 1):
            continue
        value = 0 if ledger.is_spent(outpoint) else out.value
        result[out.script_pubkey] = result.get(out.script_pubkey, 0) + value
    return result


def address_groupings(wallet: Wallet) -> list[set[bytes]]:
    """Output scripts that transactions have shown to belong together, by being spent or made as change in one."""
    group_of: dict[bytes, set[bytes]] = {}

    def join(scripts: set[bytes]) -> None:
        merged = set(scripts)
        for script in scripts:
            merged |= group_of.get(script, set())
        for script in merged:
            group_of[script] = merged

    for wtx in wallet.ledger.txs.values():
        spent = {
            out.script_pubkey
            for txin in wtx.tx.inputs
            if (out := wallet.ledger.coin(OutPoint(*txin.prevout))) is not None and has_address(out.script_pubkey)
        }
        if spent:
            join(
                spent
                | {
                    out.script_pubkey
                    for out in wtx.tx.outputs
                    if is_change(wallet, out.script_pubkey) and has_address(out.script_pubkey)
                }
            )
        for out in wtx.tx.outputs:
            if wallet.is_mine(out.script_pubkey) and has_address(out.script_pubkey):
                join({out.script_pubkey})
    unique = {id(group): group for group in group_of.values()}
    return list(unique.values())
