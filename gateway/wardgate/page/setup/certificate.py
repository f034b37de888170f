"""The page's own certificate: made once for each hub, self-signed, told apart by the fingerprint on the label.

No authority vouches for an address in somebody's home. What the browser shows and what the label says have to be the
same, and stay so: the certificate outlives every address, and is made anew only where its files are gone or broken.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""A hub makes it before it knows the time."""
_LIFE: Final = timedelta(days=365 * 30)
_NAME: Final = "page"


@dataclass(frozen=True, slots=True)
class Pair:
    """Where the certificate and its key are."""

    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the certificate, lower-case hexadecimal."""

    def context(self) -> ssl.SSLContext:
        """For a server: TLS 1.2 or later."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context


def own_pair(directory: Path, names: Iterable[str]) -> Pair:
    """The pair in this directory; made first, for these names and addresses, where there is none that fits together.

    Raises:
        OSError: the directory cannot be written.
    """
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    certificate, key = directory / f"{_NAME}.pem", directory / f"{_NAME}.key"
    with contextlib.suppress(OSError, ValueError, ssl.SSLError):
        if key.stat().st_mode & 0o077 == 0:
            pair = Pair(certificate, key, _fingerprint(certificate))
            pair.context()
            return pair
    _make(certificate, key, names)
    return Pair(certificate, key, _fingerprint(certificate))


def _fingerprint(certificate: Path) -> str:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex()


def _make(certificate: Path, key_file: Path, names: Iterable[str]) -> None:
    """The key is in place before the certificate that needs it: cut off between the two, both are made again."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Wardgate hub")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_BEGIN + _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(names)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(
        key_file,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        0o600,
    )
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(file: Path, content: bytes, mode: int) -> None:
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        os.fchmod(out.fileno(), mode)  # whatever the process's mask takes away
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
