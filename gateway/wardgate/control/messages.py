"""What the control socket says: the hub as a person may look at it.

Newline-delimited JSON over a Unix socket. A request is `{"id": 1, "method": "status", "params": {}}`, its answer
`{"id": 1, "result": ...}` or `{"id": 1, "error": {"key": ..., "sentence": ..., "what_to_do": ...}}`. After
`{"method": "watch"}` the hub also pushes `{"push": "changed", "rooms": ["readings", "alerts", "delivery", "devices"]}`
whenever something changed, at most four times a second.

Ages and countdowns are seconds computed by the hub: nobody has to trust another clock.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from wardgate.contract.assigning import Kind
from wardgate.contract.messages import Alert, Event, Reading, Utc

DeviceState = Literal["working", "not-heard", "battery-low", "pairing-lost", "not-set-up"]


class DeviceView(Struct, frozen=True, kw_only=True):
    """One device as the hub sees it now."""

    id: str
    model: str
    kind: Kind
    maker: str
    name: str
    state: DeviceState
    what_to_do: str = ""
    wake: str = ""
    last_heard: Utc | None = None
    last_heard_age_s: float | None = None
    last_reading: Utc | None = None
    last_reading_age_s: float | None = None
    cadence_s: float | None = None
    battery_percent: int | None = None
    battery_at: Utc | None = None
    rssi_dbm: int | None = None
    bonded: bool | None = None
    clock_offset_s: float | None = None
    unsent: int = 0
    """Readings that are not at the ward yet."""
    counts: dict[str, int] = {}
    """readings, no_reading, implausible, rejected, duplicates since the database began."""


class WayPoint(Struct, frozen=True, kw_only=True):
    """When the last live reading passed each door; None while it has not."""

    reading: Reading
    seen: Utc
    stored: Utc
    broker: Utc | None
    ward: Utc | None
    waiting_s: float | None = None
    """How long it has been waiting for the next door."""


class DeliveryView(Struct, frozen=True, kw_only=True):
    """The line Stored -> Broker -> Ward."""

    connected: bool
    confirm: Literal["ward", "broker"]
    broker: str
    problem: str = ""
    """Why it is not connected, in a sentence that says what to do."""
    retry_in_s: float | None = None
    stored: int
    at_broker: int
    at_ward: int
    waiting: int
    waiting_alerts: int
    oldest_waiting: Utc | None = None
    oldest_waiting_age_s: float | None = None
    parked: int = 0
    last_ward_answer: Utc | None = None
    last_ward_answer_age_s: float | None = None


class RadioView(Struct, frozen=True, kw_only=True):
    """Idle or deaf: told apart by when anything at all was heard."""

    state: Literal["listening", "connecting", "no-adapter", "no-bluetoothd", "off", "simulated"]
    sentence: str
    last_heard_age_s: float | None = None


class CanaryView(Struct, frozen=True, kw_only=True):
    """The hub's own test of the way from a reading to the ward, every quarter of an hour."""

    last_age_s: float | None = None
    """Since one came through; None while none has since the hub started."""
    late: bool = False
    stage: Literal["store", "rules", "ward"] | None = None
    """Where the last one was stopped, or is waiting."""


class CertificateView(Struct, frozen=True, kw_only=True):
    """The hub's certificate at the broker."""

    not_after: Utc
    days_left: float | None = None
    """None while the hub does not know the time."""
    renews_itself: bool = False
    problem: str = ""
    """Why the last renewal did not work."""


class ConfigurationView(Struct, frozen=True, kw_only=True):
    """What the ward has configured from afar."""

    version: int
    proving: bool = False
    """It is on probation: it has not shown yet that the hub can live with it."""
    problem: str = ""
    """What of it does not hold, and why."""
    taken_back: str = ""
    """Why the last one was taken back."""


class HubView(Struct, frozen=True, kw_only=True):
    """The machine itself."""

    hub: str
    patient: str
    timezone: str
    version: str
    now: Utc
    uptime_s: float
    clock_synchronised: bool
    disk_free_bytes: int
    database_bytes: int
    config_hash: str
    radio: RadioView
    confirm: Literal["ward", "broker"]
    canary: CanaryView = CanaryView()
    quiet_until: Utc | None = None
    """The home makes no sound until then; None outside of quiet hours."""
    certificate: CertificateView | None = None
    """None where the broker is reached without one."""
    configuration: ConfigurationView | None = None
    """None where the ward has configured nothing."""


class TrialView(Struct, frozen=True, kw_only=True):
    """A rule on trial: what it would have told, and the live rules of its kind beside it. Nobody was told."""

    name: str
    rule: str
    limits: dict[str, float]
    since: Utc
    raised: int
    updated: int
    resolved: int
    open: bool
    live_raised: int
    last_raised: Utc | None = None
    last_sentence: str = ""
    problem: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """The answer to `status`."""

    hub: HubView
    devices: tuple[DeviceView, ...]
    delivery: DeliveryView
    way: WayPoint | None
    open_alerts: tuple[Alert, ...]
    events: tuple[Event, ...]
    """Newest first, 20 at most."""
    trials: tuple[TrialView, ...] = ()


class Series(Struct, frozen=True, kw_only=True):
    """The answer to `series` {channel, days}: what a chart of one channel needs."""

    channel: str
    since: Utc
    now: Utc
    readings: tuple[Reading, ...]
    usual: float | None = None
    """The patient's own level now, in the channel's first quantity, when a detector knows it."""
    limits: tuple[Limit, ...] = ()
    target_low: float | None = None
    target_high: float | None = None
    cadence_s: float | None = None
    alerts: tuple[Alert, ...] = ()


class Limit(Struct, frozen=True, kw_only=True):
    """A limit line: the quantity's value at which the ward is told."""

    quantity: str
    value: float
    since: Utc | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not done."""

    key: str
    sentence: str
    what_to_do: str = ""


class ScreenKey(Struct, frozen=True, kw_only=True):
    """The answer to `screen_key`: what has to stand in the screen's address on the home's network."""

    key: str
    address: str = ""
    """What to open on a tablet; empty where the screen is this machine's own."""
