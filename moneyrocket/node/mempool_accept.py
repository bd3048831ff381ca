"""Decides whether a transaction may enter the mempool, and lets it in.

`accept` is for one transaction, from wherever it comes; `moneyrocket.node.package` considers several together. A
refusal is a `ValidationError` whose reason is the one known from the reference implementation; its result class tells
P2P what to do with the transaction (`MISSING_INPUTS`: wait for parents, `RECONSIDERABLE`: may do better in a package).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.consensus.tx_checks import check_transaction
from moneyrocket.consensus.tx_verify import check_tx_inputs, is_final_tx, transaction_sigop_cost
from moneyrocket.interfaces.chain import RemovalReason
from moneyrocket.node import truc
from moneyrocket.node.ephemeral import check_dust_pays_nothing, unspent_dust
from moneyrocket.node.feerate import fee_at_rate, higher_rate, rate_of
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_changes import ChangeSet
from moneyrocket.node.mempool_coins import MempoolCoins, relative_locks_met
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.package_rules import package_hash
from moneyrocket.node.policy import MAX_STANDARD_SIGOP_COST, check_standard
from moneyrocket.node.policy_inputs import check_inputs_standard, is_witness_standard
from moneyrocket.node.policy_scripts import check_scripts
from moneyrocket.node.rbf import NO_BETTER_DIAGRAM, improves_mining, pays_too_little, too_many_clusters
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction, TxOut

if TYPE_CHECKING:
    from moneyrocket.node.chain_manager import ChainstateManager

log = category_logger("mempool")


@dataclass(frozen=True, slots=True)
class AcceptResult:
    """A transaction that was, or with ``test_only`` would be, accepted.

    Attributes:
        tx: the transaction.
        vsize: adjusted virtual size, vB.
        base_fee: what it pays, sat.
        fee: fees that count for ``fee_vsize``: modified fees of the transactions considered together, sat.
        fee_vsize: adjusted virtual size of the transactions considered together, vB.
        fee_wtxids: the transactions considered together.
        replaced: transactions that it replaces.
    """

    tx: Transaction
    vsize: int
    base_fee: int
    fee: int
    fee_vsize: int
    fee_wtxids: tuple[bytes, ...]
    replaced: tuple[Transaction, ...] = ()

    @property
    def effective_rate(self) -> int:
        """Fee rate that counted, sat/kvB."""
        return rate_of(self.fee, self.fee_vsize)


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly to look.

    Attributes:
        bypass_limits: a disconnected block's transaction: no limits on fees, version 3 topology or the mempool's size.
        allow_replacement: conflicts with mempool transactions are possible replacements.
        allow_sibling_eviction: a version 3 transaction may push out its sibling.
        package_rates: fee rates are checked for the package as a whole.
        trim: bring the mempool to its size limit afterwards.
        max_rate: refuse transactions that pay more, sat/kvB; None for no limit.
    """

    bypass_limits: bool = False
    allow_replacement: bool = True
    allow_sibling_eviction: bool = True
    package_rates: bool = False
    trim: bool = True
    max_rate: int | None = None


@dataclass(slots=True)
class Candidate:
    """A transaction under examination.

    Attributes:
        entry: what its mempool entry would be.
        spent: the outputs that it spends.
        parents: its parents in the mempool.
        conflicts: mempool transactions that it would replace directly, by txid.
        evicts_sibling: whether one of those is a sibling rather than a double spend.
    """

    entry: MempoolEntry
    spent: list[TxOut]
    parents: list[MempoolEntry]
    conflicts: dict[bytes, MempoolEntry] = field(default_factory=dict)
    evicts_sibling: bool = False


def accept(
    chainman: ChainstateManager,
    mempool: Mempool,
    tx: Transaction,
    *,
    test_only: bool = False,
    time: int | None = None,
    bypass_limits: bool = False,
) -> AcceptResult:
    """Let one transaction into the mempool.

    Args:
        chainman: the chain upon which it must be valid.
        mempool: where it goes.
        tx: the transaction.
        test_only: only say whether it would be accepted.
        time: when it counts as entered, unix seconds; now if None.
        bypass_limits: it comes from a disconnected block.

    Raises:
        ValidationError: with the reject reason.
    """
    with chainman.lock, mempool.lock:
        examination = Examination(chainman, mempool, Rules(bypass_limits=bypass_limits), time)
        return examination.accept_single(tx, test_only=test_only)


class Examination:
    """Examines transactions that enter the mempool in one step, together or not at all.

    Must be used with the locks of chain and mempool held.

    Attributes:
        changes: the planned change.
        coins: what the transactions may spend.
        fees: modified fees of all of them, sat.
        vsize: adjusted virtual size of all of them, vB.
    """

    def __init__(self, chainman: ChainstateManager, mempool: Mempool, rules: Rules, time: int | None = None) -> None:
        self._chainman = chainman
        self._mempool = mempool
        self._rules = rules
        self._time = clock.now() if time is None else time
        self.changes = ChangeSet(mempool)
        self.coins = MempoolCoins(chainman, mempool)
        self.fees = 0
        self.vsize = 0

    def accept_single(self, tx: Transaction, *, test_only: bool) -> AcceptResult:
        """Examine one transaction and let it in.

        Raises:
            ValidationError: with the reject reason.
        """
        candidate = self.examine(tx)
        entry = candidate.entry
        if candidate.conflicts:
            self._check_replacement(candidate)
        self.check_cluster_limits()
        self._check_spends_no_conflict(candidate)
        self.check_max_rate(entry)
        if not self._rules.bypass_limits and self._mempool.options.require_standard:
            unspent = unspent_dust((tx,), self._mempool)
            if unspent is not None:
                raise unspent[1]
        self.check_scripts(candidate)
        result = AcceptResult(
            tx=tx,
            vsize=entry.vsize,
            base_fee=entry.fee,
            fee=entry.modified_fee,
            fee_vsize=entry.vsize,
            fee_wtxids=(tx.wtxid,),
            replaced=tuple(old.tx for old in self.changes.removed.values()),
        )
        if test_only:
            return result
        self.apply()
        if self._rules.trim and not self._rules.bypass_limits:
            limit_size(self._mempool)
            if tx.txid not in self._mempool:
                raise ValidationError("mempool full", result=TxResult.RECONSIDERABLE)
        self._mempool.announce(entry)
        return result

    def examine(self, tx: Transaction) -> Candidate:
        """Check everything about a transaction but scripts and the replacement of others, and plan its addition.

        Raises:
            ValidationError: with the reject reason.
        """
        options = self._mempool.options
        tip = self._chainman.tip
        check_transaction(tx)
        if tx.is_coinbase:
            raise ValidationError("coinbase", result=TxResult.CONSENSUS)
        check_standard(tx, options)
        if not is_final_tx(tx, tip.height + 1, tip.median_time_past):
            raise ValidationError("non-final", result=TxResult.PREMATURE_SPEND)
        conflicts = self._find_conflicts(tx)
        coins = self.coins.spent_by(tx)
        if not relative_locks_met(tx, coins, tip):
            raise ValidationError("non-BIP68-final", result=TxResult.PREMATURE_SPEND)
        fee = check_tx_inputs(tx, coins, tip.height + 1)
        spent = [coin.out for coin in coins]
        if options.require_standard:
            check_inputs_standard(tx, spent)
            if tx.has_witness and not is_witness_standard(tx, spent):
                raise ValidationError("bad-witness-nonstandard", result=TxResult.WITNESS_MUTATED)
        entry = MempoolEntry(
            tx,
            fee=fee,
            time=self._time,
            height=tip.height,
            sequence=0 if self._rules.bypass_limits else self._mempool.sequence,
            spends_coinbase=any(coin.is_coinbase for coin in coins),
            sigop_cost=transaction_sigop_cost(tx, spent),
            bytes_per_sigop=options.bytes_per_sigop,
            fee_delta=self._mempool.deltas.get(tx.txid, 0),
        )
        if options.require_standard:
            check_dust_pays_nothing(tx, options.dust_relay_rate, entry.fee, entry.modified_fee)
        if entry.sigop_cost > MAX_STANDARD_SIGOP_COST:
            raise ValidationError("bad-txns-too-many-sigops", str(entry.sigop_cost), result=TxResult.NOT_STANDARD)
        if not self._rules.bypass_limits and not self._rules.package_rates:
            self.check_fee(entry.modified_fee, entry.vsize)
        candidate = Candidate(entry, spent, self._mempool.parents_of(tx), conflicts)
        if not self._rules.bypass_limits:
            self._check_truc(candidate)
        self.changes.added[entry.txid] = entry
        self.fees += entry.modified_fee
        self.vsize += entry.vsize
        return candidate

    def check_fee(self, fee: int, vsize: int) -> None:
        """Check modified fees (sat) of ``vsize`` vB against what the mempool and relay ask for.

        Raises:
            ValidationError: if they are too low.
        """
        for needed, reason in (
            (fee_at_rate(self._mempool.min_fee_rate(), vsize), "mempool min fee not met"),
            (fee_at_rate(self._mempool.options.min_relay_rate, vsize), "min relay fee not met"),
        ):
            if fee < needed:
                raise ValidationError(reason, f"{fee} < {needed}", result=TxResult.RECONSIDERABLE)

    def check_max_rate(self, entry: MempoolEntry) -> None:
        """Check a transaction against the caller's own limit on fee rates.

        Raises:
            ValidationError: if it pays more.
        """
        limit = self._rules.max_rate
        if limit is not None and higher_rate(entry.modified_fee, entry.vsize, limit, 1000):
            raise ValidationError("max feerate exceeded", result=TxResult.MEMPOOL_POLICY)

    def check_cluster_limits(self) -> None:
        """Check that no cluster grows too large.

        Raises:
            ValidationError: if one would.
        """
        if self.changes.exceeds_limits():
            raise ValidationError("too-large-cluster", result=TxResult.MEMPOOL_POLICY)

    def check_scripts(self, candidate: Candidate) -> None:
        """Run the scripts of a transaction.

        Raises:
            ValidationError: if one fails.
        """
        check_scripts(self._chainman, candidate.entry.tx, candidate.spent)

    def apply(self) -> None:
        """Make the planned change."""
        mempool = self._mempool
        added = list(self.changes.added.values())
        if self.changes.removed:
            self._log_replacement(added)
            mempool.remove(self.changes.removed.values(), RemovalReason.REPLACED)
        for entry in added:
            mempool.add(entry)

    def _find_conflicts(self, tx: Transaction) -> dict[bytes, MempoolEntry]:
        if self._mempool.has_wtxid(tx.wtxid):
            raise ValidationError("txn-already-in-mempool", result=TxResult.CONFLICT)
        if tx.txid in self._mempool:
            raise ValidationError("txn-same-nonwitness-data-in-mempool", result=TxResult.CONFLICT)
        conflicts: dict[bytes, MempoolEntry] = {}
        for txin in tx.inputs:
            spender = self._mempool.spender(txin.prevout)
            if spender is not None:
                if not self._rules.allow_replacement:
                    raise ValidationError("bip125-replacement-disallowed", result=TxResult.MEMPOOL_POLICY)
                conflicts[spender.txid] = spender
        return conflicts

    def _check_truc(self, candidate: Candidate) -> None:
        entry = candidate.entry
        try:
            truc.check_single(self._mempool, entry.tx, candidate.parents, candidate.conflicts, entry.vsize)
        except truc.TrucError as error:
            if error.sibling is None or not self._rules.allow_sibling_eviction:
                raise ValidationError("TRUC-violation", str(error), result=TxResult.MEMPOOL_POLICY) from error
            candidate.conflicts[error.sibling.txid] = error.sibling
            candidate.evicts_sibling = True

    def _check_replacement(self, candidate: Candidate) -> None:
        mempool = self._mempool
        entry = candidate.entry
        suffix = " (including sibling eviction)" if candidate.evicts_sibling else ""
        direct = list(candidate.conflicts.values())
        problem = too_many_clusters(mempool, entry.txid, direct)
        if problem:
            raise ValidationError(f"too many potential replacements{suffix}", problem, result=TxResult.MEMPOOL_POLICY)
        removed = mempool.descendants(*direct)
        problem = pays_too_little(
            entry.txid,
            old_fees=sum(old.modified_fee for old in removed.values()),
            new_fees=entry.modified_fee,
            new_vsize=entry.vsize,
            incremental_rate=mempool.options.incremental_rate,
        )
        if problem:
            raise ValidationError(f"insufficient fee{suffix}", problem, result=TxResult.RECONSIDERABLE)
        self.changes.removed = removed
        self.check_cluster_limits()
        if not improves_mining(self.changes):
            raise ValidationError("replacement-failed", NO_BETTER_DIAGRAM, result=TxResult.RECONSIDERABLE)

    def _check_spends_no_conflict(self, candidate: Candidate) -> None:
        if not candidate.conflicts:
            return
        for txid in self.changes.ancestors(candidate.entry):
            if txid in candidate.conflicts:
                raise ValidationError(
                    "bad-txns-spends-conflicting-tx",
                    f"{hash_to_hex(candidate.entry.txid)} spends conflicting transaction {hash_to_hex(txid)}",
                    result=TxResult.CONSENSUS,
                )

    def _log_replacement(self, added: Sequence[MempoolEntry]) -> None:
        if len(added) == 1:
            new = (
                f"New tx {hash_to_hex(added[0].txid)} (wtxid={hash_to_hex(added[0].wtxid)}, "
                f"fees={self.fees}, vsize={self.vsize})"
            )
        else:
            name = package_hash([entry.tx for entry in added])
            new = f"New package {name} with {len(added)} txs, fees={self.fees}, vsize={self.vsize}"
        for old in self.changes.removed.values():
            log.debug(
                "replacing mempool tx %s (wtxid=%s, fees=%s, vsize=%s). %s",
                hash_to_hex(old.txid),
                hash_to_hex(old.wtxid),
                old.fee,
                old.vsize,
                new,
            )


def limit_size(mempool: Mempool) -> None:
    """Drop what is too old, then what pays worst until the mempool is within -maxmempool."""
    expired = mempool.expire(clock.now() - mempool.options.expiry)
    if expired:
        log.debug("Expired %i transactions from the memory pool", expired)
    mempool.trim(mempool.options.max_size)
