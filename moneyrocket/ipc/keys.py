"""The keys by which components on different machines know one another.

A component has a private key and a certificate that the key has signed itself: it says nothing but the component's role
and how long it holds. Who it is trusted by has a copy of that very certificate. There is no authority, and no
certificate can vouch for another.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import MoneyrocketError

if TYPE_CHECKING:
    from cryptography import x509

# cryptography is imported where it is needed: most programs never use TCP, and it takes 50 ms.

ROLES: Final = ("node", "wallet", "gui", "cli")

_VALID_FOR: Final = timedelta(days=2 * 365)
_CLOCK_SKEW: Final = timedelta(days=1)
_WARN_BEFORE: Final = timedelta(days=30)
_NAME_PREFIX: Final = "moneyrocket "
_FINGERPRINT_DIGITS: Final = 20


class PairingError(MoneyrocketError):
    """A key, a certificate or a line of one is missing or wrong; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one component shows to others.

    Attributes:
        role: node, wallet, gui or cli.
        der: its bytes, the form in which it travels.
        expires: the moment from which nobody accepts it, UTC.
    """

    role: str
    der: bytes
    expires: datetime

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digits that stand for the certificate."""
        return fingerprint_of(self.der)

    @property
    def shown_fingerprint(self) -> str:
        """The fingerprint in groups, for people to compare."""
        return grouped(self.fingerprint)

    @property
    def pem(self) -> str:
        """The certificate as text."""
        import ssl

        return ssl.DER_cert_to_PEM_cert(self.der)

    @property
    def expired(self) -> bool:
        """Whether nobody accepts it any more."""
        return datetime.now(UTC) >= self.expires

    @property
    def expires_soon(self) -> bool:
        """Whether it is time to think of a new one."""
        return datetime.now(UTC) >= self.expires - _WARN_BEFORE


def fingerprint_of(der: bytes) -> str:
    """The fingerprint of a certificate: the first 80 bits of its SHA-256, hexadecimal."""
    import hashlib

    return hashlib.sha256(der).hexdigest()[:_FINGERPRINT_DIGITS]


def grouped(fingerprint: str) -> str:
    """A fingerprint with spaces, as it is shown."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def read_certificate(der: bytes) -> Certificate:
    """Read a component's certificate.

    Raises:
        PairingError: it is not one, or not signed by itself, or could vouch for others.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    damaged = (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound)
    try:
        parsed = x509.load_der_x509_certificate(der)
        parsed.verify_directly_issued_by(parsed)
        can_vouch = parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (*damaged, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise PairingError("This is no certificate of a component, or a part of it is missing or changed") from error
    name = _common_name(parsed)
    role = name.removeprefix(_NAME_PREFIX)
    if can_vouch or name == role or role not in ROLES:
        raise PairingError("This certificate is not one that 'moneyrocket pair' makes")
    return Certificate(role, der, parsed.not_valid_after_utc)


def key_file(folder: Path, role: str) -> Path:
    """Where a component's private key and certificate are.

    Args:
        folder: the folder of keys.
        role: of the component.
    """
    return folder / f"{role}.pem"


def own_certificate(folder: Path, role: str) -> Certificate:
    """The certificate of a component of this machine; key and certificate are made on first use.

    Args:
        folder: the folder of keys.
        role: of the component.

    Raises:
        PairingError: the file cannot be read or made, is damaged, or others may read it.
    """
    file = key_file(folder, role)
    try:
        if not file.exists():
            _make(folder, role, replace=False)
        text = file.read_text()
        mode = file.stat().st_mode
    except OSError as error:
        raise PairingError(f"The key {file} cannot be had: {error.strerror or error}") from error
    except ValueError as error:
        raise PairingError(_damaged(file, role)) from error
    if os.name == "posix" and mode & 0o077:
        raise PairingError(
            f"Other users may read the private key {file}. If none can have done so, run 'chmod 600 {file}'; "
            f"otherwise make a new one: moneyrocket pair -role={role} -renew"
        )
    _, begin, certificate = text.partition("-----BEGIN CERTIFICATE-----")
    try:
        return read_certificate(_der(begin + certificate))
    except (ValueError, PairingError) as error:
        raise PairingError(_damaged(file, role)) from error


def renew(folder: Path, role: str) -> Certificate:
    """Replace a component's key by a new one, which nobody trusts yet.

    Raises:
        PairingError: the file cannot be made.
    """
    try:
        _make(folder, role, replace=True)
    except OSError as error:
        raise PairingError(f"The key {key_file(folder, role)} cannot be had: {error.strerror or error}") from error
    return own_certificate(folder, role)


def make_folder(folder: Path) -> None:
    """Make a folder that nobody else can look into.

    Raises:
        OSError: that is not possible.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_whole(file: Path, text: str, *, replace: bool) -> None:
    """Write a file that only this user can read, all of it or nothing.

    Args:
        file: where.
        text: what.
        replace: whether to replace one that is there; otherwise that stays.

    Raises:
        OSError: that is not possible.
    """
    # Programs that only want to know whether there is a key start sooner without.
    import tempfile

    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        if replace:
            Path(name).replace(file)
        else:
            with contextlib.suppress(FileExistsError):
                # Another process may be making its own at this moment: the first one counts.
                os.link(name, file)
    finally:
        Path(name).unlink(missing_ok=True)


def _make(folder: Path, role: str, *, replace: bool) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(private, role)
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make_folder(folder)
    text = (key + certificate.public_bytes(Encoding.PEM)).decode()
    write_whole(key_file(folder, role), text, replace=replace)


def _self_signed(private: object, role: str) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    assert isinstance(private, ec.EllipticCurvePrivateKey)
    # With the serial number each name is unique, which makes it easier for OpenSSL to find the right one of several.
    serial = x509.random_serial_number()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, _NAME_PREFIX + role),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f"{serial % (1 << 64):016x}"),
        ]
    )
    now = datetime.now(UTC)
    # A component that serves may connect as well.
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(serial)
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID_FOR)
        # Its being trusted must not make anything trusted that it signs.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .sign(private, hashes.SHA256())
    )


def _common_name(certificate: x509.Certificate) -> str:
    from cryptography.x509.oid import NameOID

    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


def _der(pem: str) -> bytes:
    import ssl

    return ssl.PEM_cert_to_DER_cert(pem)


def _damaged(file: Path, role: str) -> str:
    return f"The key {file} is damaged. Make a new one, and pair again: moneyrocket pair -role={role} -renew"
