"""A wallet's history as rows, searched, sorted and handed out in pages.

Rows are worked out once and again for transactions that changed, so that a page costs the same whatever the size of
the wallet. What changes with every block, status and confirmations, is looked up for the rows that are handed out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from moneyrocket.interfaces.wallet_values import MAX_PAGE, TxPage, TxQuery, TxRow, TxSort, TxStatus, TxType
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.wallet.balance import parts
from moneyrocket.wallet.transaction import Status, WalletTx
from moneyrocket.wallet.wallet import Wallet

_BATCH: Final = 200
"""Transactions that are split into rows before others may have the wallet's lock."""
_SETTLED: Final = 6
"""Confirmations from which on a payment counts as settled."""


class _Entry:
    """A row without what may change: an output sent or received."""

    __slots__ = ("_address", "amount", "n", "script", "type", "wtx")

    def __init__(self, wtx: WalletTx, n: int, kind: TxType, script: bytes, amount: int) -> None:
        self.wtx = wtx
        self.n = n
        self.type = kind
        self.script = script
        self.amount = amount
        self._address: str | None = None

    def address(self, wallet: Wallet) -> str:
        """The address, empty if there is none."""
        if self._address is None:
            self._address = (wallet.address_of(self.script) or "") if self.script else ""
        return self._address


def split(wallet: Wallet, wtx: WalletTx) -> list[_Entry]:
    """The rows of a transaction. Call under the wallet's lock."""
    ledger = wallet.ledger
    debit = ledger.debit(wtx.tx)
    if debit and not all_mine(wallet, wtx):
        # Others paid, too: who paid whom cannot be told.
        return [_Entry(wtx, -1, TxType.INTERNAL, b"", ledger.credit(wtx.tx) - debit)]
    found = parts(wallet, wtx)
    entries: list[_Entry] = []
    fee = found.fee
    for part in found.sent:
        entries.append(_Entry(wtx, part.n, TxType.SENT, part.out.script_pubkey, -part.out.value - fee))
        fee = 0
    kind = TxType.MINED if wtx.tx.is_coinbase else TxType.RECEIVED
    entries += [_Entry(wtx, part.n, kind, part.out.script_pubkey, part.out.value) for part in found.received]
    return entries or [_Entry(wtx, -1, TxType.INTERNAL, b"", ledger.credit(wtx.tx) - debit)]


def all_mine(wallet: Wallet, wtx: WalletTx) -> bool:
    """Whether a transaction spends coins of the wallet alone."""
    return all(txin.prevout in wallet.ledger.coins for txin in wtx.tx.inputs)


def status_of(wallet: Wallet, wtx: WalletTx) -> TxStatus:
    """Where a transaction stands. Call under the wallet's lock."""
    coinbase = wtx.tx.is_coinbase
    match wtx.state.status:
        case Status.CONFIRMED:
            if wallet.ledger.is_immature(wtx):
                return TxStatus.IMMATURE
            return TxStatus.CONFIRMED if wallet.ledger.depth(wtx) >= _SETTLED else TxStatus.CONFIRMING
        case Status.CONFLICTED:
            return TxStatus.CONFLICTED
        case Status.MEMPOOL:
            return TxStatus.UNCONFIRMED
        case Status.ABANDONED:
            return TxStatus.NOT_ACCEPTED if coinbase else TxStatus.ABANDONED
        case _:
            return TxStatus.NOT_ACCEPTED if coinbase else TxStatus.OFFLINE


class History:
    """The rows of one wallet. Thread-safe; do not hold the wallet's lock."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet
        self._lock = threading.Lock()
        self._entries: dict[bytes, list[_Entry]] = {}
        self._query: TxQuery | None = None
        self._found: list[_Entry] = []
        self._revision = -1

    def page(self, query: TxQuery, offset: int, count: int) -> TxPage:
        """See `moneyrocket.interfaces.wallet.Wallet.transactions`."""
        wallet = self._wallet
        with self._lock:
            revision = self._refresh()
            if self._query != query or self._revision != revision:
                self._found = self._search(query)
                self._query, self._revision = query, revision
            found = self._found
        offset = max(offset, 0)
        chosen = found[offset : offset + max(min(count, MAX_PAGE), 0)]
        with wallet.lock:
            rows = tuple(self._row(entry) for entry in chosen)
        return TxPage(rows, len(found), sum(entry.amount for entry in found), revision)

    def rows_of(self, wtx: WalletTx) -> tuple[TxRow, ...]:
        """The rows of one transaction. Call under the wallet's lock."""
        return tuple(self._row(entry) for entry in split(self._wallet, wtx))

    def _row(self, entry: _Entry) -> TxRow:
        wallet, wtx = self._wallet, entry.wtx
        return TxRow(
            txid=wtx.txid,
            n=entry.n,
            type=entry.type,
            time=wtx.time,
            address=entry.address(wallet),
            label=wallet.addresses.label(entry.script) or "",
            amount=entry.amount,
            status=status_of(wallet, wtx),
            confirmations=wallet.ledger.depth(wtx),
        )

    def _refresh(self) -> int:
        """Works out the rows of what changed; returns the revision that they are of."""
        wallet = self._wallet
        with wallet.lock:
            # Read first: what changes after this makes the revision, and so the rows, count as old.
            revision = wallet.events.revision
            changed = wallet.events.take_changed()
            txids: Sequence[bytes] = list(wallet.ledger.txs) if changed is None else list(changed)
        if changed is None:
            self._entries.clear()
        for start in range(0, len(txids), _BATCH):
            with wallet.lock:
                for txid in txids[start : start + _BATCH]:
                    wtx = wallet.ledger.txs.get(txid)
                    if wtx is not None:
                        self._entries[txid] = split(wallet, wtx)
        return revision

    def _search(self, query: TxQuery) -> list[_Entry]:
        entries = [entry for group in list(self._entries.values()) for entry in group if _fits(query, entry)]
        if query.text:
            entries = self._with_text(entries, query.text.casefold())
        # Newest first, stably, whatever else it is sorted by.
        entries.sort(key=lambda entry: (entry.wtx.time, entry.wtx.position), reverse=True)
        if query.sort is not TxSort.TIME:
            entries.sort(key=self._key(query.sort), reverse=query.descending)
        elif not query.descending:
            entries.reverse()
        return entries

    def _with_text(self, entries: list[_Entry], text: str) -> list[_Entry]:
        wallet = self._wallet
        result: list[_Entry] = []
        for start in range(0, len(entries), _BATCH):
            with wallet.lock:
                for entry in entries[start : start + _BATCH]:
                    label = wallet.addresses.label(entry.script) or ""
                    if (
                        text in label.casefold()
                        or text in entry.address(wallet).casefold()
                        or text in (entry.wtx.comment or "").casefold()
                        or text in hash_to_hex(entry.wtx.txid)
                    ):
                        result.append(entry)
        return result

    def _key(self, sort: TxSort) -> Callable[[_Entry], tuple[int, str]]:
        wallet = self._wallet

        def by_label(entry: _Entry) -> tuple[int, str]:
            # Without a label the address counts, after all labels.
            label = wallet.addresses.label(entry.script)
            return (0, label.casefold()) if label else (1, entry.address(wallet))

        if sort is TxSort.AMOUNT:
            return lambda entry: (entry.amount, "")
        return by_label if sort is TxSort.LABEL else lambda entry: (int(entry.type), "")


def _fits(query: TxQuery, entry: _Entry) -> bool:
    time = entry.wtx.time
    return (
        (not query.types or entry.type in query.types)
        and time >= query.since
        and (not query.until or time < query.until)
        and abs(entry.amount) >= query.min_amount
    )
