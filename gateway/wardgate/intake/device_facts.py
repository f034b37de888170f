"""What a device tells of itself: its clock, its battery, its name, and what its sessions have to remember."""

from __future__ import annotations

import asyncio
import zoneinfo
from typing import Final

from wardgate.capture.devices import Devices, Known
from wardgate.capture.journal import Journal
from wardgate.clock import SteadyClock
from wardgate.intake.dating import Arrival
from wardgate.intake.device_clock import ClockStory, Earlier, civil_now, looked_at, zone_offset_s
from wardgate.store.store import Store
from wardgate_drivers.link.sink import Consent
from wardgate_drivers.measurement import DeviceTime

BATTERY_LOW_PERCENT: Final = 33
"""A&D devices know four levels, 100, 66, 40 and 33; the last one means that new batteries are due."""
CLOCK_WRONG_S: Final = 600.0
"""A device's clock this far off is worth a remark; an hour, from a change to or from summer time, is not."""
SUMMER_TIME_S: Final = 3600.0
CLOCK_TOLD_S: Final = 30.0
"""A hub that has been without a time server so long that it may be further off sets nobody's clock."""


class DeviceFacts:
    """One device's, for one session with it."""

    def __init__(
        self,
        known: Known,
        devices: Devices,
        store: Store,
        journal: Journal,
        clock: SteadyClock,
        zone: zoneinfo.ZoneInfo,
    ) -> None:
        self._known = known
        self._devices = devices
        self._store = store
        self._journal = journal
        self._clock = clock
        self._zone = zone
        self._story = ClockStory(zone, Earlier.of(devices.row(known.id)))

    def _arrival(self) -> Arrival:
        """This instant."""
        clock = self._clock
        return Arrival(clock.utc(), clock.boot_id(), clock.boottime_s(), clock.synchronised(), clock.doubt_s())

    def clock(self, device_now: DeviceTime) -> None:
        """The device's clock shows this now, before it is set."""
        arrival = self._arrival()
        row = self._devices.row(self._known.id)
        shown = looked_at(row.clock_on_boot, device_now, arrival)
        offset_s = self._story.measured(device_now, arrival, stands_still=shown.stands_still)
        if not arrival.synchronised:
            self._devices.change(self._known.id, clock_on_boot=shown)
            return
        same = row.clock_same_since if self._story.ran_on(offset_s, arrival.utc_s) else None
        self._devices.change(
            self._known.id,
            clock_offset_s=offset_s,
            clock_offset_at=arrival.utc,
            clock_same_since=same or arrival.utc,
            clock_on_boot=shown,
        )
        name = self._known.model.kind.noun
        wrong_s = offset_s - zone_offset_s(self._zone, arrival.utc)
        if min(abs(wrong_s), abs(abs(wrong_s) - SUMMER_TIME_S)) > CLOCK_WRONG_S:
            self._journal.begin(
                "device-clock-wrong",
                "info",
                f"The clock of the {name} was wrong. Its readings are dated by how far it was off.",
                device=self._known.id,
                detail={"offset_s": wrong_s},
            )
        else:
            self._journal.over("device-clock-wrong", self._known.id)

    def clock_target(self) -> DeviceTime | None:
        """The patient's local civil time; None while the hub itself does not know the time."""
        arrival = self._arrival()
        knows = arrival.synchronised and arrival.doubt_s < CLOCK_TOLD_S
        return civil_now(self._zone, arrival.utc) if knows else None

    def clock_set(self, to: DeviceTime) -> None:
        """The device took this time."""
        arrival = self._arrival()
        self._story.was_set(to, arrival)
        spans = self._story.spans(arrival.utc_s)
        self._devices.change(
            self._known.id,
            clock_set_at=arrival.utc,
            clock_spans=spans,
            clock_same_since=arrival.utc,
            clock_on_boot=None,
        )

    def battery(self, percent: int) -> None:
        """Remember the level; tell once when it is low."""
        kind = self._known.model.kind.noun
        self._devices.change(self._known.id, battery_percent=percent, battery_at=self._clock.utc())
        if percent <= BATTERY_LOW_PERCENT:
            self._journal.begin(
                "battery-low",
                "attention",
                f"The battery of the {kind} is low.",
                what_to_do=f"Put new batteries into the {kind}.",
                device=self._known.id,
            )
        else:
            self._journal.over("battery-low", self._known.id)

    def identity(self, field: str, value: str) -> None:
        """Remember the serial number and the firmware."""
        row = self._devices.row(self._known.id)
        if field == "serial" and row.serial != value:
            self._devices.change(self._known.id, serial=value)
        elif field == "firmware" and row.firmware != value:
            self._devices.change(self._known.id, firmware=value)

    def recall(self, key: str) -> bytes | None:
        """What an earlier session with this physical device left."""
        return self._store.detector_state(self._memory(key))

    def remember(self, key: str, value: bytes) -> asyncio.Future[None]:
        """Leave something for the next sessions with it."""
        return self._store.put_detector_state(self._memory(key), value)

    def _memory(self, key: str) -> str:
        return f"device/{self._known.identity}/{key}"

    def consent(self) -> Consent | None:
        """What the configuration says of the patient's place on the device."""
        device = self._known.device
        if device.user_index is None or device.consent_code is None:
            return None
        return Consent(device.user_index, device.consent_code)
