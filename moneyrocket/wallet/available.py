"""Finds the coins that a transaction, or a listing, may use."""

from __future__ import annotations

from dataclasses import dataclass

from moneyrocket.primitives.amount import MAX_MONEY
from moneyrocket.primitives.transaction import OutPoint
from moneyrocket.wallet.balance import is_trusted
from moneyrocket.wallet.coin_control import CoinControl
from moneyrocket.wallet.coins import SpendableCoin
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.wallet import Wallet

_TRUC_VERSION = 3


@dataclass(frozen=True, slots=True)
class CoinFilter:
    """Bounds on a listing. Amounts in sat.

    Attributes:
        min_amount: smaller coins are left out.
        max_amount: larger coins are left out.
        min_sum: stop when the coins found add up to this; None for never.
        max_count: stop at this many coins; 0 for no limit.
        include_immature: block rewards that cannot be spent yet are listed too.
        skip_locked: locked coins are left out.
        check_version: unconfirmed coins of version 3 transactions only mix with each other.
    """

    min_amount: int = 1
    max_amount: int = MAX_MONEY
    min_sum: int | None = None
    max_count: int = 0
    include_immature: bool = False
    skip_locked: bool = True
    check_version: bool = True


def available_coins(
    wallet: Wallet, control: CoinControl | None = None, bounds: CoinFilter | None = None
) -> list[SpendableCoin]:
    """The coins of a wallet that are unspent and meet the choices. Call under the wallet's lock."""
    control = control or CoinControl()
    bounds = bounds or CoinFilter()
    ledger = wallet.ledger
    avoid_reuse = WalletFlag.AVOID_REUSE in wallet.flags and control.avoid_reuse
    trusted: set[bytes] = set()
    usable: dict[bytes, bool | None] = {}
    found: list[SpendableCoin] = []
    total = 0
    for outpoint, out in ledger.coins.items():
        txid = outpoint.txid
        if txid not in usable:
            usable[txid] = _transaction_safety(wallet, txid, control, bounds, trusted)
        safe = usable[txid]
        if safe is None or not bounds.min_amount <= out.value <= bounds.max_amount:
            continue
        if outpoint in control.inputs or ledger.is_spent(outpoint):
            continue
        if bounds.skip_locked and outpoint in ledger.locked:
            continue
        if avoid_reuse and wallet.addresses.was_spent(out.script_pubkey):
            continue
        wtx = ledger.txs[txid]
        size = wallet.keyring.input_size(out.script_pubkey)
        found.append(
            SpendableCoin(
                outpoint=outpoint,
                out=out,
                depth=ledger.depth(wtx),
                input_size=size,
                solvable=size >= 0,
                safe=safe,
                from_me=ledger.is_from_me(wtx),
                output_type=wallet.keyring.coin_type(out.script_pubkey),
            )
        )
        total += out.value
        if (bounds.min_sum is not None and total >= bounds.min_sum) or 0 < bounds.max_count <= len(found):
            break
    return found


def _transaction_safety(
    wallet: Wallet, txid: bytes, control: CoinControl, bounds: CoinFilter, trusted: set[bytes]
) -> bool | None:
    """Whether a transaction's outputs are safe to spend, None if they must not be used at all."""
    ledger = wallet.ledger
    wtx = ledger.txs[txid]
    depth = ledger.depth(wtx)
    if ledger.is_immature(wtx) and not bounds.include_immature:
        return None
    # Outside the mempool an ancestor may be in conflict with a transaction that the wallet never saw.
    if depth < 0 or (depth == 0 and not wtx.in_mempool):
        return None
    safe = is_trusted(wallet, wtx, trusted)
    # A replacement and what it replaced: spending either could lose to the other.
    if depth == 0 and (wtx.replaces is not None or wtx.replaced_by is not None):
        safe = False
    if depth == 0 and bounds.check_version and (wtx.tx.version == _TRUC_VERSION) != (control.version == _TRUC_VERSION):
        return None
    if not safe and not control.include_unsafe:
        return None
    return safe if control.min_depth <= depth <= control.max_depth else None


def unconfirmed_ancestors(wallet: Wallet, coin: SpendableCoin, cache: dict[bytes, int]) -> int:
    """Number of mempool ancestors of a coin's transaction, itself included; 0 for a confirmed coin."""
    if coin.depth:
        return 0
    txid = OutPoint(*coin.outpoint).txid
    if txid not in cache:
        ancestry = wallet.chain.get_mempool_ancestry(txid)
        cache[txid] = ancestry.ancestors if ancestry is not None else 0
    return cache[txid]
