"""The messages between hub and ward. Their JSON Schemas and the AsyncAPI document are generated from these types.

Every message up carries `epoch` and `seq`: the hub's numbering of its outbox. `epoch` changes only when a hub's
database is made anew; within one epoch a `seq` is never used twice and every one is sent, so that a ward can
acknowledge with one number what it has committed without a gap.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

Utc = Annotated[datetime, Meta(tz=True, description="RFC 3339 with zone; the hub writes UTC")]
Text = Annotated[str, Meta(min_length=1, max_length=500)]
Priority = Literal["high", "medium", "low"]
"""As IEC 60601-1-8 names them."""


CANARY: Final = "canary"
"""The code of the event that shows every quarter of an hour that the way to the ward is open. It tells nothing else."""


class Quantity(Struct, frozen=True, kw_only=True):
    """One value in its canonical unit, with the device's own value and unit beside it."""

    name: str
    value: float
    unit: Annotated[str, Meta(description="canonical unit, UCUM")]
    original_value: float
    original_unit: Annotated[str, Meta(description="the device's own unit, as its frame names it")]
    loinc: str | None = None
    mdc: Annotated[int, Meta(description="IEEE 11073-10101 code")] | None = None


class TimeBlock(Struct, frozen=True, kw_only=True):
    """When the measurement was taken, and how that is known."""

    taken: Utc
    uncertainty_s: Annotated[float, Meta(ge=0, description="taken is right within plus or minus this")]
    basis: Annotated[
        Literal["arrival", "device-clock"],
        Meta(description="which clock dated it: the hub's at arrival, or the device's less its measured offset"),
    ]
    received: Utc
    device_time: Annotated[str, Meta(description="what the device's clock said, without zone")] | None = None
    device_offset_s: (
        Annotated[float, Meta(description="device clock minus the hub's UTC, measured before it was set")] | None
    ) = None
    boot_id: str
    boottime_s: Annotated[float, Meta(ge=0, description="hub's boot-time clock at arrival")]
    synchronised: Annotated[bool, Meta(description="whether the hub knew the time at arrival")]


class DeviceBlock(Struct, frozen=True, kw_only=True):
    """Which device said it."""

    id: Annotated[str, Meta(description="the device's name in the hub's configuration")]
    model: Annotated[str, Meta(description="id in the catalogue")]
    address: str | None = None
    serial: str | None = None
    firmware: str | None = None
    user_index: int | None = None
    bonded: (
        Annotated[
            bool,
            Meta(
                description="whether it is paired with this hub; if not, whatever calls itself so may have said it. "
                "Null on a serial line"
            ),
        ]
        | None
    ) = None


class Quality(Struct, frozen=True, kw_only=True):
    """What is known against or about the reading."""

    status: Annotated[tuple[str, ...], Meta(description="status bits the device set")] = ()
    flags: Annotated[tuple[str, ...], Meta(description="the hub's own remarks")] = ()
    good: bool = True


class Corrected(Struct, frozen=True, kw_only=True):
    """That a message is dated otherwise than before, and why."""

    previous: Annotated[datetime, Meta(tz=True, description="the time it takes the place of")]
    reason: Annotated[
        Literal["hub-synchronised", "device-clock"],
        Meta(
            description="what is known now: the time of the boot in which the hub took it in, or the device's own clock"
        ),
    ]
    at: Utc


TIME_UNKNOWN: Final = "time-unknown"
"""The flag of a reading that is dated by a hub which had not been told the time since it was switched on."""


class Reading(Struct, frozen=True, kw_only=True):
    """A measurement the hub stands behind. A later revision says the same of another time."""

    schema: Literal["wardgate/reading/1"] = "wardgate/reading/1"
    epoch: str = ""
    seq: int = 0
    id: Annotated[str, Meta(description="derived from device, device time, sequence and payload; the same for ever")]
    hub: str
    assignment: Annotated[str, Meta(description="frozen at capture: which patient this hub served then")]
    patient: Annotated[str, Meta(description="pseudonym")] | None
    attribution: Literal["assigned", "unattributed"]
    attribution_reason: str | None = None
    channel: Literal["weight", "blood_pressure", "saturation", "temperature", "heart_rate", "body_composition"]
    quantities: tuple[Quantity, ...]
    time: TimeBlock
    device: DeviceBlock
    quality: Quality
    backfill: Annotated[bool, Meta(description="came from a memory, not just now; never raises an acute alert")]
    test: bool = False
    frame: Annotated[str, Meta(description="the raw frame in hexadecimal")]
    revision: Annotated[int, Meta(ge=1, description="counts up when it is dated anew; the highest one holds")] = 1
    corrected: Annotated[Corrected | None, Meta(description="in a revision after the first")] = None


class Alert(Struct, frozen=True, kw_only=True):
    """One revision of an episode. The id stays the same through the whole life; `revision` counts up."""

    schema: Literal["wardgate/alert/1"] = "wardgate/alert/1"
    epoch: str = ""
    seq: int = 0
    id: str
    revision: Annotated[int, Meta(ge=1)]
    hub: str
    assignment: str
    patient: str
    state: Literal["raised", "updated", "acknowledged", "resolved"]
    priority: Priority
    kind: str
    rule: str
    rule_version: int
    sentence: Text
    home_sentence: Text
    inputs: dict[str, float | str | None]
    readings: tuple[str, ...]
    raised: Utc
    changed: Utc
    pathways: Annotated[tuple[str, ...], Meta(description="what the patient is monitored for that it serves")] = ()
    raised_count: Annotated[
        int, Meta(ge=1, description="how often it was raised since it was last new or worse: 2 is the second time")
    ] = 1
    worse_revision: Annotated[
        int,
        Meta(
            ge=0, description="the last revision in which it was new or worse; acknowledging it or a later one counts"
        ),
    ] = 0
    acknowledged_revision: (
        Annotated[int, Meta(description="what somebody at the ward has seen; null again once it is worse")] | None
    ) = None
    acknowledged_by: Annotated[str, Meta(description="a role, never a name")] | None = None
    acknowledged_at: Utc | None = None
    quiet_until: (
        Annotated[datetime, Meta(tz=True, description="in quiet hours, not high: it may wait until then")] | None
    ) = None
    corrected: Annotated[Corrected | None, Meta(description="`raised` is dated anew since this revision")] = None


class Event(Struct, frozen=True, kw_only=True):
    """A technical fact."""

    schema: Literal["wardgate/event/1"] = "wardgate/event/1"
    epoch: str = ""
    seq: int = 0
    id: str
    hub: str
    code: Annotated[str, Meta(description="stable key: battery-low, pairing-lost, ...")]
    severity: Literal["info", "attention", "problem"]
    device: str | None = None
    sentence: Text
    what_to_do: str = ""
    detail: dict[str, float | str | bool | None] = msgspec.field(default_factory=dict)
    at: Utc


class State(Struct, frozen=True, kw_only=True):
    """Retained. The birth when a hub connects, a heartbeat while it lives, the last will when it is gone."""

    schema: Literal["wardgate/state/1"] = "wardgate/state/1"
    hub: str
    online: bool
    epoch: str
    floor: Annotated[int, Meta(description="every seq up to this one is done or will never come")] = 0
    heartbeat: int = 0
    heartbeat_every_s: float = 0.0
    version: str = ""
    boot_id: str = ""
    config_hash: str = ""
    waiting: int = 0
    oldest_waiting: Utc | None = None
    synchronised: bool = False
    at: Utc | None = None


class Refusal(Struct, frozen=True, kw_only=True):
    """A message the ward will never accept, with the reason."""

    seq: int
    reason: str


class AlertAck(Struct, frozen=True, kw_only=True):
    """A person at the ward has seen a revision of an alert. It stays open until it is better."""

    id: str
    revision: int
    by: Annotated[str, Meta(description="the person's role, never a name: nurse, doctor")]
    at: Utc


class Ack(Struct, frozen=True, kw_only=True):
    """What the ward has committed: everything up to `cumulative`, and each of `selective` beyond it."""

    schema: Literal["wardgate/ack/1"] = "wardgate/ack/1"
    hub: str
    epoch: str
    cumulative: Annotated[int, Meta(ge=0)]
    selective: tuple[int, ...] = ()
    refused: tuple[Refusal, ...] = ()
    resume: Annotated[
        bool,
        Meta(description="the ward has just connected: the hub sends again now what is not acknowledged"),
    ] = False
    alerts: Annotated[
        tuple[AlertAck, ...],
        Meta(description="what somebody has seen; sent again until an alert or an event answers. Of any epoch"),
    ] = ()


Upward = Reading | Alert | Event

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a stranger's bytes may raise: no JSON, another shape, no UTF-8, brackets without end."""
