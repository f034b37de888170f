"""Steps with more in the air than three devices one after the other: a code to type, clashes, strangers, a rival."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from bumble import hci
from bumble.device import Device
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from wardgate.control.client import connect
from wardgate.control.protocol import ControlError
from wardgate_sim.firmware import and_medical
from wardgate_sim.firmware.peripheral import advertisement
from wardgate_sim.lab.bluetoothd import bluez_bonds, bluez_known
from wardgate_sim.lab.guest import ADDRESSES, ARRIVAL_S, GRACE_S, Guest
from wardgate_sim.lab.kernel import PROJECT
from wardgate_sim.radio import Radio

_ROUNDS: Final = 5
_STRANGERS: Final = 100
_PASSER_BY: Final = "DA:00:00:00:00:"
_SHOUT_S: Final = 0.03
_FORGOTTEN_S: Final = 120.0
"""More than BlueZ takes to forget a device that it only heard."""


async def passkey(guest: Guest) -> dict[str, Any]:
    """A cuff that shows six digits: wrong ones first, then those that it shows."""
    cuff = guest.code_cuff
    await cuff.take(_pressure(141.0))
    await _asked(guest, 1)
    said = [await _type(guest, (await cuff.passkey_shown() + 1) % 1_000_000)]
    await cuff.take(_pressure(142.0))
    while await _asked(guest, len(said) + 1):
        said.append(await _type(guest, await cuff.passkey_shown()))
    await cuff.asleep()
    await guest.witness.until(lambda: len(guest.witness.of("code-cuff")) >= len(cuff.book.taken), ARRIVAL_S)
    return {
        "said": said,
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
            await guest.arrive(name)
    return {
        "taken": {name: len(device.book.taken) for name, device in guest.devices.items()},
        "at_ward": {name: len(guest.witness.of(name)) for name in guest.devices},
        "neighbour_connected": bool(guest.neighbour.book.acknowledged or guest.neighbour.book.errors),
        "weights_at_ward": [r.quantities[0].value for r in guest.witness.readings if r.channel == "weight"],
    }


async def rival(guest: Guest) -> dict[str, Any]:
    """Another program asks BlueZ for the scale before it is on the air. Now it is first and has the scale, now BlueZ
    is busy with it when the hub asks."""
    weights, hub_log = [77.4, 77.6, 77.8, 78.0], guest.share / "hub.log"
    log_before, had = hub_log.stat().st_size, 0
    guest.scale.grace_s = and_medical.GRACE_S  # nobody answers it while the other has it
    for weight_kg in weights[:-1]:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            asked = asyncio.create_task(bus.call(_call(_path("scale"), "org.bluez.Device1", "Connect")))
            await asyncio.sleep(0)  # it is on its way, and BlueZ answers the next only when it has begun with it
            await bus.call(_call("/", "org.freedesktop.DBus.Peer", "Ping"))
            await guest.scale.take({"weight": weight_kg})
            await guest.scale.asleep()
            had += (await asked).message_type is MessageType.METHOD_RETURN
        finally:
            bus.disconnect()
    guest.scale.grace_s = GRACE_S
    await guest.scale.take({"weight": weights[-1]})
    await guest.arrive("scale")
    log = (await asyncio.to_thread(hub_log.read_bytes))[log_before:]
    return {
        "taken": weights,
        "at_ward": [r.quantities[0].value for r in guest.witness.of("scale")][-len(weights) :],
        "had": had,
        "hung_up": _told(guest, "scale").count("device-taken"),
        "busy": log.count(b"already in progress"),
    }


async def search_in_progress(guest: Guest) -> dict[str, Any]:
    """Something beneath BlueZ begins to search while the hub connects to the scale: before the hub searches again."""
    met = asyncio.Event()
    guest.scale.gatt.once(Device.EVENT_CONNECTION, lambda _: met.set())
    await guest.scale.take({"weight": 77.8})
    await met.wait()
    frozen_at_s = time.monotonic()
    guest.service.freeze()  # it does not search now, and will not before the other does
    try:
        while not await _search_beneath():
            pass
    finally:
        guest.service.thaw()
    frozen_s = round(time.monotonic() - frozen_at_s, 2)
    await guest.oximeter.take({"spo2": 95.0, "pulse": 67.0})
    for name in ("scale", "oximeter"):
        await guest.arrive(name)
    return {"frozen_s": frozen_s, "spo2_at_ward": guest.witness.of("oximeter")[-1].quantities[0].value}


async def strangers(guest: Guest) -> dict[str, Any]:
    """A hundred passers-by, each with an address and a name of its own; what of them stays in BlueZ."""
    crowd = {f"{_PASSER_BY}{number:02X}": f"Phone {number}" for number in range(_STRANGERS)}
    radio = Radio("passer-by", guest.adapter.link)
    async with _overhearing() as heard:
        while unheard := crowd.keys() - heard:  # BlueZ searches with pauses
            for address in sorted(unheard):
                await _pass_by(radio, address, crowd[address])
    guest.adapter.link.remove(radio)
    async with asyncio.timeout(_FORGOTTEN_S):
        while known := {device["Address"].value for device in await bluez_known()} & crowd.keys():  # noqa: ASYNC110 - the state of another process
            await asyncio.sleep(1.0)
    files = await asyncio.to_thread(_age_half_of_the_cache)
    clean = await asyncio.create_subprocess_exec("systemd-tmpfiles", "--clean", PROJECT / "deploy" / "tmpfiles.conf")
    return {
        "heard": len(heard & crowd.keys()),
        "known": len(known),
        "files": len(files),
        "cleaned": await clean.wait(),
        "left": len(await asyncio.to_thread(_cached)),
        "bonds": await bluez_bonds(),
    }


@contextlib.asynccontextmanager
async def _overhearing() -> AsyncIterator[set[str]]:
    """The addresses of the devices that BlueZ tells of for the first time, as it does."""
    heard: set[str] = set()

    def hear(message: Message) -> None:
        if message.member == "InterfacesAdded" and (device := message.body[1].get("org.bluez.Device1")):
            heard.add(device["Address"].value)

    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        bus.add_message_handler(hear)
        rule = "type='signal',sender='org.bluez',member='InterfacesAdded'"
        await bus.call(_call("/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", rule))
        yield heard
    finally:
        bus.disconnect()


def _cached() -> list[Path]:
    """The files that BlueZ keeps about strangers."""
    return sorted(file for file in Path("/var/lib/bluetooth").glob("*/cache/*") if file.name.startswith(_PASSER_BY))


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
    shouts.send_advertising_data()
    await asyncio.sleep(_SHOUT_S)


def _pressure(systolic: float) -> dict[str, float]:
    return {"systolic": systolic, "diastolic": 82.0, "pulse": 69.0}


def _told(guest: Guest, device: str) -> list[str]:
    """What the hub told of it in this step."""
    return [event.code for event in guest.witness.told if event.device == device]


async def _asked(guest: Guest, times: int) -> bool:
    """Wait until the hub has asked for a code so often; False when it is paired instead."""

    def paired() -> bool:
        return "paired" in _told(guest, "code-cuff")

    def asked() -> bool:
        return _told(guest, "code-cuff").count("passkey-needed") >= times

    await guest.witness.until(lambda: paired() or asked(), ARRIVAL_S)
    return not paired()


async def _type(guest: Guest, code: int) -> str:
    async with connect(guest.control) as hub:
        try:
            return (await hub.call("passkey", device="code-cuff", passkey=code)).sentence
        except ControlError as refused:
            return refused.sentence


def _path(device: str) -> str:
    return f"/org/bluez/hci0/dev_{ADDRESSES[device].replace(':', '_')}"


def _call(path: str, interface: str, member: str, word: str = "") -> Message:
    to = "org.freedesktop.DBus" if path == "/org/freedesktop/DBus" else "org.bluez"
    return Message(
        destination=to,
        path=path,
        interface=interface,
        member=member,
        signature="s" if word else "",
        body=[word] if word else [],
    )


async def _search_beneath() -> bool:
    """Start a search past bluetoothd; False where one is under way. It ends by itself after ten seconds."""
    words = ("stdbuf", "-oL", "btmgmt", "--index", "0", "find", "-l")  # it would say nothing before its end
    pipe = asyncio.subprocess.PIPE
    search = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    assert search.stdout is not None
    async for line in search.stdout:
        if b"Discovery started" in line:
            return True
        if b"status 0x0a" in line:
            break
    await search.wait()
    return False
