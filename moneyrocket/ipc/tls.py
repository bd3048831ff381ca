"""What a component shows over TCP, and whom it lets in."""

from __future__ import annotations

import ssl
from collections.abc import Collection
from pathlib import Path

from libmultiprocess import PeerRefused
from libmultiprocess.tls import mutual_context

from moneyrocket.common.logging import log
from moneyrocket.ipc.keys import PairingError, fingerprint_of, grouped, key_file, own_certificate
from moneyrocket.ipc.peers import Peers


class TlsKeys:
    """A component's own key and its peers', as they are at each moment.

    Args:
        folder: the folder of keys.
        role: of the component.
        peer_roles: what its peers may be.

    Raises:
        PairingError: it has no usable key, or no peer yet.
    """

    def __init__(self, folder: Path, role: str, peer_roles: Collection[str]) -> None:
        self._folder = folder
        self._role = role
        self._peer_roles = peer_roles
        self._peers = Peers(folder)
        self._trusted: dict[bytes, str] = {}
        self._context: ssl.SSLContext | None = None
        self._state: object = None
        own = own_certificate(folder, role)
        if own.expired:
            raise PairingError(
                f"The key of this {role} has expired on {own.expires:%Y-%m-%d}. Make a new one and pair again: "
                f"moneyrocket pair -role={role} -renew"
            )
        if own.expires_soon:
            log.warning(
                "The key of this %s expires on %s. Make a new one in time: moneyrocket pair -role=%s -renew",
                role,
                f"{own.expires:%Y-%m-%d}",
                role,
            )
        if not any(peer_role in peer_roles for peer_role, _ in self._peers.trusted()):
            raise PairingError(
                f"TCP is only for components that are paired, and this {role} is paired with none. Run "
                f"'moneyrocket pair -role={role}' for this data directory and chain, and follow what it says"
            )

    def server_context(self) -> ssl.SSLContext:
        """For a connection that comes in; made anew when keys have changed.

        Raises:
            OSError: the key cannot be read.
        """
        state = (self._own_state(), self._peers.state())
        if self._context is None or state != self._state:
            self._context = self._make_context(server=True)
            self._state = state
        return self._context

    def client_context(self) -> ssl.SSLContext:
        """For a connection to another component.

        Raises:
            OSError: the key cannot be read.
        """
        return self._make_context(server=False)

    def identify(self, certificate: bytes) -> str:
        """Who shows a certificate (DER).

        Raises:
            PeerRefused: nobody who may.
        """
        return f"{self.role_of(certificate)} {grouped(fingerprint_of(certificate))}"

    def role_of(self, certificate: bytes) -> str:
        """The role of who shows a certificate (DER).

        Raises:
            PeerRefused: nobody who may.
        """
        role = self._trusted.get(certificate)
        if role is None:
            raise PeerRefused("its certificate is not that of a paired component")
        if role not in self._peer_roles:
            raise PeerRefused(f"it is a {role}, and that is not what is expected here")
        return role

    def _make_context(self, *, server: bool) -> ssl.SSLContext:
        file = key_file(self._folder, self._role)
        self._trusted = {der: role for role, der in self._peers.trusted()}
        trusted = [ssl.DER_cert_to_PEM_cert(der) for der in self._trusted]
        return mutual_context(server=server, certificate=file, key=file, trusted=trusted)

    def _own_state(self) -> object:
        status = key_file(self._folder, self._role).stat()
        return status.st_mtime_ns, status.st_ino
