"""Connects to a node's -ipcbind=tcp:… with a key, with a wrong one, or with none, and keeps the bytes it has sent."""

import socket
import ssl
from pathlib import Path

WELCOME = b"\x06"
"""What a node sends first to whom it lets in."""

_READ = 1 << 16


def client_context(key: Path | None, trusted: str) -> ssl.SSLContext:
    """The client's side of TLS.

    Args:
        key: file with a private key and its certificate; None to show none.
        trusted: the node's certificate, PEM.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=trusted)
    if key is not None:
        context.load_cert_chain(key)
    return context


class TlsClient:
    """One connection that shakes hands.

    Args:
        port: where the node listens on this machine.
        context: what it shows and whom it trusts.
        timeout: seconds that each answer may take.

    Attributes:
        sent: every byte that went to the node.
        answer: what the node sent after the handshake; empty if it hung up instead.
    """

    def __init__(self, port: int, context: ssl.SSLContext, timeout: float) -> None:
        self.sent = b""
        self.answer = b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self._sock = socket.create_connection(("127.0.0.1", port), timeout)
        try:
            self._shake_hands()
        except (ssl.SSLError, ConnectionError):
            # Refused: the answer stays empty.
            self._flush()
        except BaseException:
            self.close()
            raise

    @property
    def let_in(self) -> bool:
        """Whether the node knows the client."""
        return self.answer == WELCOME

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._receive()
        self._flush()
        while not self.answer:
            try:
                self.answer = self._tls.read(len(WELCOME))
            except ssl.SSLWantReadError:
                self._receive()

    def _flush(self) -> None:
        data = self._outgoing.read()
        self.sent += data
        try:
            self._sock.sendall(data)
        except ConnectionError:
            # The node has hung up.
            return

    def _receive(self) -> None:
        data = self._sock.recv(_READ)
        if not data:
            raise ConnectionResetError
        self._incoming.write(data)
