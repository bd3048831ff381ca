"""Opens connections: those the user names, and those drawn from the address manager."""

import random
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.common.threads import start_thread
from moneyrocket.node.net.connection import ConnectionType
from moneyrocket.node.net.netaddress import (
    AddressError,
    Endpoint,
    NetAddress,
    Network,
    PeerAddress,
    parse_endpoint,
    split_host_port,
)
from moneyrocket.node.net.options import MAX_ADDNODE
from moneyrocket.node.net.protocol import ServiceFlags

if TYPE_CHECKING:
    from moneyrocket.node.net.connman import ConnectionManager

log = category_logger("net")

_RETRY_ADDED_SECONDS: Final = 60.0
_LOOK_FOR_ADDED_SECONDS: Final = 2.0
_FEELER_MEAN_SECONDS: Final = 120
_SEED_SERVICES: Final = int(ServiceFlags.NETWORK | ServiceFlags.WITNESS)


@dataclass(frozen=True, slots=True)
class AddedNode:
    """An entry of the addnode list and what became of it.

    Attributes:
        name: as the user gave it.
        endpoint: whom it stands for, None if nobody is connected.
        inbound: direction of that connection.
    """

    name: str
    endpoint: Endpoint | None
    inbound: bool = False


class OutboundOpener:
    """Makes outbound connections, on request and on its own threads.

    Args:
        connman: takes the connections, and has the settings.
    """

    def __init__(self, connman: "ConnectionManager") -> None:
        self._connman = connman
        self._lock = threading.Lock()
        self._added: list[str] = list(connman.options.added_nodes)

    def start_threads(self) -> list[threading.Thread]:
        """Start the threads the options ask for."""
        options = self._connman.options
        threads = [start_thread("addcon", self._keep_added)]
        if options.connect is None or options.connect or options.seed_nodes:
            threads.append(start_thread("opencon", self._open_automatic))
        if options.dns_seed and self._connman.params.dns_seeds:
            threads.append(start_thread("dnsseed", self._ask_dns_seeds))
        return threads

    # The addnode list

    def add_node(self, name: str) -> bool:
        """Keep a connection to ``name`` from now on; False if it is on the list already."""
        endpoint = self._literal(name)
        with self._lock:
            for known in self._added:
                if known == name or (endpoint is not None and self._literal(known) == endpoint):
                    return False
            self._added.append(name)
        return True

    def remove_node(self, name: str) -> bool:
        """Take ``name`` off the list; False if it is not there."""
        with self._lock:
            if name not in self._added:
                return False
            self._added.remove(name)
        return True

    def added_nodes(self) -> list[AddedNode]:
        """The list, with the state of each entry."""
        with self._lock:
            names = list(self._added)
        result = []
        for name in names:
            endpoint = self._literal(name)
            for connection in self._connman.connections():
                if connection.name == name or (endpoint is not None and connection.endpoint == endpoint):
                    result.append(AddedNode(name, connection.endpoint, connection.is_inbound))
                    break
            else:
                result.append(AddedNode(name, None))
        return result

    def _literal(self, name: str) -> Endpoint | None:
        try:
            return parse_endpoint(name, self._connman.params.default_port)
        except AddressError:
            return None

    # Opening

    def open_named(self, name: str, kind: ConnectionType) -> bool:
        """Connect to what the user named, waiting for the TCP connection. False if that fails."""
        if not self._may_open():
            return False
        for connection in self._connman.connections():
            if connection.name == name:
                return False
        try:
            endpoints = self._resolve(name)
        except (AddressError, OSError) as error:
            log.debug("cannot resolve %s: %s", name, error)
            return False
        for endpoint in endpoints:
            if self._is_connected(endpoint):
                log.info("Not opening a connection to %s, already connected to %s", name, endpoint)
                return False
            if self._connect(endpoint, name, kind):
                return True
        return False

    def open_endpoint(self, endpoint: Endpoint, kind: ConnectionType) -> bool:
        """Connect to an address that nobody named. False if that fails or something speaks against it."""
        connman = self._connman
        address = endpoint.address
        if (
            not self._may_open()
            or connman.banman.is_discouraged(address)
            or connman.banman.is_banned(address)
            or any(connection.endpoint.address == address for connection in connman.connections())
        ):
            return False
        return self._connect(endpoint, "", kind)

    def open_for_test(self, name: str, kind: ConnectionType) -> bool:
        """Connect as the automatic threads would (addconnection). False if all places of this kind are taken."""
        connman = self._connman
        limits = {
            ConnectionType.OUTBOUND_FULL_RELAY: connman.max_full_relay,
            ConnectionType.BLOCK_RELAY: connman.max_block_relay,
        }
        if kind in limits and connman.count(kind) >= limits[kind]:
            return False
        self.open_named(name, kind)
        return True

    def _may_open(self) -> bool:
        return self._connman.network_active and not self._connman.interrupted.is_set()

    def _is_connected(self, endpoint: Endpoint) -> bool:
        return any(connection.endpoint == endpoint for connection in self._connman.connections())

    def _resolve(self, name: str) -> list[Endpoint]:
        endpoint = self._literal(name)
        if endpoint is not None:
            return [endpoint]
        host, port = split_host_port(name, self._connman.params.default_port)
        return _look_up(host, port)

    def _connect(self, endpoint: Endpoint, name: str, kind: ConnectionType) -> bool:
        address = endpoint.address
        log.debug("trying v1 connection (%s) to %s, lastseen=0.0hrs", kind.value, name or str(endpoint))
        if address.ip is None:
            log.debug("no way to reach %s without a proxy", endpoint)
            return False
        family = socket.AF_INET if address.network is Network.IPV4 else socket.AF_INET6
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(self._connman.options.connect_timeout)
        try:
            sock.connect((str(address), endpoint.port))
        except OSError as error:
            sock.close()
            log.debug("connection attempt to %s failed: %s", endpoint, error)
            self._connman.addrman.attempt(endpoint, count_failure=kind is not ConnectionType.MANUAL)
            return False
        if self._connman.interrupted.is_set():
            sock.close()
            return False
        self._connman.addrman.attempt(endpoint, count_failure=False)
        self._connman.add_outbound(sock, endpoint, name, kind)
        return True

    # Threads

    def _wait(self, seconds: float) -> bool:
        """Sleep; False if the node stops."""
        return not self._connman.interrupted.wait(seconds)

    def _keep_added(self) -> None:
        while True:
            tried = False
            for node in self.added_nodes():
                if node.endpoint is None and self._connman.count(ConnectionType.MANUAL) < MAX_ADDNODE:
                    tried = True
                    self.open_named(node.name, ConnectionType.MANUAL)
                    if not self._wait(0.5):
                        return
            if not self._wait(_RETRY_ADDED_SECONDS if tried else _LOOK_FOR_ADDED_SECONDS):
                return

    def _open_automatic(self) -> None:
        connect = self._connman.options.connect
        if connect:
            while True:
                for name in connect:
                    self.open_named(name, ConnectionType.MANUAL)
                    if not self._wait(0.5):
                        return
        for name in self._connman.options.seed_nodes:
            self.open_named(name, ConnectionType.ADDR_FETCH)
        if connect is not None:
            return
        next_feeler = clock.now() + random.expovariate(1 / _FEELER_MEAN_SECONDS)
        while self._wait(0.5):
            kind = self._wanted_kind()
            if kind is None:
                if clock.now() < next_feeler:
                    continue
                next_feeler = clock.now() + random.expovariate(1 / _FEELER_MEAN_SECONDS)
                kind = ConnectionType.FEELER
            self._open_drawn(kind)

    def _wanted_kind(self) -> ConnectionType | None:
        connman = self._connman
        if connman.count(ConnectionType.OUTBOUND_FULL_RELAY) < connman.max_full_relay:
            return ConnectionType.OUTBOUND_FULL_RELAY
        if connman.count(ConnectionType.BLOCK_RELAY) < connman.max_block_relay:
            return ConnectionType.BLOCK_RELAY
        return None

    def _open_drawn(self, kind: ConnectionType) -> None:
        groups = {c.endpoint.address.group for c in self._connman.connections() if c.is_outbound_or_block_relay}
        for attempt in range(100):
            drawn = self._connman.addrman.select(new_only=kind is ConnectionType.FEELER)
            if drawn is None:
                return
            candidate, last_try = drawn
            if kind is not ConnectionType.FEELER and candidate.endpoint.address.group in groups:
                continue
            if candidate.endpoint.address.ip is None or (clock.now() - last_try < 600 and attempt < 30):
                continue
            self.open_endpoint(candidate.endpoint, kind)
            return

    def _ask_dns_seeds(self) -> None:
        if len(self._connman.addrman) and not self._wait(11):
            return
        found = 0
        for seed in self._connman.params.dns_seeds:
            if not self._connman.network_active:
                continue
            log.info("Loading addresses from DNS seed %s", seed)
            try:
                endpoints = _look_up(f"x{_SEED_SERVICES:x}.{seed}", self._connman.params.default_port)
            except OSError:
                continue
            seen = clock.now() - random.randrange(3 * 86400, 7 * 86400)
            addresses = [PeerAddress(endpoint, _SEED_SERVICES, seen) for endpoint in endpoints]
            if addresses:
                self._connman.addrman.add(addresses, addresses[0].endpoint.address)
                found += len(addresses)
            if self._connman.interrupted.is_set():
                return
        log.info("%d addresses found from DNS seeds", found)


def _look_up(host: str, port: int) -> list[Endpoint]:
    """Resolve a name.

    Raises:
        OSError: if nobody knows it.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Endpoint(NetAddress.from_ip(str(entry[4][0])), port) for entry in found]
