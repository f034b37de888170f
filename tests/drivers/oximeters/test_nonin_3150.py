"""Nonin 3150 over Bluetooth: bonded, format 19."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from bleak import BleakClient

from tests.drivers.oximeters.conftest import ADDRESS, OXIMETRY, SECOND_S, Talk
from tests.support.ear import Ear
from wardgate_drivers.link.errors import RefusedError
from wardgate_drivers.model.nonin import NONIN_3150
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.nonin_3150 import Nonin3150
from wardgate_sim.radio import Link


async def test_bonded_it_gives_one_measurement(
    link: Link, clock: DeviceClock, connect: Callable[..., Awaitable[BleakClient]], talk: Talk, ear: Ear
) -> None:
    device = Nonin3150(link, ADDRESS, clock, finger_s=2.0, second_s=SECOND_S)
    await device.start()
    await device.press_pairing_key()
    await (await connect(device, pair=True)).disconnect()
    await device.take(OXIMETRY)
    await talk(NONIN_3150, device)
    assert [m.value("spo2") is not None for m in ear.measurements] == [True]
    assert "smartpoint" in ear.measurements[0].status
    await device.stop()


async def test_without_a_bond_it_refuses(link: Link, clock: DeviceClock, talk: Talk) -> None:
    device = Nonin3150(link, ADDRESS, clock, finger_s=20, second_s=SECOND_S)
    await device.start()
    await device.take(OXIMETRY)
    with pytest.raises(RefusedError, match="Pair it again"):
        await talk(NONIN_3150, device)
    await device.stop()
