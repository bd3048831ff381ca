"""Numbers and names of the P2P protocol: versions, services, inventory types, message types, limits."""

from enum import IntFlag
from typing import Final, NamedTuple

from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import Reader

PROTOCOL_VERSION: Final = 70017
MIN_PEER_PROTO_VERSION: Final = 31800
PING_NONCE_VERSION: Final = 60001
"""BIP31: from here on a ping carries a nonce and is answered."""
SENDHEADERS_VERSION: Final = 70012
FEEFILTER_VERSION: Final = 70013
SHORT_IDS_BLOCKS_VERSION: Final = 70014
WTXID_RELAY_VERSION: Final = 70016
FEATURE_VERSION: Final = 70017
"""BIP434: the ``feature`` message."""
CMPCTBLOCKS_VERSION: Final = 2

MAX_PROTOCOL_MESSAGE_LENGTH: Final = 4_000_000
MAX_SUBVERSION_LENGTH: Final = 256
MAX_INV_SIZE: Final = 50_000
MAX_HEADERS_RESULTS: Final = 2000
MAX_LOCATOR_SIZE: Final = 101
MAX_ADDR_TO_SEND: Final = 1000
MAX_BLOCKS_IN_TRANSIT_PER_PEER: Final = 16


class ServiceFlags(IntFlag):
    """What a node offers (64-bit field of ``version`` and of addresses)."""

    NONE = 0
    NETWORK = 1
    BLOOM = 1 << 2
    WITNESS = 1 << 3
    COMPACT_FILTERS = 1 << 6
    NETWORK_LIMITED = 1 << 10
    P2P_V2 = 1 << 11


SERVICE_NAMES: Final = {
    0: "NETWORK",
    2: "BLOOM",
    3: "WITNESS",
    6: "COMPACT_FILTERS",
    10: "NETWORK_LIMITED",
    11: "P2P_V2",
}


def service_names(services: int) -> list[str]:
    """Names of the set bits, lowest first; bits nobody named are spelled ``UNKNOWN[2^n]``."""
    return [SERVICE_NAMES.get(bit, f"UNKNOWN[2^{bit}]") for bit in range(64) if services >> bit & 1]


MSG_TX: Final = 1
MSG_BLOCK: Final = 2
MSG_FILTERED_BLOCK: Final = 3
MSG_CMPCT_BLOCK: Final = 4
MSG_WTX: Final = 5
MSG_WITNESS_FLAG: Final = 1 << 30
MSG_WITNESS_BLOCK: Final = MSG_BLOCK | MSG_WITNESS_FLAG
MSG_WITNESS_TX: Final = MSG_TX | MSG_WITNESS_FLAG

_INV_NAMES: Final = {
    MSG_TX: "tx",
    MSG_WTX: "wtx",
    MSG_BLOCK: "block",
    MSG_FILTERED_BLOCK: "merkleblock",
    MSG_CMPCT_BLOCK: "cmpctblock",
}


class Inv(NamedTuple):
    """One entry of ``inv``, ``getdata`` or ``notfound``: a type and a hash (internal byte order)."""

    type: int
    hash: bytes

    def serialize(self) -> bytes:
        """36 bytes."""
        return self.type.to_bytes(4, "little") + self.hash

    @classmethod
    def read(cls, reader: Reader) -> "Inv":
        """Read what `serialize` writes."""
        return cls(reader.u32(), reader.take(32))

    @property
    def is_tx(self) -> bool:
        """Whether it names a transaction in any way."""
        return self.type in (MSG_TX, MSG_WTX, MSG_WITNESS_TX)

    @property
    def is_block(self) -> bool:
        """Whether it names a block in any way."""
        return self.type in (MSG_BLOCK, MSG_WITNESS_BLOCK, MSG_FILTERED_BLOCK, MSG_CMPCT_BLOCK)

    def __str__(self) -> str:
        name = _INV_NAMES.get(self.type & ~MSG_WITNESS_FLAG & 0xFFFFFFFF)
        if name is None:
            return f"0x{self.type:08x} {hash_to_hex(self.hash)}"
        return f"{'witness-' if self.type & MSG_WITNESS_FLAG else ''}{name} {hash_to_hex(self.hash)}"


MESSAGE_TYPES: Final = frozenset(
    (
        "version",
        "verack",
        "addr",
        "addrv2",
        "sendaddrv2",
        "inv",
        "getdata",
        "merkleblock",
        "getblocks",
        "getheaders",
        "tx",
        "headers",
        "block",
        "getaddr",
        "mempool",
        "ping",
        "pong",
        "notfound",
        "filterload",
        "filteradd",
        "filterclear",
        "sendheaders",
        "feefilter",
        "sendcmpct",
        "cmpctblock",
        "getblocktxn",
        "blocktxn",
        "getcfilters",
        "cfilter",
        "getcfheaders",
        "cfheaders",
        "getcfcheckpt",
        "cfcheckpt",
        "wtxidrelay",
        "sendtxrcncl",
        "feature",
    )
)
"""Every message type that has a meaning; traffic statistics count all others together."""

OTHER_MESSAGES: Final = "*other*"
"""Under this name statistics count the messages of unknown type."""


def sanitize(text: str) -> str:
    """Drop every character that could do harm in a log line."""
    safe = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;-_/:?@()")
    return "".join(c for c in text if c in safe)
