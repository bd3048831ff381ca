"""Identities for tests: a private key and a certificate that it has signed itself."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Identity:
    """A name, and the files that prove it.

    Attributes:
        certificate: file, PEM.
        key: file, PEM.
        text: the certificate, PEM.
        private: the key itself.
    """

    certificate: Path
    key: Path
    text: str
    private: ec.EllipticCurvePrivateKey


def make_identity(
    folder: Path, name: str, *, days: tuple[int, int] = (-1, 1), issuer: Identity | None = None, authority: bool = False
) -> Identity:
    """A new key and its certificate.

    Args:
        folder: where its files go.
        name: the subject.
        days: first and last day of its validity, from now.
        issuer: who signs it; itself if none is given.
        authority: whether it says that it may issue others.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer or Identity(folder, folder, "", private)
    issued_by = x509.load_pem_x509_certificate(issuer.text.encode()).subject if issuer else subject
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signer.private, hashes.SHA256())
    )
    text = certificate.public_bytes(Encoding.PEM).decode()
    file, key = folder / f"{name}.crt", folder / f"{name}.key"
    file.write_text(text)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Identity(file, key, text, private)
