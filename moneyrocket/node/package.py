"""Considers several transactions together, so that a child can pay for parents that pay too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.node import truc
from moneyrocket.node.ephemeral import unspent_dust
from moneyrocket.node.feerate import format_rate, higher_rate, rate_of
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_accept import AcceptResult, Candidate, Examination, Rules, limit_size
from moneyrocket.node.package_rules import is_child_with_parents, malformed_reason, package_hash
from moneyrocket.node.rbf import NO_BETTER_DIAGRAM, improves_mining, pays_too_little, too_many_clusters
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import Transaction

if TYPE_CHECKING:
    from moneyrocket.node.chain_manager import ChainstateManager

log = category_logger("txpackages")


@dataclass(frozen=True, slots=True)
class AlreadyInMempool:
    """The transaction was in the mempool before: its adjusted size (vB) and fee (sat)."""

    vsize: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class DifferentWitness:
    """A transaction with the same txid is in the mempool, under ``wtxid``."""

    wtxid: bytes


TransactionResult = AcceptResult | AlreadyInMempool | DifferentWitness | ValidationError


@dataclass(slots=True)
class PackageResult:
    """What became of a package.

    Attributes:
        transactions: results by wtxid; transactions that were not looked at are missing.
        error: why not everything was accepted, None if it was.
        is_policy: whether ``error`` concerns the package as such rather than one of its transactions.
    """

    transactions: dict[bytes, TransactionResult] = field(default_factory=dict)
    error: ValidationError | None = None
    is_policy: bool = False


class _PackageError(Exception):
    """Ends the examination of transactions that only stand or fall together."""

    def __init__(
        self,
        error: ValidationError,
        *,
        is_policy: bool = False,
        failed: tuple[bytes, ValidationError] | None = None,
    ) -> None:
        super().__init__(error)
        self.result = PackageResult(dict((failed,)) if failed else {}, error, is_policy)


def examine_package(chainman: ChainstateManager, mempool: Mempool, package: Sequence[Transaction]) -> PackageResult:
    """Say whether several transactions, parents first, would be accepted one after the other.

    They may not replace anything, and each must pay for itself.
    """
    rules = Rules(allow_replacement=False, allow_sibling_eviction=False, trim=False)
    with chainman.lock, mempool.lock:
        return _examine_together(chainman, mempool, package, rules, test_only=True)


def accept_package(
    chainman: ChainstateManager, mempool: Mempool, package: Sequence[Transaction], max_rate: int | None = None
) -> PackageResult:
    """Let a transaction and some of its parents into the mempool, as far as they are acceptable.

    Each is tried alone first; those that fail for lack of fees or of parents are then tried together.

    Args:
        chainman: the chain upon which they must be valid.
        mempool: where they go.
        package: the parents, then the child; or a single transaction.
        max_rate: refuse a transaction that pays more, sat/kvB; None for no limit.
    """
    reason = malformed_reason(package)
    if reason is None and len(package) > 1 and not is_child_with_parents(package):
        reason = "package-not-child-with-parents"
    if reason is not None:
        return PackageResult(error=ValidationError(reason), is_policy=True)
    with chainman.lock, mempool.lock:
        return _PackageSubmission(chainman, mempool, package, max_rate).run()


class _PackageSubmission:
    def __init__(
        self, chainman: ChainstateManager, mempool: Mempool, package: Sequence[Transaction], max_rate: int | None
    ) -> None:
        self._chainman = chainman
        self._mempool = mempool
        self._package = package
        self._max_rate = max_rate
        self._done: dict[bytes, TransactionResult] = {}
        self._failed_alone: dict[bytes, ValidationError] = {}

    def run(self) -> PackageResult:
        hopeless = False
        together: list[Transaction] = []
        for tx in self._package:
            error = self._try_alone(tx)
            if error is None:
                continue
            self._failed_alone[tx.wtxid] = error
            reconsiderable = error.result in (TxResult.RECONSIDERABLE, TxResult.MISSING_INPUTS)
            if len(self._package) == 1 or not reconsiderable:
                hopeless = True
            else:
                together.append(tx)
        result = PackageResult(error=_transaction_failed() if hopeless else None)
        if together and not hopeless:
            result = self._try_together(together)
        limit_size(self._mempool)
        return self._combine(result)

    def _try_alone(self, tx: Transaction) -> ValidationError | None:
        known = self._mempool.entry(tx.txid)
        if known is not None:
            self._done[tx.wtxid] = (
                AlreadyInMempool(known.vsize, known.fee) if known.wtxid == tx.wtxid else DifferentWitness(known.wtxid)
            )
            return None
        rules = Rules(trim=False, max_rate=self._max_rate)
        try:
            examination = Examination(self._chainman, self._mempool, rules)
            self._done[tx.wtxid] = examination.accept_single(tx, test_only=False)
        except ValidationError as error:
            return error
        return None

    def _try_together(self, transactions: list[Transaction]) -> PackageResult:
        if len(transactions) == 1:
            tx = transactions[0]
            error = self._try_alone(tx)
            if error is None:
                return PackageResult({tx.wtxid: self._done.pop(tx.wtxid)})
            return PackageResult({tx.wtxid: error}, _transaction_failed())
        rules = Rules(allow_sibling_eviction=False, package_rates=True, trim=False, max_rate=self._max_rate)
        return _examine_together(self._chainman, self._mempool, transactions, rules, test_only=False)

    def _combine(self, together: PackageResult) -> PackageResult:
        """Put the results in order, noting what did not survive the trimming of the mempool."""
        results: dict[bytes, TransactionResult] = {}
        for tx in self._package:
            found = together.transactions.get(tx.wtxid) or self._done.get(tx.wtxid)
            if found is None:
                if tx.wtxid in self._failed_alone:
                    results[tx.wtxid] = self._failed_alone[tx.wtxid]
                continue
            if not isinstance(found, ValidationError) and tx.txid not in self._mempool:
                together.error = _transaction_failed()
                found = ValidationError("mempool full", result=TxResult.MEMPOOL_POLICY)
            results[tx.wtxid] = found
        together.transactions = results
        return together


def _examine_together(
    chainman: ChainstateManager, mempool: Mempool, package: Sequence[Transaction], rules: Rules, *, test_only: bool
) -> PackageResult:
    reason = malformed_reason(package)
    if reason is not None:
        return PackageResult(error=ValidationError(reason), is_policy=True)
    examination = Examination(chainman, mempool, rules)
    try:
        candidates = _examine_all(examination, mempool, package, rules)
        results = _results(candidates, examination, rules)
        if test_only:
            return PackageResult(dict(results))
        examination.apply()
    except _PackageError as stop:
        return stop.result
    for candidate in candidates:
        mempool.announce(candidate.entry)
    return PackageResult(dict(results))


def _examine_all(
    examination: Examination, mempool: Mempool, package: Sequence[Transaction], rules: Rules
) -> list[Candidate]:
    candidates: list[Candidate] = []
    for tx in package:
        try:
            candidate = examination.examine(tx)
            examination.check_max_rate(candidate.entry)
        except ValidationError as error:
            raise _PackageError(_transaction_failed(), failed=(tx.wtxid, error)) from error
        candidates.append(candidate)
        examination.coins.add_outputs(tx)
    for candidate in candidates:
        entry = candidate.entry
        try:
            truc.check_in_package(mempool, entry.tx, candidate.parents, package, entry.vsize)
        except truc.TrucError as error:
            raise _PackageError(ValidationError("TRUC-violation", str(error)), is_policy=True) from error
    if rules.package_rates:
        try:
            examination.check_fee(examination.fees, examination.vsize)
        except ValidationError as error:
            raise _PackageError(_transaction_failed(), failed=(package[-1].wtxid, error)) from error
    if any(candidate.conflicts for candidate in candidates):
        _check_replacement(examination, mempool, candidates)
    _check_cluster_limits(examination)
    if mempool.options.require_standard:
        unspent = unspent_dust(package, mempool)
        if unspent is not None:
            raise _PackageError(ValidationError("unspent-dust"), failed=(unspent[0].wtxid, unspent[1]))
    for candidate in candidates:
        try:
            examination.check_scripts(candidate)
        except ValidationError as error:
            raise _PackageError(_transaction_failed(), failed=(candidate.entry.wtxid, error)) from error
    return candidates


def _check_replacement(examination: Examination, mempool: Mempool, candidates: list[Candidate]) -> None:
    package = [candidate.entry.tx for candidate in candidates]
    if len(candidates) != 2 or not is_child_with_parents(package):
        raise _policy("package RBF failed: package must be 1-parent-1-child")
    if any(candidate.parents for candidate in candidates):
        raise _policy("package RBF failed: new transaction cannot have mempool ancestors")
    parent, child = (candidate.entry for candidate in candidates)
    direct = {txid: entry for candidate in candidates for txid, entry in candidate.conflicts.items()}
    problem = too_many_clusters(mempool, child.txid, direct.values())
    if problem:
        raise _policy("package RBF failed: too many potential replacements", problem)
    removed = mempool.descendants(*direct.values())
    problem = pays_too_little(
        child.txid,
        old_fees=sum(entry.modified_fee for entry in removed.values()),
        new_fees=examination.fees,
        new_vsize=examination.vsize,
        incremental_rate=mempool.options.incremental_rate,
    )
    if problem:
        raise _policy("package RBF failed: insufficient anti-DoS fees", problem)
    if not higher_rate(examination.fees, examination.vsize, parent.modified_fee, parent.vsize):
        package_rate = format_rate(rate_of(examination.fees, examination.vsize))
        parent_rate = format_rate(rate_of(parent.modified_fee, parent.vsize))
        raise _policy(
            "package RBF failed: package feerate is less than or equal to parent feerate",
            f"package feerate {package_rate} <= parent feerate is {parent_rate}",
        )
    examination.changes.removed = removed
    _check_cluster_limits(examination)
    if not improves_mining(examination.changes):
        raise _policy(f"package RBF failed: {NO_BETTER_DIAGRAM}")
    log.debug(
        "package RBF checks passed: parent %s (wtxid=%s), child %s (wtxid=%s), package hash (%s)",
        hash_to_hex(parent.txid),
        hash_to_hex(parent.wtxid),
        hash_to_hex(child.txid),
        hash_to_hex(child.wtxid),
        package_hash(package),
    )


def _check_cluster_limits(examination: Examination) -> None:
    try:
        examination.check_cluster_limits()
    except ValidationError as error:
        raise _PackageError(error, is_policy=True) from error


def _results(
    candidates: list[Candidate], examination: Examination, rules: Rules
) -> list[tuple[bytes, TransactionResult]]:
    together = tuple(candidate.entry.wtxid for candidate in candidates)
    replaced = tuple(entry.tx for entry in examination.changes.removed.values())
    found: list[tuple[bytes, TransactionResult]] = []
    for candidate in candidates:
        entry = candidate.entry
        found.append(
            (
                entry.wtxid,
                AcceptResult(
                    tx=entry.tx,
                    vsize=entry.vsize,
                    base_fee=entry.fee,
                    fee=examination.fees if rules.package_rates else entry.modified_fee,
                    fee_vsize=examination.vsize if rules.package_rates else entry.vsize,
                    fee_wtxids=together if rules.package_rates else (entry.wtxid,),
                    replaced=replaced,
                ),
            )
        )
    return found


def _transaction_failed() -> ValidationError:
    return ValidationError("transaction failed")


def _policy(reason: str, debug: str = "") -> _PackageError:
    return _PackageError(ValidationError(reason, debug), is_policy=True)
