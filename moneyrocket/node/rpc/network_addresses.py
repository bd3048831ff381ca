"""RPC methods about bans and about known addresses."""

from __future__ import annotations

from collections import Counter

from moneyrocket.common import clock
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.net.netaddress import AddressError, Endpoint, NetAddress, Network, PeerAddress, Subnet
from moneyrocket.node.net.protocol import ServiceFlags
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_NETWORKS = {
    network.label: network for network in (Network.IPV4, Network.IPV6, Network.ONION, Network.I2P, Network.CJDNS)
}


@rpc_method(
    category="network",
    help="Adds an address or subnet to the ban list, or removes it from there.",
    params=(
        Param("subnet", ParamType.STR, "Address, or subnet with a netmask (a single address by default)"),
        Param("command", ParamType.STR, "'add' or 'remove'"),
        Param("bantime", ParamType.NUM, "Seconds the ban lasts, or with absolute its end; 0 for -bantime", default=0),
        Param("absolute", ParamType.BOOL, "bantime is a UNIX time", default=False),
    ),
    examples=(
        cli_example("setban", '"192.168.0.6" "add" 86400'),
        cli_example("setban", '"192.168.0.0/24" "add"'),
        http_example("setban", '"192.168.0.6", "add", 86400'),
    ),
)
def setban(node: NodeContext, args: Args) -> Json:
    command, text = args.str("command"), args.str("subnet")
    if command not in ("add", "remove"):
        raise RpcError(RpcErrorCode.MISC_ERROR, setban.help_text())
    is_subnet = "/" in text
    try:
        subnet = Subnet.parse(text)
    except AddressError:
        raise RpcError(RpcErrorCode.CLIENT_INVALID_IP_OR_SUBNET, "Error: Invalid IP/Subnet") from None
    banman = node.banman
    if command == "remove":
        if not banman.unban(subnet):
            raise RpcError(
                RpcErrorCode.CLIENT_INVALID_IP_OR_SUBNET,
                "Error: Unban failed. Requested address/subnet was not previously manually banned.",
            )
        return None
    if banman.is_banned_subnet(subnet) if is_subnet else banman.is_banned(subnet.base):
        raise RpcError(RpcErrorCode.CLIENT_NODE_ALREADY_ADDED, "Error: IP/Subnet already banned")
    seconds, absolute = args.int("bantime", bits=64), args.bool("absolute")
    if absolute and seconds < clock.now():
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Error: Absolute timestamp is in the past")
    banman.ban(subnet, seconds, absolute=absolute)
    node.connman.disconnect_subnet(subnet)
    return None


@rpc_method(
    category="network",
    help="Lists all banned addresses and subnets.",
    result="array of objects: address, ban_created, banned_until, ban_duration, time_remaining",
    examples=(cli_example("listbanned"), http_example("listbanned")),
)
def listbanned(node: NodeContext, args: Args) -> Json:
    now = clock.now()
    return [
        {
            "address": str(subnet),
            "ban_created": ban.created,
            "banned_until": ban.until,
            "ban_duration": ban.until - ban.created,
            "time_remaining": ban.until - now,
        }
        for subnet, ban in node.banman.banned()
    ]


@rpc_method(
    category="network",
    help="Lifts all bans.",
    examples=(cli_example("clearbanned"), http_example("clearbanned")),
)
def clearbanned(node: NodeContext, args: Args) -> Json:
    node.banman.clear()
    return None


@rpc_method(
    category="network",
    help="Returns some of the known addresses of other nodes.",
    params=(
        Param("count", ParamType.NUM, "How many at most; 0 for all", default=1),
        Param("network", ParamType.STR, "Only of this network", required=False, default_hint="all networks"),
    ),
    result="array of objects: time, services, address, port, network",
    examples=(cli_example("getnodeaddresses", "8"), http_example("getnodeaddresses", "8")),
)
def getnodeaddresses(node: NodeContext, args: Args) -> Json:
    count = args.int("count")
    if count < 0:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Address count out of range")
    name = args.opt_str("network")
    if name is not None and name.lower() not in _NETWORKS:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Network not recognized: {name}")
    network = _NETWORKS[name.lower()] if name is not None else None
    return [
        {
            "time": known.time,
            "services": known.services,
            "address": str(known.endpoint.address),
            "port": known.endpoint.port,
            "network": known.endpoint.address.network.label,
        }
        for known in node.addrman.addresses(count, 0, network)
    ]


@rpc_method(
    category="hidden",
    help="Adds the address of a possible peer to the address manager (for tests).",
    params=(
        Param("address", ParamType.STR, "IP address"),
        Param("port", ParamType.NUM, "Port"),
        Param("tried", ParamType.BOOL, "Put it into the table of addresses that were connected to", default=False),
    ),
    result="object: success, and error if it failed",
)
def addpeeraddress(node: NodeContext, args: Args) -> Json:
    port = args.int("port")
    if not 0 <= port <= 0xFFFF:
        raise RpcError(RpcErrorCode.MISC_ERROR, "JSON integer out of range")
    try:
        address = NetAddress.from_ip(args.str("address"))
    except AddressError:
        raise RpcError(RpcErrorCode.CLIENT_INVALID_IP_OR_SUBNET, "Invalid IP address") from None
    endpoint = Endpoint(address, port)
    peer = PeerAddress(endpoint, int(ServiceFlags.NETWORK | ServiceFlags.WITNESS), clock.now())
    if not node.addrman.add([peer], address):
        return {"success": False, "error": "failed-adding-to-new"}
    if args.bool("tried") and not node.addrman.add_tried(endpoint):
        return {"success": False, "error": "failed-adding-to-tried"}
    return {"success": True}


@rpc_method(
    category="hidden",
    help="Counts the addresses in the address manager, by network and table.",
    result="object: for each network, and for all_networks, the numbers new, tried and total",
)
def getaddrmaninfo(node: NodeContext, args: Args) -> Json:
    counts: Counter[tuple[str, bool]] = Counter()
    for tried in (False, True):
        for _, info in node.addrman.entries(tried=tried):
            counts[info.endpoint.address.network.label, tried] += 1
            counts["all_networks", tried] += 1
    return {
        name: {
            "new": counts[name, False],
            "tried": counts[name, True],
            "total": counts[name, False] + counts[name, True],
        }
        for name in (*_NETWORKS, "all_networks")
    }


@rpc_method(
    category="hidden",
    help="Shows the tables of the address manager.",
    result='object: "new" and "tried", each with entries by "bucket/position"',
)
def getrawaddrman(node: NodeContext, args: Args) -> Json:
    tables: dict[str, Json] = {}
    for name, tried in (("new", False), ("tried", True)):
        tables[name] = {
            f"{bucket}/{position}": {
                "address": str(info.endpoint.address),
                "port": info.endpoint.port,
                "services": info.services,
                "time": info.time,
                "network": info.endpoint.address.network.label,
                "source": str(info.source),
                "source_network": info.source.network.label,
            }
            for (bucket, position), info in node.addrman.entries(tried=tried)
        }
    return tables


METHODS = (setban, listbanned, clearbanned, getnodeaddresses, addpeeraddress, getaddrmaninfo, getrawaddrman)
