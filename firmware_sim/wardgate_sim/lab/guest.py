"""Everything that is in the guest: BlueZ, the air with three devices, a broker, a ward, and the hub as a service."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from wardgate.capture.recovery import ANSWER
from wardgate.config import Config, load
from wardgate.ward import Ward
from wardgate_sim.firmware.and_medical import AndCuff, AndScale
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.firmware.plx_oximeter import PlxOximeter
from wardgate_sim.firmware.standard_cuffs import BeurerBm85
from wardgate_sim.lab.bluetoothd import Bluetoothd, call_clock_synchronised
from wardgate_sim.lab.kernel import PROJECT
from wardgate_sim.lab.witness import Witness
from wardgate_sim.radio import Link, open_vhci

log: Final = logging.getLogger(__name__)

USER: Final = "wardgate"
PAGE_USER: Final = "wardgate-page"
CONFIG: Final = Path("/etc/wardgate/wardgate.toml")
ZONE: Final = ZoneInfo("Europe/London")
ADDRESSES: Final = {
    "cuff": "F0:00:00:00:00:01",
    "scale": "F0:00:00:00:00:02",
    "oximeter": "F0:00:00:00:00:03",
    "code-cuff": "F0:00:00:00:00:04",
}
NEIGHBOUR: Final = "F0:00:00:00:00:05"
CLOCK_OFFSETS_S: Final = {"cuff": -3600.0, "scale": 95.0, "oximeter": 0.0, "code-cuff": 0.0}
"""How wrong the devices' clocks are before a hub sets them: summer time, and a few years of drift."""
AIR_S: Final = 120.0
"""So long a device of this home waits for the hub, and is patient with it for `GRACE_S`. The firmware's own 30 s and
5 s are tested where time is simulated: here a machine with other work must not be what loses a reading."""
GRACE_S: Final = 30.0
ARRIVAL_S: Final = 200.0
"""From the end of a measurement to the ward, on a machine with much other work."""
_ON_ITS_WAY_S: Final = 15.0
"""From a device that has confirmation to the ward, on such a machine."""
PORT: Final = 1883
_READY_S: Final = 120.0
_STOP_S: Final = 60.0
_BLUEZ_CONFIG: Final = Path("/etc/bluetooth/main.conf")
_BLUEZ: Final = """
[General]
# What was only heard is forgotten after so many seconds. As shipped it is 30, and a step waits for it.
TemporaryTimeout = 10
"""
_CONFIG: Final = f"""
[hub]
id = "lab"
patient = "Copper Heron 93"
assignment = "lab-1"
timezone = "{ZONE.key}"

[broker]
host = "127.0.0.1"
port = {PORT}
tls = false

[[device]]
id = "cuff"
model = "and-ua-651ble"
address = "{ADDRESSES["cuff"]}"

[[device]]
id = "scale"
model = "and-uc-352ble"
address = "{ADDRESSES["scale"]}"

[[device]]
id = "oximeter"
model = "plx-oximeter"
address = "{ADDRESSES["oximeter"]}"

[[device]]
id = "code-cuff"
model = "beurer-bm85"
address = "{ADDRESSES["code-cuff"]}"
user_index = 1
"""


def as_user(user: str) -> tuple[str, ...]:
    """The words before a command that make it run as its systemd unit would: as another user, with no rights.

    CAP_DAC_READ_SEARCH is the one thing more: the project may lie where only root can read.
    """
    one_right = "-all,+dac_read_search"
    who = ("--reuid", user, "--regid", user, "--init-groups", "--no-new-privs")
    return ("setpriv", *who, "--inh-caps", one_right, "--ambient-caps", one_right, "--bounding-set", one_right)


class Service:
    """The hub as its systemd unit runs it: another user, readiness and watchdog told to a socket."""

    def __init__(self, config: Path, run: Path, log_file: Path) -> None:
        self._config = config
        self._log_file = log_file
        self._process: asyncio.subprocess.Process | None = None
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._address = run / "notify"
        self._notices.bind(str(self._address))
        self._address.chmod(0o777)
        self.told: list[str] = []
        """What it told systemd."""

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        environment = {**os.environ, "NOTIFY_SOCKET": str(self._address), "WATCHDOG_USEC": "4000000"}
        with self._log_file.open("ab") as log_file:
            self._process = await asyncio.create_subprocess_exec(
                *as_user(USER),
                *(sys.executable, "-m", "wardgate", "run", "--config", self._config),
                stderr=log_file,
                env=environment,
                umask=0o077,
            )
        await self.until_told("READY=1", _READY_S)

    async def until_told(self, word: str, within_s: float) -> None:
        """Wait until it tells systemd this."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within_s):
            while True:
                notice = (await loop.sock_recv(self._notices, 4096)).decode()
                self.told += notice.splitlines()
                if word in notice.splitlines():
                    return

    def freeze(self) -> None:
        """It is there, and does nothing until it is thawed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> int | None:
        """SIGTERM, and its exit status."""
        if self._process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_S):
            status = await self._process.wait()
        self._process = None
        return status


class Adapter:
    """The hub's adapter, which can be pulled out and plugged in again."""

    def __init__(self) -> None:
        self.link: Final = Link()
        self._plugged = AsyncExitStack()

    async def plug(self) -> None:
        """Give it to the kernel."""
        await self._plugged.enter_async_context(open_vhci(link=self.link))

    async def unplug(self) -> None:
        """Take it from the kernel; links end with a supervision timeout."""
        await self._plugged.aclose()


class Helper:
    """The unit that does for the hub what needs root. There is no systemd here, so that it restarts bluetoothd itself;
    the rest does the script that the unit runs."""

    def __init__(self, ask: Path, bluetoothd: Bluetoothd) -> None:
        self._ask = ask
        self._bluetoothd = bluetoothd
        self.at_hand: Final = asyncio.Lock()
        """Whoever holds it keeps the helper away."""
        self.helped: Final[list[str]] = []
        """With what it helped, in order."""
        ANSWER.parent.mkdir(exist_ok=True)

    async def run(self) -> None:
        """Never returns."""
        while True:
            async with self.at_hand:
                if self._ask.exists():
                    await self._help(self._ask.replace(self._ask.with_suffix(".taken")))
            await asyncio.sleep(0.1)

    async def _help(self, asked: Path) -> None:
        word, number = (await asyncio.to_thread(asked.read_text, encoding="ascii")).split()
        log.info("helper: %s", word)
        self.helped.append(word)
        if word == "restart-bluetoothd":
            await self._bluetoothd.restart(signal.SIGKILL)
            ANSWER.write_text(f"{number} done\n", encoding="ascii")
        else:
            script = await asyncio.create_subprocess_exec(PROJECT / "deploy" / "radio-helper.sh", asked, ANSWER)
            await script.wait()


class Guest:
    """What a scenario plays with."""

    def __init__(self, share: Path, config: Path, service: Service, bluetoothd: Bluetoothd, adapter: Adapter) -> None:
        self.share: Final = share
        self.config_file: Final = config
        self.config: Final[Config] = load(config)
        self.service: Final = service
        self.bluetoothd: Final = bluetoothd
        self.adapter: Final = adapter
        self.helper: Final = Helper(self.control.with_name("radio-helper.ask"), bluetoothd)
        link = adapter.link
        self.witness: Final = Witness()
        self.cuff: Final = AndCuff(link, ADDRESSES["cuff"], _clock("cuff"), air_s=AIR_S, grace_s=GRACE_S)
        self.scale: Final = AndScale(link, ADDRESSES["scale"], _clock("scale"), air_s=AIR_S, grace_s=GRACE_S)
        self.oximeter: Final = PlxOximeter(link, ADDRESSES["oximeter"], _clock("oximeter"), air_s=AIR_S)
        self.devices: Final[dict[str, Peripheral]] = {
            "cuff": self.cuff,
            "scale": self.scale,
            "oximeter": self.oximeter,
        }
        self.code_cuff: Final = BeurerBm85(link, ADDRESSES["code-cuff"], _clock("code-cuff"), air_s=AIR_S)
        """It is in the configuration too, and shows six digits when it is paired."""
        self.neighbour: Final = AndScale(link, NEIGHBOUR, _clock("scale"))
        """Of the same model as this home's scale, and none of its devices."""

    @property
    def control(self) -> Path:
        """The hub's control socket."""
        return Path(self.config.hub.control_socket)

    async def arrive(self, name: str) -> None:
        """Wait until everything this device ever measured is at the ward, and the device sleeps again.

        One that sleeps with what a broken link has left in it is woken, as somebody does who sees that nothing came.
        """
        device = self.devices[name]
        async with asyncio.timeout(ARRIVAL_S):
            while True:
                await device.asleep()
                with contextlib.suppress(TimeoutError):
                    return await self.witness.until(
                        lambda: len(self.witness.of(name)) >= len(device.book.taken), _ON_ITS_WAY_S
                    )
                log.info("%s is woken again", name)
                device.wake(AIR_S)


@contextlib.asynccontextmanager
async def open_guest(share: Path) -> AsyncIterator[Guest]:
    """Bring everything up, the hub last; take it down, and leave the databases in `share`."""
    call_clock_synchronised()
    install()
    config, run = _configure(), Path("/run")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_broker(share))
        adapter = Adapter()
        await adapter.plug()
        stack.push_async_callback(adapter.unplug)
        bluetoothd = Bluetoothd(share / "bluetoothd.log")
        stack.push_async_callback(bluetoothd.stop)
        await bluetoothd.start()
        service = Service(config, run, share / "hub.log")
        guest = Guest(share, config, service, bluetoothd, adapter)
        await stack.enter_async_context(_ward(guest))
        for device in (*guest.devices.values(), guest.code_cuff, guest.neighbour):
            await device.start()
        stack.push_async_callback(service.stop)
        await service.start()
        helping = asyncio.ensure_future(guest.helper.run())
        yield guest
        helping.cancel()


def install() -> None:
    """The users of the real installation, and the directories that its packages and systemd would make."""
    subprocess.run(["systemd-sysusers", PROJECT / "deploy" / "sysusers.conf"], check=True)  # noqa: S603, S607
    for folder, mode, user in (
        ("/var/lib/wardgate", "0700", USER),
        ("/run/wardgate", "0750", USER),
        ("/var/lib/wardgate-page", "0755", PAGE_USER),
    ):
        subprocess.run(["install", "-d", "-m", mode, "-o", user, "-g", user, folder], check=True)  # noqa: S603, S607
    CONFIG.parent.mkdir(exist_ok=True)


def _configure() -> Path:
    CONFIG.write_text(_CONFIG, encoding="utf-8")
    _BLUEZ_CONFIG.write_text(_BLUEZ, encoding="utf-8")
    return CONFIG


@contextlib.asynccontextmanager
async def _broker(share: Path) -> AsyncIterator[None]:
    with (share / "mosquitto.log").open("wb") as log_file:
        process = await asyncio.create_subprocess_exec("/usr/sbin/mosquitto", "-p", str(PORT), stderr=log_file)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _ward(guest: Guest) -> AsyncIterator[None]:
    database = Path("/var/tmp/ward.db")  # noqa: S108 - the guest is ours alone
    ward = Ward(guest.config.broker, database, guest.witness.hear, on_link=log.info)
    task = asyncio.create_task(ward.run())
    try:
        async with asyncio.timeout(_READY_S):
            await ward.connected.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for source in (database, guest.config.database):
            with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(guest.share / source.name)) as copy:
                old.backup(copy)


def _clock(device: str) -> DeviceClock:
    """A device's clock, as wrong as `CLOCK_OFFSETS_S` says, beside true local time."""
    return DeviceClock(lambda: datetime.now(ZONE).replace(tzinfo=UTC).timestamp(), offset_s=CLOCK_OFFSETS_S[device])
