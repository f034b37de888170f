"""Messages for tests, as a hub would make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wardgate.contract.messages import (
    Alert,
    DeviceBlock,
    Event,
    Quality,
    Quantity,
    Reading,
    TimeBlock,
)

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def reading(
    n: int, *, hub: str = "hub-1", backfill: bool = True, channel: str = "weight", taken: datetime | None = None
) -> Reading:
    """The n-th reading of a scale."""
    at = taken or BEGIN + timedelta(minutes=n)
    return Reading(
        id=f"{n:032x}",
        hub=hub,
        assignment="assignment-1",
        patient="patient-1",
        attribution="assigned",
        channel="weight" if channel == "weight" else "saturation",
        quantities=(
            Quantity(
                name="weight",
                value=78.2,
                unit="kg",
                original_value=78.2,
                original_unit="kg",
                loinc="29463-7",
                mdc=188736,
            ),
        ),
        time=TimeBlock(
            taken=at,
            uncertainty_s=2.0,
            basis="device-clock",
            received=at,
            device_time=at.strftime("%Y-%m-%dT%H:%M:%S"),
            device_offset_s=0.5,
            boot_id="7d3c",
            boottime_s=100.0 + n,
            synchronised=True,
        ),
        device=DeviceBlock(id="scale", model="and-uc-352ble", address="00:00:00:00:00:01"),
        quality=Quality(),
        backfill=backfill,
        frame="02e8030e07e8030e07e803",
    )


def alert(n: int, *, revision: int = 1, hub: str = "hub-1", state: str = "raised") -> Alert:
    """The n-th alert."""
    return Alert(
        id=f"alert-{n}",
        revision=revision,
        hub=hub,
        assignment="assignment-1",
        patient="patient-1",
        state="resolved" if state == "resolved" else "raised",
        priority="high",
        kind="weight-gain",
        rule="esc-weight-gain",
        rule_version=1,
        sentence="Weight went up 2.3 kg in 3 days (78.2 to 80.5 kg).",
        home_sentence="Your weight went up. Your ward has been told.",
        inputs={"gain_kg": 2.3},
        readings=(),
        raised=BEGIN,
        changed=BEGIN + timedelta(minutes=revision),
    )


def event(n: int, *, hub: str = "hub-1") -> Event:
    """The n-th event."""
    return Event(
        id=f"event-{n}", hub=hub, code="battery-low", severity="attention", device="scale", sentence="Low.", at=BEGIN
    )
