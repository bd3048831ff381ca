"""Payloads of the P2P messages that have more than a field or two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moneyrocket.node.net.netaddress import UNKNOWN_ENDPOINT, Endpoint, NetAddress, PeerAddress, serialize_service_v1
from moneyrocket.node.net.protocol import MAX_SUBVERSION_LENGTH, Inv
from moneyrocket.primitives.block import BlockHeader, BlockLocator
from moneyrocket.primitives.hashes import ZERO_HASH
from moneyrocket.primitives.serialize import DeserializeError, Reader, compact_size, var_bytes, vector


@dataclass(frozen=True, slots=True)
class VersionMessage:
    """The ``version`` message.

    Attributes:
        version: protocol version.
        services: what the sender offers (`ServiceFlags` bits).
        time: sender's clock, unix seconds.
        receiver: how the sender sees the receiver.
        nonce: random number by which a node recognizes itself.
        user_agent: name of the software (BIP14).
        start_height: height of the sender's chain.
        relay: whether it wants transactions announced (BIP37).
        receiver_services: what the sender takes the receiver to offer.
    """

    version: int
    services: int
    time: int
    receiver: Endpoint
    nonce: int
    user_agent: str
    start_height: int
    relay: bool
    receiver_services: int = 0

    def serialize(self) -> bytes:
        """The payload. The sender's own address is left empty, as every implementation ignores it."""
        receiver = self.receiver if self.receiver.address.is_v1_compatible else UNKNOWN_ENDPOINT
        return b"".join(
            (
                (self.version & 0xFFFFFFFF).to_bytes(4, "little"),
                self.services.to_bytes(8, "little"),
                self.time.to_bytes(8, "little", signed=True),
                serialize_service_v1(receiver, self.receiver_services),
                serialize_service_v1(UNKNOWN_ENDPOINT, self.services),
                self.nonce.to_bytes(8, "little"),
                var_bytes(self.user_agent.encode()),
                self.start_height.to_bytes(4, "little", signed=True),
                bytes((self.relay,)),
            )
        )

    @classmethod
    def read(cls, reader: Reader) -> "VersionMessage":
        """Read a payload; the fields behind the receiver's address may be absent."""
        version, services, time = reader.i32(), reader.u64(), max(0, reader.i64())
        receiver_services = reader.u64()
        receiver = Endpoint(NetAddress.from_v1(reader.take(16)), reader.u16_be())
        nonce, agent, height, relay = 1, "", -1, True
        if reader.remaining:
            reader.take(26)
            nonce = reader.u64()
        if reader.remaining:
            size = reader.compact_size()
            if size > MAX_SUBVERSION_LENGTH:
                raise DeserializeError("String length limit exceeded")
            agent = reader.take(size).decode("latin-1")
        if reader.remaining:
            height = reader.i32()
        if reader.remaining:
            relay = bool(reader.u8())
        return cls(version, services, time, receiver, nonce, agent, height, relay, receiver_services)


def serialize_invs(invs: Iterable[Inv]) -> bytes:
    """Payload of ``inv``, ``getdata`` and ``notfound``."""
    return vector(inv.serialize() for inv in invs)


def read_invs(reader: Reader) -> list[Inv]:
    """Read what `serialize_invs` writes."""
    return reader.vector(Inv.read)


def serialize_headers(headers: Sequence[BlockHeader]) -> bytes:
    """Payload of ``headers``: each header is followed by a transaction count of 0."""
    return compact_size(len(headers)) + b"".join(header.serialize() + b"\0" for header in headers)


def read_headers(reader: Reader, count: int) -> list[BlockHeader]:
    """Read ``count`` entries of a ``headers`` message, whose count has been read already."""
    headers = []
    for _ in range(count):
        headers.append(BlockHeader.read(reader))
        reader.compact_size()
    return headers


def serialize_locator(locator: BlockLocator, stop: bytes = ZERO_HASH) -> bytes:
    """Payload of ``getheaders`` and ``getblocks``."""
    return locator.serialize() + stop


def read_locator(reader: Reader) -> tuple[BlockLocator, bytes]:
    """Read what `serialize_locator` writes."""
    return BlockLocator.read(reader), reader.take(32)


def serialize_addresses(addresses: Sequence[PeerAddress], *, v2: bool) -> bytes:
    """Payload of ``addr`` or, with ``v2``, of ``addrv2``."""
    return vector(address.serialize_v2() if v2 else address.serialize_v1() for address in addresses)


def read_addresses(reader: Reader, *, v2: bool) -> list[PeerAddress | None]:
    """Read what `serialize_addresses` writes; None stands for an address of an unknown network."""
    if v2:
        return reader.vector(PeerAddress.read_v2)
    return list(reader.vector(PeerAddress.read_v1))


def u64(value: int) -> bytes:
    """A 64-bit number, the whole payload of ``ping``, ``pong`` and ``feefilter``."""
    return value.to_bytes(8, "little")
