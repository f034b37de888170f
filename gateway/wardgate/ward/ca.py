"""A small real certificate authority for hubs: one root, one file for its key, one book.

EC P-256 throughout. A hub's certificate names the hub (CN) and may be used by a client alone; a server's names its
hosts and may be used by a server alone. The ward's own accounts at the broker have a dot in their name, which no hub's
id can have: no hub can ever be taken for the ward.

For a ward that has an authority already this one is not needed: what a hub's certificate has to say stands in
docs/security.md.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wardgate.ward.register import Issued, Register, Role

ROOT_LASTS: Final = timedelta(days=20 * 365)
HUB_LASTS: Final = timedelta(days=90)
"""Renewed after 60: a hub that was off for a month in its last month has to be claimed again."""
SERVER_LASTS: Final = timedelta(days=397)
BACKDATED: Final = timedelta(hours=1)
"""For hubs whose clock is a little behind."""
CRL_LASTS: Final = timedelta(days=30)
"""A broker refuses everybody once its list has run out: it is written anew every day, and lasts for a month."""
_HUB: Final = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}\Z")
_ACCOUNT: Final = re.compile(r"^[a-z0-9-]{1,30}\.[a-z0-9-]{1,32}$")
_REASONS: Final = {
    "unspecified": x509.ReasonFlags.unspecified,
    "lost": x509.ReasonFlags.key_compromise,
    "replaced": x509.ReasonFlags.superseded,
    "returned": x509.ReasonFlags.cessation_of_operation,
}
REASONS: Final = tuple(_REASONS)


class NotSigned(ValueError):
    """The authority will not sign this: the sentence says why."""


class Authority:
    """An authority in its directory: ca.key (0600), ca.pem, crl.pem, register.db.

    Args:
        directory: where it was made with `create`.
        now: the time; by it certificates are dated.

    Raises:
        FileNotFoundError: there is none.
    """

    def __init__(self, directory: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.directory: Final = directory
        self.root: Final = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((directory / "ca.key").read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{directory / 'ca.key'} holds no key of an elliptic curve")
        self._key = key
        self._now = now
        self.register: Final = Register(directory / "register.db")

    @classmethod
    def create(cls, directory: Path, name: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Authority:
        """Make a new one.

        Raises:
            FileExistsError: there is one already: certificates of it are in use.
        """
        if (directory / "ca.key").exists():
            raise FileExistsError(f"there is an authority in {directory} already")
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        key, subject, begins = ec.generate_private_key(ec.SECP256R1()), _named(name), now() - BACKDATED
        root = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + ROOT_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        (directory / "ca.pem").write_bytes(_pem(root))
        write_key(directory / "ca.key", key)
        made = cls(directory, now)
        made.register.note("created", name, serial=f"{root.serial_number:x}")
        made.write_crl()
        return made

    def close(self) -> None:
        """Let go of the register."""
        self.register.close()

    def sign(
        self,
        request: bytes | x509.CertificateSigningRequest,
        hub: str,
        *,
        lasts: timedelta = HUB_LASTS,
        code: str | None = None,
    ) -> Issued:
        """A hub's certificate for its signing request (PEM); `code` is spent with it.

        Raises:
            NotSigned: the request is none, its signature is wrong, its key is of another kind, or it names another hub.
        """
        if not is_hub(hub):
            raise NotSigned(f"`{hub}` is no hub's id: small letters, digits and hyphens, 63 at most.")
        asked = _checked(request, hub)
        return self._issue(hub, "hub", asked, lasts, [], code)

    def issue(self, name: str, role: Role, key_file: Path, *, lasts: timedelta, hosts: Sequence[str] = ()) -> Issued:
        """A certificate for the ward's own account or server, with a key made here.

        Raises:
            NotSigned: the name cannot be had.
            FileExistsError: there is such a key file already.
        """
        if role == "account" and not _ACCOUNT.match(name):
            raise NotSigned(f"`{name}` has to look like ward.consumer: with a dot, so that no hub can be called so.")
        if role == "server" and not hosts:
            raise NotSigned("A server needs the names of its hosts.")
        key = ec.generate_private_key(ec.SECP256R1())
        write_key(key_file, key)
        return self._issue(name, role, key.public_key(), lasts, hosts, None)

    def revoke(self, name: str, *, serial: str | None = None, reason: str = "unspecified") -> list[str]:
        """Withdraw a certificate of a name, or all of them and the codes given for it, and write the list anew."""
        found = self.register.revoke(name, serial, reason, self._now())
        self.write_crl()
        return found

    def write_crl(self) -> Path:
        """Write crl.pem, whole or not at all."""
        now = self._now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now - BACKDATED)
            .next_update(now + CRL_LASTS)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
            .add_extension(_authority_key(self.root), critical=False)
        )
        for one in self.register.revoked():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(int(one.serial, 16))
                .revocation_date(one.revoked or now)
                .add_extension(x509.CRLReason(_REASONS.get(one.reason or "", _REASONS["unspecified"])), critical=False)
                .build()
            )
        crl = builder.sign(self._key, hashes.SHA256())
        target = self.directory / "crl.pem"
        part = target.with_suffix(".part")
        part.write_bytes(crl.public_bytes(serialization.Encoding.PEM))
        part.replace(target)
        return target

    def _issue(
        self,
        name: str,
        role: Role,
        key: ec.EllipticCurvePublicKey,
        lasts: timedelta,
        hosts: Sequence[str],
        code: str | None,
    ) -> Issued:
        now = self._now().replace(microsecond=0)
        begins, ends = now - BACKDATED, min(now + lasts, self.root.not_valid_after_utc)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if role == "server" else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(self.root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(_authority_key(self.root), critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName([_host(h) for h in hosts]), critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        issued = Issued(
            serial=f"{made.serial_number:x}",
            name=name,
            role=role,
            not_before=begins,
            not_after=ends,
            certificate=_pem(made),
        )
        self.register.enter(issued, key_hash(key), code)
        return issued


def is_hub(name: str) -> bool:
    """Whether a hub can be called so."""
    return _HUB.match(name) is not None


def key_hash(key: ec.EllipticCurvePublicKey) -> str:
    """Names a public key."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, spki)).hexdigest()


def load_request(text: bytes) -> x509.CertificateSigningRequest:
    """A signing request in PEM or DER.

    Raises:
        NotSigned: it is none.
    """
    try:
        if text.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_csr(text)
        return x509.load_der_x509_csr(text)
    except ValueError as error:
        raise NotSigned("This is no signing request.") from error


def request_key(request: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey:
    """The key of a request that is signed with it.

    Raises:
        NotSigned: the signature is wrong or the key is none of P-256.
    """
    try:
        key, signed = request.public_key(), request.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise NotSigned("The key of this signing request cannot be used.") from error
    if not signed:
        raise NotSigned("This signing request is not signed with its own key.")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotSigned("The key has to be one of the curve P-256.")
    return key


def _checked(request: bytes | x509.CertificateSigningRequest, hub: str) -> ec.EllipticCurvePublicKey:
    """Nothing of a request is taken over but its key; that it names this hub shows that both sides mean the same."""
    asked = load_request(request) if isinstance(request, bytes) else request
    key = request_key(asked)
    named = [str(a.value) for a in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if named != [hub]:
        raise NotSigned(f"The signing request is for {', '.join(named) or 'nobody'} and not for {hub}.")
    return key


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """A private key that nobody but its owner can read, from its first byte on.

    Raises:
        FileExistsError: there is such a file already.
    """
    pkcs8 = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _authority_key(root: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    mine = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(mine.value)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
