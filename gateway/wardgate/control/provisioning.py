"""What the control socket says while a hub is being set up, and about how it was.

Every act is one request. What an act changes is on the disk, and in the audit, before its answer. An act that is asked
for twice is done once and answered alike. Whoever asks from a page sends the `revision` that the page was made from:
when the hub has moved on since, the act is refused with the key `stale` and nothing is done.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from wardgate.contract.assigning import Kind
from wardgate.contract.messages import Utc

Stage = Literal["factory", "claimed", "assigned", "locked"]
Tick = Literal["good", "waiting", "problem", "unknown"]
"""`unknown` is nobody's fault: it was not asked, or this device or ward cannot say."""


class Check(Struct, frozen=True, kw_only=True):
    """One of the four ticks of the first step, or one of a device's five."""

    key: str
    """network, clock, ward-reached, ward-accepts; heard, paired, clock, battery, memory."""
    tick: Tick
    reason: str = ""
    """A stable key when it is not good."""
    sentence: str
    what_to_do: str = ""


class Model(Struct, frozen=True, kw_only=True):
    """What a device in the air may be."""

    id: str
    kind: Kind
    maker: str
    name: str
    wake: str
    """What to press now, from the catalogue."""
    passkey: bool = False
    """It shows six digits."""
    needs_user: bool = False
    needs_consent: bool = False
    serial: bool = False


class Nearby(Struct, frozen=True, kw_only=True):
    """A device in the air that the catalogue knows."""

    address: str
    rssi_dbm: int | None
    heard_age_s: float
    models: tuple[Model, ...]
    """Several where the advertisement does not tell them apart; the likeliest first."""
    wanted: bool
    """Whether the pathway asks for its kind and none of that kind is here yet."""
    device: str | None = None
    """The id of the device of this home that it is."""


Pairing = Literal["idle", "waiting", "passkey-wanted", "pairing", "paired", "failed"]


class TestWay(Struct, frozen=True, kw_only=True):
    """When a device's test reading passed each door."""

    __test__ = False  # for pytest, which takes the name for its own

    seen: Utc
    stored: Utc
    broker: Utc | None = None
    ward: Utc | None = None


class Added(Struct, frozen=True, kw_only=True):
    """A device of this home while it is being set up."""

    id: str
    model: Model
    address: str | None = None
    port: str | None = None
    serial: str = ""
    """Its serial number, as it told it; empty until it has."""
    pairing: Pairing = "idle"
    pairing_sentence: str = ""
    pairing_what_to_do: str = ""
    pairing_left_s: float | None = None
    checks: tuple[Check, ...] = ()
    tested: Utc | None = None
    """When a test reading of it was confirmed: by the ward, or by the broker where `ward_can_confirm` is false."""
    way: TestWay | None = None
    """How that reading got there."""
    left_out: str = ""
    """Why it was left without one, in a sentence."""


LeftOut = Literal["nobody-can", "not-ready", "ward-away"]
LEFT_OUT: Final[dict[LeftOut, str]] = {
    "nobody-can": "Nobody here can use it today.",
    "not-ready": "It needs a battery or a repair first.",
    "ward-away": "The ward does not answer.",
}
"""Why a device has no test reading. Words of our own: what is typed freely may name somebody."""


class TestRun(Struct, frozen=True, kw_only=True):
    """A test reading and its way. Whatever the device brings until `left_s` is over is marked as a test."""

    device: str
    begun: Utc
    left_s: float | None
    """None once it is over."""
    reading: str | None = None
    """The reading's id."""
    sentence: str = ""
    """`80.9 kg`: what was measured."""
    seen: Utc | None = None
    stored: Utc | None = None
    broker: Utc | None = None
    ward: Utc | None = None
    waiting_s: float | None = None
    ward_can_confirm: bool = True


class Missing(Struct, frozen=True, kw_only=True):
    """What has to be done before the hub can be locked."""

    key: str
    sentence: str
    step: Annotated[int, Meta(ge=1, le=6)]


class Limits(Struct, frozen=True, kw_only=True):
    """What holds for this patient, as sentences to be read back."""

    sentences: tuple[str, ...]
    cadences: tuple[str, ...]
    author: str
    """`The ward's configuration`, or `This hub's own file`."""
    version: int
    since: Utc | None = None
    fingerprint: str = ""
    phone: str = ""


class Window(Struct, frozen=True, kw_only=True):
    """Whether the technician's page is open."""

    open: bool
    left_s: float | None = None
    opened_by: str = ""
    """button, command, ward."""


class Installation(Struct, frozen=True, kw_only=True):
    """The answer to `installation`: everything that the setting-up pages need."""

    stage: Stage
    revision: int
    hub: str | None = None
    version: str
    now: Utc
    timezone: str
    fingerprint: str = ""
    """Of the page's certificate, SHA-256, lower-case hexadecimal."""
    by_file: bool = False
    """The hub's own file names hub and patient: nothing of that is changed here."""
    can_claim: bool = True
    """False where there is no enrolment endpoint: plain broker credentials stand in the file."""
    can_list: bool = True
    """Whether the ward gives a list of patients; else the pseudonym is typed."""
    ward_can_confirm: bool = True
    """Whether the ward says which readings it has. Where it does not, nothing may say that the ward has one."""
    patient: str | None = None
    """`Copper Heron`, without the digits."""
    pathways: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """The devices that are expected."""
    phone: str = ""
    checks: tuple[Check, ...] = ()
    devices: tuple[Added, ...] = ()
    test: TestRun | None = None
    tests_confirmed: int = 0
    limits_read_back: Utc | None = None
    missing: tuple[Missing, ...] = ()
    """Empty: it can be locked, or is."""
    unsent: int = 0
    """Messages that are not at the ward yet."""
    window: Window = Window(open=False)


class SignedIn(Struct, frozen=True, kw_only=True):
    """The answer to `sign_in`. Wrong codes are errors: `wrong-code` with `4 tries left`, `wait` with the seconds."""

    window: Window


class Report(Struct, frozen=True, kw_only=True):
    """The answer to `report`: a file for support in which nothing names the patient."""

    name: str
    data: bytes
    """A zip."""


class SetupCode(Struct, frozen=True, kw_only=True):
    """The answer to `new_setup_code`: shown this once, kept nowhere."""

    code: str
    """`K7QM-3XVP`; small letters, blanks and dashes make no difference when it is typed."""


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One line of the audit."""

    number: int
    at: Utc
    synchronised: bool = True
    """Whether the hub knew the time."""
    what: str
    """A stable key: claimed, assigned, device-added, paired, test-read, locked, signed-in, ..."""
    by: str
    """page, command, ward, hub, button, home."""
    sentence: str
    detail: dict[str, str | int | float | bool | None] = {}


class Audit(Struct, frozen=True, kw_only=True):
    """The answer to `audit`: newest first."""

    entries: tuple[AuditEntry, ...]
    broken_at: int | None = None
    """The number of the first line that was changed or is missing; None when all are whole."""
    broken: tuple[str, ...] = ()
    """Every such place, in a sentence."""
