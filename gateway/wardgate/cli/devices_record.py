"""`wardgate devices sniff` and `record`: find a device that Wardgate does not know, and take down what it sends."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from wardgate import __version__
from wardgate.capture.caller import RADIO_ERRORS
from wardgate.capture.radio import BLUEZ, RadioBackend
from wardgate.cli.options import PROBLEM, complain
from wardgate.faces.words import count
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.link import recording
from wardgate_drivers.link.errors import SessionError
from wardgate_drivers.link.recording import Recording
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.model.catalogue import match

FIND_S: Final = 120.0
"""A person finds the device, uses it, and it wakes."""
CONNECT_S: Final = 30.0
RADIO_HELP: Final = "See what is wrong with the radio: wardgate doctor."


def sniff(seconds: float, backend: RadioBackend = BLUEZ) -> int:
    """Say who is on the air."""
    try:
        lines = asyncio.run(sniffed(seconds, backend))
    except RADIO_ERRORS as error:
        complain(f"The radio cannot listen: {_why(error)}.", RADIO_HELP)
        return PROBLEM
    print("\n".join(lines) or "Nothing was heard. Use the device, so that it wakes, and try again.")
    return 0


async def sniffed(seconds: float, backend: RadioBackend) -> list[str]:
    """One line for each device heard, the nearest first."""
    async with BleakScanner(scanning_mode="active", backend=backend.scanner) as scanner:
        await asyncio.sleep(seconds)
        heard = list(scanner.discovered_devices_and_advertisement_data.values())
    heard.sort(key=lambda pair: -pair[1].rssi)
    return [_line(device.address, data) for device, data in heard]


def _line(address: str, data: AdvertisementData) -> str:
    services = tuple(data.service_uuids)
    model = match(
        Advertisement(address, data.local_name, data.rssi, services, data.service_data, data.manufacturer_data)
    )
    known = f"{model.id} ({model.maker} {model.name})" if model else "not known"
    offered = ", ".join(map(recording.short, dict.fromkeys((*services, *data.service_data)))) or "no service named"
    # A name is whatever a stranger's device says: it must not steer the terminal.
    name = "".join(letter if letter.isprintable() else "?" for letter in data.local_name or "no name")
    return f"{address}  {data.rssi:4d} dBm  {name}: {known}; {offered}"


def record(options: argparse.Namespace, backend: RadioBackend = BLUEZ) -> int:
    """Record one device into a new file."""
    path: Path = options.file
    if path.exists():
        complain(f"{path} is there already.", "Name another file.")
        return 2
    try:
        captured = asyncio.run(recorded(options, backend))
    except (SessionError, *RADIO_ERRORS) as error:
        complain(f"It could not be recorded: {_why(error)}.", RADIO_HELP)
        return PROBLEM
    if captured is None:
        complain(f"{options.address} was not heard.", "Use the device, so that it wakes, and try again.")
        return PROBLEM
    source = f"wardgate devices record, Wardgate {__version__}"
    text = json.dumps(captured.vector_file(options.device, source), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path} holds {count(len(captured.frames), 'frame')}. {_HINT}")
    return 0


_HINT: Final = (
    "Read it before you send it: addresses and serial numbers were blanked where they were found, "
    "but the measurements that you took are in it."
)


async def recorded(options: argparse.Namespace, backend: RadioBackend) -> Recording | None:
    """None when it was not heard."""
    captured = Recording(options.address)
    found: asyncio.Future[BLEDevice] = asyncio.get_running_loop().create_future()

    def heard(device: BLEDevice, data: AdvertisementData) -> None:
        if device.address.upper() != options.address.upper():
            return
        captured.heard(data)
        if not found.done():
            found.set_result(device)

    _say("Waiting for it. Use the device now.")
    async with BleakScanner(heard, scanning_mode="active", backend=backend.scanner):
        try:
            async with asyncio.timeout(FIND_S):
                device = await found
        except TimeoutError:
            return None
        if options.broadcast:
            await asyncio.sleep(options.seconds)
            return captured
    _say("Heard. Connecting.")
    client = BleakClient(device, timeout=CONNECT_S, pair=options.pair, backend=backend.client)
    await client.connect()
    try:
        await recording.record(client, captured, options.seconds, _now() if options.set_clock else None, _say)
    finally:
        if client.is_connected:
            await client.disconnect()
    return captured


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError | EOFError):
        return f"the system bus, through which Bluetooth is reached, does not answer ({error})"
    return str(error).rstrip(".") or type(error).__name__


def _now() -> DeviceTime:
    local = datetime.now(UTC).astimezone()
    return DeviceTime.of(local.year, local.month, local.day, local.hour, local.minute, local.second)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
