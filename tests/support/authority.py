"""A ward's authority with its enrolment endpoint, and what it issues, for one test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wardgate.ward.ca import Authority, write_key
from wardgate.ward.enrol import Enrolment

LONG = timedelta(days=30)


class Ward:
    """An authority in `directory`, with a server's certificate for localhost."""

    def __init__(self, directory: Path, name: str = "Test ward") -> None:
        self.authority = Authority.create(directory / "ca", name)
        self.directory = directory
        self.ca = directory / "ca" / "ca.pem"
        self.crl = directory / "ca" / "crl.pem"
        self.server, self.server_key = directory / "server.pem", directory / "server.key"
        made = self.authority.issue(
            "localhost", "server", self.server_key, lasts=LONG, hosts=["localhost", "127.0.0.1"]
        )
        self.server.write_bytes(made.certificate)

    def code(self, hub: str, lasts: timedelta = timedelta(hours=1)) -> str:
        """A claim code."""
        return self.authority.register.give_code(hub, lasts, datetime.now(UTC))

    def hub(self, name: str, lasts: timedelta = LONG) -> dict[str, str]:
        """A hub's pair as the [broker] section names it; asked for again, the same."""
        key_file, cert_file = self.directory / f"{name}.key", self.directory / f"{name}.pem"
        if key_file.exists():
            return {"cert_file": str(cert_file), "key_file": str(key_file)}
        key = ec.generate_private_key(ec.SECP256R1())
        write_key(key_file, key)
        cert_file.write_bytes(self.authority.sign(request(name, key), name, lasts=lasts).certificate)
        return {"cert_file": str(cert_file), "key_file": str(key_file)}

    def account(self, name: str) -> dict[str, str]:
        """An account's pair; asked for again, the same."""
        key_file, cert_file = self.directory / f"{name}.key", self.directory / f"{name}.pem"
        if key_file.exists():
            return {"cert_file": str(cert_file), "key_file": str(key_file)}
        cert_file.write_bytes(self.authority.issue(name, "account", key_file, lasts=LONG).certificate)
        return {"cert_file": str(cert_file), "key_file": str(key_file)}

    @contextlib.asynccontextmanager
    async def endpoint(self, lasts: timedelta = LONG) -> AsyncIterator[int]:
        """The enrolment endpoint, on a port of its own."""
        server = await self.enrolment(lasts).start("127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            await asyncio.sleep(0)

    def enrolment(self, lasts: timedelta = LONG) -> Enrolment:
        """The endpoint, not listening yet."""
        return Enrolment(self.authority, self.server, self.server_key, lasts=lasts)


def request(name: str, key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    """A signing request in PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed = x509.CertificateSigningRequestBuilder().subject_name(subject)
    made = signed.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)
