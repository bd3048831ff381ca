"""Addresses of possible peers (peers.dat), in two tables: heard of (new) and connected to before (tried).

Each table has buckets of 64 places. A secret key decides which bucket, and which place in it, an address may take,
so that one party can fill only few of the places.
"""

import hashlib
import json
import random
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moneyrocket.common import clock, own_files
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.netaddress import AddressError, Endpoint, NetAddress, Network, PeerAddress, parse_endpoint

log = category_logger("addrman")

NEW_BUCKETS: Final = 1024
TRIED_BUCKETS: Final = 256
BUCKET_SIZE: Final = 64
_NEW_BUCKETS_PER_GROUP: Final = 64
_TRIED_BUCKETS_PER_GROUP: Final = 8
_HORIZON: Final = 30 * 24 * 3600
_RETRIES: Final = 3
_FORMAT: Final = 1

_Place = tuple[int, int]


@dataclass(slots=True)
class AddrInfo:
    """What is known of one address. Times in unix seconds.

    Attributes:
        endpoint: where it is.
        services: what it is said to offer.
        time: when it was last heard of.
        source: who told us first.
        tried: whether we have been connected.
        last_try: last attempt to connect.
        last_success: last time that worked.
        attempts: failed attempts since then.
    """

    endpoint: Endpoint
    services: int
    time: int
    source: NetAddress
    tried: bool = False
    last_try: int = 0
    last_success: int = 0
    attempts: int = 0

    def is_terrible(self, now: int) -> bool:
        """Whether it is not worth a place."""
        if now - self.last_try <= 60:
            return False
        if self.time > now + 600 or now - self.time > _HORIZON:
            return True
        if self.last_success == 0 and self.attempts >= _RETRIES:
            return True
        return now - self.last_success > 7 * 24 * 3600 and self.attempts >= 10

    def chance(self, now: int) -> float:
        """Weight in the draw, 0 to 1."""
        weight = 0.01 if now - self.last_try < 600 else 1.0
        return float(weight * 0.66 ** min(self.attempts, 8))


class AddrMan:
    """The address manager. Thread-safe.

    Args:
        path: the file, None to keep nothing.
        key: secret that places depend on; drawn at random, or taken from the file, when not given.
    """

    def __init__(self, path: Path | None, key: bytes | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._key = key or secrets.token_bytes(32)
        self._info: dict[Endpoint, AddrInfo] = {}
        self._new: dict[_Place, Endpoint] = {}
        self._tried: dict[_Place, Endpoint] = {}
        self._random = random.Random(secrets.randbits(64))
        if path is not None:
            self._load(path)

    def __len__(self) -> int:
        return len(self._info)

    def add(self, addresses: Sequence[PeerAddress], source: NetAddress, time_penalty: int = 0) -> bool:
        """Take addresses in that ``source`` told of.

        Args:
            addresses: what was told.
            source: who told.
            time_penalty: seconds to take off the time each was last heard of.

        Returns:
            Whether any of them is new.
        """
        with self._lock:
            added = sum(self._add(address, source, time_penalty) for address in addresses)
            if added:
                tried, new = len(self._tried), len(self._new)
                log.debug(
                    "Added %d addresses (of %d) from %s: %d tried, %d new", added, len(addresses), source, tried, new
                )
        return added > 0

    def add_tried(self, endpoint: Endpoint) -> bool:
        """Move an address to the tried table (the connection worked). False if it is unknown or has no place."""
        with self._lock:
            info = self._info.get(endpoint)
            if info is None:
                return False
            now = clock.now()
            info.last_success = info.last_try = now
            info.attempts = 0
            if info.tried:
                return False
            place = self._tried_place(endpoint)
            if place in self._tried:
                return False
            self._remove_new(endpoint)
            info.tried = True
            self._tried[place] = endpoint
            return True

    def attempt(self, endpoint: Endpoint, *, count_failure: bool) -> None:
        """Note that a connection is tried."""
        with self._lock:
            info = self._info.get(endpoint)
            if info is not None:
                info.last_try = clock.now()
                info.attempts += count_failure

    def connected(self, endpoint: Endpoint) -> None:
        """Note, at the end of a connection, that the peer was alive until now."""
        with self._lock:
            info = self._info.get(endpoint)
            if info is not None and clock.now() - info.time > 20 * 60:
                info.time = clock.now()

    def set_services(self, endpoint: Endpoint, services: int) -> None:
        """Note what the peer itself says it offers."""
        with self._lock:
            info = self._info.get(endpoint)
            if info is not None:
                info.services = services

    def select(self, *, new_only: bool = False) -> tuple[PeerAddress, int] | None:
        """Draw an address to connect to, and when it was last tried; None if there is none."""
        with self._lock:
            now = clock.now()
            tried = [] if new_only else list(self._tried.values())
            new = list(self._new.values())
            pool = tried if tried and (not new or self._random.random() < 0.5) else new
            if not pool:
                return None
            factor = 1.0
            while True:
                info = self._info[self._random.choice(pool)]
                if self._random.random() < factor * info.chance(now):
                    return PeerAddress(info.endpoint, info.services, info.time), info.last_try
                factor *= 1.2

    def addresses(
        self, max_count: int, max_percent: int, network: Network | None = None, *, filtered: bool = True
    ) -> list[PeerAddress]:
        """Draw addresses to tell others of.

        Args:
            max_count: at most so many, 0 for no limit.
            max_percent: at most this share of all, 0 for no limit.
            network: only of this network.
            filtered: leave out those not worth a place.
        """
        with self._lock:
            count = len(self._info)
            if max_percent:
                count = count * max_percent // 100
            if max_count:
                count = min(count, max_count)
            now = clock.now()
            chosen: list[PeerAddress] = []
            for info in self._random.sample(list(self._info.values()), len(self._info)):
                if len(chosen) >= count:
                    break
                if network is not None and info.endpoint.address.network is not network:
                    continue
                if filtered and info.is_terrible(now):
                    continue
                chosen.append(PeerAddress(info.endpoint, info.services, info.time))
            return chosen

    def entries(self, *, tried: bool) -> list[tuple[_Place, AddrInfo]]:
        """One table: bucket and position, and what stands there."""
        with self._lock:
            table = self._tried if tried else self._new
            return [(place, self._info[endpoint]) for place, endpoint in sorted(table.items(), key=lambda i: i[0])]

    def save(self) -> None:
        """Write the file."""
        if self._path is None:
            return
        with self._lock:
            rows = [
                [str(i.endpoint), i.services, i.time, str(i.source), i.tried, i.last_try, i.last_success, i.attempts]
                for i in self._info.values()
            ]
            text = json.dumps({"version": _FORMAT, "key": self._key.hex(), "addresses": rows})
        temporary = self._path.with_suffix(".dat.new")
        own_files.write_text(temporary, text)
        own_files.rename(temporary, self._path)
        category_logger("net").debug("Flushed %d addresses to peers.dat", len(rows))

    def _load(self, path: Path) -> None:
        try:
            data = json.loads(own_files.read_text(path))
            if data["version"] != _FORMAT:
                raise ValueError(f"unknown version {data['version']}")
            self._key = bytes.fromhex(data["key"])
            for text, services, time, source, tried, last_try, last_success, attempts in data["addresses"]:
                info = AddrInfo(
                    parse_endpoint(text, 0), services, time, NetAddress.from_ip(source), False, last_try, last_success,
                    attempts,
                )  # fmt: skip
                place = self._tried_place(info.endpoint)
                if tried and place not in self._tried:
                    info.tried = True
                    self._tried[place] = info.endpoint
                else:
                    self._new.setdefault(self._new_place(info.endpoint, info.source), info.endpoint)
                self._info[info.endpoint] = info
        except FileNotFoundError:
            category_logger("net").info("Creating peers.dat because the file was not found (%s)", path)
        except (OSError, ValueError, KeyError, TypeError, AddressError) as error:
            category_logger("net").warning("Starting with no peer addresses, %s is unreadable: %s", path, error)
            self._info, self._new, self._tried = {}, {}, {}
        placed = set(self._new.values()) | set(self._tried.values())
        self._info = {endpoint: info for endpoint, info in self._info.items() if endpoint in placed}

    def _add(self, address: PeerAddress, source: NetAddress, time_penalty: int) -> bool:
        endpoint = address.endpoint
        if not endpoint.address.is_routable:
            return False
        if endpoint.address == source:
            time_penalty = 0
        time = max(0, address.time - time_penalty)
        info = self._info.get(endpoint)
        if info is not None:
            interval = 3600 if clock.now() - address.time < 24 * 3600 else 24 * 3600
            if info.time < address.time - interval - time_penalty:
                info.time = time
            info.services |= address.services
            return False
        place = self._new_place(endpoint, source)
        holder = self._new.get(place)
        if holder is not None:
            if not self._info[holder].is_terrible(clock.now()):
                return False
            del self._info[holder]
        self._new[place] = endpoint
        log.debug("Added %s to new[%d][%d]", endpoint, *place)
        self._info[endpoint] = AddrInfo(endpoint, address.services, time, source)
        return True

    def _remove_new(self, endpoint: Endpoint) -> None:
        for place in [place for place, holder in self._new.items() if holder == endpoint]:
            del self._new[place]

    def _hash(self, *parts: bytes) -> int:
        digest = hashlib.sha256(self._key)
        for part in parts:
            digest.update(len(part).to_bytes(4, "little") + part)
        return int.from_bytes(digest.digest()[:8], "little")

    def _new_place(self, endpoint: Endpoint, source: NetAddress) -> _Place:
        group = source.group
        slot = self._hash(b"N", endpoint.address.group, group) % _NEW_BUCKETS_PER_GROUP
        bucket = self._hash(b"B", group, slot.to_bytes(8, "little")) % NEW_BUCKETS
        return bucket, self._position(b"n", bucket, endpoint)

    def _tried_place(self, endpoint: Endpoint) -> _Place:
        slot = self._hash(b"T", str(endpoint).encode()) % _TRIED_BUCKETS_PER_GROUP
        bucket = self._hash(b"C", endpoint.address.group, slot.to_bytes(8, "little")) % TRIED_BUCKETS
        return bucket, self._position(b"t", bucket, endpoint)

    def _position(self, table: bytes, bucket: int, endpoint: Endpoint) -> int:
        return self._hash(table, bucket.to_bytes(8, "little"), str(endpoint).encode()) % BUCKET_SIZE
