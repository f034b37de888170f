"""The one owner of the adapter, on a radio that notices when it is asked for two things at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import BleakError

from tests.capture.conftest import Ear, HandClock, Told
from wardgate.capture import owner
from wardgate.capture import recovery as recovery_room
from wardgate.capture.bluez import HostState
from wardgate.capture.caller import Caller
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.owner import RadioOwner
from wardgate.capture.radio import RadioBackend
from wardgate.capture.recovery import Budget, Hearing, Helper, Recovery
from wardgate.config import Device
from wardgate.store.store import Store

CUFF, SCALE = "F0:00:00:00:00:01", "F0:00:00:00:00:02"


class Air:
    """What one adapter does, step by step, and what it was asked for wrongly."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.wrong: list[str] = []
        self.scanner: BaseBleakScanner | None = None
        self.connecting = 0
        self.scan_fails = 0
        self._something = asyncio.Event()

    def step(self, what: str) -> None:
        self.steps.append(what)
        self._something.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                self._something.clear()
                await self._something.wait()

    async def listening(self) -> BaseBleakScanner:
        await self.until(lambda: self.scanner is not None)
        assert self.scanner is not None
        return self.scanner

    async def shout(self, address: str, rssi: int = -60) -> None:
        scanner = await self.listening()
        data = AdvertisementData(None, {}, {}, [], None, rssi, ())
        scanner.call_detection_callbacks(scanner.create_or_update_device(address, address, None, None, data), data)

    def backend(self) -> RadioBackend:
        """The pair of bleak backends on this air."""

        class Scanner(FakeScanner):
            air = self

        class Client(FakeClient):
            air = self

        return RadioBackend(Scanner, Client, bluez=False)


class FakeScanner(BaseBleakScanner):
    """bleak's scanner on that air."""

    air: Air

    def __init__(self, callback: Any, uuids: Any, mode: Any, **_: Any) -> None:
        super().__init__(callback, uuids)

    async def start(self) -> None:
        self.seen_devices = {}
        if self.air.connecting:
            self.air.wrong.append("scan while connecting")
        if self.air.scan_fails:
            self.air.scan_fails -= 1
            self.air.step("scan failed")
            raise BleakError("stuck")
        self.air.scanner = self
        self.air.step("scan")

    async def stop(self) -> None:
        if self.air.scanner is self:
            self.air.scanner = None
            self.air.step("stop")


class FakeClient(BaseBleakClient):
    """bleak's client on that air: no device ever stays."""

    air: Air

    def __init__(self, device: BLEDevice | str, **options: Any) -> None:
        super().__init__(device, disconnected_callback=None, timeout=options["timeout"])

    @property
    def mtu_size(self) -> int:
        return 23

    @property
    def is_connected(self) -> bool:
        return False

    async def connect(self, pair: bool, **_: Any) -> None:
        if self.air.scanner is not None or self.air.connecting:
            self.air.wrong.append("connect while scanning or connecting")
        self.air.connecting += 1
        self.air.step(f"connect {self.address}")
        try:
            raise BleakError("it went away")
        finally:
            self.air.connecting -= 1

    async def disconnect(self) -> None: ...

    async def pair(self, *_: Any, **__: Any) -> None: ...

    async def unpair(self) -> None: ...

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        raise BleakError

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_: Any) -> bytearray:
        raise BleakError

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None: ...

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None: ...

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any
    ) -> None: ...

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None: ...


class Host:
    """An adapter's host in the test's hand."""

    def __init__(self) -> None:
        self.state: HostState = "on"
        self.generation = 0
        self.on_change: Callable[[], None] = lambda: None
        self.on_connected: Callable[[str], None] = lambda _: None
        self.cycled = 0
        self.searching = True
        self.hung_up: asyncio.Queue[str] = asyncio.Queue()

    def become(self, state: HostState) -> None:
        self.state = state
        self.generation += 1
        self.on_change()

    async def run(self) -> None: ...

    async def power_cycle(self) -> None:
        self.cycled += 1

    async def listening(self) -> bool:
        return self.searching

    async def bonded(self, address: str) -> bool:
        return True

    async def forget(self, address: str) -> None: ...

    async def hang_up(self, address: str) -> None:
        self.hung_up.put_nowait(address)
        raise TimeoutError  # it hangs up, and BlueZ does not say so


@pytest.fixture
def air() -> Air:
    return Air()


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def radio(
    air: Air,
    host: Host,
    store: Store,
    told: Told,
    clock: HandClock,
    ear: Ear,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[RadioOwner]:
    monkeypatch.setattr(recovery_room, "HELPER_S", 0.05)
    monkeypatch.setattr(recovery_room, "LOOK_S", 0.01)
    monkeypatch.setattr(owner, "RETRY_S", 0.0)
    monkeypatch.setattr(owner, "HOST_AWAY_S", 0.05)
    known = known_devices(
        (
            Device(id="cuff", model="and-ua-651ble", address=CUFF),
            Device(id="scale", model="and-uc-352ble", address=SCALE),
        )
    )
    devices = Devices(store, known, lambda _: None)
    backend = air.backend()
    callers = {
        k.device.address or "": Caller(
            k, backend, host, "hci0", devices, told.journal, clock, lambda _: ear, random.Random(1)
        )
        for k in known
    }
    recovery = Recovery(
        host,
        Helper(tmp_path / "ask", tmp_path / "answer"),
        Budget(store, clock, 0),
        lambda: [CUFF],
        told.journal,
        clock,
    )
    radio = RadioOwner(backend, host, "hci0", callers, {}, told.journal, clock, lambda _: None, recovery)
    running = asyncio.ensure_future(radio.run())
    yield radio
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.usefixtures("radio")
async def test_it_never_scans_and_connects_together(air: Air, clock: HandClock) -> None:
    for _ in range(5):
        for address in (CUFF, SCALE):
            clock.s += 60
            before = len(air.steps)
            await air.shout(address)
            await air.until(lambda: f"connect {address}" in air.steps[before:])  # noqa: B023 - awaited within the turn
    await air.listening()
    assert air.wrong == []
    assert air.steps[:4] == ["scan", "stop", f"connect {CUFF}", "scan"]


@pytest.mark.usefixtures("radio")
async def test_nobodys_advertisement_changes_nothing(air: Air, radio: RadioOwner) -> None:
    await air.shout("AA:AA:AA:AA:AA:AA")
    await air.shout(CUFF, rssi=-127)  # BlueZ tells about a device without having heard it
    await asyncio.sleep(0)
    assert air.steps == ["scan"]
    assert radio.last_heard_age_s == 0.0


@pytest.mark.usefixtures("radio")
async def test_a_device_that_something_else_took_is_hung_up_on(air: Air, host: Host, told: Told) -> None:
    await air.listening()
    async with asyncio.timeout(30):
        assert [await host.hung_up.get() for _ in range(2)] == [CUFF, SCALE]  # what an earlier hub left behind
        host.on_connected("AA:AA:AA:AA:AA:AA")
        host.on_connected(SCALE)
        assert await host.hung_up.get() == SCALE
    assert host.hung_up.empty()
    assert "device-taken" in [event.code for event in told.events]
    assert air.steps == ["scan"]  # no fault of the scan


@pytest.mark.usefixtures("radio")
async def test_a_device_that_failed_is_left_alone_for_a_while(air: Air, clock: HandClock) -> None:
    await air.shout(CUFF)
    await air.until(lambda: air.steps.count(f"connect {CUFF}") == 1)
    await air.listening()
    await air.shout(CUFF)
    await air.shout(SCALE)  # the other one is not
    await air.until(lambda: f"connect {SCALE}" in air.steps)
    assert air.steps.count(f"connect {CUFF}") == 1
    clock.s += 60
    await air.shout(CUFF)
    await air.until(lambda: air.steps.count(f"connect {CUFF}") == 2)


@pytest.mark.usefixtures("radio")
async def test_an_adapter_that_is_stuck_is_switched_off_and_on(air: Air, host: Host, told: Told) -> None:
    await air.listening()
    air.scan_fails = 7
    host.become("on")
    step = await told.until("radio-recovery")
    assert step.detail == {"step": "power-cycle", "cause": "scan-fails", "done": True, "bonds": "kept"}
    await told.until("radio-recovered")
    assert host.cycled == 1
    await air.listening()


@pytest.mark.usefixtures("radio")
async def test_an_adapter_that_stays_stuck_gets_every_step_once_and_a_person_is_told(
    air: Air, host: Host, told: Told
) -> None:
    await air.listening()
    air.scan_fails = 10_000
    host.become("on")
    await told.until("radio-stuck")
    steps = [event.detail for event in told.events if event.code == "radio-recovery"]
    assert [(s["step"], s["done"]) for s in steps] == [
        ("power-cycle", True),
        ("restart-bluetoothd", False),
        ("reset-adapter", False),
    ]
    assert "helper does not answer" in str(steps[1]["reason"])
    assert host.cycled == 1
    air.scan_fails = 0
    await told.until("radio-stuck-over")


async def beacons(air: Air, clock: HandClock, gap_s: float) -> None:
    """Somebody else's, for a while."""
    for _ in range(60):
        clock.s += gap_s
        await air.shout("AA:AA:AA:AA:AA:AA")


async def look_again(air: Air, host: Host, clock: HandClock, after_s: float) -> None:
    """Time goes on, and the radio has looked whether it is silent."""
    scans = air.steps.count("scan")
    clock.s += after_s
    host.become("on")
    await air.until(lambda: air.steps.count("scan") > scans)
    await air.listening()


@pytest.mark.usefixtures("radio")
async def test_a_quiet_home_is_only_silent(air: Air, host: Host, told: Told, clock: HandClock) -> None:
    await beacons(air, clock, gap_s=400.0)
    for _ in range(3):
        await look_again(air, host, clock, 310.0)
    assert told.codes == []
    assert host.cycled == 0


@pytest.mark.usefixtures("radio")
async def test_a_home_full_of_beacons_that_falls_still_has_a_deaf_adapter(
    air: Air, host: Host, told: Told, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hearing, "LEARN_S", 60.0)
    await beacons(air, clock, gap_s=2.0)
    await look_again(air, host, clock, 310.0)
    await look_again(air, host, clock, 70.0)
    steps = [event.detail["step"] for event in told.events]
    assert steps == ["restart-discovery", "power-cycle"]
    assert host.cycled == 1
    await air.shout("AA:AA:AA:AA:AA:AA")
    over = await told.until("radio-recovered")
    assert over.detail == {"step": "power-cycle", "cause": "deaf", "after_s": 70.0}


@pytest.mark.usefixtures("radio")
async def test_an_adapter_that_stopped_to_search_by_itself_is_deaf(
    air: Air, host: Host, told: Told, clock: HandClock
) -> None:
    await air.listening()
    host.searching = False
    await look_again(air, host, clock, 310.0)
    assert [event.detail["step"] for event in told.events] == ["restart-discovery"]


async def test_bluetooth_that_goes_away_is_told_of_and_listened_to_again(
    air: Air, host: Host, told: Told, radio: RadioOwner
) -> None:
    await air.listening()
    host.become("no-bluetoothd")
    event = await told.until("radio-lost")
    assert "sudo systemctl enable --now bluetooth" in event.what_to_do
    assert radio.view()[0] == "no-bluetoothd"
    assert air.scanner is None
    host.become("on")
    await told.until("radio-lost-over")
    await air.listening()


@pytest.mark.usefixtures("radio")
async def test_a_short_restart_of_bluetooth_alarms_nobody(air: Air, host: Host, told: Told) -> None:
    await air.listening()
    scans = air.steps.count("scan")
    host.become("no-bluetoothd")
    host.become("on")
    await air.until(lambda: air.steps.count("scan") > scans)
    assert told.codes == []


@pytest.mark.usefixtures("radio")
async def test_bluetooth_that_is_back_at_the_last_moment_alarms_nobody(air: Air, host: Host, told: Told) -> None:
    await air.listening()
    scans = air.steps.count("scan")
    host.become("no-bluetoothd")
    await air.until(lambda: air.steps[-1] == "stop")
    for _ in range(10):
        await asyncio.sleep(0)  # the owner begins to wait
    host.state = "on"  # as its patience ends, and before it was told
    await air.until(lambda: air.steps.count("scan") > scans)
    assert told.codes == []
