"""Sockets that wait for connections."""

import errno
import socket
from contextlib import suppress
from dataclasses import dataclass

from moneyrocket.common.errors import InitError
from moneyrocket.common.listening import set_listening_options
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.netaddress import Endpoint, NetAddress, Network
from moneyrocket.node.net.options import NetOptions
from moneyrocket.node.net.permissions import Permission

log = category_logger("net")

_BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket.

    Attributes:
        sock: the socket, non-blocking.
        permissions: what its connections may do (-whitebind).
        onion: whether they come from Tor.
    """

    sock: socket.socket
    permissions: Permission
    onion: bool


def open_listeners(options: NetOptions, client_name: str) -> list[Listener]:
    """Listen on every address the options name.

    Raises:
        InitError: if one of them cannot be had.
    """
    wanted = [(endpoint, Permission.NONE, False) for endpoint in options.binds]
    wanted += [(entry.endpoint, entry.flags, False) for entry in options.whitebinds]
    wanted += [(endpoint, Permission.NONE, True) for endpoint in options.onion_binds]
    listeners: list[Listener] = []
    try:
        for endpoint, permissions, onion in wanted:
            listeners.append(Listener(_listen(endpoint, client_name), permissions, onion))
        if options.bind_on_any:
            with suppress(OSError, InitError):  # not every host has IPv6, and nobody asked for it by name
                any_v6 = Endpoint(NetAddress(Network.IPV6, bytes(16)), options.port)
                listeners.append(Listener(_listen(any_v6, client_name), Permission.NONE, False))
            any_v4 = Endpoint(NetAddress(Network.IPV4, bytes(4)), options.port)
            listeners.append(Listener(_listen(any_v4, client_name), Permission.NONE, False))
    except InitError as error:
        for listener in listeners:
            listener.sock.close()
        raise InitError(
            f"{error.message}\nError: Failed to listen on any port. Use -listen=0 if you want this."
        ) from None
    return listeners


def _listen(endpoint: Endpoint, client_name: str) -> socket.socket:
    address = endpoint.address
    if address.ip is None:
        raise InitError(f"Bind address family for {endpoint} not supported")
    sock = socket.socket(socket.AF_INET if address.network is Network.IPV4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        set_listening_options(sock)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind((str(address), endpoint.port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            text = f"Unable to bind to {endpoint} on this computer. {client_name} is probably already running."
        else:
            text = (
                f"Unable to bind to {endpoint} on this computer (bind returned error {error.strerror} ({error.errno}))"
            )
        log.error("%s", text)
        raise InitError(text) from None
    log.info("Bound to %s", endpoint)
    return sock


def endpoint_of(sockaddr: tuple[object, ...]) -> Endpoint:
    """The endpoint of a Python socket address."""
    host, port = sockaddr[0], sockaddr[1]
    assert isinstance(host, str) and isinstance(port, int)
    return Endpoint(NetAddress.from_ip(host), port)
