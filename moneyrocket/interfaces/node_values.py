"""The values that `moneyrocket.interfaces.node` hands out: snapshots, never changed once made.

Hashes are in internal byte order (`moneyrocket.primitives.hashes.hash_to_hex` spells them), times are unix seconds,
amounts sat, fee rates sat/kvB, sizes bytes unless something else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from moneyrocket.interfaces.json import Json


class MessageKind(IntEnum):
    """How serious a message to the user is."""

    INFORMATION = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What does not change while a node runs.

    Attributes:
        client_name: name of the program.
        version: its version, as a text.
        chain: main, test, testnet4, signet or regtest.
        data_dir: data directory of the chain.
        blocks_dir: where blocks are stored.
        log_path: debug.log, empty when there is none.
        user_agent: what peers are told.
        started: when the node began.
        pid: process that the node runs in.
        rpc_server: whether JSON-RPC over HTTP is on.
        pruned: whether old blocks are deleted.
        wallet_enabled: whether there is a wallet component (no -disablewallet).
    """

    client_name: str
    version: str
    chain: str
    data_dir: str
    blocks_dir: str
    log_path: str
    user_agent: str
    started: int
    pid: int
    rpc_server: bool
    pruned: bool
    wallet_enabled: bool


@dataclass(frozen=True, slots=True)
class ChainState:
    """Where the chain stands.

    Attributes:
        height: height of the tip, -1 before the chain is loaded.
        tip_hash: its hash, empty before.
        tip_time: time in its header, 0 before.
        header_height: height of the best header, -1 before.
        header_time: time in it.
        verification_progress: share of all transactions that were processed, 0 to 1.
        initial_download: whether the node is still catching up.
        loading: whether blocks or the mempool are still being loaded from disk.
        difficulty: of the tip.
        size_on_disk: what blocks take, bytes.
    """

    height: int
    tip_hash: bytes
    tip_time: int
    header_height: int
    header_time: int
    verification_progress: float
    initial_download: bool
    loading: bool
    difficulty: float
    size_on_disk: int


@dataclass(frozen=True, slots=True)
class BlockTip:
    """A new tip, as notifications tell of it; the members are those of `ChainState`."""

    height: int
    hash: bytes
    time: int
    verification_progress: float
    initial_download: bool


@dataclass(frozen=True, slots=True)
class HeaderTip:
    """A new best header.

    Attributes:
        height: its height.
        time: time in it.
        presync: whether it is of a first pass over headers, which are not stored yet.
    """

    height: int
    time: int
    presync: bool


@dataclass(frozen=True, slots=True)
class NetworkState:
    """The node in the network.

    Attributes:
        active: whether connections are allowed.
        inbound: connections that peers opened.
        outbound: connections that this node opened.
        max_connections: most that are allowed.
        bytes_received: since start.
        bytes_sent: since start.
        local_addresses: addresses that this node announces, with ports.
        services: names of what it offers to peers.
        protocol_version: its version of the P2P protocol.
    """

    active: bool
    inbound: int
    outbound: int
    max_connections: int
    bytes_received: int
    bytes_sent: int
    local_addresses: tuple[str, ...]
    services: tuple[str, ...]
    protocol_version: int


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """A connected peer.

    Attributes:
        id: number of the connection.
        address: address and port, or the name the user gave.
        network: ipv4, ipv6, onion, i2p, cjdns, or not_publicly_routable.
        bind_address: our end of the connection, empty if unknown.
        local_address: our address as the peer sees it, empty if unknown.
        kind: inbound, outbound-full-relay, block-relay-only, manual, feeler or addr-fetch.
        inbound: whether the peer opened the connection.
        version: its version of the protocol, 0 before it told.
        user_agent: what it calls itself.
        services: names of what it offers.
        relays_txs: whether it wants transactions.
        connected: when the connection was made.
        last_send: when bytes were last sent, 0 for never; so for the following.
        last_receive: when bytes were last received.
        last_transaction: when it last sent a transaction that was new and valid.
        last_block: when it last sent a block that was new and valid.
        bytes_sent: on this connection.
        bytes_received: on this connection.
        ping: last ping in seconds, None before the first; so for the following.
        min_ping: shortest ping in seconds.
        ping_wait: seconds since a ping that was not answered yet.
        time_offset: its clock minus ours, seconds.
        synced_headers: height of the last header in common, -1 if unknown.
        synced_blocks: height of the last block in common, -1 if unknown.
        in_flight: heights of blocks asked of it.
        high_bandwidth_to: we asked it to announce blocks as compact blocks.
        high_bandwidth_from: it asked us to.
        address_relay: whether addresses are exchanged with it.
        addresses_processed: addresses taken from it.
        addresses_rate_limited: addresses of it that were dropped.
        permissions: names of what it may do beyond the usual.
        fee_filter: fee rate below which it wants no transaction.
        transport: version of the transport, v1 or v2.
    """

    id: int
    address: str
    network: str
    bind_address: str
    local_address: str
    kind: str
    inbound: bool
    version: int
    user_agent: str
    services: tuple[str, ...]
    relays_txs: bool
    connected: int
    last_send: int
    last_receive: int
    last_transaction: int
    last_block: int
    bytes_sent: int
    bytes_received: int
    ping: float | None
    min_ping: float | None
    ping_wait: float | None
    time_offset: int
    synced_headers: int
    synced_blocks: int
    in_flight: tuple[int, ...]
    high_bandwidth_to: bool
    high_bandwidth_from: bool
    address_relay: bool
    addresses_processed: int
    addresses_rate_limited: int
    permissions: tuple[str, ...]
    fee_filter: int
    transport: str


@dataclass(frozen=True, slots=True)
class BanEntry:
    """A banned address or subnet, from when until when."""

    subnet: str
    created: int
    until: int


@dataclass(frozen=True, slots=True)
class MempoolState:
    """The mempool.

    Attributes:
        loaded: whether what the last run saved was read.
        transactions: how many there are.
        vsize: their virtual size, vB.
        usage: memory that they take.
        max_usage: most that they may take (-maxmempool).
        total_fee: their fees, sat.
        min_fee_rate: rate below which nothing is taken now.
        relay_fee_rate: -minrelaytxfee.
    """

    loaded: bool
    transactions: int
    vsize: int
    usage: int
    max_usage: int
    total_fee: int
    min_fee_rate: int
    relay_fee_rate: int


@dataclass(frozen=True, slots=True)
class FeeBand:
    """The mempool's transactions from a fee rate (inclusive) up to that of the next band: number, vB, sat."""

    fee_rate: int
    transactions: int
    vsize: int
    fees: int


@dataclass(frozen=True, slots=True)
class RpcArgument:
    """A parameter of an RPC method.

    Attributes:
        name: its name, and aliases, joined by ``|``.
        is_json: a console must read what is typed as JSON (numbers, true, arrays …), not as a text.
    """

    name: str
    is_json: bool


@dataclass(frozen=True, slots=True)
class RpcMethodInfo:
    """An RPC method, for completion. ``execute_rpc("help", [name])`` gives the text that describes it.

    Attributes:
        name: its name.
        category: heading in the list of methods, in lower case; ``hidden`` ones are not listed.
        arguments: in positional order.
    """

    name: str
    category: str
    arguments: tuple[RpcArgument, ...]


@dataclass(frozen=True, slots=True)
class SettingState:
    """An option of the node.

    Attributes:
        value: what counts: a text, or true or false, or a list of texts if it was given several times; None if nowhere.
        stored: what settings.json has, None for nothing.
        overridden: the command line or the configuration file has a say, so that what is stored does not count.
        restart_needed: what counts now differs from what the running node began with.
    """

    value: Json
    stored: Json
    overridden: bool
    restart_needed: bool
