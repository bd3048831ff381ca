"""A node in plain Python, and where it comes from."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from moneyrocket.interfaces.chain import FeeEstimate
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node import LogSink, Node, NodeNotifications, NodeSource, NodeSourceEvents, NodeStartError
from moneyrocket.interfaces.node_values import (
    BanEntry,
    ChainState,
    FeeBand,
    MempoolState,
    NetworkState,
    NodeInfo,
    PeerInfo,
    RpcArgument,
    RpcMethodInfo,
    SettingState,
)
from moneyrocket.interfaces.process import ProcessRole, ProcessStats
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.interfaces.wallet import Wallets
from moneyrocket.tests.gui.fake_wallet import FakeHandler, FakeWallets

METHODS = (
    ("getbestblockhash", "blockchain", ()),
    ("getblock", "blockchain", (("blockhash", False), ("verbosity", True))),
    ("getblockchaininfo", "blockchain", ()),
    ("getblockcount", "blockchain", ()),
    ("getblockhash", "blockchain", (("height", True),)),
    ("getmempoolinfo", "blockchain", ()),
    ("getpeerinfo", "network", ()),
    ("getbalance", "wallet", (("dummy", False), ("minconf", True))),
    ("help", "control", (("command", False),)),
    ("uptime", "control", ()),
    ("walletpassphrase", "wallet", (("passphrase", False), ("timeout", True))),
)


COINBASE = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
HELP = """== Blockchain ==
getbestblockhash
getblock "blockhash" ( verbosity )

== Control ==
help ( "command" )"""


def make_peer(number: int, **changes: object) -> PeerInfo:
    """Make up a peer."""
    now = int(time.time())
    peer = PeerInfo(
        id=number,
        address=f"203.0.113.{number}:8333",
        network="ipv4",
        bind_address="192.0.2.7:8333",
        local_address="192.0.2.7:8333",
        kind="outbound-full-relay",
        inbound=False,
        version=70016,
        user_agent="/Satoshi:31.0.0/",
        services=("NETWORK", "WITNESS", "NETWORK_LIMITED", "P2P_V2"),
        relays_txs=True,
        connected=now - 5000 - 700 * number,
        last_send=now - 3,
        last_receive=now - 1,
        last_transaction=now - 12,
        last_block=now - 480,
        bytes_sent=1_234_567 * number,
        bytes_received=8_765_432 * number,
        ping=0.021 * number,
        min_ping=0.018 * number,
        ping_wait=None,
        time_offset=0,
        synced_headers=900_000,
        synced_blocks=900_000,
        in_flight=(),
        high_bandwidth_to=number < 3,
        high_bandwidth_from=False,
        address_relay=True,
        addresses_processed=1200,
        addresses_rate_limited=0,
        permissions=(),
        fee_filter=1000,
        transport="v1",
    )
    return replace(peer, **changes)  # type: ignore[arg-type]  # names and types are the caller's


class FakeNode(Node):
    """A node whose members tests may change.

    Args:
        wallets: Its wallet component.
    """

    def __init__(self, wallets: FakeWallets | None = None) -> None:
        now = int(time.time())
        self.wallet_component: FakeWallets | None = wallets
        self.chain = ChainState(
            900_000, b"\x11" * 32, now - 300, 900_000, now - 300, 1.0, False, False, 1.2e14, 7 * 10**11
        )
        self.net = NetworkState(
            True, 3, 8, 125, 0, 0, ("192.0.2.7:8333",), ("NETWORK", "WITNESS", "NETWORK_LIMITED"), 70016
        )
        self.pool = MempoolState(True, 0, 0, 0, 300_000_000, 0, 1000, 100)
        self.bands: list[FeeBand] = []
        self.peer_list = [make_peer(number) for number in range(1, 9)]
        self.bans: list[BanEntry] = []
        self.settings: dict[str, SettingState] = {}
        self.warning_list: list[str] = []
        self.listeners: list[NodeNotifications] = []
        self.log_sinks: list[LogSink] = []
        self.allowed_files: list[tuple[str, bool]] = []
        self.executed: list[tuple[str, Json, str]] = []
        self.start_error: Exception | None = None
        self.start_gate = threading.Event()
        self.start_gate.set()
        self.gate = threading.Event()
        self.gate.set()
        self.dead = False
        self.stopped = False
        self.shutdown_asked = False
        self.wallet_restarts = 0

    def answer(self) -> None:
        """Hang or be dead if the test wants it."""
        if not self.gate.wait(30) or self.dead:
            raise ConnectionError("the node is gone")

    def tell(self, call: Callable[[NodeNotifications], None]) -> None:
        """Notify all subscribers from another thread."""
        listeners = list(self.listeners)

        def run() -> None:
            for listener in listeners:
                call(listener)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    # Life

    def start(self) -> None:
        self.start_gate.wait(30)
        if self.start_error is not None:
            raise self.start_error

    def request_shutdown(self) -> None:
        self.shutdown_asked = True
        self.start_gate.set()

    def shutdown_requested(self) -> bool:
        return False

    def stop(self) -> None:
        self.stopped = True

    def handle_notifications(self, notifications: NodeNotifications) -> Handler:
        self.listeners.append(notifications)
        return FakeHandler(lambda: self.listeners.remove(notifications))

    # State

    def info(self) -> NodeInfo:
        return NodeInfo(
            "Moneyrocket",
            "0.1.0",
            "main",
            "/data",
            "/data/blocks",
            "/data/debug.log",
            "/Moneyrocket:0.1.0/",
            int(time.time()) - 90_000,
            4712,
            True,
            False,
            True,
        )

    def warnings(self) -> list[str]:
        return self.warning_list

    def chain_state(self) -> ChainState:
        self.answer()
        return self.chain

    def mempool_state(self) -> MempoolState:
        self.answer()
        return self.pool

    def mempool_bands(self, fee_rates: list[int]) -> list[FeeBand]:
        self.answer()
        known = {band.fee_rate: band for band in self.bands}
        return [known.get(rate, FeeBand(rate, 0, 0, 0)) for rate in fee_rates]

    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        return FeeEstimate(12_300, conf_target, [])

    # Network

    def network_state(self) -> NetworkState:
        self.answer()
        return self.net

    def set_network_active(self, active: bool) -> None:
        self.net = replace(self.net, active=active)

    def peers(self) -> list[PeerInfo]:
        self.answer()
        return list(self.peer_list)

    def disconnect_peer(self, peer_id: int) -> bool:
        before = len(self.peer_list)
        self.peer_list = [peer for peer in self.peer_list if peer.id != peer_id]
        return len(self.peer_list) < before

    def ban(self, address: str, seconds: int) -> bool:
        now = int(time.time())
        subnet = address.rpartition(":")[0] + "/32"
        self.bans.append(BanEntry(subnet, now, now + (seconds or 86_400)))
        self.peer_list = [peer for peer in self.peer_list if peer.address != address]
        return True

    def unban(self, subnet: str) -> bool:
        self.bans = [ban for ban in self.bans if ban.subnet != subnet]
        return True

    def banned(self) -> list[BanEntry]:
        self.answer()
        return list(self.bans)

    # Console

    def execute_rpc(self, method: str, params: Json, uri: str) -> Json:
        self.answer()
        self.executed.append((method, params, uri))
        answers: dict[str, Json] = {
            "getblockcount": 900_000,
            "getblockhash": "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
            "getbalance": Decimal("1.84502137"),
            "help": HELP,
            "getblockchaininfo": {
                "chain": "main",
                "blocks": 900_000,
                "bestblockhash": "00000000000000000001f2b1d1a2c7a0a3b1c4d5e6f708192a3b4c5d6e7f8091",
                "difficulty": Decimal("126984289236870.4"),
                "verificationprogress": Decimal("0.9999987"),
                "initialblockdownload": False,
                "warnings": [],
            },
            "getblock": {"hash": "00", "tx": [COINBASE]},
        }
        if method not in answers:
            raise RpcError(-32601, "Method not found")
        return answers[method]

    def rpc_methods(self) -> list[RpcMethodInfo]:
        return [
            RpcMethodInfo(name, category, tuple(RpcArgument(each, is_json) for each, is_json in arguments))
            for name, category, arguments in METHODS
        ]

    # Settings

    def setting(self, name: str) -> SettingState:
        return self.settings.get(name, SettingState(None, None, False, False))

    def update_setting(self, name: str, value: Json) -> bool:
        self.settings[name] = SettingState(value, value, False, True)
        return True

    # Wallets

    def wallets(self) -> Wallets | None:
        self.answer()
        return self.wallet_component

    def restart_wallets(self) -> None:
        self.wallet_restarts += 1
        self.tell(lambda listener: listener.wallets_ready())

    # Processes

    def allow_wallet_file(self, path: str, write: bool) -> Handler:
        self.allowed_files.append((path, write))
        return FakeHandler(lambda: self.allowed_files.remove((path, write)))

    def process_stats(self) -> list[ProcessStats]:
        return []

    def handle_log(self, category: str, sink: LogSink) -> Handler:
        self.log_sinks.append(sink)
        return FakeHandler(lambda: self.log_sinks.remove(sink))


class FakeSource(NodeSource):
    """Gives out nodes, one after another.

    Args:
        nodes: The nodes; the last one is given again when there are no more.
        chain: Name of the chain.
        can_reconnect: Whether a lost node comes back.
        attached_to: Address of a node that is not the program's own.
    """

    def __init__(
        self, *nodes: FakeNode, chain: str = "main", can_reconnect: bool = True, attached_to: str = ""
    ) -> None:
        self.nodes = list(nodes) or [FakeNode(FakeWallets())]
        self.connections = 0
        self.closed = 0
        self.answers = True
        self.error: NodeStartError | None = None
        self.events: NodeSourceEvents | None = None
        self._chain = chain
        self._can_reconnect = can_reconnect
        self._attached_to = attached_to

    @property
    def chain(self) -> str:
        return self._chain

    @property
    def can_reconnect(self) -> bool:
        return self._can_reconnect

    @property
    def attached_to(self) -> str:
        return self._attached_to

    @property
    def node(self) -> FakeNode:
        """The node given out last."""
        return self.nodes[min(max(1, self.connections), len(self.nodes)) - 1]

    def connect(self, events: NodeSourceEvents) -> Node:
        if self.error is not None:
            raise self.error
        self.events = events
        self.connections += 1
        return self.node

    def lose(self, message: str = "The node's process ended unexpectedly (signal 9).") -> None:
        """Let the node's process die."""
        node, events = self.node, self.events
        node.dead = True
        node.gate.set()
        assert events is not None
        thread = threading.Thread(target=lambda: events.lost(message))
        thread.start()
        thread.join()

    def ping(self, timeout: float) -> bool:
        return self.answers

    def process_stats(self) -> list[ProcessStats]:
        now = time.monotonic()
        roles = (
            (ProcessRole.GUI, 118, 0.04, 40, "unix"),
            (ProcessRole.NODE, 431, 0.35, 22, "unrestricted"),
            (ProcessRole.WALLET, 92, 0.02, 13, "none"),
        )
        return [
            ProcessStats(
                role=role,
                name=f"moneyrocket-{role.value}",
                pid=4711 + place,
                alive=True,
                time=now,
                memory=int((megabytes + 6 * math.sin(now / (3 + place))) * 1_000_000),
                cpu_seconds=now * cpu + 0.003 * math.sin(now * 2 + place),
                threads=9 + place,
                uptime=5400,
                calls_made=int(now * rate + 5 * math.sin(now + place)),
                calls_served=int(now * rate / 2),
                wait_seconds=now * rate * (0.0012 + place * 0.0004) + 0.002 * math.sin(now * 1.3),
                sandboxed=True,
                sandbox=f"in force (Landlock version 7, seccomp), network {network}",
            )
            for place, (role, megabytes, cpu, rate, network) in enumerate(roles)
        ]

    def close(self) -> None:
        self.closed += 1
