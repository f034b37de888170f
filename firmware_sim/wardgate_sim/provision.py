"""What a technician does on the day the hub comes: pairs every device that wants it, and types the codes they show."""

from __future__ import annotations

import asyncio
import random
from typing import Final, Protocol, runtime_checkable

from wardgate.capture.capture import Capture
from wardgate.capture.devices import Devices
from wardgate_sim.firmware.omron_cuff import OmronCuff
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.home import Home

READS_S: Final = (4.0, 25.0)
"""From the code on the display to the last digit typed."""
AWAKE_S: Final = 60.0


@runtime_checkable
class HasPairingKey(Protocol):
    """A device that lets itself be paired after something was done to it."""

    async def press_pairing_key(self) -> None:
        """Do it."""
        ...

    async def asleep(self) -> None:
        """Done when it is off the air again."""
        ...


async def press_pairing_keys(home: Home) -> None:
    """On all devices that have one."""
    for device in home.devices.values():
        if isinstance(device, HasPairingKey):
            await device.press_pairing_key()


async def provision(home: Home, capture: Capture, devices: Devices, random_: random.Random) -> None:
    """Pair the devices one after the other. Others may be used meanwhile."""
    for id_, device in home.devices.items():
        if isinstance(device, Peripheral) and (isinstance(device, HasPairingKey) or device.shows_passkey):
            typing = asyncio.create_task(_type_codes(id_, device, capture, random_))
            while not await _is_paired(id_, device, devices):
                if isinstance(device, HasPairingKey):
                    await device.press_pairing_key()
                else:
                    device.wake(AWAKE_S)
                await device.asleep()
            typing.cancel()


async def _is_paired(id_: str, device: Peripheral, devices: Devices) -> bool:
    if isinstance(device, OmronCuff) and device.KEYED:
        return bool(await device.bonded_hosts())
    return devices.row(id_).bonded is True


async def _type_codes(id_: str, device: Peripheral, capture: Capture, random_: random.Random) -> None:
    """A code that is shown meanwhile is another try's: it takes the place of the one that is being typed."""
    shown = asyncio.create_task(device.passkey_shown())
    try:
        while True:
            code = await shown
            shown = asyncio.create_task(device.passkey_shown())
            done, _ = await asyncio.wait({shown}, timeout=random_.uniform(*READS_S))
            if not done:
                capture.give_passkey(id_, code)
    finally:
        shown.cancel()
