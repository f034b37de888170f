"""While the hub starts, the radio hears who is on the air; nobody is called and nothing taken before it is told so."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from bleak.backends.scanner import AdvertisementData

from tests.capture.conftest import Ear, HandClock, Told
from tests.capture.test_owner import CUFF, Air, Host
from wardgate.capture.broadcasts import FROZEN_S, Listener
from wardgate.capture.caller import Caller
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.owner import RadioOwner
from wardgate.capture.recovery import Budget, Helper, Recovery
from wardgate.config import Device
from wardgate.store.store import Store
from wardgate_drivers.model.declaration import Broadcast
from wardgate_sim.encode import xiaomi
from wardgate_sim.encode.civil import Civil

SCALE = "F0:00:00:00:00:03"
BODY_COMPOSITION = "0000181b-0000-1000-8000-00805f9b34fb"


async def test_who_was_heard_meanwhile_is_called_then(
    store: Store, told: Told, clock: HandClock, ear: Ear, tmp_path: Path
) -> None:
    air, host = Air(), Host()
    known = known_devices(
        (
            Device(id="cuff", model="and-ua-651ble", address=CUFF),
            Device(id="scale", model="xiaomi-scale", address=SCALE),
        )
    )
    devices, (cuff, scale) = Devices(store, known, lambda _: None), known
    assert isinstance(scale.model.link, Broadcast)
    caller = Caller(cuff, air.backend(), host, "hci0", devices, told.journal, clock, lambda _: ear, random.Random(1))
    listener = Listener(scale, scale.model.link, devices, clock, lambda _: ear)
    listener.scan_began()
    clock.s += FROZEN_S + 1
    recovery = Recovery(
        host, Helper(tmp_path / "ask", tmp_path / "answer"), Budget(store, clock, 0), list, told.journal, clock
    )
    radio = RadioOwner(
        air.backend(),
        host,
        "hci0",
        {CUFF: caller},
        {SCALE: listener},
        told.journal,
        clock,
        lambda _: None,
        recovery,
    )
    radio.only_listen(only=True)
    running = asyncio.ensure_future(radio.run())
    try:
        await air.shout(CUFF)
        await _steps_on(air, 78.4)
        host.become("on")  # the scan is started afresh: what would have been called, would have been by then
        await air.until(lambda: air.steps == ["scan", "stop", "scan"])
        assert ear.measurements == []
        radio.only_listen(only=False)
        await air.until(lambda: f"connect {CUFF}" in air.steps)
        await _steps_on(air, 78.4)
        assert [m.quantities[0].value for m in ear.measurements] == [78.4]
        assert air.wrong == []
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _steps_on(air: Air, weight_kg: float) -> None:
    """The scale says what it has weighed."""
    said = xiaomi.scale_v2(weight_kg, Civil(2026, 11, 21, 8, 0, 0), stabilised=True, removed=False)
    data = AdvertisementData(None, {}, {BODY_COMPOSITION: said}, [BODY_COMPOSITION], None, -60, ())
    scanner = await air.listening()
    scanner.call_detection_callbacks(scanner.create_or_update_device(SCALE, SCALE, None, None, data), data)
