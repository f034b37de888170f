"""A home as its hub would tell it, in any state: for the tests of what people see."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from wardgate.contract.messages import Alert, DeviceBlock, Event, Quality, Quantity, Reading, TimeBlock
from wardgate.control.messages import DeliveryView, DeviceView, HubView, Limit, RadioView, Series, Status, WayPoint
from wardgate.control.protocol import ControlError
from wardgate.control.server import ControlServer

NOW = datetime(2026, 11, 21, 9, 15, 12, tzinfo=UTC)
Channel = Literal["weight", "blood_pressure", "saturation", "temperature", "heart_rate"]
_UNITS = {
    "weight": "kg",
    "systolic": "mm[Hg]",
    "diastolic": "mm[Hg]",
    "pulse": "/min",
    "spo2": "%",
    "temperature": "Cel",
    "heart_rate": "/min",
}
_SOURCES: dict[str, tuple[str, str]] = {
    "weight": ("scale", "and-uc-352ble"),
    "blood_pressure": ("cuff", "and-ua-651ble"),
    "saturation": ("oximeter", "nonin-3230"),
    "temperature": ("thermometer", "thermometer"),
    "heart_rate": ("belt", "heart-belt"),
}


def reading(
    channel: Channel,
    taken: datetime,
    *,
    good: bool = True,
    theirs: bool = True,
    test: bool = False,
    backfill: bool = False,
    address: str | None = "C0:FF:EE:00:00:01",
    **values: float,
) -> Reading:
    """One reading; its values by quantity name."""
    device, model = _SOURCES[channel]
    return Reading(
        id=f"{channel}-{taken:%Y%m%dT%H%M%S}-{'t' if test else 'r'}".ljust(32, "0"),
        hub="wg-7f3k",
        assignment="a-1",
        patient="Amber Heron 42" if theirs else None,
        attribution="assigned" if theirs else "unattributed",
        attribution_reason=None if theirs else "6.2 kg away from this patient's usual weight",
        channel=channel,
        quantities=tuple(
            Quantity(name=n, value=v, unit=_UNITS[n], original_value=v, original_unit=_UNITS[n])
            for n, v in values.items()
        ),
        time=TimeBlock(
            taken=taken, uncertainty_s=1, basis="arrival", received=taken, boot_id="b", boottime_s=1, synchronised=True
        ),
        device=DeviceBlock(id=device, model=model, address=address),
        quality=Quality(good=good, flags=() if good else ("body-movement",)),
        backfill=backfill,
        test=test,
        frame="00",
    )


def morning(days_ago: float, hour: int = 7, minute: int = 43) -> datetime:
    """A time of day so many days before `NOW`."""
    return (NOW - timedelta(days=days_ago)).replace(hour=hour, minute=minute, second=2)


def history(days: int) -> dict[str, list[Reading]]:
    """What a home measures: weight in the morning, pressure and oxygen twice a day. Fluid comes at the end."""
    weights = [
        reading("weight", morning(d), weight=78.4 + 0.3 * math.sin(d) + max(0, 4 - d) * 0.6, backfill=d > 20)
        for d in range(days)
        if not 7 <= d <= 9
    ]
    weights.append(reading("weight", morning(4, 18), theirs=False, weight=74.1))
    weights.append(reading("weight", morning(1, 15), test=True, weight=75.0))
    pressures = [
        reading(
            "blood_pressure",
            morning(d, hour, 11),
            good=(d, hour) != (5, 8),
            systolic=round(118 + 9 * math.sin(d * 1.7)),
            diastolic=round(70 + 6 * math.cos(d)),
            pulse=round(74 + 6 * math.sin(d / 2)),
        )
        for d in range(2, days)
        for hour in (8, 19)
    ]
    oxygens = [
        reading(
            "saturation",
            morning(d, hour, 22) if hour == 8 else morning(d + 1, hour, 22),
            good=(d, hour) != (3, 8),
            spo2=round(91 + 2 * math.sin(d * 2.1)) - (2 if d < 2 else 0),
            pulse=round(76 + 5 * math.cos(d / 2)),
        )
        for d in range(days - 1)
        for hour in (8, 20)
    ]
    return {"weight": weights, "blood_pressure": pressures, "saturation": oxygens}


def fever_and_pulse(days: int) -> dict[str, list[Reading]]:
    """What a home with a thermometer and a belt measures besides."""
    return {
        "temperature": [
            reading("temperature", morning(d, 8), temperature=round(36.6 + 0.3 * math.sin(d), 1)) for d in range(days)
        ],
        "heart_rate": [
            reading("heart_rate", morning(d, 8, 20), heart_rate=round(71 + 8 * math.sin(d))) for d in range(1, days)
        ],
    }


def alert(n: int = 1, **changes: Any) -> Alert:
    """Weight gain, as a nurse would read it."""
    usual: dict[str, Any] = {
        "id": f"alert-{n}",
        "revision": 1,
        "hub": "wg-7f3k",
        "assignment": "a-1",
        "patient": "Amber Heron 42",
        "state": "raised",
        "priority": "medium",
        "kind": "weight",
        "rule": "weight-gain-3-days",
        "rule_version": 1,
        "sentence": "Weight went up 2.3 kg in 3 days (78.2 to 80.5 kg). Limit 2 kg. Usual 78.4 kg.",
        "home_sentence": "Your team will ring you.",
        "inputs": {"gain_kg": 2.3},
        "readings": (),
        "raised": morning(0, 7, 44),
        "changed": morning(0, 7, 44),
    }
    return Alert(**{**usual, **changes})


def event(n: int, code: str, sentence: str, **changes: Any) -> Event:
    """A technical fact."""
    usual = {"id": f"e-{n}", "hub": "wg-7f3k", "code": code, "severity": "info", "sentence": sentence}
    return Event(**{**usual, "at": NOW - timedelta(hours=n), **changes})


def device(kind: Literal["scale", "cuff", "oximeter", "thermometer", "heart-belt"], **changes: Any) -> DeviceView:
    """A device that works."""
    maker, name, model = {
        "scale": ("A&D", "UC-352BLE", "and-uc-352ble"),
        "cuff": ("A&D", "UA-651BLE", "and-ua-651ble"),
        "oximeter": ("Nonin", "Nonin 3230", "nonin-3230"),
        "thermometer": ("A&D", "UT-201BLE", "and-ut-201ble"),
        "heart-belt": ("Polar", "H10", "heart-rate-belt"),
    }[kind]
    usual: dict[str, Any] = {
        "id": kind,
        "model": model,
        "kind": kind,
        "maker": maker,
        "name": name,
        "state": "working",
        "wake": "Step on it.",
        "last_heard": morning(0),
        "last_heard_age_s": 5530.0,
        "last_reading": morning(0),
        "last_reading_age_s": 5530.0,
        "cadence_s": 86400.0 if kind == "scale" else 43200.0,
        "battery_percent": 84,
        "battery_at": morning(0),
        "rssi_dbm": {"scale": -61, "cuff": -78, "oximeter": -52}.get(kind, -66),
        "bonded": True,
        "clock_offset_s": -34.0,
        "counts": {"readings": 41, "no_reading": 2, "duplicates": 1331},
    }
    return DeviceView(**{**usual, **changes})


LOST_CUFF = device(
    "cuff",
    state="not-heard",
    what_to_do="Press the blue button on the cuff. If it is not heard in 1 minute, change its 4 batteries.",
    last_heard=morning(2, 8, 11),
    last_heard_age_s=2.04 * 86400,
    last_reading=morning(2, 8, 11),
    last_reading_age_s=2.04 * 86400,
    battery_percent=18,
    battery_at=morning(2, 8, 11),
)


def status(**changes: Any) -> Status:
    """A home in which all is well; name a view's fields as `hub_...`, `delivery_...`, `radio_...` to change them."""

    def of(prefix: str, usual: dict[str, Any]) -> dict[str, Any]:
        mine = {k.removeprefix(prefix): changes.pop(k) for k in list(changes) if k.startswith(prefix)}
        return {**usual, **mine}

    radio = RadioView(**of("radio_", {"state": "listening", "sentence": "Listening.", "last_heard_age_s": 2.0}))
    delivery = of(
        "delivery_",
        {"connected": True, "confirm": "ward", "broker": "broker.example.nhs.uk:8883", "stored": 331,
         "at_broker": 331, "at_ward": 331, "waiting": 0, "waiting_alerts": 0,
         "last_ward_answer": NOW - timedelta(seconds=41), "last_ward_answer_age_s": 41.0},
    )  # fmt: skip
    hub = of(
        "hub_",
        {"hub": "wg-7f3k", "patient": "Amber Heron 42", "timezone": "Europe/London", "version": "0.1.0", "now": NOW,
         "uptime_s": 530000.0, "clock_synchronised": True, "disk_free_bytes": 11_800_000_000,
         "database_bytes": 3_100_000, "config_hash": "9b1f00d2c4a7e863", "confirm": delivery["confirm"]},
    )  # fmt: skip
    last = reading("weight", morning(0), weight=80.8)
    seen = last.time.taken
    way = WayPoint(
        reading=last,
        seen=seen,
        stored=seen + timedelta(seconds=0.02),
        broker=seen + timedelta(seconds=0.31),
        ward=seen + timedelta(seconds=0.84),
    )
    usual: dict[str, Any] = {
        "hub": HubView(radio=radio, **hub),
        "devices": (device("scale"), device("cuff"), device("oximeter")),
        "delivery": DeliveryView(**delivery),
        "way": way,
        "open_alerts": (),
        "events": (),
    }
    return Status(**{**usual, **changes})


EVENTS = (
    event(1, "alert-raised", "An alert was raised: weight gain."),
    event(3, "clock-set", "The scale's clock was 34 seconds slow. It was set.", device="scale"),
    event(20, "reading-overdue", "The cuff's evening reading did not come.", severity="attention", device="cuff",
          what_to_do="Press its blue button. If it is not heard in 1 minute, change its 4 batteries."),
    event(50, "connected", "The way to the ward is open again after 4 minutes."),
)  # fmt: skip


def series(channel: str, days: float, readings: Iterable[Reading], now: datetime = NOW, **changes: Any) -> Series:
    """A channel's series with limits and target as the hub would give them."""
    since = now - timedelta(days=days)
    own: dict[str, dict[str, Any]] = {
        "weight": {"usual": 78.4, "limits": (Limit(quantity="weight", value=80.4),), "cadence_s": 86400.0},
        "blood_pressure": {"limits": (Limit(quantity="systolic", value=90.0),), "cadence_s": 43200.0},
        "saturation": {"target_low": 88.0, "target_high": 92.0, "cadence_s": 43200.0},
        "temperature": {"usual": 36.6, "cadence_s": 86400.0},
        "heart_rate": {"usual": 71.0, "cadence_s": 86400.0},
    }
    usual = {"channel": channel, "since": since, "now": now, **own[channel]}
    within = tuple(r for r in readings if since <= r.time.taken <= now)
    return Series(**{**usual, "readings": within, **changes})


class FakeHub:
    """A hub's control socket over a home that a test holds in its hand."""

    def __init__(self, path: Path, status: Status, readings: dict[str, list[Reading]]) -> None:
        self.path, self.status, self.readings = path, status, readings
        self.alerts: dict[str, tuple[Alert, ...]] = {}
        self.server = ControlServer(path, {"status": self._status, "series": self._series})

    async def _status(self, _: dict[str, Any]) -> object:
        return self.status

    async def _series(self, params: dict[str, Any]) -> object:
        channel = params["channel"]
        if channel not in _SOURCES:
            raise ControlError("unknown-channel", f"There is no channel `{channel}`.")
        alerts = self.alerts.get(channel, ())
        return series(channel, params["days"], self.readings.get(channel, ()), self.status.hub.now, alerts=alerts)

    def change(self, *rooms: str, **changes: Any) -> None:
        """The home changes, and whoever watches is told."""
        self.status = msgspec.structs.replace(self.status, **changes)
        for room in rooms or ("devices",):
            self.server.changed(room)


@asynccontextmanager
async def hub_at(path: Path, status: Status, readings: dict[str, list[Reading]]) -> AsyncIterator[FakeHub]:
    """A hub that answers while the block lasts."""
    hub = FakeHub(path, status, readings)
    await hub.server.start()
    try:
        yield hub
    finally:
        await hub.server.stop()


TROUBLED = status(
    devices=(device("scale"), LOST_CUFF, device("oximeter")), open_alerts=(alert(),), events=EVENTS
)  # fmt: skip
