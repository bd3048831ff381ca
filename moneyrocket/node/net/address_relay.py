"""Telling peers of other peers' addresses."""

import hashlib
import random
import secrets
from dataclasses import replace
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.messages import read_addresses, serialize_addresses
from moneyrocket.node.net.netaddress import Endpoint, PeerAddress
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import MAX_ADDR_TO_SEND, ServiceFlags
from moneyrocket.node.net.state import MICROS, NetState, exponential_micros
from moneyrocket.primitives.serialize import Reader

log = category_logger("net")

_MAX_PERCENT: Final = 23
_TOKENS_PER_SECOND: Final = 0.1
_SEND_MEAN_SECONDS: Final = 30
_LOCAL_MEAN_SECONDS: Final = 24 * 3600
_FRESH_SECONDS: Final = 600
_TIME_PENALTY: Final = 2 * 3600
_ROTATE_SECONDS: Final = 24 * 3600


class AddressGossip:
    """Handles ``addr``, ``addrv2`` and ``getaddr``.

    Args:
        state: shared state.
    """

    def __init__(self, state: NetState) -> None:
        self._state = state
        self._salt = secrets.token_bytes(16)

    def on_addr(self, peer: Peer, reader: Reader) -> None:
        """Take addresses in, old format."""
        self._take(peer, "addr", read_addresses(reader, v2=False))

    def on_addrv2(self, peer: Peer, reader: Reader) -> None:
        """Take addresses in, BIP155."""
        self._take(peer, "addrv2", read_addresses(reader, v2=True))

    def _set_up(self, peer: Peer) -> bool:
        connection = peer.connection
        if connection.is_block_only or connection.is_feeler:
            return False
        peer.addresses.enabled = True
        return True

    def _take(self, peer: Peer, kind: str, received: list[PeerAddress | None]) -> None:
        connection = peer.connection
        if not self._set_up(peer):
            log.debug("ignoring %s message from %s peer=%d", kind, connection.kind.value, peer.id)
            return
        if len(received) > MAX_ADDR_TO_SEND:
            self._state.misbehaving(peer, f"{kind} message size = {len(received)}")
            return
        relay = peer.addresses
        self._refill_tokens(peer)
        limited = not connection.has_permission(Permission.ADDR)
        processed = dropped = 0
        accepted = []
        for address in random.sample(received, len(received)):
            if relay.tokens < 1:
                if limited:
                    dropped += 1
                    continue
            else:
                relay.tokens -= 1
            if address is None or not address.services & (ServiceFlags.NETWORK | ServiceFlags.NETWORK_LIMITED):
                continue
            checked = self._check_time(address)
            relay.known.add(checked.endpoint)
            banman = self._state.connman.banman
            if banman.is_discouraged(checked.endpoint.address) or banman.is_banned(checked.endpoint.address):
                continue
            processed += 1
            fresh = checked.time > clock.now() - _FRESH_SECONDS
            if fresh and not relay.getaddr_sent and len(received) <= 10 and checked.endpoint.address.is_routable:
                self._forward(peer, checked)
            accepted.append(checked)
        relay.processed += processed
        relay.rate_limited += dropped
        log.debug(
            "Received addr: %d addresses (%d processed, %d rate-limited) from peer=%d",
            len(received),
            processed,
            dropped,
            peer.id,
        )
        self._state.connman.addrman.add(accepted, connection.endpoint.address, _TIME_PENALTY)
        if len(received) < MAX_ADDR_TO_SEND:
            relay.getaddr_sent = False
        if connection.is_addr_fetch and len(received) > 1:
            log.debug("addrfetch connection completed, %s", connection.disconnect_message)
            peer.disconnect()

    @staticmethod
    def _check_time(address: PeerAddress) -> PeerAddress:
        now = clock.now()
        if address.time <= 100_000_000 or address.time > now + _FRESH_SECONDS:
            return replace(address, time=now - 5 * 24 * 3600)
        return address

    @staticmethod
    def _refill_tokens(peer: Peer) -> None:
        relay = peer.addresses
        now = clock.now_micros()
        if relay.tokens < MAX_ADDR_TO_SEND and relay.tokens_time:
            gained = max(now - relay.tokens_time, 0) / MICROS * _TOKENS_PER_SECOND
            relay.tokens = min(relay.tokens + gained, MAX_ADDR_TO_SEND)
        relay.tokens_time = now

    def _forward(self, source: Peer, address: PeerAddress) -> None:
        """Pass a fresh address on to one or two peers, which stay the same for a day."""
        period = clock.now() // _ROTATE_SECONDS
        text = f"{address.endpoint}|{period}|".encode()

        def rank(peer: Peer) -> bytes:
            return hashlib.sha256(self._salt + text + peer.id.to_bytes(8, "little")).digest()

        reachable = address.endpoint.address.ip is not None
        able = [
            peer
            for peer in self._state.peers.values()
            if peer is not source
            and peer.addresses.enabled
            and (peer.wants_addrv2 or address.endpoint.address.is_v1_compatible)
        ]
        for peer in sorted(able, key=rank, reverse=True)[: 2 if reachable else 1]:
            peer.addresses.push(address, v2=peer.wants_addrv2, limit=MAX_ADDR_TO_SEND)

    def on_getaddr(self, peer: Peer, reader: Reader) -> None:
        """Queue some of the addresses we know, once for each inbound peer."""
        connection = peer.connection
        if not connection.is_inbound:
            log.debug('Ignoring "getaddr" from %s connection. peer=%d', connection.kind.value, peer.id)
            return
        self._set_up(peer)
        relay = peer.addresses
        if relay.getaddr_received:
            log.debug('Ignoring repeated "getaddr". peer=%d', peer.id)
            return
        relay.getaddr_received = True
        relay.to_send.clear()
        for address in self._state.connman.addresses_for(connection, MAX_ADDR_TO_SEND, _MAX_PERCENT):
            relay.push(address, v2=peer.wants_addrv2, limit=MAX_ADDR_TO_SEND)

    def maybe_send(self, peer: Peer) -> None:
        """Send what is queued if it is time, and our own address now and then."""
        relay = peer.addresses
        if not relay.enabled:
            return
        now = clock.now_micros()
        listens = self._state.connman.options.listen
        if listens and relay.next_local_send < now and not self._state.chain.initial_download:
            self._announce_ourselves(peer, first=relay.next_local_send == 0)
            relay.next_local_send = now + exponential_micros(_LOCAL_MEAN_SECONDS)
        if now <= relay.next_send:
            return
        relay.next_send = now + exponential_micros(_SEND_MEAN_SECONDS)
        fresh = [address for address in relay.to_send if address.endpoint not in relay.known]
        relay.to_send.clear()
        for address in fresh:
            relay.known.add(address.endpoint)
        if fresh:
            self._send(peer, fresh)

    def _announce_ourselves(self, peer: Peer, *, first: bool) -> None:
        """Tell a peer where the world can reach this node: as the user says, or else as the peer sees it."""
        endpoint = self._own_endpoint(peer)
        if endpoint is None:
            return
        local = PeerAddress(endpoint, peer.our_services, clock.now())
        log.debug("Advertising address %s to peer=%d", local.endpoint, peer.id)
        if first:
            if peer.wants_addrv2 or endpoint.address.is_v1_compatible:
                self._send(peer, [local])
        else:
            peer.addresses.known.clear()
            peer.addresses.push(local, v2=peer.wants_addrv2, limit=MAX_ADDR_TO_SEND)

    def _own_endpoint(self, peer: Peer) -> Endpoint | None:
        options = self._state.connman.options
        if options.external:
            return options.external[0]
        seen = peer.connection.local_endpoint
        if not options.discover or seen is None or not seen.address.is_routable:
            return None
        # Who connected to us knows the port we listen on; who was connected to sees another one.
        return seen if peer.connection.is_inbound else Endpoint(seen.address, options.port)

    @staticmethod
    def _send(peer: Peer, addresses: list[PeerAddress]) -> None:
        v2 = peer.wants_addrv2
        peer.send("addrv2" if v2 else "addr", serialize_addresses(addresses, v2=v2))
