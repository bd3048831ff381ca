"""Transactions that peers announce: asked for once, validated, and remembered when they are of no use."""

import hashlib
from collections.abc import Sequence
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.messages import serialize_invs
from moneyrocket.node.net.orphanage import Orphanage
from moneyrocket.node.net.peer import Peer, RecentSet
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import MSG_TX, MSG_WTX, Inv
from moneyrocket.node.net.state import MICROS, NetState
from moneyrocket.node.net.tx_relay import TxRelayer
from moneyrocket.node.net.tx_requests import REQUEST_SECONDS, TxId, TxRequests
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import Reader
from moneyrocket.primitives.transaction import Transaction

log = category_logger("net")
mempool_log = category_logger("mempool")
rejected_log = category_logger("mempoolrej")
package_log = category_logger("txpackages")

_MAX_ANNOUNCEMENTS: Final = 5000
_MAX_IN_FLIGHT: Final = 100
_NOT_PREFERRED_DELAY: Final = 2 * MICROS
_TXID_DELAY: Final = 2 * MICROS
_OVERLOADED_DELAY: Final = 2 * MICROS
_MAX_GETDATA: Final = 1000
_MAX_REMEMBERED_REJECTS: Final = 120_000
_MAX_REMEMBERED_CONFIRMED: Final = 48_000


class TxDownload:
    """Handles transaction announcements, ``tx``, and orphans.

    Args:
        state: shared state.
        relayer: announces what was accepted.
    """

    def __init__(self, state: NetState, relayer: TxRelayer) -> None:
        self._state = state
        self._relayer = relayer
        self._requests = TxRequests()
        self.orphanage = Orphanage()
        self._rejects = RecentSet(_MAX_REMEMBERED_REJECTS)
        self._reconsiderable = RecentSet(_MAX_REMEMBERED_REJECTS)
        self._confirmed = RecentSet(_MAX_REMEMBERED_CONFIRMED)

    # Events

    def block_connected(self, block: Block) -> None:
        """Transactions are confirmed: nobody needs to be asked for them."""
        self.orphanage.remove_for_block(block)
        for tx in block.transactions:
            self.orphanage.parent_arrived(tx)
            for tx_hash in {tx.txid, tx.wtxid}:
                self._confirmed.add(tx_hash)
                self._requests.forget(tx_hash)

    def block_disconnected(self) -> None:
        """Transactions may be unconfirmed again."""
        self._confirmed.clear()

    def tip_changed(self) -> None:
        """What was refused may be acceptable now."""
        self._rejects.clear()
        self._reconsiderable.clear()

    def forget_peer(self, peer: Peer) -> None:
        """The peer is gone."""
        self._requests.forget_peer(peer.id)
        self.orphanage.forget_peer(peer.id)

    # Announcements and requests

    def _have(self, tx: TxId, *, reconsiderable: bool) -> bool:
        """Whether a transaction is here, or known to be of no use.

        Args:
            tx: which one.
            reconsiderable: count those that might be accepted together with a child as of no use.
        """
        if tx.hash in self.orphanage or tx.hash in self._confirmed or tx.hash in self._rejects:
            return True
        if reconsiderable and tx.hash in self._reconsiderable:
            return True
        mempool = self._state.mempool
        return mempool.has_wtxid(tx.hash) if tx.is_wtxid else tx.hash in mempool

    def on_announced(self, peer: Peer, inv: Inv) -> None:
        """A peer announced a transaction."""
        tx = TxId(inv.hash, inv.type == MSG_WTX)
        known = self._announced(peer, tx)
        log.debug("got inv: %s %s peer=%d", inv, "have" if known else "new", peer.id)

    def _announced(self, peer: Peer, tx: TxId) -> bool:
        orphan = self.orphanage.get(tx.hash) if tx.is_wtxid else None
        if orphan is not None:
            parents = self._unknown_parents(orphan)
            if parents and self._ask_for_parents(peer, orphan, parents):
                self.orphanage.add_announcer(orphan.wtxid, peer.id)
            return True
        if self._have(tx, reconsiderable=True):
            return True
        trusted = peer.connection.has_permission(Permission.RELAY)
        if trusted or self._requests.count(peer.id) < _MAX_ANNOUNCEMENTS:
            self._schedule(peer, tx)
        return False

    def _schedule(self, peer: Peer, tx: TxId) -> None:
        delay = 0 if peer.preferred_download else _NOT_PREFERRED_DELAY
        if not tx.is_wtxid and any(other.wtxid_relay for other in self._state.peers.values()):
            delay += _TXID_DELAY
        trusted = peer.connection.has_permission(Permission.RELAY)
        if not trusted and self._requests.count_in_flight(peer.id) >= _MAX_IN_FLIGHT:
            delay += _OVERLOADED_DELAY
        time = clock.now_micros() + delay
        self._requests.announced(peer.id, tx, preferred=peer.preferred_download, time=time)

    def send_requests(self, peer: Peer) -> None:
        """Ask a peer for the transactions that are due."""
        now = clock.now_micros()
        due, expired = self._requests.due(peer.id, now)
        for tx in expired:
            kind = "wtx" if tx.is_wtxid else "tx"
            log.debug("timeout of inflight %s %s from peer=%d", kind, hash_to_hex(tx.hash), peer.id)
        invs = []
        for tx in due:
            if self._have(tx, reconsiderable=False):
                self._requests.forget(tx.hash)
                continue
            log.debug("Requesting %s %s peer=%d", "wtx" if tx.is_wtxid else "tx", hash_to_hex(tx.hash), peer.id)
            self._requests.requested(peer.id, tx.hash, now + REQUEST_SECONDS * MICROS)
            invs.append(Inv(MSG_WTX if tx.is_wtxid else MSG_TX | peer.fetch_flags, tx.hash))
        for at in range(0, len(invs), _MAX_GETDATA):
            peer.send("getdata", serialize_invs(invs[at : at + _MAX_GETDATA]))

    def on_notfound(self, peer: Peer, invs: Sequence[Inv]) -> None:
        """A peer does not have what it was asked for."""
        for inv in invs:
            if inv.is_tx:
                self._requests.answered(peer.id, inv.hash)

    # Receiving

    def on_tx(self, peer: Peer, reader: Reader) -> None:
        """A peer sent a transaction."""
        connection = peer.connection
        if self._state.refuses_transactions(peer):
            log.debug("transaction sent in violation of protocol, %s", connection.disconnect_message)
            peer.disconnect()
            return
        if self._state.chain.initial_download:
            return
        tx = Transaction.read(reader)
        if peer.tx_relay is not None:
            peer.tx_relay.known.add(tx.wtxid if peer.wtxid_relay else tx.txid)
        for tx_hash in {tx.txid, tx.wtxid}:
            self._requests.answered(peer.id, tx_hash)
        if self._have(TxId(tx.wtxid, True), reconsiderable=False):
            if connection.has_permission(Permission.FORCE_RELAY):
                self._force_relay(peer, tx)
        elif tx.wtxid in self._reconsiderable:
            package_log.debug(
                "found tx %s (wtxid=%s) in reconsiderable rejects, looking for child in orphanage",
                hash_to_hex(tx.txid),
                hash_to_hex(tx.wtxid),
            )
            self._try_with_child(peer, tx)
        elif self._validate(peer, tx, first_time=True):
            connection.last_tx_time = clock.now()

    def _force_relay(self, peer: Peer, tx: Transaction) -> None:
        known = tx.txid in self._state.mempool
        text = "Force relaying tx %s (wtxid=%s) from peer=%d"
        if not known:
            text = "Not relaying non-mempool transaction %s (wtxid=%s) from forcerelay peer=%d"
        log.info(text, hash_to_hex(tx.txid), hash_to_hex(tx.wtxid), peer.id)
        if known:
            self._relayer.announce(tx)

    def process_orphan(self, peer: Peer) -> bool:
        """Try one orphan of a peer whose parent has come. Returns whether there was one."""
        tx = self.orphanage.next_to_try(peer.id)
        if tx is None:
            return False
        if self._validate(peer, tx, first_time=False):
            package_log.debug("   accepted orphan tx %s (wtxid=%s)", hash_to_hex(tx.txid), hash_to_hex(tx.wtxid))
        return True

    def has_orphan_work(self, peer: Peer) -> bool:
        """Whether orphans of a peer are to be tried again."""
        return self.orphanage.has_work(peer.id)

    def _validate(self, peer: Peer, tx: Transaction, *, first_time: bool) -> bool:
        """Offer a transaction to the mempool. Returns whether it was taken."""
        from moneyrocket.consensus.errors import TxResult, ValidationError
        from moneyrocket.node.mempool_accept import accept

        try:
            accept(self._state.chain.chainman, self._state.mempool, tx)
        except ValidationError as error:
            rejected_log.debug(
                "%s (wtxid=%s) from peer=%d was not accepted: %s",
                hash_to_hex(tx.txid),
                hash_to_hex(tx.wtxid),
                peer.id,
                error,
            )
            if error.result is TxResult.MISSING_INPUTS:
                if first_time and tx.wtxid not in self._rejects:
                    self._keep_orphan(peer, tx)
                return False
            self._refused(peer, tx, error, first_time=first_time)
            return False
        self._accepted(peer, tx)
        return True

    def _accepted(self, peer: Peer, tx: Transaction) -> None:
        for tx_hash in {tx.txid, tx.wtxid}:
            self._requests.forget(tx_hash)
        self.orphanage.parent_arrived(tx)
        self.orphanage.remove(tx.wtxid)
        mempool = self._state.mempool
        mempool_log.debug(
            "AcceptToMemoryPool: peer=%d: accepted %s (wtxid=%s) (poolsz %d txn, %d kB)",
            peer.id,
            hash_to_hex(tx.txid),
            hash_to_hex(tx.wtxid),
            len(mempool),
            mempool.memory_usage() // 1000,
        )
        self._relayer.announce(tx)

    def _refused(self, peer: Peer, tx: Transaction, error: Exception, *, first_time: bool) -> None:
        from moneyrocket.consensus.errors import TxResult

        result = getattr(error, "result", None)
        if result is TxResult.WITNESS_STRIPPED:
            return
        if self.orphanage.remove(tx.wtxid):
            package_log.debug("   removed orphan tx %s (wtxid=%s)", hash_to_hex(tx.txid), hash_to_hex(tx.wtxid))
        self._requests.forget(tx.wtxid)
        if result is TxResult.RECONSIDERABLE:
            self._reconsiderable.add(tx.wtxid)
            if first_time:
                package_log.debug(
                    "tx %s (wtxid=%s) failed but reconsiderable, looking for child in orphanage",
                    hash_to_hex(tx.txid),
                    hash_to_hex(tx.wtxid),
                )
                self._try_with_child(peer, tx)
            return
        self._rejects.add(tx.wtxid)
        if result is TxResult.INPUTS_NOT_STANDARD and tx.has_witness:
            self._rejects.add(tx.txid)
            self._requests.forget(tx.txid)

    # Orphans and their families

    @staticmethod
    def _parents(tx: Transaction) -> list[bytes]:
        return list(dict.fromkeys(txin.prevout.txid for txin in tx.inputs))

    def _unknown_parents(self, tx: Transaction) -> list[bytes]:
        return [txid for txid in self._parents(tx) if not self._have(TxId(txid, False), reconsiderable=False)]

    def _ask_for_parents(self, peer: Peer, orphan: Transaction, parents: Sequence[bytes]) -> bool:
        if self.orphanage.has_announcer(orphan.wtxid, peer.id):
            return False
        trusted = peer.connection.has_permission(Permission.RELAY)
        if not trusted and self._requests.count(peer.id) + len(parents) > _MAX_ANNOUNCEMENTS:
            return False
        for txid in parents:
            self._schedule(peer, TxId(txid, False))
        package_log.debug("added peer=%d as a candidate for resolving orphan %s", peer.id, hash_to_hex(orphan.wtxid))
        return True

    def _keep_orphan(self, peer: Peer, tx: Transaction) -> None:
        parents = self._parents(tx)
        rejected = any(txid in self._rejects for txid in parents)
        cheap = [txid for txid in parents if txid in self._reconsiderable and txid not in self._state.mempool]
        if rejected or len(cheap) > 1:
            text = "not keeping orphan with rejected parents %s (wtxid=%s)"
            mempool_log.debug(text, hash_to_hex(tx.txid), hash_to_hex(tx.wtxid))
            for tx_hash in {tx.txid, tx.wtxid}:
                self._rejects.add(tx_hash)
                self._requests.forget(tx_hash)
            return
        unknown = self._unknown_parents(tx)
        candidates = {peer.id: peer}
        for tx_hash in (tx.txid, tx.wtxid):
            for peer_id in self._requests.candidates(tx_hash):
                if peer_id in self._state.peers:
                    candidates.setdefault(peer_id, self._state.peers[peer_id])
        for candidate in candidates.values():
            if self._ask_for_parents(candidate, tx, unknown):
                self.orphanage.add(tx, candidate.id)
        for tx_hash in {tx.txid, tx.wtxid}:
            self._requests.forget(tx_hash)
        if peer.tx_relay is not None:
            for txid in parents:
                peer.tx_relay.known.add(txid)

    def _try_with_child(self, peer: Peer, parent: Transaction) -> None:
        """Try a transaction that pays too little together with an orphan that spends from it."""
        for child in self.orphanage.children_from(parent, peer.id):
            pair = hashlib.sha256(b"".join(sorted((parent.wtxid, child.wtxid)))).digest()
            if pair in self._reconsiderable or child.txid in self._rejects:
                continue
            self._submit_pair(peer, parent, child, pair)
            return

    def _submit_pair(self, peer: Peer, parent: Transaction, child: Transaction, pair: bytes) -> None:
        from moneyrocket.consensus.errors import TxResult, ValidationError
        from moneyrocket.node.mempool_accept import AcceptResult
        from moneyrocket.node.package import accept_package

        outcome = accept_package(self._state.chain.chainman, self._state.mempool, [parent, child])
        package_log.debug(
            "package evaluation for parent %s (wtxid=%s, sender=%d) + child %s (wtxid=%s, sender=%d): %s",
            hash_to_hex(parent.txid),
            hash_to_hex(parent.wtxid),
            peer.id,
            hash_to_hex(child.txid),
            hash_to_hex(child.wtxid),
            peer.id,
            "package accepted" if outcome.error is None else "package rejected",
        )
        if outcome.error is not None:
            self._reconsiderable.add(pair)
        for tx in (child, parent):
            result = outcome.transactions.get(tx.wtxid)
            if isinstance(result, AcceptResult):
                self._accepted(peer, tx)
            elif isinstance(result, ValidationError) and result.result is not TxResult.MISSING_INPUTS:
                self._refused(peer, tx, result, first_time=False)
