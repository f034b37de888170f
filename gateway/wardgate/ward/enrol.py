"""The enrolment endpoint: where a hub gets its certificate, and the next one. EST (RFC 7030) as far as hubs need it.

`/.well-known/est/cacerts` gives the authority's root. `/simpleenroll` takes a signing request with the hub's id and a
claim code, good for one hub once, as HTTP Basic credentials. `/simplereenroll` takes one over a connection on which the
hub has shown the certificate it has. Each connection is one request; whatever is refused is in the audit.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import http
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from msgspec import Struct

from wardgate.ward.ca import HUB_LASTS, Authority, NotSigned, key_hash, load_request, request_key
from wardgate.ward.register import CodeRefused, Issued

BASE: Final = "/.well-known/est"
REQUEST_S: Final = 15.0
"""For a whole request: whoever is slower is let go."""
HANDSHAKE_S: Final = 10.0
HEAD_BYTES: Final = 8 * 1024
BODY_BYTES: Final = 16 * 1024
"""A signing request of P-256 has 300."""
AT_ONCE: Final = 64
REFUSALS: Final = 10
"""Refused requests of one address within `WINDOW_S`; then it waits."""
WINDOW_S: Final = 600.0
ADDRESSES: Final = 10_000
"""Remembered at once; the ones longest not heard of are forgotten."""
A_DAY: Final = 10
"""New certificates of one hub in a day: a hub that asks for more has a fault."""
CRL_EVERY_S: Final = 86400.0


class Refused(Exception):
    """A request that is not done: the status of HTTP and a sentence for whoever asked."""

    def __init__(self, status: http.HTTPStatus, sentence: str, *, why: str = "", counts: bool = True) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.why = why or sentence
        """For the audit alone."""
        self.counts = counts
        """Whether it is an attempt at something that one may not do."""


class Asked(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    address: str
    shown: Mapping[str, Any]
    """The certificate of the connection as `ssl` tells it; empty when none was shown."""


class Attempts:
    """Refused requests by address, so that nobody can try codes as fast as the network carries them."""

    def __init__(self) -> None:
        self._of: dict[str, deque[float]] = {}

    def wait_s(self, address: str, now_s: float) -> float:
        """How long this address has to wait before it is listened to."""
        times = self._of.get(address, deque())
        while times and now_s - times[0] >= WINDOW_S:
            times.popleft()
        return times[0] + WINDOW_S - now_s if len(times) >= REFUSALS else 0.0

    def failed(self, address: str, now_s: float) -> None:
        """Remember one more."""
        times = self._of.pop(address, deque(maxlen=REFUSALS))
        times.append(now_s)
        self._of[address] = times
        if len(self._of) > ADDRESSES:
            del self._of[next(iter(self._of))]


class Enrolment:
    """The endpoint.

    Args:
        authority: signs.
        cert_file, key_file: this server's own certificate, signed by the same authority or another that hubs trust.
        lasts: how long a hub's certificate holds.
    """

    def __init__(
        self,
        authority: Authority,
        cert_file: Path,
        key_file: Path,
        *,
        lasts: timedelta = HUB_LASTS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authority = authority
        self._lasts = lasts
        self._monotonic = monotonic
        self._attempts = Attempts()
        self._at_once = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(cert_file, key_file)
        self._context.load_verify_locations(authority.directory / "ca.pem")
        self._context.verify_mode = ssl.CERT_OPTIONAL

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen.

        Raises:
            OSError: the port cannot be had.
        """
        return await asyncio.start_server(
            self._serve, host, port, limit=HEAD_BYTES, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
        )

    async def run(self, host: str, port: int) -> None:
        """Serve until cancelled, and write the list of what was withdrawn anew every day."""
        async with await self.start(host, port):
            while True:
                self._authority.write_crl()
                await asyncio.sleep(CRL_EVERY_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        try:
            async with asyncio.timeout(REQUEST_S):
                await self._answer(reader, writer)
        except (OSError, EOFError, ssl.SSLError):
            pass  # it has gone, or was too slow (TimeoutError is an OSError)
        finally:
            self._at_once -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str(writer.get_extra_info("peername")[0])
        headers: dict[str, str] = {}
        try:
            if self._at_once > AT_ONCE:
                raise Refused(http.HTTPStatus.SERVICE_UNAVAILABLE, "Too many at once.", counts=False)
            wait_s = self._attempts.wait_s(address, self._monotonic())
            if wait_s > 0:
                headers["Retry-After"] = str(int(wait_s) + 1)
                raise Refused(http.HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts. Wait.", counts=False)
            asked = await _read(reader, address, writer.get_extra_info("ssl_object").getpeercert() or {})
            body = self._do(asked)
            status, kind = http.HTTPStatus.OK, "application/pkcs7-mime; smime-type=certs-only"
            headers["Content-Transfer-Encoding"] = "base64"
        except Refused as refused:
            status, kind, body = refused.status, "text/plain; charset=utf-8", f"{refused.sentence}\n".encode()
            if refused.counts:
                self._attempts.failed(address, self._monotonic())
                self._authority.register.note("refused", None, address=address, why=refused.why)
            if status is http.HTTPStatus.UNAUTHORIZED:
                headers["WWW-Authenticate"] = 'Basic realm="claim code"'
        headers |= {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode() + body)
        await writer.drain()

    def _do(self, asked: Asked) -> bytes:
        match asked.method, asked.path:
            case "GET", "/.well-known/est/cacerts":
                return _pkcs7(self._authority.root)
            case "POST", "/.well-known/est/simpleenroll":
                return _pkcs7(_certificate(self._enrol(asked)))
            case "POST", "/.well-known/est/simplereenroll":
                return _pkcs7(_certificate(self._renew(asked)))
            case _:
                raise Refused(http.HTTPStatus.NOT_FOUND, "There is nothing here.", why=f"{asked.method} elsewhere")

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
        present = self._present(asked)
        request = _request(asked)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        try:
            known = self._authority.register.of_key(present.name, key_hash(request_key(request)), yesterday)
            if known is not None:
                return known
            if sum(one.not_before > yesterday for one in self._authority.register.of(present.name)) >= A_DAY:
                raise Refused(
                    http.HTTPStatus.TOO_MANY_REQUESTS, "This hub has had enough certificates for a day.", counts=False
                )
            return self._authority.sign(request, present.name, lasts=self._lasts)
        except NotSigned as error:
            raise Refused(http.HTTPStatus.BAD_REQUEST, str(error), why=f"{present.name}: {error}") from error

    def _present(self, asked: Asked) -> Issued:
        """The certificate of the connection, as the book knows it. TLS has checked signature and dates."""
        serial = str(asked.shown.get("serialNumber", "")).lstrip("0")
        if not serial:
            raise Refused(http.HTTPStatus.UNAUTHORIZED, "Show the certificate that this hub has.")
        known = self._authority.register.find(serial)
        if known is None or known.role != "hub":
            raise Refused(http.HTTPStatus.FORBIDDEN, "This certificate is no hub's.", why=f"no hub's: {serial}")
        if known.revoked is not None:
            raise Refused(
                http.HTTPStatus.FORBIDDEN,
                "This certificate was withdrawn. Ask the ward for a claim code.",
                why=f"{known.name}: withdrawn",
            )
        return known


async def _read(reader: asyncio.StreamReader, address: str, shown: Mapping[str, Any]) -> Asked:
    bad = http.HTTPStatus.BAD_REQUEST
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.LimitOverrunError, ValueError):
        raise Refused(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "That head is too large.") from None
    first, *lines = head.split("\r\n")
    try:
        method, path, version = first.split(" ")
    except ValueError:
        raise Refused(bad, "That is no request.") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(bad, "Speak HTTP/1.1.")
    headers = {n.strip().lower(): v.strip() for n, colon, v in (line.partition(":") for line in lines) if colon}
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isascii() or not length.isdigit():
        raise Refused(http.HTTPStatus.LENGTH_REQUIRED, "Say how long the body is.")
    if int(length) > BODY_BYTES:
        raise Refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That body is too large.")
    return Asked(method, path, headers, await reader.readexactly(int(length)), address, shown)


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


def _pkcs7(certificate: x509.Certificate) -> bytes:
    return base64.encodebytes(pkcs7.serialize_certificates([certificate], serialization.Encoding.DER))
