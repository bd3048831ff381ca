"""Which transaction is asked of whom, and when."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

REQUEST_SECONDS: Final = 60
"""How long a peer has to deliver before another is asked."""


class TxId(NamedTuple):
    """A transaction as peers name it: by ``hash``, which is its wtxid if ``is_wtxid`` and its txid otherwise."""

    hash: bytes
    is_wtxid: bool


class _State(Enum):
    CANDIDATE = auto()
    REQUESTED = auto()
    COMPLETED = auto()


@dataclass(slots=True)
class _Announcement:
    id: TxId
    preferred: bool
    time: int
    """When it may be asked for; once requested, when patience ends."""
    number: int
    state: _State = _State.CANDIDATE


class TxRequests:
    """Remembers who announced what, asks one peer at a time, and the next one if that does not deliver.

    Times are in microseconds.
    """

    def __init__(self) -> None:
        self._by_hash: dict[bytes, dict[int, _Announcement]] = {}
        self._by_peer: dict[int, dict[bytes, _Announcement]] = {}
        self._next_number = 0

    def announced(self, peer_id: int, tx: TxId, *, preferred: bool, time: int) -> None:
        """A peer has the transaction; it may be asked from ``time`` on."""
        peers = self._by_hash.setdefault(tx.hash, {})
        if peer_id in peers:
            return
        announcement = _Announcement(tx, preferred, time, self._next_number)
        self._next_number += 1
        peers[peer_id] = announcement
        self._by_peer.setdefault(peer_id, {})[tx.hash] = announcement

    def count(self, peer_id: int) -> int:
        """Number of announcements of a peer that are remembered."""
        return len(self._by_peer.get(peer_id, ()))

    def count_in_flight(self, peer_id: int) -> int:
        """Number of requests to a peer that are not answered yet."""
        return sum(a.state is _State.REQUESTED for a in self._by_peer.get(peer_id, {}).values())

    def due(self, peer_id: int, now: int) -> tuple[list[TxId], list[TxId]]:
        """What to ask a peer for now, in the order of announcement, and which requests to it have timed out."""
        due: list[_Announcement] = []
        expired: list[TxId] = []
        for tx_hash, mine in list(self._by_peer.get(peer_id, {}).items()):
            if mine.state is _State.REQUESTED and mine.time <= now:
                expired.append(mine.id)
                self.answered(peer_id, tx_hash)
            elif mine.state is _State.CANDIDATE and mine.time <= now and self._is_best(tx_hash, peer_id, now):
                due.append(mine)
        due.sort(key=lambda a: a.number)
        return [a.id for a in due], expired

    def _is_best(self, tx_hash: bytes, peer_id: int, now: int) -> bool:
        """Whether no other peer was asked, or should be asked instead."""
        best: tuple[bool, int] | None = None
        best_peer = -1
        for other_id, other in self._by_hash[tx_hash].items():
            if other.state is _State.REQUESTED:
                if other.time > now:
                    return False
                continue
            if other.state is _State.CANDIDATE and other.time <= now:
                rank = (not other.preferred, other.number)
                if best is None or rank < best:
                    best, best_peer = rank, other_id
        return best_peer == peer_id

    def requested(self, peer_id: int, tx_hash: bytes, expires: int) -> None:
        """The peer was asked and has until ``expires``."""
        announcement = self._by_peer[peer_id][tx_hash]
        announcement.state = _State.REQUESTED
        announcement.time = expires

    def answered(self, peer_id: int, tx_hash: bytes) -> None:
        """The peer has delivered, or said that it cannot, or did not in time: it is not asked again."""
        peers = self._by_hash.get(tx_hash)
        if peers is None or peer_id not in peers:
            return
        peers[peer_id].state = _State.COMPLETED
        if all(other.state is _State.COMPLETED for other in peers.values()):
            self.forget(tx_hash)

    def candidates(self, tx_hash: bytes) -> list[int]:
        """Peers that announced it and could still be asked."""
        return [
            peer_id
            for peer_id, announcement in self._by_hash.get(tx_hash, {}).items()
            if announcement.state is not _State.COMPLETED
        ]

    def forget(self, tx_hash: bytes) -> None:
        """Nobody needs to be asked for it any more."""
        for peer_id in self._by_hash.pop(tx_hash, {}):
            self._drop(peer_id, tx_hash)

    def forget_peer(self, peer_id: int) -> None:
        """The peer is gone."""
        for tx_hash in self._by_peer.pop(peer_id, {}):
            peers = self._by_hash[tx_hash]
            del peers[peer_id]
            if all(other.state is _State.COMPLETED for other in peers.values()):
                del self._by_hash[tx_hash]
                for other_id in peers:
                    self._drop(other_id, tx_hash)

    def _drop(self, peer_id: int, tx_hash: bytes) -> None:
        announcements = self._by_peer.get(peer_id)
        if announcements is not None:
            announcements.pop(tx_hash, None)
            if not announcements:
                del self._by_peer[peer_id]
