"""What RPC tells of a peer beyond its connection."""

from dataclasses import dataclass

from moneyrocket.common import clock
from moneyrocket.node.net.peer import Peer


@dataclass(frozen=True, slots=True)
class PeerStats:
    """What RPC tells of a peer beyond its connection.

    Attributes:
        services: what it offers.
        relays_txs: whether it wants transactions announced.
        last_inv_sequence: mempool sequence number of the last announcement to it.
        inv_to_send: transactions waiting to be announced to it.
        time_offset: its clock minus ours, seconds.
        ping_wait: microseconds since an unanswered ping, None if there is none.
        presynced_headers: height of the sync of low-work headers with it, -1 if there is none.
        synced_headers: height of the best header in common, -1 if unknown.
        synced_blocks: height of the last block in common, -1 if unknown.
        in_flight: heights of the blocks asked of it.
        address_relay: whether addresses go over this connection.
        addresses_processed: addresses taken from it.
        addresses_rate_limited: addresses of it that were dropped.
        fee_filter: fee rate below which it wants nothing, sat/kvB.
    """

    services: int
    relays_txs: bool
    last_inv_sequence: int
    inv_to_send: int
    time_offset: int
    ping_wait: int | None
    presynced_headers: int
    synced_headers: int
    synced_blocks: int
    in_flight: tuple[int, ...]
    address_relay: bool
    addresses_processed: int
    addresses_rate_limited: int
    fee_filter: int

    @classmethod
    def of(cls, peer: Peer) -> "PeerStats":
        """Read the state of a peer; without the chain lock its parts may be of slightly different moments."""
        relay = peer.tx_relay
        presync, best_known, last_common = peer.presync, peer.best_known, peer.last_common
        return cls(
            services=peer.services,
            relays_txs=relay is not None and relay.wanted,
            last_inv_sequence=relay.last_sequence if relay is not None else 0,
            inv_to_send=len(relay.to_send) if relay is not None else 0,
            time_offset=peer.time_offset,
            ping_wait=clock.now_micros() - peer.ping_start if peer.ping_nonce else None,
            presynced_headers=presync.height if presync is not None else -1,
            synced_headers=best_known.height if best_known is not None else -1,
            synced_blocks=last_common.height if last_common is not None else -1,
            in_flight=tuple(request.index.height for request in list(peer.in_flight.values())),
            address_relay=peer.addresses.enabled,
            addresses_processed=peer.addresses.processed,
            addresses_rate_limited=peer.addresses.rate_limited,
            fee_filter=relay.fee_filter if relay is not None else 0,
        )
