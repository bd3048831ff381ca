"""Whom the components of this data directory trust over TCP: certificates that were carried over by hand."""

from __future__ import annotations

import base64
import binascii
import ssl
from pathlib import Path
from typing import Final

from moneyrocket.common.logging import log
from moneyrocket.ipc.keys import (
    Certificate,
    PairingError,
    fingerprint_of,
    grouped,
    make_folder,
    read_certificate,
    write_whole,
)

_LINE_START: Final = "moneyrocket"
_LEAST_DIGITS: Final = 4


def line_of(certificate: Certificate) -> str:
    """A certificate as one line to carry over."""
    return f"{_LINE_START}:{certificate.role}:{base64.b64encode(certificate.der).decode()}"


def read_line(text: str) -> Certificate:
    """Read a line that `line_of` made; spaces and line breaks that copying has put in do not matter.

    Raises:
        PairingError: it is none, not whole, or its certificate has expired.
    """
    start, _, rest = "".join(text.split()).partition(":")
    role, _, data = rest.partition(":")
    if start != _LINE_START or not data:
        raise PairingError(
            "This is not a line of 'moneyrocket pair'. Such a line starts with 'moneyrocket:' and is printed by "
            "'moneyrocket pair' on the other machine"
        )
    try:
        certificate = read_certificate(base64.b64decode(data, validate=True))
    except (binascii.Error, PairingError) as error:
        raise PairingError("The line is not whole. Copy all of it: it is one line") from error
    if certificate.role != role:
        raise PairingError(f"The line says {role}, and its certificate {certificate.role}. Copy it once more")
    if certificate.expired:
        raise PairingError(
            f"This certificate has expired on {certificate.expires:%Y-%m-%d}. Make a new one there: "
            f"moneyrocket pair -role={role} -renew"
        )
    return certificate


class Peers:
    """The certificates that are trusted, each in a file of its own.

    Args:
        folder: the folder of keys.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "peers"

    def add(self, certificate: Certificate) -> None:
        """Trust a component.

        Raises:
            PairingError: that cannot be written down.
        """
        try:
            make_folder(self.folder.parent)
            make_folder(self.folder)
            write_whole(self._file(certificate), certificate.pem, replace=True)
        except OSError as error:
            raise PairingError(f"Cannot write into {self.folder}: {error.strerror or error}") from error

    def forget(self, fingerprint: str) -> Certificate:
        """Trust a component no more, from its next connection on.

        Args:
            fingerprint: its first digits, with or without spaces.

        Raises:
            PairingError: there is none, or more than one.
        """
        wanted = "".join(fingerprint.split()).lower()
        found = [peer for peer in self.all() if peer.fingerprint.startswith(wanted)]
        if len(wanted) < _LEAST_DIGITS or len(found) != 1:
            raise PairingError(
                f"No peer with the fingerprint '{fingerprint}'"
                if not found
                else f"'{fingerprint}' is not enough to tell the peers apart; see 'moneyrocket pair -list'"
            )
        try:
            self._file(found[0]).unlink(missing_ok=True)
        except OSError as error:
            raise PairingError(f"Cannot delete from {self.folder}: {error.strerror or error}") from error
        return found[0]

    def all(self) -> list[Certificate]:
        """All components that are trusted, by role. A damaged file counts as none."""
        found: list[Certificate] = []
        for role, der in self.trusted():
            try:
                certificate = read_certificate(der)
            except PairingError as error:
                log.warning("Ignoring the paired %s %s: %s", role, grouped(fingerprint_of(der)), error)
                continue
            found.append(certificate)
        return found

    def trusted(self) -> list[tuple[str, bytes]]:
        """Role and certificate (DER) of each component that is trusted."""
        found: list[tuple[str, bytes]] = []
        for file in self._files():
            role, _, fingerprint = file.stem.partition("-")
            try:
                der = ssl.PEM_cert_to_DER_cert(file.read_text())
            except (OSError, ValueError):
                der = b""
            if fingerprint_of(der) == fingerprint:
                found.append((role, der))
            else:
                log.warning("Ignoring %s: it is damaged, or not made by 'moneyrocket pair'", file)
        return found

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever what is trusted does."""
        state: list[tuple[str, int, int]] = []
        for file in self._files():
            try:
                status = file.stat()
            except OSError:
                continue
            state.append((file.name, status.st_mtime_ns, status.st_ino))
        return tuple(state)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*-*.pem"))

    def _file(self, certificate: Certificate) -> Path:
        return self.folder / f"{certificate.role}-{certificate.fingerprint}.pem"
