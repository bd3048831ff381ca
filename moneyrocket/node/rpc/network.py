"""RPC methods about the network as a whole."""

from __future__ import annotations

import time

from moneyrocket.common.version import CLIENT_VERSION
from moneyrocket.interfaces.json import Json
from moneyrocket.node.context import NodeContext
from moneyrocket.node.net.netaddress import Network
from moneyrocket.node.net.protocol import PROTOCOL_VERSION, service_names
from moneyrocket.node.net.upload_budget import TIMEFRAME
from moneyrocket.node.rpc import network_addresses, network_peers, orphans
from moneyrocket.node.rpc.warnings_json import warnings_json
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json

_NETWORKS = (Network.IPV4, Network.IPV6, Network.ONION, Network.I2P, Network.CJDNS)
_MANUAL_SCORE = 4
"""Trust in an address that the user named; there are no others."""
_REACHABLE = (Network.IPV4, Network.IPV6)


@rpc_method(
    category="network",
    help="Tells how many connections to other nodes there are.",
    result="numeric: number of connections",
    examples=(cli_example("getconnectioncount"), http_example("getconnectioncount")),
)
def getconnectioncount(node: NodeContext, args: Args) -> Json:
    return len(node.connman.connections())


@rpc_method(
    category="network",
    help="Has every peer pinged soon. The results are in getpeerinfo: pingtime and pingwait, in seconds.\n"
    "A ping waits in line behind everything else that the peer has to process.",
    examples=(cli_example("ping"), http_example("ping")),
)
def ping(node: NodeContext, args: Args) -> Json:
    node.peerman.send_pings()
    return None


@rpc_method(
    category="network",
    help="Tells how many bytes went over the network, and where -maxuploadtarget stands.",
    result="object: totalbytesrecv, totalbytessent, timemillis, uploadtarget",
    examples=(cli_example("getnettotals"), http_example("getnettotals")),
)
def getnettotals(node: NodeContext, args: Args) -> Json:
    connman = node.connman
    return {
        "totalbytesrecv": connman.total_received,
        "totalbytessent": connman.total_sent,
        "timemillis": int(time.time() * 1000),
        "uploadtarget": {
            "timeframe": TIMEFRAME,
            "target": connman.upload.target,
            "target_reached": connman.upload.is_spent(historical=False),
            "serve_historical_blocks": not connman.upload.is_spent(historical=True),
            "bytes_left_in_cycle": connman.upload.bytes_left(),
            "time_left_in_cycle": connman.upload.seconds_left(),
        },
    }


@rpc_method(
    category="network",
    help="Describes this node as part of the network.",
    result="object: version, subversion, services, connections, reachable networks, relay fees, warnings",
    examples=(cli_example("getnetworkinfo"), http_example("getnetworkinfo")),
)
def getnetworkinfo(node: NodeContext, args: Args) -> Json:
    connman = node.connman
    services = node.peerman.services
    connections = connman.connections()
    inbound = sum(connection.is_inbound for connection in connections)
    networks: list[Json] = [
        {
            "name": network.label,
            "limited": network not in _REACHABLE,
            "reachable": network in _REACHABLE,
            "proxy": "",
            "proxy_randomize_credentials": False,
        }
        for network in _NETWORKS
    ]
    return {
        "version": CLIENT_VERSION,
        "subversion": connman.options.user_agent,
        "protocolversion": PROTOCOL_VERSION,
        "localservices": f"{services:016x}",
        "localservicesnames": list[Json](service_names(services)),
        "localrelay": not connman.options.blocks_only,
        "timeoffset": node.peerman.median_time_offset(),
        "networkactive": connman.network_active,
        "connections": len(connections),
        "connections_in": inbound,
        "connections_out": len(connections) - inbound,
        "networks": networks,
        "relayfee": amount_json(node.mempool.options.min_relay_rate),
        "incrementalfee": amount_json(node.mempool.options.incremental_rate),
        "localaddresses": [
            {"address": str(local.address), "port": local.port, "score": _MANUAL_SCORE}
            for local in connman.options.external
        ],
        "warnings": warnings_json(node),
    }


@rpc_method(
    category="network",
    help="Turns networking on or off. Off closes all connections.",
    params=(Param("state", ParamType.BOOL, "true to turn it on, false to turn it off"),),
    result="boolean: the new state",
)
def setnetworkactive(node: NodeContext, args: Args) -> Json:
    node.connman.set_network_active(args.bool("state"))
    return node.connman.network_active


METHODS = (
    getconnectioncount,
    ping,
    getnettotals,
    getnetworkinfo,
    setnetworkactive,
    *network_peers.METHODS,
    *network_addresses.METHODS,
    *orphans.METHODS,
)
