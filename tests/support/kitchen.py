"""A boxed hub on a kitchen table: a ward with its authority, a broker with TLS, a home with three devices, a factory
hub and its page, each the real program in a process of its own, driven from a test that is not asynchronous."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.support.authority import Ward
from tests.support.mosquitto import HOST, free_port
from tests.support.programs import Program, until_answers
from tests.support.shipped_broker import ShippedBroker
from tests.support.ward_side import readings
from wardgate.contract.messages import Reading
from wardgate.control.client import connect
from wardgate.control.provisioning import Installation, SetupCode, Window
from wardgate.mqtt import Link
from wardgate.page.setup.hub import Hub
from wardgate.ward.referrals import Referral, Referrals
from wardgate_sim.firmware.and_medical import AndDevice
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.home import Home
from wardgate_sim.radio import HubDoor
from wardgate_sim.radio import Link as Air
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
ANSWER_S: Final = 120.0
LOOK_S: Final = 0.05
AIR_S: Final = 240.0
"""A key is held again and again, until pages that are slow have come so far."""


class Kitchen:
    """Everything runs from `start` to `stop`. The ward's, the hub's and the page's files are below `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "hub"
        self.control = directory / "control.sock"
        self.config = directory / "wardgate.toml"
        self.ward_database = directory / "ward.db"
        self.page_port, self.setup_port, self.endpoint_port = free_port(), free_port(), free_port()
        self._endpoint: asyncio.Server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kitchen")
        self._stack = contextlib.AsyncExitStack()
        self.ward: Ward
        self.broker: ShippedBroker
        self.home: Home
        self.hub: Program
        self.page: Program
        self.topics: list[str] = []
        """Of everything that the broker was given, in order, until it was first stopped."""

    def start(self) -> None:
        """Ward, broker, endpoint and home; the hub and its page are started and killed by the test."""
        self._thread.start()
        self.do(self._start())

    def stop(self) -> None:
        """Everything."""
        self.do(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def open_the_box(self) -> str:
        """The hub is switched on, its page opened as by command; the setup code of its label."""
        self.do(self.page.start())
        self.start_hub()
        code = self.do(self._open())
        self.wait_for_page()
        return code

    def start_hub(self) -> None:
        """Until it answers."""
        self.do(self.hub.start())
        self.do(until_answers(self.control))

    def power_cut(self) -> None:
        """`kill -9` of the hub and its page, at once."""
        self.do(self._kill())

    def power_back(self) -> None:
        """Both start again, and the door opens as far as its window is open."""
        self.do(self.page.start())
        self.start_hub()
        self.wait_for_page()

    def wait_for_page(self) -> None:
        """Until the technician's door takes connections."""
        self.do(_until_listens(self.setup_port))

    def do(self, work: Coroutine[Any, Any, T], within_s: float = ANSWER_S) -> T:
        """Have it done in the kitchen, and wait."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def command(self, *words: str, heard: Callable[[str], None] = lambda line: None) -> tuple[int, str]:
        """`wardgate ...` as somebody types it; its exit status and all it printed; `heard` is told each line."""
        return self.do(self._command((*words, "--config", str(self.config)), heard))

    def provision(self, *words: str) -> str:
        """`wardgate provision ...`, which does what it is told; what it printed."""
        status, said = self.command("provision", *words)
        assert status == 0, said
        return said

    def ask(self) -> Installation:
        """How far the hub is; one that starts anew is waited for."""
        return self.do(Hub(self.control, ANSWER_S / 2).installation())

    def look(self) -> Installation:
        """How far the hub is, if it answers now."""
        return self.do(Hub(self.control).ask_once("installation", Installation))

    def code(self, hub: str = HUB) -> str:
        """A claim code of the ward's."""

        async def give() -> str:
            return self.ward.code(hub)

        return self.do(give())

    def refer(self, **known: Any) -> Referral:
        """The ward puts a patient on its list."""

        async def add() -> Referral:
            return Referrals(self.ward.authority.register).add(None, **known)

        return self.do(add())

    def close_window(self) -> None:
        """As when its time is over."""
        self.do(self._close_window())

    # The ward

    def endpoint_down(self) -> None:
        """Nobody answers there."""
        self.do(self._close_endpoint())

    def endpoint_up(self) -> None:
        """On the same port."""
        self.do(self._open_endpoint())

    def broker_down(self) -> None:
        """It is gone."""
        self.broker.stop()

    def broker_up(self) -> None:
        """On the same ports, with what it kept."""
        self.broker.start()

    def has_come(self, is_it: Callable[[Reading], bool]) -> Reading:
        """Wait until the ward has committed such a reading. Another process's database cannot be awaited in another
        way."""
        return self.do(self._until_there(is_it))

    def at_the_ward(self) -> list[Reading]:
        """Every reading that it has committed."""
        return readings(self.ward_database) if self.ward_database.exists() else []

    def has_passed(self, topic: str, times: int) -> None:
        """Wait until the broker has been given so many of this: who listens there hears of it later than the ward, or
        sooner. Never more."""
        until_s = time.monotonic() + ANSWER_S
        while self.topics.count(topic) < times and time.monotonic() < until_s:
            time.sleep(LOOK_S)
        assert self.topics.count(topic) == times

    def assignments(self) -> list[str]:
        """Those that the ward has ever given."""
        return self.do(self._assignments())

    # The devices

    def press_pairing_key(self, device: str) -> None:
        """As the page says: the key is held, or the device is switched on."""

        async def press() -> None:
            one = self.home.devices[device]
            if isinstance(one, AndDevice):
                await one.press_pairing_key()
            if isinstance(one, Peripheral):
                one.wake(AIR_S)

        self.do(press())

    def lets_itself_be_paired(self, device: str) -> bool:
        """Its key was held, and no host has come for it yet."""
        one = self.home.devices[device]
        return isinstance(one, Peripheral) and one.pairing_open

    def passkey_shown(self, device: str) -> int:
        """The next code on its display."""
        return self.begin_passkey(device).result(ANSWER_S)

    def begin_passkey(self, device: str) -> Future[int]:
        """The next code on its display, once it is there."""
        one = self.home.devices[device]
        assert isinstance(one, Peripheral)
        return asyncio.run_coroutine_threadsafe(one.passkey_shown(), self._loop)

    def forget_passkeys(self, device: str) -> None:
        """What it showed to a hub that is gone."""
        one = self.home.devices[device]
        assert isinstance(one, Peripheral)
        self.do(one.forget_passkeys())

    def measure(self, device: str, values: Mapping[str, float]) -> None:
        """The patient, or the technician, uses it."""
        self.do(self.home.devices[device].take(values))

    # How it comes up

    async def _start(self) -> None:
        self.ward = Ward(self.directory / "authority")
        self._stack.callback(self.ward.authority.close)
        self.broker = ShippedBroker(self.directory / "broker", self.ward)
        await asyncio.to_thread(self.broker.start)
        self._stack.push_async_callback(asyncio.to_thread, self.broker.stop)
        await self._open_endpoint()
        self._stack.push_async_callback(self._close_endpoint)
        account = self.ward.account("ward.consumer")
        words = ("ward", "--host", "localhost", "--port", str(self.broker.ward_port), "--ca-file", str(self.ward.ca))
        files = ("--cert-file", account["cert_file"], "--key-file", account["key_file"])
        consumer = Program(self.directory / "ward.log", *words, *files, "--database", str(self.ward_database))
        await consumer.start()
        self._stack.push_async_callback(consumer.stop)
        await consumer.says("Connected to")
        listener = Link(self.broker.account("ward.command"), "listener", on_message=lambda t, _: self.topics.append(t))
        await listener.open()
        self._stack.callback(listener.close)
        listener.subscribe("wardgate/1/+/up/+")
        await listener.listening()
        await self._furnish()

    async def _furnish(self) -> None:
        """The home, the air in it, and the hub that is still in its box."""
        link = Air()
        scenario = Scenario(name="kitchen", hub=HUB, patient_pseudonym="nobody", assignment="none", device=DEVICES)
        self.home = Home(scenario, link, lambda: datetime.now(UTC))
        await self.home.start()
        self._stack.push_async_callback(self.home.stop)
        door = HubDoor(link)
        radio = await door.listen(self.directory / "radio.sock")
        self._stack.push_async_callback(door.close)
        self.config.write_text(self._factory_file(), encoding="utf-8")
        self.hub = Program(
            self.directory / "hub.log",
            *("hub", "--config", str(self.config), "--radio", radio),
            module="tests.support.kitchen_hub",
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

    async def _open(self) -> str:
        async with connect(self.control) as hub:
            made = await hub.ask("new_setup_code", SetupCode, by="command")
            await hub.ask("open_window", Window, by="command")
        return made.code

    async def _close_window(self) -> None:
        async with connect(self.control) as hub:
            await hub.ask("close_window", Window)

    async def _open_endpoint(self) -> None:
        self._endpoint = await self.ward.enrolment().start(HOST, self.endpoint_port)

    async def _close_endpoint(self) -> None:
        self._endpoint.close()
        await self._endpoint.wait_closed()

    async def _kill(self) -> None:
        await asyncio.gather(self.hub.kill(), self.page.kill())

    async def _until_there(self, is_it: Callable[[Reading], bool]) -> Reading:
        while True:
            found = next((one for one in self.at_the_ward() if is_it(one)), None)
            if found is not None:
                return found
            await asyncio.sleep(LOOK_S)

    async def _assignments(self) -> list[str]:
        Referrals(self.ward.authority.register)  # its tables are there
        rows = self.ward.authority.register.db.execute("SELECT id FROM assignment ORDER BY begun").fetchall()
        return [str(row[0]) for row in rows]

    async def _command(self, words: tuple[str, ...], heard: Callable[[str], None]) -> tuple[int, str]:
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wardgate", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert made.stdout is not None
        said = []
        async for line in made.stdout:
            said.append(line.decode())
            heard(said[-1])
        return await made.wait(), "".join(said)


async def _until_listens(port: int) -> None:
    """Another process's door cannot be waited for in another way."""
    async with asyncio.timeout(ANSWER_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                return
            await asyncio.sleep(LOOK_S)


@contextlib.contextmanager
def kitchen_table(directory: Path) -> Iterator[Kitchen]:
    """Everything but the hub and its page, until the end of the block."""
    kitchen = Kitchen(directory)
    try:
        kitchen.start()
        yield kitchen
    finally:
        kitchen.stop()
