"""The v1 transport: a 24-byte header with checksum in front of each message."""

import struct
from dataclasses import dataclass
from typing import Final

from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.protocol import MAX_PROTOCOL_MESSAGE_LENGTH, sanitize
from moneyrocket.primitives.hashes import hash256

log = category_logger("net")

HEADER_SIZE: Final = 24
_HEADER = struct.Struct("<4s12sI4s")


class TransportError(Exception):
    """The bytes of a peer are no message stream; the connection is of no more use."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message off the wire.

    Attributes:
        type: message type.
        payload: the bytes behind the header.
        size: bytes on the wire, header included.
        time: when its last byte came, unix time in microseconds.
        valid: False if the checksum or the message type is wrong; to be counted, then dropped.
    """

    type: str
    payload: bytes
    size: int
    time: int
    valid: bool = True


def _message_type(raw: bytes) -> tuple[str, bool]:
    name = raw.rstrip(b"\0")
    valid = all(0x20 <= byte <= 0x7E for byte in name)
    return raw.split(b"\0", 1)[0].decode("latin-1"), valid


class V1Transport:
    """Cuts a byte stream into messages, and makes the bytes of those to send."""

    def __init__(self, magic: bytes, peer_id: int) -> None:
        self._magic = magic
        self._peer_id = peer_id
        self._buffer = bytearray()
        self._type = b""
        self._checksum = b""
        self._payload_size = -1

    def encode(self, message_type: str, payload: bytes) -> bytes:
        """Wire bytes of one message."""
        header = _HEADER.pack(self._magic, message_type.encode(), len(payload), hash256(payload)[:4])
        return header + payload

    def feed(self, data: bytes, now: int) -> list[ReceivedMessage]:
        """Take received bytes in; returns the messages they complete.

        Raises:
            TransportError: on wrong magic bytes or a message that is too long.
        """
        self._buffer += data
        messages: list[ReceivedMessage] = []
        start = 0
        while True:
            if self._payload_size < 0:
                if len(self._buffer) - start < HEADER_SIZE:
                    break
                self._read_header(start)
                start += HEADER_SIZE
            if len(self._buffer) - start < self._payload_size:
                break
            end = start + self._payload_size
            messages.append(self._finish(bytes(memoryview(self._buffer)[start:end]), now))
            start = end
        if start:
            del self._buffer[:start]
        return messages

    def _read_header(self, start: int) -> None:
        magic, raw_type, size, self._checksum = _HEADER.unpack_from(self._buffer, start)
        if magic != self._magic:
            log.debug("Header error: Wrong MessageStart %s received, peer=%d", magic.hex(), self._peer_id)
            raise TransportError("wrong magic bytes")
        if size > MAX_PROTOCOL_MESSAGE_LENGTH:
            name = sanitize(_message_type(raw_type)[0])
            log.debug("Header error: Size too large (%s, %d bytes), peer=%d", name, size, self._peer_id)
            raise TransportError("message too long")
        self._type = raw_type
        self._payload_size = size

    def _finish(self, payload: bytes, now: int) -> ReceivedMessage:
        self._payload_size = -1
        name, valid = _message_type(self._type)
        actual = hash256(payload)[:4]
        if actual != self._checksum:
            log.debug(
                "Header error: Wrong checksum (%s, %d bytes), expected %s was %s, peer=%d",
                sanitize(name),
                len(payload),
                actual.hex(),
                self._checksum.hex(),
                self._peer_id,
            )
            valid = False
        elif not valid:
            log.debug(
                "Header error: Invalid message type (%s, %d bytes), peer=%d",
                sanitize(name),
                len(payload),
                self._peer_id,
            )
        return ReceivedMessage(name, payload, HEADER_SIZE + len(payload), now, valid)
