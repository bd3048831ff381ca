"""Transactions whose parents are not known yet."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, Transaction

log = category_logger("txpackages")

RESERVED_WEIGHT_PER_PEER: Final = 404_000
"""Weight of orphans that any peer may have here, whatever others do."""
MAX_LATENCY_SCORE: Final = 3000
"""Bound of the work that looking through all orphans may take."""
_MAX_ORPHAN_WEIGHT: Final = 400_000
_INPUTS_PER_POINT: Final = 10


@dataclass(slots=True)
class Orphan:
    """A transaction that waits for its parents.

    Attributes:
        tx: the transaction.
        time: when it came, unix seconds.
        announcers: connection numbers of the peers that offered it, in order.
    """

    tx: Transaction
    time: int
    announcers: dict[int, None] = field(default_factory=dict)

    @property
    def score(self) -> int:
        """What it counts for in the latency bound, per announcer."""
        return 1 + len(self.tx.inputs) // _INPUTS_PER_POINT


@dataclass(slots=True)
class _Usage:
    """What a peer's orphans amount to; ``wtxids`` in the order in which the peer offered them."""

    weight: int = 0
    score: int = 0
    wtxids: dict[bytes, None] = field(default_factory=dict)


class Orphanage:
    """Keeps orphans within bounds: a peer that uses more than its share loses its oldest ones first."""

    def __init__(self) -> None:
        self._orphans: OrderedDict[bytes, Orphan] = OrderedDict()
        self._spending: dict[OutPoint, set[bytes]] = {}
        self._work: dict[int, dict[bytes, None]] = {}
        self._usage: dict[int, _Usage] = {}
        self._total_weight = 0
        self._total_score = 0

    def __len__(self) -> int:
        return len(self._orphans)

    def __contains__(self, wtxid: bytes) -> bool:
        return wtxid in self._orphans

    def get(self, wtxid: bytes) -> Transaction | None:
        """The orphan with this wtxid."""
        orphan = self._orphans.get(wtxid)
        return orphan.tx if orphan is not None else None

    def all(self) -> list[Orphan]:
        """All orphans, oldest first."""
        return list(self._orphans.values())

    def has_announcer(self, wtxid: bytes, peer_id: int) -> bool:
        """Whether this peer offered this orphan."""
        orphan = self._orphans.get(wtxid)
        return orphan is not None and peer_id in orphan.announcers

    def add(self, tx: Transaction, peer_id: int) -> bool:
        """Keep a transaction that a peer sent. False if it was here already or is too large."""
        wtxid = tx.wtxid
        orphan = self._orphans.get(wtxid)
        if orphan is not None:
            self.add_announcer(wtxid, peer_id)
            return False
        if tx.weight > _MAX_ORPHAN_WEIGHT:
            text = "ignoring large orphan tx (size: %d, txid: %s, wtxid: %s)"
            log.debug(text, tx.weight, hash_to_hex(tx.txid), hash_to_hex(wtxid))
            return False
        orphan = self._orphans[wtxid] = Orphan(tx, clock.now())
        self._total_weight += tx.weight
        self._count(orphan, peer_id)
        for txin in tx.inputs:
            self._spending.setdefault(txin.prevout, set()).add(wtxid)
        text = "stored orphan tx %s (wtxid=%s), weight: %d (mapsz %d outsz %d)"
        log.debug(text, hash_to_hex(tx.txid), hash_to_hex(wtxid), tx.weight, len(self._orphans), len(self._spending))
        self._limit()
        return wtxid in self._orphans

    def add_announcer(self, wtxid: bytes, peer_id: int) -> None:
        """Note that another peer offers an orphan, and can be asked for its parents."""
        orphan = self._orphans.get(wtxid)
        if orphan is not None and peer_id not in orphan.announcers:
            self._count(orphan, peer_id)
            text = "added peer=%d as announcer of orphan tx %s (wtxid=%s)"
            log.debug(text, peer_id, hash_to_hex(orphan.tx.txid), hash_to_hex(wtxid))
            self._limit()

    def remove(self, wtxid: bytes) -> bool:
        """Drop an orphan; False if it is not here."""
        orphan = self._orphans.pop(wtxid, None)
        if orphan is None:
            return False
        self._total_weight -= orphan.tx.weight
        for peer_id in list(orphan.announcers):
            self._discount(orphan, peer_id)
        for txin in orphan.tx.inputs:
            spenders = self._spending.get(txin.prevout)
            if spenders is not None:
                spenders.discard(wtxid)
                if not spenders:
                    del self._spending[txin.prevout]
        for work in self._work.values():
            work.pop(wtxid, None)
        return True

    def _remove_announcer(self, wtxid: bytes, peer_id: int) -> None:
        orphan = self._orphans[wtxid]
        self._discount(orphan, peer_id)
        self._work.get(peer_id, {}).pop(wtxid, None)
        if not orphan.announcers:
            self.remove(wtxid)

    def forget_peer(self, peer_id: int) -> None:
        """Drop what only this peer offered."""
        self._work.pop(peer_id, None)
        usage = self._usage.get(peer_id)
        for wtxid in list(usage.wtxids) if usage is not None else ():
            self._remove_announcer(wtxid, peer_id)

    def remove_for_block(self, block: Block) -> None:
        """Drop orphans that a block has, or that conflict with it."""
        doomed = {
            wtxid for tx in block.transactions for txin in tx.inputs for wtxid in self._spending.get(txin.prevout, ())
        }
        for wtxid in doomed:
            self.remove(wtxid)
        if doomed:
            log.debug("Erased %d orphan transaction(s) included or conflicted by block", len(doomed))

    def parent_arrived(self, parent: Transaction) -> None:
        """Have the children of a transaction tried again, each for one of its announcers."""
        for index in range(len(parent.outputs)):
            for wtxid in self._spending.get(OutPoint(parent.txid, index), ()):
                orphan = self._orphans[wtxid]
                if any(wtxid in work for work in self._work.values()):
                    continue
                announcer = next(iter(orphan.announcers))
                self._work.setdefault(announcer, {})[wtxid] = None
                text = "added %s (wtxid=%s) to peer %d workset"
                log.debug(text, hash_to_hex(orphan.tx.txid), hash_to_hex(wtxid), announcer)

    def next_to_try(self, peer_id: int) -> Transaction | None:
        """Take an orphan of this peer that is to be tried again."""
        work = self._work.get(peer_id)
        while work:
            wtxid = next(iter(work))
            del work[wtxid]
            orphan = self._orphans.get(wtxid)
            if orphan is not None:
                return orphan.tx
        return None

    def has_work(self, peer_id: int) -> bool:
        """Whether orphans of this peer are to be tried again."""
        return bool(self._work.get(peer_id))

    def children_from(self, parent: Transaction, peer_id: int) -> list[Transaction]:
        """Orphans that spend from ``parent`` and that this peer offered, newest first."""
        wtxids = {
            wtxid
            for index in range(len(parent.outputs))
            for wtxid in self._spending.get(OutPoint(parent.txid, index), ())
        }
        ordered = [wtxid for wtxid in reversed(self._orphans) if wtxid in wtxids]
        return [self._orphans[wtxid].tx for wtxid in ordered if peer_id in self._orphans[wtxid].announcers]

    def _count(self, orphan: Orphan, peer_id: int) -> None:
        orphan.announcers[peer_id] = None
        usage = self._usage.setdefault(peer_id, _Usage())
        usage.weight += orphan.tx.weight
        usage.score += orphan.score
        usage.wtxids[orphan.tx.wtxid] = None
        self._total_score += orphan.score

    def _discount(self, orphan: Orphan, peer_id: int) -> None:
        del orphan.announcers[peer_id]
        usage = self._usage[peer_id]
        usage.weight -= orphan.tx.weight
        usage.score -= orphan.score
        del usage.wtxids[orphan.tx.wtxid]
        if not usage.wtxids:
            del self._usage[peer_id]
        self._total_score -= orphan.score

    def _limit(self) -> None:
        """Drop orphans of whoever exceeds a fair share most, until the whole is within bounds."""
        while True:
            peers = max(len(self._usage), 1)
            if self._total_weight <= RESERVED_WEIGHT_PER_PEER * peers and self._total_score <= MAX_LATENCY_SCORE:
                return
            share = MAX_LATENCY_SCORE / peers
            worst, usage = max(
                self._usage.items(), key=lambda i: max(i[1].weight / RESERVED_WEIGHT_PER_PEER, i[1].score / share)
            )
            self._remove_announcer(next(iter(usage.wtxids)), worst)
