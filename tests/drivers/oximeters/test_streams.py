"""Oximeters that stream: each time a finger is in, one measurement reaches the hub, and only one."""

from __future__ import annotations

import asyncio

import pytest

from tests.drivers.oximeters.conftest import ADDRESS, OXIMETRY, SECOND_S, Talk
from tests.support.ear import Ear
from wardgate_drivers.errors import Reason
from wardgate_drivers.link.gatt import Ending
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.model.berry import BERRY_BM1000
from wardgate_drivers.model.choicemmed import INNOVO_IP900
from wardgate_drivers.model.contec import CMS50D_BT
from wardgate_drivers.model.declaration import Gatt, Model
from wardgate_drivers.model.jumper import JUMPER_JPD_500
from wardgate_drivers.model.viatom import VIATOM_O2RING, VIATOM_PC60
from wardgate_drivers.protocol import viatom
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.finger_oximeter import (
    BerryOximeter,
    Cms50dBt,
    FingerOximeter,
    InnovoOximeter,
    JumperOximeter,
    Pc60Oximeter,
)
from wardgate_sim.firmware.o2ring import O2Ring
from wardgate_sim.radio import Link

FINGER_S = 2.0
"""A hundred of the device's seconds: with other work beside it, a host takes its time to come."""
STREAMERS: list[tuple[Model, type[FingerOximeter]]] = [
    (JUMPER_JPD_500, JumperOximeter),
    (INNOVO_IP900, InnovoOximeter),
    (VIATOM_PC60, Pc60Oximeter),
    (BERRY_BM1000, BerryOximeter),
    (CMS50D_BT, Cms50dBt),
]


def values(ear: Ear) -> list[dict[str, float]]:
    return [{q.name: q.value for q in m.quantities if q.name in OXIMETRY} for m in ear.measurements]


@pytest.mark.parametrize(("model", "firmware"), STREAMERS, ids=lambda x: x.id if isinstance(x, Model) else "")
async def test_one_measurement_a_finger(
    model: Model, firmware: type[FingerOximeter], link: Link, clock: DeviceClock, talk: Talk, ear: Ear
) -> None:
    assert isinstance(model.link, Gatt)
    device = firmware(link, ADDRESS, clock, finger_s=FINGER_S, second_s=SECOND_S)
    await device.start()
    await device.take(OXIMETRY)
    end = await talk(model, device)
    assert end.ending is (Ending.HUNG_UP if model.link.subscriptions else Ending.QUIET)
    assert end.rejected == 0
    assert values(ear) == [OXIMETRY]
    assert ear.measurements[0].outcome is Outcome.DECODE
    await device.stop()


@pytest.mark.parametrize(("model", "firmware"), STREAMERS[2:4], ids=lambda x: x.id if isinstance(x, Model) else "")
async def test_a_finger_that_was_never_steady_is_told_as_no_reading(
    model: Model, firmware: type[FingerOximeter], link: Link, clock: DeviceClock, talk: Talk, ear: Ear
) -> None:
    device = firmware(link, ADDRESS, clock, finger_s=FINGER_S, second_s=SECOND_S, restless=True)
    await device.start()
    await device.take(OXIMETRY)
    await talk(model, device)
    assert [(m.outcome, m.status[-1:]) for m in ear.measurements] == [(Outcome.NO_READING, ("not-steady",))]
    await device.stop()


async def test_each_finger_counts(link: Link, clock: DeviceClock, talk: Talk, ear: Ear) -> None:
    device = BerryOximeter(link, ADDRESS, clock, finger_s=FINGER_S, second_s=SECOND_S)
    await device.start()
    for spo2 in (93.0, 88.0):
        await device.take({**OXIMETRY, "spo2": spo2})
        await talk(BERRY_BM1000, device)
        await device.asleep()
    assert [v["spo2"] for v in values(ear)] == [93, 88]
    await device.stop()


async def test_a_link_lost_amid_a_finger_loses_nothing(link: Link, clock: DeviceClock, talk: Talk, ear: Ear) -> None:
    device = Pc60Oximeter(link, ADDRESS, clock, finger_s=20, second_s=SECOND_S)
    await device.start()
    await device.take(OXIMETRY)
    talking = asyncio.create_task(talk(VIATOM_PC60, device))
    await ear.heard.wait()
    device.lose_link()
    assert (await talking).ending is Ending.HUNG_UP
    assert values(ear) == [OXIMETRY]
    await device.stop()


async def test_ring_is_asked_until_it_was_taken_off(
    link: Link, clock: DeviceClock, talk: Talk, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viatom, "POLL_S", SECOND_S)
    ring = O2Ring(link, ADDRESS, clock, worn_s=2.0, off_s=5.0, battery_percent=64)
    await ring.start()
    await ring.take(OXIMETRY)
    end = await talk(VIATOM_O2RING, ring)
    assert end.ending is Ending.QUIET
    assert values(ear) == [OXIMETRY]
    assert set(ear.batteries) == {64}
    assert ear.rejections == []
    await ring.stop()


async def test_what_is_garbled_is_counted_and_passed_over(
    link: Link, clock: DeviceClock, talk: Talk, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Pc60Oximeter.second

    def second(self: Pc60Oximeter, spo2: int | None, pulse: int | None) -> list[bytes]:
        notifications = sound(self, spo2, pulse)
        return [b"\x00\xaa" + n[:9] + n[10:] for n in notifications] if self._seconds == 5 else notifications

    monkeypatch.setattr(Pc60Oximeter, "second", second)
    device = Pc60Oximeter(link, ADDRESS, clock, finger_s=FINGER_S, second_s=SECOND_S)
    await device.start()
    await device.take(OXIMETRY)
    await talk(VIATOM_PC60, device)
    assert values(ear) == [OXIMETRY]
    assert {error.reason for error, _ in ear.rejections} <= {Reason.BAD_CHECKSUM}
    await device.stop()
