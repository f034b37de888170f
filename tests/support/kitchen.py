"""A boxed hub on a kitchen table: a ward with its authority, a broker with TLS, a home with three devices, a factory
hub and its page, each the real program in a process of its own, driven from a test that is not asynchronous."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.support.authority import Ward
from tests.support.mosquitto import HOST, free_port
from tests.support.programs import Program
from tests.support.shipped_broker import ShippedBroker
from wardgate.control.client import connect
from wardgate.control.provisioning import Installation
from wardgate_sim.firmware.and_medical import AndDevice
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.home import Home
from wardgate_sim.radio import HubDoor, Link
from wardgate_sim.scenario import DeviceSpec, Scenario

T = TypeVar("T")
HUB: Final = "kitchen-7"
DEVICES: Final = (
    DeviceSpec(id="scale", model="and-uc-352ble", address="F0:5C:A1:E0:00:01", clock_offset_s=95),
    DeviceSpec(id="cuff", model="beurer-bm85", address="F0:C0:FF:00:00:02"),
    DeviceSpec(
        id="oximeter",
        model="nonin-3230",
        address="F0:0C:51:00:00:03",
        options={"frame_period_s": 0.1, "finger_s": 12.0},
    ),
)
ANSWER_S: Final = 60.0


class Kitchen:
    """Everything runs from `start` to `stop`. The ward's, the hub's and the page's files are below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "hub"
        self.control = directory / "control.sock"
        self.config = directory / "wardgate.toml"
        self.ward_database = directory / "ward.db"
        self.page_port, self.setup_port = free_port(), free_port()
        self.ward = Ward(directory / "authority")
        self.broker = ShippedBroker(directory / "broker", self.ward)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kitchen")
        self._stack = contextlib.AsyncExitStack()
        self.home: Home
        self.hub: Program
        self.page: Program

    def start(self) -> None:
        """Ward, broker, endpoint and home; the hub and its page are started and killed by the test."""
        self._thread.start()
        self.do(self._start())

    def stop(self) -> None:
        """Everything."""
        self.do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T], within_s: float = ANSWER_S) -> T:
        """Have it done in the kitchen, and wait."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def command(self, *words: str) -> tuple[int, str]:
        """`wardgate ...` as somebody types it; its exit status and all it printed."""
        return self.do(self._command(words))

    def ask(self) -> Installation:
        """How far the hub is."""
        return self.do(self._ask())

    # The devices

    def press_pairing_key(self, device: str) -> None:
        """As the page says: the key is held, or the device is switched on."""

        async def press() -> None:
            one = self.home.devices[device]
            if isinstance(one, AndDevice):
                await one.press_pairing_key()
            elif isinstance(one, Peripheral):
                one.wake(60.0)

        self.do(press())

    def passkey_shown(self, device: str) -> int:
        """The next code on its display."""
        one = self.home.devices[device]
        assert isinstance(one, Peripheral)
        return self.do(one.passkey_shown())

    def measure(self, device: str, values: Mapping[str, float]) -> None:
        """The patient, or the technician, uses it."""
        self.do(self.home.devices[device].take(values))

    # How it comes up

    async def _start(self) -> None:
        await asyncio.to_thread(self.broker.start)
        self._stack.push_async_callback(asyncio.to_thread, self.broker.stop)
        self.endpoint_port = await self._stack.enter_async_context(self.ward.endpoint())
        account = self.ward.account("ward.consumer")
        words = ("ward", "--host", "localhost", "--port", str(self.broker.ward_port), "--ca-file", str(self.ward.ca))
        files = ("--cert-file", account["cert_file"], "--key-file", account["key_file"])
        consumer = Program(self.directory / "ward.log", *words, *files, "--database", str(self.ward_database))
        await consumer.start()
        self._stack.push_async_callback(consumer.stop)
        await consumer.says("Connected to")
        link = Link()
        scenario = Scenario(name="kitchen", hub=HUB, patient_pseudonym="nobody", assignment="none", device=DEVICES)
        self.home = Home(scenario, link, lambda: datetime.now(UTC))
        await self.home.start()
        self._stack.push_async_callback(self.home.stop)
        door = HubDoor(link)
        radio = await door.listen(self.directory / "radio.sock")
        self._stack.push_async_callback(door.close)
        self.config.write_text(self._factory_file(), encoding="utf-8")
        self.hub = Program(
            self.directory / "hub.log", "hub", "--config", str(self.config), "--radio", radio, module="wardgate_sim"
        )
        self.page = Program(self.directory / "page.log", "page", "--config", str(self.config))
        for program in (self.hub, self.page):
            self._stack.push_async_callback(program.stop)

    def _factory_file(self) -> str:
        return f"""
[hub]
data_dir = "{self.data}"
control_socket = "{self.control}"
[enrol]
url = "https://localhost:{self.endpoint_port}"
ca_file = "{self.ward.ca}"
[broker]
host = "localhost"
port = {self.broker.port}
ca_file = "{self.ward.ca}"
heartbeat_s = 5.0
[page]
port = {self.page_port}
listen = "{HOST}"
setup_port = {self.setup_port}
state_dir = "{self.directory / "page"}"
"""

    async def _command(self, words: tuple[str, ...]) -> tuple[int, str]:
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wardgate", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await made.communicate()
        assert made.returncode is not None
        return made.returncode, said.decode()

    async def _ask(self) -> Installation:
        async with connect(self.control) as hub:
            return await hub.ask("installation", Installation)
