"""Devices that only advertise: only what changed says something (H04)."""

from __future__ import annotations

import pytest

from tests.capture.conftest import Ear, HandClock
from wardgate.capture.broadcasts import FROZEN_S, Listener
from wardgate.capture.devices import Devices, known_devices
from wardgate.config import Device
from wardgate.store.store import Store
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.model.declaration import Broadcast
from wardgate_sim.encode import xiaomi
from wardgate_sim.encode.civil import Civil

BODY_COMPOSITION = "0000181b-0000-1000-8000-00805f9b34fb"


def shout(weight_kg: float, minute: int = 0, *, stabilised: bool = True) -> Advertisement:
    data = xiaomi.scale_v2(weight_kg, Civil(2026, 11, 21, 8, minute, 0), stabilised=stabilised, removed=False)
    return Advertisement("F0:00:00:00:00:01", "MIBFS", -60, (BODY_COMPOSITION,), {BODY_COMPOSITION: data}, {})


@pytest.fixture
def listener(store: Store, clock: HandClock, ear: Ear) -> Listener:
    devices = Devices(
        store, known_devices((Device(id="s", model="xiaomi-scale", address="F0:00:00:00:00:01"),)), lambda _: None
    )
    (known,) = devices.known
    assert isinstance(known.model.link, Broadcast)
    listener = Listener(known, known.model.link, devices, clock, lambda _: ear)
    listener.scan_began()
    return listener


def weights(ear: Ear) -> list[float]:
    return [m.quantities[0].value for m in ear.measurements if m.outcome is Outcome.DECODE]


def test_what_was_on_the_air_before_the_hub_listened_is_not_taken(listener: Listener, ear: Ear) -> None:
    for _ in range(5):
        listener.heard(shout(78.4))
    assert ear.measurements == []


async def test_what_changes_after_that_is(listener: Listener, ear: Ear) -> None:
    listener.heard(shout(78.4))
    listener.heard(shout(60.0, 5, stabilised=False))
    listener.heard(shout(78.5, 5))
    assert weights(ear) == [78.5]


async def test_the_first_word_after_long_silence_is_news(listener: Listener, ear: Ear, clock: HandClock) -> None:
    clock.s += FROZEN_S + 1
    listener.heard(shout(78.4))
    assert weights(ear) == [78.4]


async def test_repeats_are_one_also_across_scans(listener: Listener, ear: Ear, clock: HandClock) -> None:
    clock.s += FROZEN_S + 1
    for _ in range(5):
        listener.heard(shout(78.4))
        listener.scan_began()
        clock.s += 3600
    assert weights(ear) == [78.4]


async def test_a_garbled_packet_is_refused_and_the_next_is_heard(
    listener: Listener, ear: Ear, clock: HandClock
) -> None:
    clock.s += FROZEN_S + 1
    listener.heard(Advertisement("F0:00:00:00:00:01", None, -60, (), {BODY_COMPOSITION: b"\x02"}, {}))
    listener.heard(shout(78.4))
    assert len(ear.refused) == 1
    assert weights(ear) == [78.4]
