"""A bare P2P peer: connects to a node, shakes hands, sends and collects messages (version 1 transport)."""

import hashlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from types import TracebackType

from functional_tests.framework.node import Node
from functional_tests.framework.waiting import wait_until

REGTEST_MAGIC = bytes.fromhex("fabfb5da")
PROTOCOL_VERSION = 70016
NODE_NETWORK_AND_WITNESS = 1 | 8
MSG_BLOCK = 2
MSG_WTX = 5
MSG_WITNESS_BLOCK = 2 | 1 << 30
_HEADER = struct.Struct("<4s12sI4s")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received."""

    command: str
    payload: bytes


def encode(command: str, payload: bytes) -> bytes:
    """A message's bytes on the wire."""
    checksum = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    return _HEADER.pack(REGTEST_MAGIC, command.encode(), len(payload), checksum) + payload


def version_payload() -> bytes:
    """A version message of a full node at height 0 without addresses."""
    no_address = struct.pack("<Q", 0) + bytes(16) + bytes(2)
    agent = b"/moneyrocket-test-peer:0.1/"
    return (
        struct.pack("<iQq", PROTOCOL_VERSION, NODE_NETWORK_AND_WITNESS, int(time.time()))
        + no_address * 2
        + struct.pack("<Q", time.monotonic_ns())
        + bytes((len(agent),))
        + agent
        + struct.pack("<i?", 0, True)
    )


def inventory(kind: int, *hashes: str) -> bytes:
    """The payload of inv and getdata for display-order hashes."""
    return bytes((len(hashes),)) + b"".join(struct.pack("<I", kind) + bytes.fromhex(h)[::-1] for h in hashes)


class Peer:
    """An inbound peer of a node. Use it as a context manager; a thread collects what arrives."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._socket = socket.create_connection(("127.0.0.1", node.settings.p2p_port), timeout=node.timeout(30))
        self._socket.settimeout(None)
        self._received: list[Message] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="test-peer", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Peer":
        self.send("version", version_payload())
        self.wait_for("verack")
        self.send("verack")
        self.sync()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            self._closed.set()
        self._thread.join(timeout=10)
        self._socket.close()

    def _collect(self) -> None:
        stream = self._socket.makefile("rb")
        try:
            while header := stream.read(_HEADER.size):
                _magic, command, length, _checksum = _HEADER.unpack(header)
                message = Message(command.rstrip(b"\0").decode(), stream.read(length))
                with self._lock:
                    self._received.append(message)
                if message.command == "ping":
                    self.send("pong", message.payload)
                elif message.command == "version":
                    self.send("wtxidrelay")
        except (OSError, struct.error):
            return
        finally:
            stream.close()
            self._closed.set()

    def send(self, command: str, payload: bytes = b"") -> None:
        """Send one message."""
        self._socket.sendall(encode(command, payload))

    def send_raw(self, data: bytes) -> None:
        """Send any bytes."""
        self._socket.sendall(data)

    def received(self, command: str) -> list[Message]:
        """All messages of a kind so far."""
        with self._lock:
            return [message for message in self._received if message.command == command]

    def wait_for(self, command: str, count: int = 1, timeout: float = 30) -> Message:
        """Wait until ``count`` messages of a kind have come; returns the last."""
        wait_until(
            lambda: len(self.received(command)),
            f"{count} {command} from {self._node.name}",
            timeout=self._node.timeout(timeout),
            accept=lambda seen: seen >= count,
        )
        return self.received(command)[count - 1]

    def wait_until_disconnected(self, timeout: float = 30) -> None:
        """Wait until the node hangs up."""
        wait_until(self._closed.is_set, f"{self._node.name} disconnects the peer", timeout=self._node.timeout(timeout))

    def sync(self) -> None:
        """Wait until the node has handled everything sent so far."""
        nonce = time.monotonic_ns().to_bytes(8, "little")
        self.send("ping", nonce)
        wait_until(
            lambda: any(message.payload == nonce for message in self.received("pong")),
            f"pong from {self._node.name}",
            timeout=self._node.timeout(30),
        )
