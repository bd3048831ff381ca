"""Peers and bans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.node_values import BanEntry, PeerInfo

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext
    from moneyrocket.node.net.connection import Connection
    from moneyrocket.node.net.peer_stats import PeerStats

_MICROS: Final = 1_000_000


def peers(node: NodeContext) -> list[PeerInfo]:
    """See `moneyrocket.interfaces.node.Node.peers`."""
    if not hasattr(node, "peerman"):
        return []
    found = ((connection, node.peerman.stats(connection.id)) for connection in node.connman.connections())
    return [_peer(connection, stats) for connection, stats in found if stats is not None]


def _peer(connection: Connection, stats: PeerStats) -> PeerInfo:
    from moneyrocket.node.net.permissions import permission_names
    from moneyrocket.node.net.protocol import service_names

    local = connection.local_endpoint
    return PeerInfo(
        id=connection.id,
        address=connection.name,
        network=connection.network.label,
        bind_address=str(connection.bind or ""),
        local_address=str(local) if local is not None and local.address.is_valid else "",
        kind=connection.kind.value,
        inbound=connection.is_inbound,
        version=connection.version,
        user_agent=connection.user_agent,
        services=tuple(service_names(stats.services)),
        relays_txs=stats.relays_txs,
        connected=connection.connected_micros // _MICROS,
        last_send=connection.sent.last,
        last_receive=connection.received.last,
        last_transaction=connection.last_tx_time,
        last_block=connection.last_block_time,
        bytes_sent=connection.sent.total,
        bytes_received=connection.received.total,
        ping=_seconds(connection.ping_micros),
        min_ping=_seconds(connection.min_ping_micros),
        ping_wait=_seconds(stats.ping_wait),
        time_offset=stats.time_offset,
        synced_headers=stats.synced_headers,
        synced_blocks=stats.synced_blocks,
        in_flight=stats.in_flight,
        high_bandwidth_to=connection.hb_to,
        high_bandwidth_from=connection.hb_from,
        address_relay=stats.address_relay,
        addresses_processed=stats.addresses_processed,
        addresses_rate_limited=stats.addresses_rate_limited,
        permissions=tuple(permission_names(connection.permissions)),
        fee_filter=stats.fee_filter,
        transport="v1",
    )


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / _MICROS


def ban(node: NodeContext, text: str, seconds: int) -> bool:
    """See `moneyrocket.interfaces.node.Node.ban`."""
    from moneyrocket.node.net.netaddress import AddressError, Subnet, parse_endpoint

    try:
        subnet = Subnet.parse(text)
    except AddressError:
        try:
            subnet = Subnet.parse(str(parse_endpoint(text, 0).address))
        except AddressError:
            return False
    node.banman.ban(subnet, seconds)
    node.connman.disconnect_subnet(subnet)
    return True


def unban(node: NodeContext, text: str) -> bool:
    """See `moneyrocket.interfaces.node.Node.unban`."""
    from moneyrocket.node.net.netaddress import AddressError, Subnet

    try:
        return node.banman.unban(Subnet.parse(text))
    except AddressError:
        return False


def banned(node: NodeContext) -> list[BanEntry]:
    """See `moneyrocket.interfaces.node.Node.banned`."""
    if not hasattr(node, "banman"):
        return []
    return [BanEntry(str(subnet), entry.created, entry.until) for subnet, entry in node.banman.banned()]
