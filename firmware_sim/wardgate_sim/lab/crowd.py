"""Steps with more in the air than three devices one after the other: a code to type, clashes, strangers, a rival."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any, Final

from bumble import hci
from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus

from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate_sim.firmware.peripheral import advertisement
from wardgate_sim.lab.bluetoothd import bluez_bonds, bluez_known
from wardgate_sim.lab.guest import ADDRESSES, Guest
from wardgate_sim.lab.kernel import PROJECT
from wardgate_sim.radio import Radio

_ROUNDS: Final = 5
_ARRIVAL_S: Final = 60.0
_STRANGERS: Final = 100
_SHOUTS: Final = 3
_SHOUT_S: Final = 0.03
_FORGOTTEN_S: Final = 120.0
"""BlueZ forgets a device that it only heard after 30 s (TemporaryTimeout)."""


async def passkey(guest: Guest) -> dict[str, Any]:
    """A cuff that shows six digits: wrong ones first, then those that it shows."""
    cuff = guest.code_cuff
    await cuff.take(_pressure(141.0))
    shown = await cuff.passkey_shown()
    wrong = await _type(guest, (shown + 1) % 1_000_000, 1)
    tries = 1
    while "paired" not in _told(guest, "code-cuff"):
        tries += 1
        await cuff.take(_pressure(141.0 + tries))
        shown = await cuff.passkey_shown()
        right = await _type(guest, shown, tries)
        await cuff.asleep()
    await guest.witness.until(lambda: len(guest.witness.of("code-cuff")) >= len(cuff.book.taken), _ARRIVAL_S)
    return {
        "wrong": wrong,
        "right": right,
        "tries": tries,
        "told": _told(guest, "code-cuff"),
        "device_knows_hub": bool(await cuff.bonded_hosts()),
        "taken": [dict(taken.values) for taken in cuff.book.taken],
        "at_ward": [{q.name: q.value for q in r.quantities} for r in guest.witness.of("code-cuff")],
    }


async def clashes(guest: Guest) -> dict[str, Any]:
    """Two or three devices at the same moment, with the neighbours' scale beside them, some rounds."""
    for number in range(_ROUNDS):
        together = [guest.scale.take({"weight": 76.0 + 0.2 * number}), guest.cuff.take(_pressure(118.0 + number))]
        if number % 2:
            together.append(guest.oximeter.take({"spo2": 90.0 + number, "pulse": 71.0}))
        await asyncio.gather(*together, guest.neighbour.take({"weight": 91.0}))
        for name in guest.devices:
            await _arrive(guest, name)
    return {
        "taken": {name: len(device.book.taken) for name, device in guest.devices.items()},
        "at_ward": {name: _arrived(guest, name) for name in guest.devices},
        "neighbour_connected": bool(guest.neighbour.book.acknowledged),
        "weights_at_ward": [r.quantities[0].value for r in guest.witness.readings if r.channel == "weight"],
    }


async def rival(guest: Guest) -> dict[str, Any]:
    """Another program asks BlueZ for the scale before it is on the air. Now it is first and has the scale, now BlueZ
    is busy with it when the hub asks."""
    weights = [77.4, 77.6, 77.8, 78.0]
    for weight_kg in weights[:-1]:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            asked = asyncio.create_task(bus.call(_call(_path("scale"), "org.bluez.Device1", "Connect")))
            await guest.scale.take({"weight": weight_kg})
            await guest.scale.asleep()
            await asked
        finally:
            bus.disconnect()
    await guest.scale.take({"weight": weights[-1]})
    await _arrive(guest, "scale")
    log = await asyncio.to_thread((guest.share / "hub.log").read_text, encoding="utf-8", errors="replace")
    return {
        "taken": weights,
        "at_ward": [r.quantities[0].value for r in guest.witness.of("scale")][-len(weights) :],
        "hung_up": _told(guest, "scale").count("device-taken"),
        "busy": log.count("already in progress"),
    }


async def search_in_progress(guest: Guest) -> dict[str, Any]:
    """Something beneath BlueZ begins to search while the hub talks to the scale: the hub's next scan has to wait."""
    await guest.scale.take({"weight": 77.8})
    async with asyncio.timeout(_ARRIVAL_S):
        while not await _search_beneath():
            pass  # the hub searches itself, until it connects
    await guest.oximeter.take({"spo2": 95.0, "pulse": 67.0})
    for name in ("scale", "oximeter"):
        await _arrive(guest, name)
    return {"spo2_at_ward": guest.witness.of("oximeter")[-1].quantities[0].value}


async def strangers(guest: Guest) -> dict[str, Any]:
    """A hundred passers-by, each with an address and a name of its own; what of them stays in BlueZ."""
    before = len(await bluez_known())
    radio = Radio("passer-by", guest.adapter.link)
    for number in range(_STRANGERS):
        await _pass_by(radio, f"DA:00:00:00:{number >> 8:02X}:{number & 255:02X}", f"Phone {number}")
    guest.adapter.link.remove(radio)
    heard = len(await bluez_known())
    async with asyncio.timeout(_FORGOTTEN_S):
        while len(await bluez_known()) > before:  # noqa: ASYNC110 - the state of another process
            await asyncio.sleep(1.0)
    files = await asyncio.to_thread(_age_half_of_the_cache)
    clean = await asyncio.create_subprocess_exec("systemd-tmpfiles", "--clean", PROJECT / "deploy" / "tmpfiles.conf")
    return {
        "before": before,
        "heard": heard,
        "after": len(await bluez_known()),
        "files": len(files),
        "cleaned": await clean.wait(),
        "left": len(await asyncio.to_thread(_cached)),
        "bonds": await bluez_bonds(),
    }


def _cached() -> list[Path]:
    """The files that BlueZ keeps about strangers."""
    return sorted(file for file in Path("/var/lib/bluetooth").glob("*/cache/*") if file.name.startswith("DA:00"))


def _age_half_of_the_cache() -> list[Path]:
    """As if the first half of the strangers had passed by eleven days ago. All of their files."""
    files, long_ago_s = _cached(), time.time() - 11 * 86400.0
    for file in files[: len(files) // 2]:
        os.utime(file, (long_ago_s, long_ago_s))
    return files


async def _pass_by(radio: Radio, address: str, name: str) -> None:
    """On the air for a moment, under this address and name."""
    shouts = radio.le_legacy_advertiser
    radio.random_address = hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS)
    shouts.own_address_type = hci.Address.RANDOM_DEVICE_ADDRESS
    shouts.advertising_data = advertisement()
    shouts.scan_response_data = bytes([len(name) + 1, 0x09]) + name.encode("ascii")
    shouts.enabled = True
    for _ in range(_SHOUTS):
        shouts.send_advertising_data()
        await asyncio.sleep(_SHOUT_S)


def _pressure(systolic: float) -> dict[str, float]:
    return {"systolic": systolic, "diastolic": 82.0, "pulse": 69.0}


async def _arrive(guest: Guest, name: str) -> None:
    """Wait until all that this device measured is at the ward, and it sleeps again."""
    device = guest.devices[name]
    await guest.witness.until(lambda: _arrived(guest, name) >= len(device.book.taken), _ARRIVAL_S)
    await device.asleep()


def _arrived(guest: Guest, device: str) -> int:
    return len(guest.witness.of(device))


def _told(guest: Guest, device: str) -> list[str]:
    return [event.code for event in guest.witness.events if event.device == device]


async def _type(guest: Guest, code: int, nth: int) -> str:
    """Once the hub asks for it, the first, second, third time."""
    await guest.witness.until(lambda: _told(guest, "code-cuff").count("passkey-needed") >= nth, _ARRIVAL_S)
    async with connect(guest.control) as hub:
        try:
            return (await hub.call("passkey", device="code-cuff", passkey=code)).sentence
        except ControlError as refused:
            return refused.sentence


def _path(device: str) -> str:
    return f"/org/bluez/hci0/dev_{ADDRESSES[device].replace(':', '_')}"


def _call(path: str, interface: str, member: str) -> Message:
    return Message(destination="org.bluez", path=path, interface=interface, member=member)


async def _search_beneath() -> bool:
    """Start a search past bluetoothd; False where one is under way. It ends by itself after ten seconds."""
    search = await asyncio.create_subprocess_exec(
        *("btmgmt", "--index", "0", "find", "-l"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert search.stdout is not None
    async for line in search.stdout:
        if b"Discovery started" in line:
            return True
        if b"status 0x0a" in line:
            break
    await search.wait()
    return False
