"""A wallet's transactions, the coins they make and spend, and how the chain and the mempool judge them.

Not thread-safe: callers hold the wallet's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from moneyrocket.common import clock
from moneyrocket.common.logging import log
from moneyrocket.interfaces.chain import BlockInfo, RemovalReason
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxOut
from moneyrocket.wallet.database import WalletDatabase
from moneyrocket.wallet.transaction import (
    ABANDONED,
    IN_MEMPOOL,
    INACTIVE,
    Status,
    TxState,
    WalletTx,
)

COINBASE_MATURITY: Final = 100

_TIME_TOLERANCE = 300


class Ownership(Protocol):
    """What the ledger must know of the wallet's scripts."""

    def is_mine(self, script: bytes) -> bool:
        """Whether the wallet watches a script."""

    def received(self, outputs: Iterable[TxOut]) -> None:
        """A transaction pays to these outputs; those of the wallet count as used from now on."""

    def spent(self, outputs: Iterable[TxOut]) -> None:
        """A transaction spends these outputs of the wallet."""


class Ledger:
    """The transactions of one wallet.

    Attributes:
        txs: every transaction by txid, in the order in which the wallet learned of them.
        coins: every output of them that belongs to the wallet.
        tip_hash: last block whose transactions were taken in.
        tip_height: its height, -1 before the first.
        tip_time: when that happened, unix seconds.
        locked: outputs that coin selection must leave alone; True if the lock survives a restart.
        on_change: called with a transaction that is new or whose standing changed.
    """

    def __init__(self, database: WalletDatabase, ownership: Ownership, name: str) -> None:
        self._database = database
        self._ownership = ownership
        self._name = name
        self._spends: dict[OutPoint, list[bytes]] = {}
        self._next_position = 0
        self._first_time: int | None = None
        self.txs: dict[bytes, WalletTx] = {}
        self.coins: dict[OutPoint, TxOut] = {}
        self.tip_hash = b""
        self.tip_height = -1
        self.tip_time = 0
        self.locked: dict[OutPoint, bool] = dict.fromkeys(database.locked_outputs(), True)
        self.on_change: Callable[[WalletTx], None] = lambda wtx: None

    def load(self) -> None:
        """Read the stored transactions."""
        for wtx in self._database.transactions():
            self.txs[wtx.txid] = wtx
            self._add_spends(wtx.tx)
            self._next_position = max(self._next_position, wtx.position + 1)
            self._note_time(wtx)
        self.refresh_coins()

    def refresh_coins(self) -> None:
        """Look at all outputs again, after the wallet began to watch more scripts."""
        for wtx in self.txs.values():
            self._add_coins(wtx.tx)
            wtx.from_me = None

    @property
    def first_time(self) -> int | None:
        """Time of the oldest transaction, unix seconds; None without transactions."""
        return self._first_time

    # Questions

    def depth(self, wtx: WalletTx) -> int:
        """Confirmations; 0 when unconfirmed, negative when a rival has that many."""
        state = wtx.state
        if state.status is Status.CONFIRMED:
            return self.tip_height - state.height + 1
        if state.status is Status.CONFLICTED:
            return -(self.tip_height - state.height + 1)
        return 0

    def is_immature(self, wtx: WalletTx) -> bool:
        """Whether this is a coinbase transaction that cannot be spent yet."""
        return wtx.tx.is_coinbase and self.depth(wtx) <= COINBASE_MATURITY

    def spenders(self, outpoint: OutPoint) -> list[WalletTx]:
        """Wallet transactions that spend an output, dead ones included."""
        return [self.txs[txid] for txid in self._spends.get(outpoint, ())]

    def spending_status(self, outpoint: OutPoint) -> Status | None:
        """How an output is spent: by a confirmed, mempool or inactive transaction; None if it is unspent."""
        found: Status | None = None
        for wtx in self.spenders(outpoint):
            status = wtx.state.status
            if status is Status.CONFIRMED:
                return status
            if status is Status.MEMPOOL or (status is Status.INACTIVE and found is None):
                found = status
        return found

    def is_spent(self, outpoint: OutPoint) -> bool:
        """Whether a transaction that is alive spends an output."""
        return self.spending_status(outpoint) is not None

    def coin(self, outpoint: OutPoint) -> TxOut | None:
        """An output, if it is of a wallet transaction and pays to the wallet."""
        return self.coins.get(outpoint)

    def debit(self, tx: Transaction) -> int:
        """Value of the wallet's coins that a transaction spends, sat."""
        spent = (self.coins.get(txin.prevout) for txin in tx.inputs)
        return sum(out.value for out in spent if out is not None)

    def credit(self, tx: Transaction) -> int:
        """Value of the outputs of a transaction that belong to the wallet, sat."""
        return sum(out.value for out in tx.outputs if self._ownership.is_mine(out.script_pubkey))

    def is_from_me(self, wtx: WalletTx) -> bool:
        """Whether a transaction spends coins of the wallet."""
        if wtx.from_me is None:
            wtx.from_me = self.debit(wtx.tx) > 0
        return wtx.from_me

    def conflicts(self, wtx: WalletTx) -> list[bytes]:
        """Txids of wallet transactions that spend the same coins, sorted as numbers."""
        rivals = {txid for txin in wtx.tx.inputs for txid in self._spends.get(txin.prevout, ())}
        rivals.discard(wtx.txid)
        return sorted(rivals)

    def has_spender(self, wtx: WalletTx) -> bool:
        """Whether a wallet transaction, dead or alive, spends an output of this one."""
        return any(OutPoint(wtx.txid, n) in self._spends for n in range(len(wtx.tx.outputs)))

    def newest_first(self) -> Iterator[WalletTx]:
        """All transactions, the one that the wallet learned of last first."""
        return iter(sorted(self.txs.values(), key=lambda wtx: -wtx.position))

    # Events of the chain

    def block_connected(self, block: BlockInfo) -> bool:
        """Take in a block on top of the tip; returns whether it concerned the wallet. Call inside a transaction."""
        self.set_tip(block.hash, block.height)
        concerned = False
        for index, tx in enumerate(block.data.transactions):
            state = TxState(Status.CONFIRMED, block.hash, block.height, index, block.data.header.time)
            concerned |= self.sync(tx, state)
            self._no_mempool_conflict(tx)
        return concerned

    def block_disconnected(self, block: BlockInfo) -> None:
        """Take back the tip. Call inside a transaction."""
        for index, tx in enumerate(block.data.transactions):
            # A coinbase transaction of a stale block can never confirm again on its own.
            self.sync(tx, ABANDONED if index == 0 else INACTIVE)
            for txin in tx.inputs:
                for rival in self.spenders(txin.prevout):
                    if rival.is_conflicted:
                        self._update_with_descendants(
                            rival.txid, lambda wtx: _unconflict(wtx, block.height), store=True
                        )
        self.set_tip(block.prev_hash, block.height - 1)

    def added_to_mempool(self, tx: Transaction) -> None:
        """Take in a transaction that entered the mempool."""
        self.sync(tx, IN_MEMPOOL)
        txid = tx.txid

        def add_conflict(wtx: WalletTx) -> bool:
            if txid in wtx.mempool_conflicts:
                return False
            wtx.mempool_conflicts.add(txid)
            return True

        for txin in tx.inputs:
            for rival in self._spends.get(txin.prevout, ()):
                if rival != txid:
                    self._update_with_descendants(rival, add_conflict, store=False)

    def removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        """Take in that a transaction left the mempool unmined."""
        wtx = self.txs.get(tx.txid)
        if wtx is not None and wtx.in_mempool:
            wtx.state = INACTIVE
            self.on_change(wtx)
        self._no_mempool_conflict(tx)

    def match_mempool(self, transactions: Iterable[Transaction]) -> None:
        """Take in what the mempool holds, all of it: whatever else was in it is not any more."""
        present = {tx.txid: tx for tx in transactions}
        for wtx in self.txs.values():
            if wtx.in_mempool and wtx.txid not in present:
                wtx.state = INACTIVE
                self.on_change(wtx)
            wtx.mempool_conflicts.intersection_update(present)
        for tx in present.values():
            self.added_to_mempool(tx)

    def set_tip(self, block_hash: bytes, height: int) -> None:
        """Move to a block, without its transactions."""
        self.tip_hash, self.tip_height = block_hash, height

    def forget_blocks_above(self, height: int) -> None:
        """Make unconfirmed what blocks above ``height`` said; those blocks left the chain while nobody listened."""
        stale = [wtx for wtx in self.txs.values() if wtx.state.block_hash is not None and wtx.state.height > height]
        for wtx in stale:
            wtx.state = INACTIVE
            self._database.save_transaction(wtx)
            self.on_change(wtx)
        for wtx in stale:
            if wtx.tx.is_coinbase:
                self._abandon_descendants(wtx)

    # Changes

    def sync(self, tx: Transaction, state: TxState, *, old_block_time: int | None = None) -> bool:
        """Take in a transaction if it concerns the wallet.

        Args:
            tx: the transaction.
            state: where it stands.
            old_block_time: largest time of the chain up to its block, when blocks of the past are read again.

        Returns:
            Whether it concerns the wallet.
        """
        if state.status is Status.CONFIRMED:
            for txin in tx.inputs:
                for rival in self._spends.get(txin.prevout, ()):
                    if rival != tx.txid:
                        assert state.block_hash is not None
                        self._mark_conflicted(rival, state.block_hash, state.height)
        mine = [out for out in tx.outputs if self._ownership.is_mine(out.script_pubkey)]
        spends_mine = any(txin.prevout in self.coins for txin in tx.inputs)
        if not mine and not spends_mine and tx.txid not in self.txs:
            return False
        with self._database.transaction():
            self._ownership.received(mine)
            self.add(tx, state, old_block_time=old_block_time)
        return True

    def add(
        self,
        tx: Transaction,
        state: TxState,
        *,
        old_block_time: int | None = None,
        comment: str | None = None,
        comment_to: str | None = None,
        replaces: bytes | None = None,
    ) -> WalletTx:
        """Store a transaction that concerns the wallet, or the new standing of a known one.

        Args:
            tx: the transaction.
            state: where it stands.
            old_block_time: see `sync`.
            comment: what it is for.
            comment_to: who is paid.
            replaces: txid of the transaction it replaces.
        """
        with self._database.transaction():
            self._ownership.spent(out for txin in tx.inputs if (out := self.coins.get(txin.prevout)) is not None)
            wtx = self.txs.get(tx.txid)
            if wtx is None:
                wtx = self._insert(tx, state, old_block_time)
                wtx.comment, wtx.comment_to, wtx.replaces = comment, comment_to, replaces
                self._database.save_transaction(wtx)
                what = "new"
            elif self._update(wtx, tx, state):
                self._database.save_transaction(wtx)
                what = "update"
            else:
                what = "no-change"
            if tx.is_coinbase and state.status in (Status.INACTIVE, Status.ABANDONED):
                self._abandon_descendants(wtx)
            self._add_coins(tx)
        log.info("[%s] AddToWallet %s %s %s", self._name, hash_to_hex(tx.txid), what, _describe(state))
        if what != "no-change":
            self.on_change(wtx)
        return wtx

    def abandon(self, wtx: WalletTx) -> bool:
        """Give up a transaction and all that spend from it; False unless it has no block, rival or mempool."""
        if self.depth(wtx) != 0 or wtx.in_mempool:
            return False

        def give_up(member: WalletTx) -> bool:
            if member.is_conflicted or member.is_abandoned:
                return False
            member.state = ABANDONED
            return True

        with self._database.transaction():
            self._update_with_descendants(wtx.txid, give_up, store=True)
        return True

    def set_in_mempool(self, wtx: WalletTx) -> None:
        """Note that the node accepted a transaction, ahead of its notification."""
        if wtx.state.status is Status.INACTIVE:
            wtx.state = IN_MEMPOOL
            self.on_change(wtx)

    def mark_replaced(self, wtx: WalletTx, by: bytes) -> None:
        """Note that a transaction was replaced."""
        wtx.replaced_by = by
        self._database.save_transaction(wtx)

    def lock(self, outpoint: OutPoint, *, persistent: bool) -> None:
        """Keep an output from coin selection."""
        if persistent:
            self._database.lock_output(outpoint)
        self.locked[outpoint] = persistent or self.locked.get(outpoint, False)

    def unlock(self, outpoint: OutPoint) -> None:
        """Give an output back to coin selection."""
        if self.locked.pop(outpoint, False):
            self._database.unlock_output(outpoint)

    def _insert(self, tx: Transaction, state: TxState, old_block_time: int | None) -> WalletTx:
        now = clock.now()
        wtx = WalletTx(tx, state, self._next_position, now)
        wtx.time_smart = self._smart_time(now, state, old_block_time)
        self._next_position += 1
        self.txs[wtx.txid] = wtx
        self._note_time(wtx)
        self._add_spends(tx)
        # Coins that this transaction spends may have been bound to a rival that a block already holds.
        for txin in tx.inputs:
            for rival in self.spenders(txin.prevout):
                if rival is not wtx and rival.is_confirmed and state.status is not Status.CONFIRMED:
                    assert rival.state.block_hash is not None
                    wtx.state = TxState(Status.CONFLICTED, rival.state.block_hash, rival.state.height)
        return wtx

    def _note_time(self, wtx: WalletTx) -> None:
        self._first_time = wtx.time if self._first_time is None else min(self._first_time, wtx.time)

    def _update(self, wtx: WalletTx, tx: Transaction, state: TxState) -> bool:
        changed = False
        if tx.has_witness and not wtx.tx.has_witness:
            wtx.tx = tx
            changed = True
        if wtx.state != state:
            wtx.state = state
            changed = True
        return changed

    def _smart_time(self, now: int, state: TxState, old_block_time: int | None) -> int:
        if state.status is not Status.CONFIRMED:
            return now
        if old_block_time is not None:
            return old_block_time
        latest_now, latest_entry = now, 0
        for wtx in reversed(self.txs.values()):
            if wtx.time <= now + _TIME_TOLERANCE:
                latest_entry = wtx.time
                latest_now = max(latest_now, wtx.time)
                break
        return max(latest_entry, min(state.block_time, latest_now))

    def _mark_conflicted(self, txid: bytes, block_hash: bytes, height: int) -> None:
        if self.tip_height < 0:
            return
        rival_depth = -(self.tip_height - height + 1)
        if rival_depth >= 0:
            return

        def mark(wtx: WalletTx) -> bool:
            if rival_depth >= self.depth(wtx):
                return False
            wtx.state = TxState(Status.CONFLICTED, block_hash, height)
            return True

        with self._database.transaction():
            self._update_with_descendants(txid, mark, store=True)

    def _abandon_descendants(self, wtx: WalletTx) -> None:
        def give_up(member: WalletTx) -> bool:
            changed = member is wtx or not member.is_abandoned
            member.state = ABANDONED
            return changed

        self._update_with_descendants(wtx.txid, give_up, store=True)

    def _no_mempool_conflict(self, tx: Transaction) -> None:
        txid = tx.txid

        def drop(wtx: WalletTx) -> bool:
            if txid not in wtx.mempool_conflicts:
                return False
            wtx.mempool_conflicts.discard(txid)
            return True

        for txin in tx.inputs:
            for rival in self._spends.get(txin.prevout, ()):
                self._update_with_descendants(rival, drop, store=False)

    def _update_with_descendants(self, txid: bytes, change: Callable[[WalletTx], bool], *, store: bool) -> None:
        """Change a transaction, and as long as ``change`` says that it did, those that spend from it."""
        todo, done = [txid], set[bytes]()
        while todo:
            now = todo.pop()
            if now in done:
                continue
            done.add(now)
            wtx = self.txs[now]
            if not change(wtx):
                continue
            if store:
                self._database.save_transaction(wtx)
                self.on_change(wtx)
            for n in range(len(wtx.tx.outputs)):
                todo.extend(self._spends.get(OutPoint(now, n), ()))

    def _add_spends(self, tx: Transaction) -> None:
        if not tx.is_coinbase:
            for txin in tx.inputs:
                self._spends.setdefault(txin.prevout, []).append(tx.txid)

    def _add_coins(self, tx: Transaction) -> None:
        for n, out in enumerate(tx.outputs):
            if self._ownership.is_mine(out.script_pubkey):
                self.coins.setdefault(OutPoint(tx.txid, n), out)


def _unconflict(wtx: WalletTx, height: int) -> bool:
    if wtx.is_conflicted and wtx.state.height >= height:
        wtx.state = INACTIVE
        return True
    return False


def _describe(state: TxState) -> str:
    where = hash_to_hex(state.block_hash) if state.block_hash is not None else ""
    match state.status:
        case Status.CONFIRMED:
            return f"Confirmed (block={where}, height={state.height}, index={state.index})"
        case Status.CONFLICTED:
            return f"Conflicted (block={where}, height={state.height})"
        case Status.MEMPOOL:
            return "InMempool"
        case status:
            return f"Inactive (abandoned={int(status is Status.ABANDONED)})"
