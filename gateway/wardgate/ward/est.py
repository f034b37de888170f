"""EST (RFC 7030) as far as hubs need it: the root, a certificate for a claim code, and the next for the present one."""

from __future__ import annotations

import base64
import binascii
import http
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from wardgate.ward.asked import Answer, Asked, Refused
from wardgate.ward.ca import Authority, NotSigned, key_hash, load_request, request_key
from wardgate.ward.register import CodeRefused, Issued, Register

BASE: Final = "/.well-known/est"
A_DAY: Final = 10
"""New certificates of one hub in a day: a hub that asks for more has a fault."""


class Est:
    """The three routes.

    Args:
        authority: signs.
        lasts: how long a hub's certificate holds.
    """

    def __init__(self, authority: Authority, lasts: timedelta) -> None:
        self._authority = authority
        self._lasts = lasts

    def answer(self, asked: Asked) -> Answer:
        """Do what was asked.

        Raises:
            Refused: it is not done.
        """
        match asked.method, asked.path.removeprefix(BASE):
            case "GET", "/cacerts":
                return _answer(self._authority.root)
            case "POST", "/simpleenroll":
                return _answer(_certificate(self._enrol(asked)))
            case "POST", "/simplereenroll":
                return _answer(_certificate(self._renew(asked)))
            case _:
                raise nothing_here(asked)

    def _enrol(self, asked: Asked) -> Issued:
        hub, code = _credentials(asked.headers.get("authorization", ""))
        request = _request(asked)
        try:
            key = key_hash(request_key(request))
            known = self._authority.register.check_code(code, hub, key, datetime.now(UTC))
            return known or self._authority.sign(request, hub, lasts=self._lasts, code=code)
        except CodeRefused as refused:
            raise Refused(
                http.HTTPStatus.UNAUTHORIZED,
                "This claim code does not open for this hub: it is wrong, was used, or has expired.",
                why=f"{hub[:63]}: {refused.why}",
            ) from None
        except NotSigned as error:
            raise Refused(http.HTTPStatus.BAD_REQUEST, str(error), why=f"{hub[:63]}: {error}") from error

    def _renew(self, asked: Asked) -> Issued:
        shown = present(self._authority.register, asked)
        request = _request(asked)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        try:
            known = self._authority.register.of_key(shown.name, key_hash(request_key(request)), yesterday)
            if known is not None:
                return known
            if sum(one.not_before > yesterday for one in self._authority.register.of(shown.name)) >= A_DAY:
                raise Refused(
                    http.HTTPStatus.TOO_MANY_REQUESTS, "This hub has had enough certificates for a day.", counts=False
                )
            return self._authority.sign(request, shown.name, lasts=self._lasts)
        except NotSigned as error:
            raise Refused(http.HTTPStatus.BAD_REQUEST, str(error), why=f"{shown.name}: {error}") from error


def present(register: Register, asked: Asked) -> Issued:
    """The hub's certificate of the connection, as the book knows it. TLS has checked signature and dates.

    Raises:
        Refused: there is none, it is no hub's, or it was withdrawn.
    """
    serial = str(asked.shown.get("serialNumber", "")).lstrip("0")
    if not serial:
        raise Refused(http.HTTPStatus.UNAUTHORIZED, "Show the certificate that this hub has.", key="no-certificate")
    known = register.find(serial)
    if known is None or known.role != "hub":
        raise Refused(
            http.HTTPStatus.FORBIDDEN, "This certificate is no hub's.", key="not-a-hub", why=f"no hub's: {serial}"
        )
    if known.revoked is not None:
        raise Refused(
            http.HTTPStatus.FORBIDDEN,
            "This certificate was withdrawn.",
            "Ask the ward for a claim code.",
            key="withdrawn",
            why=f"{known.name}: withdrawn",
        )
    return known


def nothing_here(asked: Asked) -> Refused:
    """For an address that is none."""
    why = f"{asked.method[:10]} elsewhere"
    return Refused(http.HTTPStatus.NOT_FOUND, "There is nothing here.", key="nothing-here", why=why)


def _credentials(authorization: str) -> tuple[str, str]:
    scheme, _, text = authorization.partition(" ")
    try:
        plain = base64.b64decode(text, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        plain = ""
    hub, colon, code = plain.partition(":")
    if not colon:
        raise Refused(http.HTTPStatus.UNAUTHORIZED, "Give the hub's id and its claim code.")
    return hub, code


def _request(asked: Asked) -> x509.CertificateSigningRequest:
    """RFC 7030, 4.2.1: base64 of PKCS #10; RFC 8951 tells to take it whatever the transfer encoding says."""
    try:
        return load_request(base64.b64decode(b"".join(asked.body.split()), validate=True))
    except (binascii.Error, NotSigned) as error:
        raise Refused(http.HTTPStatus.BAD_REQUEST, "This is no signing request.") from error


def _certificate(issued: Issued) -> x509.Certificate:
    return x509.load_pem_x509_certificate(issued.certificate)


def _answer(certificate: x509.Certificate) -> Answer:
    return Answer(
        base64.encodebytes(pkcs7.serialize_certificates([certificate], serialization.Encoding.DER)),
        "application/pkcs7-mime; smime-type=certs-only",
        headers={"Content-Transfer-Encoding": "base64"},
    )
