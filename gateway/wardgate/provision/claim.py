"""Claiming: a hub that is nobody's becomes a ward's, with a one-time code and a key that it makes itself."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from wardgate.config import Bare, Config
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.enrol.identity import Identity
from wardgate.provision.refused import Refused

_MISREAD: Final = str.maketrans("OIL", "011")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""What phones make of a dash while somebody types."""
_LETTERS: Final = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_LENGTH: Final = 16
_GROUP: Final = 4
_HUB: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SHEET: Final = "Scan or type it as it is printed: the hub's id, then 4 groups of 4."


class Ticket(Struct, frozen=True, kw_only=True):
    """What the ward has printed for one hub: its id, and the code that opens once."""

    hub: str
    code: str


def ticket(hub: str, code: str) -> Ticket:
    """The two, however they were typed or scanned: apart, or in one line in either place.

    Raises:
        Refused: something is missing, or cannot be such a code.
    """
    given, rest = (" ".join(part.translate(_DASHES).split()) for part in (hub, code))
    if not given or not rest:
        line = given or rest
        if _is_code(_plain(line)):
            raise Refused("hub-id", "The hub's id is missing. It stands before the code.", _SHEET)
        given, _, rest = line.partition(" ")
        if given and not rest:
            raise Refused("code-shape", "The claim code is missing. It stands behind the hub's id.", _SHEET)
    elif rest.lower().startswith(f"{given.lower()} "):
        rest = rest[len(given) :]
    given = given.lower()
    if not _HUB.fullmatch(given):
        raise Refused("hub-id", "This is no hub's id: small letters, digits and dashes.", _SHEET)
    plain = _plain(rest)
    if len(plain) != _LENGTH:
        raise Refused("code-shape", f"A claim code has {_LENGTH} letters and digits. This has {len(plain)}.", _SHEET)
    if not _is_code(plain):
        strange = next(sign for sign in plain if sign not in _LETTERS)
        raise Refused("code-shape", f"There is no {strange} in a claim code.", _SHEET)
    groups = [plain[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)]
    return Ticket(hub=given, code="-".join(groups))


def _plain(code: str) -> str:
    return "".join(code.upper().translate(_MISREAD).replace("-", " ").split())


def _is_code(plain: str) -> bool:
    return len(plain) == _LENGTH and not set(plain) - _LETTERS


def claim(config: Config | Bare, identity: Identity, asked: Ticket) -> None:
    """Get the certificate. Blocking. It is on the disk afterwards, to be taken with `take`, and still there if this
    is asked again.

    Raises:
        Refused: the ward says no or does not answer, or there is nobody to ask.
        OSError: the disk refuses.
    """
    if config.enrol.url is None:
        raise Refused(
            "no-endpoint",
            "This hub knows no enrolment endpoint of a ward.",
            "Put the ward's wardgate.toml on the boot partition, or set enrol.url in the hub's file.",
        )
    if config.hub.id is not None and config.hub.id != asked.hub:
        raise Refused(
            "other-hub",
            f"This hub's file says that it is {config.hub.id}; the code is for {asked.hub}.",
            "Use the code of this hub.",
        )
    ca_file = config.enrol.ca_file or (config.broker.ca_file if config.broker is not None else None)
    try:
        Endpoint(config.enrol.url, ca_file).claim(identity, asked.hub, asked.code)
    except EnrolError as error:
        raise Refused("refused-by-ward" if error.final else "ward-away", error.sentence, error.what_to_do) from error


def take(identity: Identity) -> None:
    """What has come is in use from now on. At a start, too: a power cut may have come before this.

    Raises:
        OSError: the disk refuses.
    """
    if not identity.has_current() and identity.certificate_received() is not None:
        identity.take()
