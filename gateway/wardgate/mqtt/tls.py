"""What is wrong with TLS, in a sentence, and what to do: OpenSSL's own words help nobody at a kitchen table.

With TLS 1.3 a broker looks at a client's certificate after the client believes itself connected: its refusal comes as
an alert in place of the first answer.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from wardgate.config import Broker

Words = tuple[str, str, str]
"""Key, sentence, what to do."""

UNTRUSTED: Final = "broker-certificate"
"""The key of a broker's certificate that is not to be trusted."""
_ASK: Final = "Ask the ward for a claim code and run: wardgate enrol --code CODE"
_IF_NONE: Final = f"For a new one: {_ASK[0].lower()}{_ASK[1:]}"
_REFUSALS: Final[dict[str, Words]] = {
    "CERTIFICATE_REQUIRED": (
        "certificate-wanted",
        "{place} wants a certificate of this hub, and it showed none.",
        f"Name it in broker.cert_file and broker.key_file. {_IF_NONE}",
    ),
    "UNKNOWN_CA": (
        "certificate-of-another-ward",
        "{place} does not know the authority that signed this hub's certificate.",
        f"Check that broker.host is this ward's broker. {_IF_NONE}",
    ),
    "CERTIFICATE_EXPIRED": (
        "certificate-expired",
        "{place} refuses this hub's certificate: it has expired, or is not valid yet.",
        _ASK,
    ),
    "CERTIFICATE_REVOKED": (
        "certificate-revoked",
        "{place} refuses this hub's certificate: the ward has withdrawn it.",
        f"Ask the ward why. {_IF_NONE}",
    ),
}
"""By the alert with which a broker refuses a certificate (RFC 8446, 6.2)."""
_ANY_REFUSAL: Final = (
    "certificate-refused",
    "{place} refuses this hub's certificate.",
    f"The broker's log says why. {_ASK}",
)
_REFUSING: Final = ("BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "CERTIFICATE_UNKNOWN", "ACCESS_DENIED")
_MISMATCH: Final = (
    "certificate-key",
    "This hub's certificate and its private key do not belong together.",
    "Check that broker.cert_file and broker.key_file are of one pair.",
)
_NO_TLS: Final = (
    "broker-no-tls",
    "{place} does not speak TLS.",
    "Check broker.port: TLS is mostly on 8883. Do not switch broker.tls off outside of a test.",
)
_EXPIRED, _NOT_YET, _PURPOSE = 10, 9, 26
_OTHER_NAME: Final = (62, 64)
"""X509_V_ERR_* of OpenSSL's x509_vfy.h: expired, not yet valid, not a server's, of another host or address."""


def words(error: ssl.SSLError, broker: Broker) -> Words:
    """Key, sentence and what to do for whatever TLS says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, broker)
    key, sentence, what_to_do = _said(error.reason or "") or (
        "broker-tls",
        f"{{place}} and this hub could not agree on TLS: {error.reason or error}.",
        "Check broker.port, broker.tls, broker.cert_file and broker.key_file: they have to be what it wants.",
    )
    return key, sentence.replace("{place}", f"The broker {broker.host}:{broker.port}"), what_to_do


def _said(reason: str) -> Words | None:
    if "ALERT" in reason:
        for name, known in _REFUSALS.items():
            if reason.endswith(name):
                return known
        if reason.endswith(_REFUSING):
            return _ANY_REFUSAL
    if "KEY_VALUES_MISMATCH" in reason or "KEY_TYPE_MISMATCH" in reason:
        return _MISMATCH
    return _NO_TLS if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE") else None


def _untrusted(error: ssl.SSLCertVerificationError, broker: Broker) -> Words:
    place = f"{broker.host}:{broker.port}"
    key, sentence = (
        UNTRUSTED,
        f"The certificate of {place} is not to be trusted: {error.verify_message}.",
    )
    code = error.verify_code
    if code in (_EXPIRED, _NOT_YET):
        what_to_do = (
            f"This hub's clock says {datetime.now(UTC):%d %B %Y, %H:%M} UTC. If that is wrong, give the hub a network "
            "with time (NTP); if it is right, tell your ward that its broker needs a new certificate."
        )
    elif code in _OTHER_NAME:
        what_to_do = "Set broker.host to a name that stands in the broker's certificate."
    elif code == _PURPOSE:
        what_to_do = "It is not a server's: something else answers in the broker's place. Tell your ward at once."
    else:
        what_to_do = "Name the authority that signed it in broker.ca_file. If that is right already, tell your ward."
    return key, sentence, what_to_do


def not_enrolled(broker: Broker) -> Words | None:
    """Whether there is no certificate where one should be."""
    if broker.cert_file is None or Path(broker.cert_file).exists():
        return None
    return "not-enrolled", f"This hub has no certificate: there is no {broker.cert_file}.", _ASK
