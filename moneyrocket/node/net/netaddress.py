"""Network addresses of peers: IPv4, IPv6, Tor, I2P, CJDNS (BIP155)."""

import base64
import hashlib
import ipaddress
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final

from moneyrocket.primitives.serialize import DeserializeError, Reader, compact_size, var_bytes

ADDRV2_MAX_SIZE: Final = 512
"""Longest address that a BIP155 message may carry, bytes."""

_V4_IN_V6: Final = bytes(10) + b"\xff\xff"
_INTERNAL_PREFIX: Final = bytes.fromhex("fd6b88c08724")


class Network(IntEnum):
    """Network identifiers of BIP155 (``UNROUTABLE`` and ``INTERNAL`` are ours, never sent)."""

    UNROUTABLE = 0
    IPV4 = 1
    IPV6 = 2
    ONION = 4
    I2P = 5
    CJDNS = 6
    INTERNAL = 255

    @property
    def label(self) -> str:
        """Name in RPC results."""
        return {
            Network.UNROUTABLE: "not_publicly_routable",
            Network.INTERNAL: "internal",
        }.get(self, self.name.lower())


_SIZES: Final = {Network.IPV4: 4, Network.IPV6: 16, Network.ONION: 32, Network.I2P: 32, Network.CJDNS: 16}

_NON_ROUTABLE_V4: Final = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "255.255.255.255/32",
    )
)
_NON_ROUTABLE_V6: Final = tuple(
    ipaddress.IPv6Network(net)
    for net in ("::/128", "::1/128", "fe80::/64", "fc00::/7", "2001:10::/28", "2001:20::/28", "2001:db8::/32")
)


class AddressError(ValueError):
    """A text is no network address."""


@dataclass(frozen=True)
class NetAddress:
    """An address without port.

    Attributes:
        network: its kind.
        data: 4, 16 or 32 bytes, as BIP155 sends them.
    """

    network: Network
    data: bytes

    @classmethod
    def from_ip(cls, text: str) -> "NetAddress":
        """Read a literal IPv4, IPv6, ``.onion`` or ``.b32.i2p`` address.

        Raises:
            AddressError: if it is none of them.
        """
        lower = text.lower()
        if lower.endswith(".onion"):
            return cls(Network.ONION, _decode_onion(lower[:-6]))
        if lower.endswith(".b32.i2p"):
            return cls(Network.I2P, _decode_base32(lower[:-8], 32))
        try:
            ip = ipaddress.ip_address(text.split("%", 1)[0])
        except ValueError as error:
            raise AddressError(str(error)) from None
        return cls._from_ip_object(ip)

    @classmethod
    def _from_ip_object(cls, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> "NetAddress":
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return cls(Network.IPV4 if ip.version == 4 else Network.IPV6, ip.packed)

    @classmethod
    def from_v1(cls, data: bytes) -> "NetAddress":
        """From the 16 bytes of a pre-BIP155 message."""
        if data.startswith(_INTERNAL_PREFIX):
            return cls(Network.INTERNAL, data[6:])
        return cls._from_ip_object(ipaddress.IPv6Address(data))

    @cached_property
    def ip(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The IP address, None for overlay networks."""
        if self.network is Network.IPV4:
            return ipaddress.IPv4Address(self.data)
        if self.network in (Network.IPV6, Network.CJDNS):
            return ipaddress.IPv6Address(self.data)
        return None

    @property
    def is_local(self) -> bool:
        """Whether it is this machine (loopback or unspecified)."""
        ip = self.ip
        if isinstance(ip, ipaddress.IPv4Address):
            return self.data[0] in (127, 0)
        return isinstance(ip, ipaddress.IPv6Address) and self.network is Network.IPV6 and ip.is_loopback

    @cached_property
    def is_valid(self) -> bool:
        """Whether it can be an address of a node at all."""
        if self.network is Network.INTERNAL:
            return False
        if self.network is Network.IPV4:
            return self.data not in (bytes(4), b"\xff\xff\xff\xff")
        if self.network is Network.IPV6:
            ip = self.ip
            assert ip is not None
            return not ip.is_unspecified and ip not in ipaddress.IPv6Network("2001:db8::/32")
        return True

    @cached_property
    def is_routable(self) -> bool:
        """Whether the public internet, or an overlay network, can reach it."""
        if not self.is_valid:
            return False
        ip = self.ip
        if isinstance(ip, ipaddress.IPv4Address):
            return not any(ip in net for net in _NON_ROUTABLE_V4)
        if isinstance(ip, ipaddress.IPv6Address) and self.network is Network.IPV6:
            return not any(ip in net for net in _NON_ROUTABLE_V6)
        return True

    @property
    def reachable_network(self) -> Network:
        """Its network, `Network.UNROUTABLE` if nobody could route to it."""
        return self.network if self.is_routable or self.network is Network.INTERNAL else Network.UNROUTABLE

    @property
    def group(self) -> bytes:
        """Bucket of addresses that one party may well own: /16 of IPv4, /32 of IPv6, 4 bits of an overlay address."""
        prefix = {Network.IPV4: 2, Network.IPV6: 4}.get(self.network, 1)
        if not self.is_routable:
            return bytes((Network.UNROUTABLE,)) + (b"local" if self.is_local else b"")
        body = self.data[:prefix]
        if prefix == 1:
            body = bytes((body[0] | 0x0F,))
        return bytes((self.network,)) + body

    @property
    def is_v1_compatible(self) -> bool:
        """Whether a pre-BIP155 message can carry it."""
        return self.network in (Network.IPV4, Network.IPV6)

    def serialize_v1(self) -> bytes:
        """16 bytes; zeros for an address that does not fit."""
        if self.network is Network.IPV4:
            return _V4_IN_V6 + self.data
        return self.data if self.network is Network.IPV6 else bytes(16)

    def serialize_v2(self) -> bytes:
        """Network id, then the length-prefixed address."""
        return bytes((self.network,)) + var_bytes(self.data)

    @classmethod
    def read_v2(cls, reader: Reader) -> "NetAddress | None":
        """Read what `serialize_v2` writes; None for a network this program does not know.

        Raises:
            DeserializeError: if the length does not fit the network.
        """
        network_id = reader.u8()
        size = reader.compact_size()
        if size > ADDRV2_MAX_SIZE:
            raise DeserializeError(f"Address too long: {size} > {ADDRV2_MAX_SIZE}")
        data = reader.take(size)
        try:
            network = Network(network_id)
            expected = _SIZES[network]
        except (ValueError, KeyError):
            return None
        if size != expected:
            label = {Network.ONION: "TORv3"}.get(network, network.name)
            raise DeserializeError(f"BIP155 {label} address with length {size} (should be {expected})")
        if network is Network.IPV6 and data.startswith((_V4_IN_V6, _INTERNAL_PREFIX)):
            return None
        return cls(network, data)

    def __str__(self) -> str:
        ip = self.ip
        if ip is not None:
            return str(ip)
        if self.network is Network.ONION:
            return _encode_onion(self.data)
        if self.network is Network.I2P:
            return base64.b32encode(self.data).decode().lower().rstrip("=") + ".b32.i2p"
        return base64.b32encode(self.data).decode().lower().rstrip("=") + ".internal"


def _decode_base32(text: str, size: int) -> bytes:
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError as error:
        raise AddressError(str(error)) from None
    if len(data) != size:
        raise AddressError(f"{len(data)} bytes instead of {size}")
    return data


def _onion_checksum(pubkey: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + pubkey + b"\x03").digest()[:2]


def _decode_onion(text: str) -> bytes:
    data = _decode_base32(text, 35)
    pubkey, checksum, version = data[:32], data[32:34], data[34]
    if version != 3 or checksum != _onion_checksum(pubkey):
        raise AddressError("not a version 3 onion address")
    return pubkey


def _encode_onion(pubkey: bytes) -> str:
    return base64.b32encode(pubkey + _onion_checksum(pubkey) + b"\x03").decode().lower() + ".onion"


@dataclass(frozen=True)
class Endpoint:
    """An address and a TCP port."""

    address: NetAddress
    port: int

    def __str__(self) -> str:
        host = str(self.address)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


UNKNOWN_ENDPOINT: Final = Endpoint(NetAddress(Network.IPV6, bytes(16)), 0)


@dataclass(frozen=True)
class PeerAddress:
    """An endpoint as peers tell one another about it.

    Attributes:
        endpoint: where.
        services: what it offers (`ServiceFlags` bits).
        time: when it was last heard of, unix seconds.
    """

    endpoint: Endpoint
    services: int
    time: int

    def serialize_v1(self) -> bytes:
        """Entry of an ``addr`` message."""
        return self.time.to_bytes(4, "little") + serialize_service_v1(self.endpoint, self.services)

    def serialize_v2(self) -> bytes:
        """Entry of an ``addrv2`` message."""
        return b"".join(
            (
                self.time.to_bytes(4, "little"),
                compact_size(self.services),
                self.endpoint.address.serialize_v2(),
                self.endpoint.port.to_bytes(2, "big"),
            )
        )

    @classmethod
    def read_v1(cls, reader: Reader) -> "PeerAddress":
        """Read an entry of an ``addr`` message."""
        time, services = reader.u32(), reader.u64()
        return cls(Endpoint(NetAddress.from_v1(reader.take(16)), reader.u16_be()), services, time)

    @classmethod
    def read_v2(cls, reader: Reader) -> "PeerAddress | None":
        """Read an entry of an ``addrv2`` message; None if its network is unknown."""
        time = reader.u32()
        services = reader.compact_size(limit=0xFFFFFFFFFFFFFFFF)
        address = NetAddress.read_v2(reader)
        port = reader.u16_be()
        return None if address is None else cls(Endpoint(address, port), services, time)


def serialize_service_v1(endpoint: Endpoint, services: int) -> bytes:
    """Services, address and port as ``version`` and ``addr`` carry them (26 bytes)."""
    return services.to_bytes(8, "little") + endpoint.address.serialize_v1() + endpoint.port.to_bytes(2, "big")


def split_host_port(text: str, default_port: int) -> tuple[str, int]:
    """Take ``host``, ``host:port``, ``[v6]`` or ``[v6]:port`` apart.

    Raises:
        AddressError: if the port is no number between 0 and 65535.
    """
    host, port = text, default_port
    head, colon, tail = text.rpartition(":")
    bracketed = head.startswith("[") and head.endswith("]")
    if colon and (bracketed or ":" not in head):
        if not tail.isascii() or not tail.isdigit() or int(tail) > 0xFFFF:
            raise AddressError(f"invalid port in {text!r}")
        host, port = head, int(tail)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host, port


def parse_endpoint(text: str, default_port: int) -> Endpoint:
    """Read a literal address with an optional port; no name is resolved.

    Raises:
        AddressError: if it is none.
    """
    host, port = split_host_port(text, default_port)
    return Endpoint(NetAddress.from_ip(host), port)


@dataclass(frozen=True)
class Subnet:
    """A range of addresses: an IP network, or exactly one overlay address."""

    base: NetAddress
    prefix: int

    @classmethod
    def parse(cls, text: str) -> "Subnet":
        """Read ``address``, ``address/bits`` or ``address/netmask``.

        Raises:
            AddressError: if it is none.
        """
        host, slash, mask = text.partition("/")
        address = NetAddress.from_ip(host)
        if not slash:
            return cls.single(address)
        if address.network not in (Network.IPV4, Network.IPV6):
            raise AddressError("only IP addresses have netmasks")
        try:
            net = ipaddress.ip_network(f"{address.ip}/{mask}", strict=False)
        except ValueError as error:
            raise AddressError(str(error)) from None
        return cls(NetAddress(address.network, net.network_address.packed), net.prefixlen)

    @classmethod
    def single(cls, address: NetAddress) -> "Subnet":
        """The range of one address."""
        return cls(address, len(address.data) * 8)

    def contains(self, address: NetAddress) -> bool:
        """Whether ``address`` lies inside."""
        if address.network is not self.base.network:
            return False
        shift = len(self.base.data) * 8 - self.prefix
        return int.from_bytes(address.data, "big") >> shift == int.from_bytes(self.base.data, "big") >> shift

    @property
    def sort_key(self) -> tuple[int, bytes, int]:
        """Order of lists: by network, address, then width."""
        order = {Network.IPV4: 1, Network.IPV6: 2, Network.ONION: 3, Network.I2P: 4, Network.CJDNS: 5}
        return order.get(self.base.network, 0), self.base.data, self.prefix

    def __str__(self) -> str:
        if self.base.network in (Network.IPV4, Network.IPV6):
            return f"{self.base}/{self.prefix}"
        return str(self.base)
