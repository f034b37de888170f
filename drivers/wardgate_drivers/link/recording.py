"""Records what an unknown device offers and sends, as a vector file in which nothing tells whose it is.

Nothing is written to the device but subscriptions, and the time where that is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.scanner import AdvertisementData

from wardgate_drivers import uuids
from wardgate_drivers.codec import date_time
from wardgate_drivers.link.errors import LinkLostError, SessionError
from wardgate_drivers.link.gatt_client import LOOK_S, GattClient
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.redaction import Secrets

LAYOUTS: Final = {
    uuids.sig(number): decoder
    for number, decoder in {
        0x2A08: "time.date-time",
        0x2A19: "bas.level",
        0x2A1C: "hts.measurement",
        0x2A2B: "time.current-time",
        0x2A35: "bls.measurement",
        0x2A36: "bls.intermediate-cuff",
        0x2A37: "hrs.measurement",
        0x2A49: "bls.feature",
        0x2A50: "dis.pnp-id",
        0x2A52: "racp",
        0x2A5E: "plx.spot-check",
        0x2A5F: "plx.continuous",
        0x2A60: "plx.features",
        0x2A9B: "bcs.feature",
        0x2A9C: "bcs.measurement",
        0x2A9D: "wss.measurement",
        0x2A9E: "wss.feature",
        0x2A9F: "uds.user-control-point",
    }.items()
}
"""The layout that a standard characteristic ought to have."""
BROADCASTS: Final = {
    uuids.WEIGHT_SCALE_SERVICE: "xiaomi.scale-v1",
    uuids.BODY_COMPOSITION_SERVICE: "xiaomi.scale-v2",
}
READ: Final = frozenset(
    uuids.sig(number) for number in (0x2A08, 0x2A19, 0x2A2B, 0x2A49, 0x2A50, 0x2A60, 0x2A9B, 0x2A9E)
)
"""Values that are read and kept: they are the same in every device of a model, or are clocks."""
TEXTS: Final = {uuids.MANUFACTURER_NAME: "maker", uuids.MODEL_NUMBER: "model", uuids.FIRMWARE_REVISION: "firmware"}
SYSTEM_ID: Final = uuids.sig(0x2A23)
READ_S: Final = 2.0
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Frame:
    """One value as it came."""

    transport: dict[str, str]
    data: bytes
    layout: str


@dataclass(slots=True)
class Recording:
    """What was captured, still with everything in it: only `vector_file` may leave the machine."""

    address: str
    names: list[str] = field(default_factory=list)
    advertised: list[str] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def heard(self, data: AdvertisementData) -> None:
        """Take an advertisement; one that says nothing new is not kept twice."""
        if data.local_name and data.local_name not in self.names:
            self.names.append(data.local_name)
        self.advertised += [uuid for uuid in data.service_uuids if uuid not in self.advertised]
        for uuid, value in data.service_data.items():
            transport = {"link": "ble-advertisement", "service_data": short(uuid)}
            self.take(transport, value, BROADCASTS.get(uuid, UNKNOWN))
        for company, value in data.manufacturer_data.items():
            self.take({"link": "ble-advertisement", "manufacturer_data": f"{company:04X}"}, value, UNKNOWN)

    def take(self, transport: dict[str, str], data: bytes, layout: str) -> None:
        """Keep a frame, unless it repeats the one before it of the same source."""
        last = next((f for f in reversed(self.frames) if f.transport == transport), None)
        if data and (last is None or last.data != data):
            self.frames.append(Frame(transport, data, layout))

    def vector_file(self, device: str, source: str) -> dict[str, Any]:
        """The file to send in: frames and services, and nothing by which this one device can be known again."""
        secrets = Secrets(self.address, tuple(self.numbers), tuple(self.raw))
        return {
            "device": {
                "names": [secrets.name(name) for name in self.names],
                "advertised_services": [short(uuid) for uuid in self.advertised],
                **{field_: secrets.name(text) for field_, text in self.texts.items()},
            },
            "services": self.services,
            "problems": [secrets.name(problem) for problem in self.problems],
            "vectors": [_vector(number, frame, secrets, device, source) for number, frame in enumerate(self.frames, 1)],
        }


def _vector(number: int, frame: Frame, secrets: Secrets, device: str, source: str) -> dict[str, Any]:
    data, blanked = secrets.frame(frame.data)
    note = "What it must decode to is still to be worked out from the layout and the device's display."
    if blanked:
        places = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in blanked)
        note += f" Bytes {places} were blanked: they told this one device; a checksum over them no longer fits."
    return {
        "id": f"recorded-{number}",
        "device": device,
        "profile": UNKNOWN,
        "decoder": frame.layout,
        "transport": frame.transport,
        "hex": data.hex(),
        "expect": {"outcome": UNKNOWN},
        "source": source,
        "kind": "real capture",
        "note": note,
    }


async def record(
    client: BleakClient, into: Recording, seconds: float, set_clock: DeviceTime | None, said: Callable[[str], None]
) -> None:
    """Record from a connected device until it hangs up or the time is over.

    Args:
        set_clock: written to characteristic 0x2A08 after the subscriptions, where the device has it.
        said: told what happens, for a person who waits.
    """
    gatt = GattClient(client, "It")
    everything = [(service, c) for service in client.services for c in service.characteristics]
    into.services = _described(client.services)
    try:
        for service, characteristic in everything:
            if {"notify", "indicate"} & set(characteristic.properties):
                await _subscribe(gatt, into, short(service.uuid), characteristic)
        if set_clock is not None:
            await _set_clock(gatt, into, set_clock)
        said("Listening to it. Use it now, if it has not measured yet.")
        for service, characteristic in everything:
            await _read(gatt, into, short(service.uuid), characteristic)
        await _wait(gatt, seconds)
    except LinkLostError:
        said("It hung up.")


def _described(services: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            "service": short(service.uuid),
            "characteristics": [
                {"characteristic": short(c.uuid), "properties": sorted(c.properties)} for c in service.characteristics
            ],
        }
        for service in services
    ]


async def _subscribe(gatt: GattClient, into: Recording, service: str, characteristic: BleakGATTCharacteristic) -> None:
    operation = "indicate" if "indicate" in characteristic.properties else "notify"
    transport = _transport(service, characteristic, operation)
    layout = LAYOUTS.get(characteristic.uuid, UNKNOWN)
    try:
        await gatt.subscribe(characteristic, lambda _, data: into.take(transport, bytes(data), layout))
    except LinkLostError:
        raise
    except SessionError as error:
        into.problems.append(str(error))


async def _read(gatt: GattClient, into: Recording, service: str, characteristic: BleakGATTCharacteristic) -> None:
    uuid = characteristic.uuid
    wanted = uuid in READ or uuid in TEXTS or uuid in (uuids.SERIAL_NUMBER, SYSTEM_ID)
    if not wanted or "read" not in characteristic.properties:
        return
    try:
        value = await gatt.read(characteristic, READ_S)
    except LinkLostError:
        raise
    except SessionError as error:
        into.problems.append(str(error))
        return
    text = value.rstrip(b"\0").decode("utf-8", "replace").strip()
    if uuid == uuids.SERIAL_NUMBER:
        into.numbers.append(text)  # read only to be looked for
    elif uuid == SYSTEM_ID:
        into.raw.append(value)
    elif uuid in TEXTS:
        into.texts[TEXTS[uuid]] = text
    else:
        into.take(_transport(service, characteristic, "read"), value, LAYOUTS.get(uuid, UNKNOWN))


async def _set_clock(gatt: GattClient, into: Recording, to: DeviceTime) -> None:
    characteristic = gatt.find(uuids.DATE_TIME)
    if characteristic is None:
        return
    try:
        await gatt.write(characteristic, date_time.encode(to))
    except LinkLostError:
        raise
    except SessionError as error:
        into.problems.append(str(error))


async def _wait(gatt: GattClient, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    while loop.time() < end_s:
        gatt.need_link("listen to it")
        await asyncio.sleep(LOOK_S)


def _transport(service: str, characteristic: BleakGATTCharacteristic, operation: str) -> dict[str, str]:
    return {
        "link": "ble-gatt",
        "service": service,
        "characteristic": short(characteristic.uuid),
        "operation": operation,
    }


def short(uuid: str) -> str:
    """`2A9D` for what the Bluetooth SIG assigned, as vectors write it."""
    return f"{int(uuid[:8], 16):04X}" if uuids.is_sig(uuid) else uuid
