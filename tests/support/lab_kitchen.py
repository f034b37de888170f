"""The kitchen table in the radio lab's guest: its air reaches the hub over the real BlueZ, and the hub and its page are
the unmodified programs under users of their own."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bumble.device import Device

from tests.support.kitchen import HUB, Kitchen
from tests.support.programs import Program, until_answers
from wardgate.control.client import HubAway
from wardgate.control.provisioning import Installation
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.home import Home
from wardgate_sim.lab.bluetoothd import Bluetoothd, call_clock_synchronised
from wardgate_sim.lab.guest import AIR_S, CONFIG, GRACE_S, PAGE_USER, USER, Adapter, as_user, install
from wardgate_sim.scenario import DeviceSpec, Scenario

DIRECTORY: Final = Path("/var/tmp/kitchen")
STATE: Final = Path("/var/lib/wardgate-page")
ADDRESSES: Final = {"scale": "F0:5C:A1:E0:00:01", "cuff": "F0:C0:FF:00:00:02"}
_PATIENT: Final[dict[str, float | int | bool | str]] = {"air_s": AIR_S, "grace_s": GRACE_S}
_DEVICES: Final = (
    DeviceSpec(id="scale", model="and-uc-352ble", address=ADDRESSES["scale"], clock_offset_s=95, options=_PATIENT),
    DeviceSpec(id="cuff", model="beurer-bm85", address=ADDRESSES["cuff"], options=_PATIENT),
)
_PRIVATE: Final = 0o077


class LabKitchen(Kitchen):
    """One in each guest. What is worth looking at afterwards is copied to `share`."""

    def __init__(self, share: Path) -> None:
        DIRECTORY.mkdir(mode=0o755)
        super().__init__(DIRECTORY)
        self.share = share
        self.data, self.control, self.config = Path("/var/lib/wardgate"), Path("/run/wardgate/control.sock"), CONFIG
        self.calls = dict.fromkeys(ADDRESSES, 0)
        """How often each device was connected to."""
        self.bluetoothd: Bluetoothd
        self._in_use: dict[str, Future[None]] = {}

    def stop(self) -> None:
        """Everything; logs and the ward's database stay in `share`."""
        super().stop()
        for log in (*DIRECTORY.glob("*.log"), DIRECTORY / "broker" / "log"):
            shutil.copyfile(log, self.share / log.name)
        with (
            closing(sqlite3.connect(self.ward_database)) as old,
            closing(sqlite3.connect(self.share / "ward.db")) as to,
        ):
            old.backup(to)

    def ask(self) -> Installation:
        """Once the hub is back from starting anew."""
        while True:
            try:
                return super().ask()
            except HubAway:
                self.do(until_answers(self.control))

    def asleep(self, device: str) -> None:
        """Until it is off the air."""
        self.do(self.home.devices[device].asleep())

    def measure(self, device: str, values: Mapping[str, float]) -> None:
        """It is used again by whoever sees that a broken link has left the result in it."""
        super().measure(device, values)
        self._in_use[device] = asyncio.run_coroutine_threadsafe(self._use_again(device), self._loop)

    async def _use_again(self, device: str) -> None:
        one = self._peripheral(device)
        await one.asleep()
        while len(one.book.acknowledged) < len(one.book.taken):
            one.wake(AIR_S)
            await one.asleep()

    def put_away(self, device: str) -> None:
        """Nobody uses it any more: it goes off the air, and is off it when this returns."""

        async def off() -> None:
            self._peripheral(device).sleep_now()
            await self._peripheral(device).asleep()

        self._in_use.pop(device).cancel()
        self.do(off())

    def knows_hub(self, device: str) -> bool:
        """Whether it holds a key."""
        return bool(self.do(self._peripheral(device).bonded_hosts()))

    def _peripheral(self, device: str) -> Peripheral:
        one = self.home.devices[device]
        assert isinstance(one, Peripheral)
        return one

    def acknowledged(self, device: str) -> list[dict[str, float]]:
        """What it considers delivered."""
        return [dict(taken.values) for taken in self.home.devices[device].book.acknowledged]

    async def _open(self) -> str:
        """A guest has one processor: a hub that has just started may take long to answer."""
        while True:
            with suppress(HubAway):
                return await super()._open()

    async def _furnish(self) -> None:
        call_clock_synchronised()
        install()
        adapter = Adapter()
        await adapter.plug()
        self._stack.push_async_callback(adapter.unplug)
        self.bluetoothd = Bluetoothd(self.share / "bluetoothd.log")
        self._stack.push_async_callback(self.bluetoothd.stop)
        await self.bluetoothd.start()
        scenario = Scenario(name="lab", hub=HUB, patient_pseudonym="nobody", assignment="none", device=_DEVICES)
        self.home = Home(scenario, adapter.link, lambda: datetime.now(UTC))
        await self.home.start()
        self._stack.push_async_callback(self.home.stop)
        for name, device in self.home.devices.items():
            assert isinstance(device, Peripheral)
            device.gatt.on(Device.EVENT_CONNECTION, lambda _, name=name: self._called(name))
        await asyncio.to_thread(self.config.write_text, self._factory_file(), encoding="utf-8")
        self.hub = self._unit(USER, "run")
        self.page = self._unit(PAGE_USER, "page")
        for program in (self.hub, self.page):
            self._stack.push_async_callback(program.stop)

    def _unit(self, user: str, command: str) -> Program:
        words = (command, "--config", str(self.config))
        return Program(self.share / f"{command}.log", *words, before=as_user(user), umask=_PRIVATE)

    def _called(self, device: str) -> None:
        self.calls[device] += 1

    def _factory_file(self) -> str:
        return super()._factory_file().replace(f'"{self.directory / "page"}"', f'"{STATE}"')
