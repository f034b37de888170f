"""From when until when a certificate holds, read without a library that the hub's memory would have to carry.

RFC 5280, 4.1: Certificate and TBSCertificate are SEQUENCEs; within the latter stand [0] version, serialNumber,
signature, issuer, validity. Validity is a SEQUENCE of two times, UTCTime until 2049 and GeneralizedTime after.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_FORMATS: Final = {_UTC_TIME: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
_END: Final = "-----END CERTIFICATE-----"


class Validity(Struct, frozen=True):
    """A certificate's dates and number."""

    not_before: datetime
    not_after: datetime
    serial: str
    """In hexadecimal, as the ward's register names it."""


def validity(path: Path) -> Validity:
    """The dates of the first certificate in a PEM file.

    Raises:
        OSError: the file cannot be read.
        ValueError: there is no certificate in it.
    """
    text = path.read_text(encoding="ascii", errors="replace")
    end = text.find(_END)
    if end < 0:
        raise ValueError(f"there is no certificate in {path}")
    try:
        return _parsed(ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERT") : end + len(_END)]))
    except (IndexError, ValueError) as error:
        raise ValueError(f"the certificate in {path} is damaged") from error


def _parsed(der: bytes) -> Validity:
    _, certificate, _ = _element(der)
    _, rest, _ = _element(certificate)
    tag, value, after = _element(rest)
    if tag == _VERSION:
        tag, value, after = _element(after)
    serial = value.hex().lstrip("0")
    for _ in ("signature", "issuer"):
        _, _, after = _element(after)
    _, dates, _ = _element(after)
    first, not_before, dates = _element(dates)
    second, not_after, _ = _element(dates)
    return Validity(_time(first, not_before), _time(second, not_after), serial)


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content, and what follows (X.690, 8.1; DER has no indefinite lengths)."""
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    if at + length > len(data):
        raise ValueError("cut short")
    return tag, data[at : at + length], data[at + length :]


def _time(tag: int, text: bytes) -> datetime:
    """RFC 5280, 4.1.2.5: always to the second, always Z. A two-digit year from 50 on is of the last century."""
    when = datetime.strptime(text.decode("ascii"), _FORMATS.get(tag, "")).replace(tzinfo=UTC)
    if tag == _UTC_TIME and when.year >= 2050:
        return when.replace(year=when.year - 100)
    return when
