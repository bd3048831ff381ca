"""Connections over TCP, with TLS 1.3 and certificates on both sides.

A stranger never gets to a `Connection`: one is only made when the handshake is done and the peer's certificate is
known. The client sends nothing of its own before the server has said so, by one byte; so a refusal is an error with a
reason when connecting, and not a connection that ends soon.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from libmultiprocess.errors import AddressError, NobodyListens, PeerRefused
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.proxy import ProxyClient
from libmultiprocess.relay import Relay
from libmultiprocess.stream import connect_stream

ClientT = TypeVar("ClientT", bound=ProxyClient)

WELCOME: Final = b"\x06"
"""What the server sends first, when it has let the client in."""

REFUSAL: Final = b"\x15"
"""What it sends instead, and a text that says why, when it knows the client and does not serve it."""

REASON_BYTES: Final = 200

_RETRY_SECONDS: Final = 0.1

_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 25_000))
"""A host that has vanished is noticed after 25 seconds, whether or not anything was sent to it."""

_VERIFY_EXPIRED: Final = 10
_VERIFY_NOT_YET: Final = 9

_NO_TLS = "it does not speak TLS"
_OLD_TLS = "it does not speak TLS 1.3"
_DOES_NOT_TRUST = "it does not trust this side's certificate"
_HUNG_UP = "it hung up before it had shown who it is"
_REASONS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it showed no certificate",
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "HTTPS_PROXY_REQUEST": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _OLD_TLS,
    "VERSION_TOO_LOW": _OLD_TLS,
    "TLSV1_ALERT_PROTOCOL_VERSION": _OLD_TLS,
    "TLSV1_ALERT_UNKNOWN_CA": _DOES_NOT_TRUST,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _DOES_NOT_TRUST,
    "SSLV3_ALERT_BAD_CERTIFICATE": _DOES_NOT_TRUST,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _DOES_NOT_TRUST,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it finds this side's certificate expired",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "its bytes do not belong to this handshake",
}


def mutual_context(*, server: bool, certificate: Path, key: Path, trusted: Iterable[str]) -> ssl.SSLContext:
    """TLS 1.3 with certificates on both sides, where each trusted certificate stands for itself and no other.

    Args:
        server: which side this is.
        certificate: file with this side's certificate, PEM.
        key: file with its private key, PEM.
        trusted: the peers' own certificates, PEM; they must not be allowed to issue others (``CA:FALSE``).

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: it is no certificate or key, or they do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The certificate itself is known, whatever address it is found at.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    # It is looked up as a whole: without this, of several with one name only one may be found.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_cert_chain(certificate, key)
    for text in trusted:
        context.load_verify_locations(cadata=text)
    if server:
        # A resumed session would not show the certificate again.
        context.num_tickets = 0
    return context


def checked(context: ssl.SSLContext) -> ssl.SSLContext:
    """``context``, which must not let strangers in.

    Raises:
        ValueError: it would.
    """
    if context.verify_mode != ssl.CERT_REQUIRED or context.minimum_version < ssl.TLSVersion.TLSv1_3:
        raise ValueError("a context for TLS 1.3 that requires a certificate is needed, as mutual_context makes it")
    return context


def stay_alive(sock: socket.socket) -> None:
    """Send small messages at once, and notice when the peer's host vanishes."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def reason_of(error: Exception) -> str:
    """Why the other side was refused, or refuses, as a sentence's predicate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _VERIFY_EXPIRED:
            return "its certificate has expired"
        if error.verify_code == _VERIFY_NOT_YET:
            return "its certificate is not valid yet; one of the two clocks is wrong"
        return f"its certificate is not trusted here ({error.verify_message})"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionResetError | BrokenPipeError):
        return _HUNG_UP
    if isinstance(error, ssl.SSLError):
        name = error.reason or ""
        return _REASONS.get(name) or f"its handshake failed ({name.lower().replace('_', ' ') or error})"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__


def connect_tls(
    loop: EventLoop,
    host: str,
    port: int,
    context: ssl.SSLContext,
    client_type: type[ClientT],
    *,
    identify: Callable[[bytes], str] | None = None,
    timeout: float = 5.0,
) -> ClientT:
    """Connect to a process that `listen_tls` serves.

    A server that is flooded by strangers may hang up on us before it knows us; then it is tried again within the time.

    Args:
        loop: the process's event loop.
        host: name or number.
        port: where it listens.
        context: what `mutual_context` makes, for the client's side.
        client_type: generated class of its first object.
        identify: a name for the peer, from its certificate (DER); raises `PeerRefused` to turn it away.
        timeout: how long it may take altogether, seconds.

    Returns:
        A proxy for its first object. Closing or dropping it closes the connection.

    Raises:
        NobodyListens: the connection is refused, or nothing comes back.
        PeerRefused: one of the two does not trust the other, or it does not speak TLS; trying again makes no sense.
        AddressError: there is no such host.
        Disconnected: it hangs up at once.
        IpcError: the loop is closed.
    """
    relay = loop.companion(Relay)
    checked(context)
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    end = time.monotonic() + timeout
    while True:
        try:
            tls, name = _shake_hands(host, port, context, identify, end)
            break
        except PeerRefused as error:
            raise PeerRefused(f"cannot connect to {where}: {error}") from error
        except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError) as error:
            if time.monotonic() + _RETRY_SECONDS >= end:
                raise NobodyListens(f"{where} hung up before it let us in") from error
            time.sleep(_RETRY_SECONDS)
        except ssl.SSLError as error:
            raise PeerRefused(f"cannot connect to {where}: {reason_of(error)}") from error
        except socket.gaierror as error:
            raise AddressError(f"host {host} is not known: {error.strerror}") from error
        except TimeoutError as error:
            raise NobodyListens(f"{where} did not answer within {timeout:g} seconds") from error
        except OSError as error:
            raise NobodyListens(f"cannot connect to {where}: {error.strerror or error}") from error
    peer = f"{name} at {where}" if name else where
    return connect_stream(loop, relay.carry(tls, peer), client_type, peer=peer)


def _shake_hands(
    host: str, port: int, context: ssl.SSLContext, identify: Callable[[bytes], str] | None, end: float
) -> tuple[ssl.SSLSocket, str]:
    """A connection that the server has let in, and the server's name."""
    sock = socket.create_connection((host, port), _left(end))
    with contextlib.ExitStack() as undo:
        undo.callback(sock.close)
        stay_alive(sock)
        sock.settimeout(_left(end))
        tls = context.wrap_socket(sock)
        undo.callback(tls.close)
        name = identify(tls.getpeercert(True) or b"") if identify is not None else ""
        tls.settimeout(_left(end))
        # A server that refuses says so here: its side of the handshake ends after ours.
        answer = tls.recv(1)
        if answer == REFUSAL:
            raise PeerRefused(f"the other side says: {tls.recv(REASON_BYTES).decode(errors='replace')}")
        if answer != WELCOME:
            raise ConnectionResetError
        undo.pop_all()
        return tls, name


def _left(end: float) -> float:
    return max(0.001, end - time.monotonic())
