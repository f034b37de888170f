"""Asking the ward's enrolment endpoint for a certificate (EST, RFC 7030). Blocking: to be called in a thread.

cryptography is imported when a certificate is asked for: once in two months.
"""

from __future__ import annotations

import base64
import http
import http.client
import ssl
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wardgate.clock import Clock, SystemClock
from wardgate.enrol.identity import CERTIFICATE, KEY, Identity
from wardgate.enrol.prompt import within

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

TIMEOUT_S: Final = 20.0
WHOLE_S: Final = 30.0
"""For a whole answer."""
_LARGEST: Final = 64 * 1024


class EnrolError(Exception):
    """There is no certificate. `final` when asking again would not help, `away` when it may help to wait."""

    def __init__(self, sentence: str, what_to_do: str, *, final: bool = False, away: bool = False) -> None:
        super().__init__(f"{sentence} {what_to_do}")
        self.away = away
        self.sentence = sentence
        self.what_to_do = what_to_do
        self.final = final


class Endpoint:
    """The ward's enrolment endpoint.

    Args:
        url: https://enrol.example.org:8085
        ca_file: the authority that signed its certificate; none: the system's.
        clock: tells whether a certificate has ended already.
    """

    def __init__(self, url: str, ca_file: str | None, clock: Clock | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or 443
        self._path = parts.path.rstrip("/") + "/.well-known/est/"
        self._ca_file = ca_file
        self._clock = SystemClock() if clock is None else clock

    def claim(self, identity: Identity, hub: str, code: str) -> None:
        """The first certificate, for a one-time code, to be taken. An answer that was lost may be asked for again.

        Raises:
            EnrolError: with the reason.
            OSError: the disk refuses.
        """
        sign_in = base64.b64encode(f"{hub}:{code}".encode()).decode()
        self._pair(identity, hub, "simpleenroll", {"Authorization": f"Basic {sign_in}"}, None)

    def renew(self, identity: Identity, hub: str) -> None:
        """The next certificate, for the one that is in use, to be offered.

        Raises:
            EnrolError: with the reason.
            OSError: the disk refuses.
        """
        self._pair(identity, hub, "simplereenroll", {}, identity.current)

    def reach(self) -> None:
        """Connect, and look whether it is to be trusted. Nothing is asked.

        Raises:
            EnrolError: with the reason.
        """
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=context)
            connection.connect()
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise _unreached(error, f"{self._host}:{self._port}") from error

    def _pair(self, identity: Identity, hub: str, what: str, headers: dict[str, str], shown: Path | None) -> None:
        with identity.locked() as free:
            if not free:
                raise EnrolError("This hub is being enrolled at this moment.", "Try again in a minute.")
            self._locked(identity, hub, what, headers, shown)

    def _locked(self, identity: Identity, hub: str, what: str, headers: dict[str, str], shown: Path | None) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding

        key = _key(identity)
        received = identity.certificate_received()
        if received is not None and _fits(received, key, hub):
            return
        answer = self._asked(what, _request(key, hub), headers, shown)
        made = answer.public_bytes(Encoding.PEM)
        if answer.not_valid_after_utc <= self._clock.utc():
            identity.stop_asking()  # for this key there would be the same one again
            raise EnrolError(
                f"The enrolment endpoint gave a certificate that ended on {answer.not_valid_after_utc:%d %B %Y}.",
                "Tell your ward: the clock of its authority may be wrong.",
            )
        if not _fits(made, key, hub):
            raise EnrolError(
                "The enrolment endpoint gave a certificate for another hub or key.", "Tell your ward.", final=True
            )
        identity.received(made)

    def _asked(self, what: str, request: bytes, headers: dict[str, str], shown: Path | None) -> x509.Certificate:
        place = f"{self._host}:{self._port}"
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
            if shown is not None:
                context.load_cert_chain(shown / CERTIFICATE, shown / KEY)
            status, body = self._posted(context, what, request, headers)
        except (OSError, http.client.HTTPException) as error:
            raise _unreached(error, place) from error
        if status != http.client.OK:
            raise _refused(status, _plain(body), place)
        return _certificate_in(body, place)

    def _posted(self, context: ssl.SSLContext, what: str, request: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=context)
        try:
            headers = {"Content-Type": "application/pkcs10", **headers}
            with within(connection, WHOLE_S):
                connection.request("POST", self._path + what, base64.encodebytes(request), headers)
                answer = connection.getresponse()
                body = answer.read(_LARGEST)
            return answer.status, body
        finally:
            connection.close()


def _key(identity: Identity) -> ec.EllipticCurvePrivateKey:
    """The key that was begun with, or a new one. It never leaves this disk."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    kept = identity.key_asked_for()
    if kept is not None:
        key = serialization.load_pem_private_key(kept, password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    identity.stop_asking()
    made = ec.generate_private_key(ec.SECP256R1())
    identity.ask_with(
        made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def _request(key: ec.EllipticCurvePrivateKey, hub: str) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hub)])
    signed = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def _certificate_in(body: bytes, place: str) -> x509.Certificate:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs7

    try:
        (made,) = pkcs7.load_der_pkcs7_certificates(base64.b64decode(body))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_an_endpoint(place) from error
    return made


def _plain(body: bytes) -> str:
    """What was said in words; a page for a browser is none."""
    said = " ".join(body.decode("utf-8", "replace").split())
    return said[:200] if said.isprintable() and not said.startswith("<") else ""


def _fits(certificate: bytes, key: ec.EllipticCurvePrivateKey, hub: str) -> bool:
    """Whether a certificate is this key's and this hub's."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509.oid import NameOID

    try:
        made = x509.load_pem_x509_certificate(certificate)
        named = [a.value for a in made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return named == [hub] and made.public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False


def _unreached(error: Exception, place: str) -> EnrolError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return EnrolError(
            f"The certificate of {place} is not to be trusted: {error.verify_message}.",
            "Name the ward's authority in enrol.ca_file, and look at this hub's clock.",
        )
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return EnrolError(
            f"{place} refuses the certificate that this hub has ({error.reason}).",
            "Ask the ward for a claim code and run: wardgate enrol --code CODE",
            final=True,
        )
    if not isinstance(error, OSError):
        return _not_an_endpoint(place)
    return EnrolError(
        f"The enrolment endpoint {place} cannot be reached: {error}.", "Check enrol.url and the network.", away=True
    )


def _not_an_endpoint(place: str) -> EnrolError:
    return EnrolError(f"{place} does not answer as an enrolment endpoint.", "Check enrol.url, and tell your ward.")


def _refused(status: int, said: str, place: str) -> EnrolError:
    told = f"{place} answers with status {status}{': ' if said else '.'}{said}"
    match status:
        case http.HTTPStatus.UNAUTHORIZED | http.HTTPStatus.FORBIDDEN:
            return EnrolError(
                said or told, "Ask the ward for a claim code and run: wardgate enrol --code CODE", final=True
            )
        case http.HTTPStatus.TOO_MANY_REQUESTS:
            return EnrolError(f"{place} wants to be asked less often.", "Wait for ten minutes.", away=True)
        case http.HTTPStatus.BAD_REQUEST:
            return EnrolError(f"{place} refuses what this hub asks: {said or status}", "Check hub.id.", final=True)
        case _:
            return EnrolError(told, "Tell your ward.", away=status >= http.HTTPStatus.INTERNAL_SERVER_ERROR)
