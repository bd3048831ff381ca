"""Announcing transactions to peers, and handing them out."""

import random
from bisect import bisect_left
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.mempool_entry import MempoolEntry
from moneyrocket.node.net.block_serving import RecentBlock
from moneyrocket.node.net.messages import serialize_invs, u64
from moneyrocket.node.net.netaddress import Endpoint, Network
from moneyrocket.node.net.peer import Peer, TxRelay
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import (
    FEEFILTER_VERSION,
    MAX_INV_SIZE,
    MSG_TX,
    MSG_WTX,
    Inv,
    ServiceFlags,
)
from moneyrocket.node.net.state import MICROS, NetState, exponential_micros
from moneyrocket.primitives.amount import MAX_MONEY, money_range
from moneyrocket.primitives.serialize import Reader
from moneyrocket.primitives.transaction import Transaction

log = category_logger("net")

_INBOUND_MEAN_SECONDS: Final = 5
_OUTBOUND_MEAN_SECONDS: Final = 2
_FEEFILTER_MEAN_SECONDS: Final = 600
_FEEFILTER_SOON: Final = 300 * MICROS
_FEE_STEP: Final = 1.1
_LOWEST_FEE_STEP: Final = 50.0
_HIGHEST_FEE_STEP: Final = 1e7


class TxRelayer:
    """Handles ``getdata`` for transactions, ``mempool`` and ``feefilter``, and sends announcements.

    Args:
        state: shared state.
        recent: the block announced last, whose transactions are handed out too.
    """

    def __init__(self, state: NetState, recent: RecentBlock) -> None:
        self._state = state
        self._recent = recent
        self._next_inbound: dict[tuple[Network, Endpoint | None], int] = {}

    # Announcing

    def announce(self, tx: Transaction) -> None:
        """Queue a transaction for all peers that want transactions and do not know it."""
        for peer in self._state.peers.values():
            relay = peer.tx_relay
            # Before verack nobody knows when the first announcement is due, and it must not go out at once.
            if relay is None or not peer.connection.successfully_connected:
                continue
            if (tx.wtxid if peer.wtxid_relay else tx.txid) not in relay.known:
                relay.to_send[tx.wtxid] = None

    def send(self, peer: Peer) -> None:
        """Send the announcements that are due."""
        relay = peer.tx_relay
        if relay is None or not self._is_due(peer, relay):
            return
        if not relay.wanted:
            relay.to_send.clear()
        if relay.send_mempool:
            relay.send_mempool = False
            relay.to_send.clear()
            with self._state.mempool.lock:
                relay.last_sequence = self._state.mempool.sequence
                entries = self._state.mempool.ordered_entries()
            self._send_invs(peer, relay, entries, skip_known=False)
        if relay.to_send:
            self._send_queued(peer, relay)

    def _is_due(self, peer: Peer, relay: TxRelay) -> bool:
        now = clock.now_micros()
        connection = peer.connection
        due = peer.no_ban
        if relay.next_send < now:
            due = True
            if connection.is_inbound:
                key = (connection.network, connection.bind)
                if self._next_inbound.get(key, 0) < now:
                    self._next_inbound[key] = now + exponential_micros(_INBOUND_MEAN_SECONDS)
                relay.next_send = self._next_inbound[key]
            else:
                relay.next_send = now + exponential_micros(_OUTBOUND_MEAN_SECONDS)
        return due

    def _send_queued(self, peer: Peer, relay: TxRelay) -> None:
        mempool = self._state.mempool
        with mempool.lock:
            found = [mempool.entry_by_wtxid(wtxid) for wtxid in relay.to_send]
            entries = [entry for entry in found if entry is not None]
            relay.to_send.clear()
            relay.last_sequence = mempool.sequence
            if len(entries) > 1:
                entries = _best_first(entries)
        self._send_invs(peer, relay, entries, skip_known=True)

    def _send_invs(self, peer: Peer, relay: TxRelay, entries: list[MempoolEntry], *, skip_known: bool) -> None:
        invs = []
        kind = peer.tx_inv_type
        for entry in entries:
            if entry.fee * 1000 < relay.fee_filter * entry.vsize:
                continue
            tx_hash = entry.wtxid if peer.wtxid_relay else entry.txid
            if skip_known and tx_hash in relay.known:
                continue
            relay.known.add(tx_hash)
            invs.append(Inv(kind, tx_hash))
        for at in range(0, len(invs), MAX_INV_SIZE):
            peer.send("inv", serialize_invs(invs[at : at + MAX_INV_SIZE]))

    # Handing out

    def find(self, relay: TxRelay, inv: Inv) -> Transaction | None:
        """A transaction that may be handed to a peer: one that it could know of, or one of the last block."""
        mempool = self._state.mempool
        with mempool.lock:
            entry = mempool.entry_by_wtxid(inv.hash) if inv.type == MSG_WTX else mempool.entry(inv.hash)
            if entry is not None and entry.sequence < relay.last_sequence:
                return entry.tx
        return self._recent.transactions.get(inv.hash)

    def serve(self, peer: Peer, inv: Inv) -> bool:
        """Send a transaction; False if it cannot be had."""
        if peer.tx_relay is None:
            return True
        tx = self.find(peer.tx_relay, inv)
        if tx is None:
            return False
        peer.send("tx", tx.serialize(witness=inv.type != MSG_TX))
        self._state.mempool.remove_unbroadcast(tx.txid)
        return True

    def on_mempool(self, peer: Peer, reader: Reader) -> None:
        """The peer wants everything announced (BIP35)."""
        connection = peer.connection
        if connection.has_permission(Permission.MEMPOOL):
            why = ""
        elif not peer.our_services & ServiceFlags.BLOOM:
            why = "mempool request with bloom filters disabled"
        elif self._state.connman.upload.is_spent(historical=False):
            why = "mempool request with bandwidth limit reached"
        else:
            why = ""
        if why:
            if not peer.no_ban:
                log.debug("%s, %s", why, connection.disconnect_message)
                peer.disconnect()
        elif peer.tx_relay is not None:
            peer.tx_relay.send_mempool = True

    # Fee filters

    def on_feefilter(self, peer: Peer, reader: Reader) -> None:
        """The peer wants nothing below a fee rate (BIP133)."""
        rate = reader.i64()
        if money_range(rate):
            if peer.tx_relay is not None:
                peer.tx_relay.fee_filter = rate
            log.debug("received: feefilter of %d.%08d BTC/kvB from peer=%d", rate // 10**8, rate % 10**8, peer.id)

    def maybe_send_feefilter(self, peer: Peer) -> None:
        """Tell a peer below which fee rate we want nothing, when that changed."""
        connection = peer.connection
        if (
            self._state.blocks_only
            or connection.common_version < FEEFILTER_VERSION
            or connection.has_permission(Permission.FORCE_RELAY)
            or connection.is_block_only
        ):
            return
        now = clock.now_micros()
        mempool = self._state.mempool
        current = mempool.min_fee_rate()
        if self._state.chain.initial_download:
            current = MAX_MONEY
        elif peer.feefilter_sent == _STEPS[-1]:
            peer.next_feefilter = 0
        if now > peer.next_feefilter:
            wanted = max(_round_fee(current), mempool.options.min_relay_rate)
            if wanted != peer.feefilter_sent:
                peer.send("feefilter", u64(wanted))
                peer.feefilter_sent = wanted
            peer.next_feefilter = now + exponential_micros(_FEEFILTER_MEAN_SECONDS)
        elif now + _FEEFILTER_SOON < peer.next_feefilter and not (
            3 * peer.feefilter_sent // 4 <= current <= 4 * peer.feefilter_sent // 3
        ):
            peer.next_feefilter = now + _FEEFILTER_SOON // 2


def _best_first(entries: list[MempoolEntry]) -> list[MempoolEntry]:
    """Order entries as a miner would take them, parents before children."""
    position: dict[bytes, int] = {}

    def depth(entry: MempoolEntry) -> int:
        known = position.get(entry.txid)
        if known is None:
            known = position[entry.txid] = 1 + max((depth(parent) for parent in entry.parents.values()), default=-1)
        return known

    return sorted(entries, key=lambda entry: (depth(entry), -entry.fee / entry.vsize, entry.txid))


def _fee_steps() -> tuple[int, ...]:
    steps = [0]
    step = _LOWEST_FEE_STEP
    while step <= _HIGHEST_FEE_STEP:
        steps.append(int(step))
        step *= _FEE_STEP
    return tuple(steps)


_STEPS: Final = _fee_steps()


def _round_fee(rate: int) -> int:
    """Round a fee rate to a step of a coarse scale, mostly down, so that the state of the mempool stays private."""
    at = bisect_left(_STEPS, rate)
    if at == len(_STEPS) or (at and random.randrange(3)):
        at -= 1
    return _STEPS[at]
