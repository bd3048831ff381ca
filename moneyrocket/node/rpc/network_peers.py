"""RPC methods about single peers."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.node.net.connection import Connection, ConnectionType
from moneyrocket.node.net.peer_stats import PeerStats
from moneyrocket.node.net.permissions import permission_names
from moneyrocket.node.net.protocol import service_names
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.values import amount_json, is_hex

_MICROS = 1_000_000
_MAX_TYPE_LENGTH = 12
_TEST_KINDS = {
    kind.value: kind
    for kind in (
        ConnectionType.OUTBOUND_FULL_RELAY,
        ConnectionType.BLOCK_RELAY,
        ConnectionType.ADDR_FETCH,
        ConnectionType.FEELER,
    )
}


def _peer_json(connection: Connection, stats: PeerStats) -> Json:
    result: dict[str, Json] = {"id": connection.id, "addr": connection.name}
    if connection.bind is not None:
        result["addrbind"] = str(connection.bind)
    if connection.local_endpoint is not None and connection.local_endpoint.address.is_valid:
        result["addrlocal"] = str(connection.local_endpoint)
    result |= {
        "network": connection.network.label,
        "services": f"{stats.services:016x}",
        "servicesnames": list[Json](service_names(stats.services)),
        "relaytxes": stats.relays_txs,
        "last_inv_sequence": stats.last_inv_sequence,
        "inv_to_send": stats.inv_to_send,
        "lastsend": connection.sent.last,
        "lastrecv": connection.received.last,
        "last_transaction": connection.last_tx_time,
        "last_block": connection.last_block_time,
        "bytessent": connection.sent.total,
        "bytesrecv": connection.received.total,
        "conntime": connection.connected_micros // _MICROS,
        "timeoffset": stats.time_offset,
    }
    if connection.ping_micros is not None:
        result["pingtime"] = connection.ping_micros / _MICROS
    if connection.min_ping_micros is not None:
        result["minping"] = connection.min_ping_micros / _MICROS
    if stats.ping_wait:
        result["pingwait"] = stats.ping_wait / _MICROS
    result |= {
        "version": connection.version,
        "subver": connection.user_agent,
        "inbound": connection.is_inbound,
        "bip152_hb_to": connection.hb_to,
        "bip152_hb_from": connection.hb_from,
        "presynced_headers": stats.presynced_headers,
        "synced_headers": stats.synced_headers,
        "synced_blocks": stats.synced_blocks,
        "inflight": list[Json](stats.in_flight),
        "addr_relay_enabled": stats.address_relay,
        "addr_processed": stats.addresses_processed,
        "addr_rate_limited": stats.addresses_rate_limited,
        "permissions": list[Json](permission_names(connection.permissions)),
        "minfeefilter": amount_json(stats.fee_filter),
        "bytessent_per_msg": dict(sorted(connection.sent.per_message.copy().items())),
        "bytesrecv_per_msg": dict(sorted(connection.received.per_message.copy().items())),
        "connection_type": connection.kind.value,
        "transport_protocol_type": "v1",
        "session_id": "",
    }
    return result


@rpc_method(
    category="network",
    help="Describes each connected peer.",
    result="array of objects, one for each peer",
    examples=(cli_example("getpeerinfo"), http_example("getpeerinfo")),
)
def getpeerinfo(node: NodeContext, args: Args) -> Json:
    result: list[Json] = []
    for connection in node.connman.connections():
        stats = node.peerman.stats(connection.id)
        if stats is not None:
            result.append(_peer_json(connection, stats))
    return result


def _check_v2(node: NodeContext, wanted: bool | None, message: str) -> None:
    if wanted and not node.args.get_bool("-v2transport", True):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, message)


@rpc_method(
    category="network",
    help="Adds a node to the list of nodes to stay connected to, removes it from there, or tries to connect once.\n"
    "Such nodes are not disconnected for misbehaviour. At most 8 of them are connected at a time.",
    params=(
        Param("node", ParamType.STR, "Address or host name of the node, with or without a port"),
        Param("command", ParamType.STR, "'add' to the list, 'remove' from it, or 'onetry' to connect once"),
        Param(
            "v2transport",
            ParamType.BOOL,
            "Try the BIP324 transport",
            required=False,
            default_hint="set by -v2transport",
        ),
    ),
    examples=(
        cli_example("addnode", '"192.168.0.6:8333" "onetry"'),
        http_example("addnode", '"192.168.0.6:8333", "onetry"'),
    ),
)
def addnode(node: NodeContext, args: Args) -> Json:
    command, name = args.str("command"), args.str("node")
    if command not in ("onetry", "add", "remove"):
        raise RpcError(RpcErrorCode.MISC_ERROR, addnode.help_text())
    if not name.strip():
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Error: Node address cannot be empty")
    wanted = args.opt_bool("v2transport")
    _check_v2(node, wanted, "Error: v2transport requested but not enabled (see -v2transport)")
    outbound = node.connman.outbound
    if command == "onetry":
        outbound.open_named(name, ConnectionType.MANUAL)
    elif command == "add":
        if not outbound.add_node(name):
            raise RpcError(RpcErrorCode.CLIENT_NODE_ALREADY_ADDED, "Error: Node already added")
    elif not outbound.remove_node(name):
        raise RpcError(
            RpcErrorCode.CLIENT_NODE_NOT_ADDED,
            "Error: Node could not be removed. It has not been added previously.",
        )
    return None


@rpc_method(
    category="hidden",
    help="Opens an outbound connection of a certain type (regtest only).",
    params=(
        Param("address", ParamType.STR, "Address and port to connect to"),
        Param("connection_type", ParamType.STR, "One of " + ", ".join(f'"{name}"' for name in _TEST_KINDS)),
        Param("v2transport", ParamType.BOOL, "Try the BIP324 transport"),
    ),
    result="object: address and connection_type",
)
def addconnection(node: NodeContext, args: Args) -> Json:
    if node.args.chain_name != "regtest":
        raise RpcError(RpcErrorCode.MISC_ERROR, "addconnection is for regression testing (-regtest mode) only.")
    address, kind_name = args.str("address"), args.str("connection_type").strip()
    kind = _TEST_KINDS.get(kind_name)
    if kind is None:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, addconnection.help_text())
    _check_v2(
        node,
        args.bool("v2transport"),
        "Error: Adding v2transport connections requires -v2transport init flag to be set.",
    )
    if not node.connman.outbound.open_for_test(address, kind):
        raise RpcError(
            RpcErrorCode.CLIENT_NODE_CAPACITY_REACHED,
            "Error: Already at capacity for specified connection type.",
        )
    return {"address": address, "connection_type": kind_name}


@rpc_method(
    category="network",
    help="Disconnects a peer at once. It is named either by its address or by its number.\n"
    "To name it by its number, give an empty address, or the number as a named parameter only.",
    params=(
        Param("address", ParamType.STR, "Address and port", required=False, default_hint="fallback to nodeid"),
        Param("nodeid", ParamType.NUM, "Number in getpeerinfo", required=False, default_hint="fallback to address"),
    ),
    examples=(cli_example("disconnectnode", '"192.168.0.6:8333"'), cli_example("disconnectnode", '"" 1')),
)
def disconnectnode(node: NodeContext, args: Args) -> Json:
    address, number = args.opt_str("address"), args.opt_int("nodeid", bits=64)
    if address is not None and number is None:
        found = node.connman.disconnect_by_name(address)
    elif number is not None and not address:
        found = node.connman.disconnect_by_id(number)
    else:
        raise RpcError(RpcErrorCode.INVALID_PARAMS, "Only one of address and nodeid should be provided.")
    if not found:
        raise RpcError(RpcErrorCode.CLIENT_NODE_NOT_CONNECTED, "Node not found in connected nodes")
    return None


@rpc_method(
    category="network",
    help="Describes the nodes that addnode added (but not those it tried once), and whether they are connected.",
    params=(Param("node", ParamType.STR, "Only this one", required=False, default_hint="all nodes"),),
    result="array of objects: addednode, connected, addresses",
    examples=(cli_example("getaddednodeinfo"), http_example("getaddednodeinfo")),
)
def getaddednodeinfo(node: NodeContext, args: Args) -> Json:
    nodes = node.connman.outbound.added_nodes()
    wanted = args.opt_str("node")
    if wanted is not None:
        nodes = [known for known in nodes if known.name == wanted]
        if not nodes:
            raise RpcError(RpcErrorCode.CLIENT_NODE_NOT_ADDED, "Error: Node has not been added.")
    result: list[Json] = []
    for known in nodes:
        addresses: list[Json] = []
        if known.endpoint is not None:
            direction = "inbound" if known.inbound else "outbound"
            addresses.append({"address": str(known.endpoint), "connected": direction})
        result.append({"addednode": known.name, "connected": known.endpoint is not None, "addresses": addresses})
    return result


@rpc_method(
    category="blockchain",
    help="Asks one peer for a block whose header is known. Returns at once; the block is processed when it comes.",
    params=(
        Param("blockhash", ParamType.HEX, "Hash of the block"),
        Param("peer_id", ParamType.NUM, "Number of the peer in getpeerinfo"),
    ),
    result="object: empty",
    examples=(cli_example("getblockfrompeer", '"00000000c937983704a73af28acdec37b049d214adbda81d7e2a3dd146f6ed09" 0'),),
)
def getblockfrompeer(node: NodeContext, args: Args) -> Json:
    block_hash, peer_id = args.hash("blockhash"), args.int("peer_id", bits=64)
    with node.chainman.lock:
        index = node.chainman.lookup(block_hash)
    if index is None:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Block header missing")
    if node.chainman.options.prunes and index.height > node.chainman.tip.height:
        raise RpcError(
            RpcErrorCode.MISC_ERROR,
            "In prune mode, only blocks that the node has already synced previously can be fetched from a peer",
        )
    if index.have_data:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Block already downloaded")
    problem = node.peerman.fetch_block(peer_id, index)
    if problem:
        raise RpcError(RpcErrorCode.MISC_ERROR, problem)
    return {}


@rpc_method(
    category="hidden",
    help="Sends a message with any content to a peer (for tests).",
    params=(
        Param("peer_id", ParamType.NUM, "Number of the peer in getpeerinfo"),
        Param("msg_type", ParamType.STR, "Message type, at most 12 characters"),
        Param("msg", ParamType.HEX, "Payload, without the message header"),
    ),
    result="object: empty",
)
def sendmsgtopeer(node: NodeContext, args: Args) -> Json:
    peer_id, kind, text = args.int("peer_id", bits=64), args.str("msg_type"), args.str("msg")
    if len(kind) > _MAX_TYPE_LENGTH:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"Error: msg_type too long, max length is {_MAX_TYPE_LENGTH}")
    if text and not is_hex(text):
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Error parsing input for msg")
    connection = node.connman.connection(peer_id)
    if connection is None:
        raise RpcError(RpcErrorCode.MISC_ERROR, "Error: Could not send message to peer")
    connection.push(kind, bytes.fromhex(text))
    return {}


METHODS = (sendmsgtopeer, getpeerinfo, addnode, addconnection, disconnectnode, getaddednodeinfo, getblockfrompeer)
