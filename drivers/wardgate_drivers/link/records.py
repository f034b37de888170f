"""A device's stored records: reported, made safe, and only then deleted."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from bleak.backends.characteristic import BleakGATTCharacteristic

from wardgate_drivers.codec import racp
from wardgate_drivers.codec.racp import Control, Opcode, Result
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.arrivals import next_within
from wardgate_drivers.link.errors import TimedOutError
from wardgate_drivers.link.gatt_client import LOOK_S, GattClient

log: Final = logging.getLogger(__name__)

ANSWER_S: Final = 30.0
"""The Bluetooth SIG's time-out of a record access procedure."""


class RecordAccess:
    """The Record Access Control Point of one connected device."""

    def __init__(self, gatt: GattClient, characteristic: BleakGATTCharacteristic, activity: asyncio.Event) -> None:
        """`activity` is set by whoever hears a record, which begins the wait for the answer anew."""
        self._gatt = gatt
        self._characteristic = characteristic
        self._activity = activity
        self._answers: asyncio.Queue[Control] = asyncio.Queue()

    async def open(self) -> None:
        """Have the answers indicated."""
        await self._gatt.subscribe(self._characteristic, self._hear)

    async def report_all(self) -> bool:
        """Have every record sent; whether the device says that it has sent some."""
        return await self._done(Opcode.REPORT)

    async def count(self) -> int | None:
        """How many records the device keeps; None when it cannot tell."""
        return (await self._ask(Opcode.COUNT)).count

    async def delete_all(self) -> bool:
        """Erase every record; whether the device says that it did."""
        return await self._done(Opcode.DELETE)

    async def _done(self, opcode: Opcode) -> bool:
        answer = await self._ask(opcode)
        return answer.request is opcode and answer.result is Result.SUCCESS

    async def _ask(self, opcode: Opcode) -> Control:
        while not self._answers.empty():
            self._answers.get_nowait()
        await self._gatt.write(self._characteristic, racp.command(opcode))
        loop = asyncio.get_running_loop()
        latest_s = loop.time() + ANSWER_S
        while loop.time() < latest_s:
            self._activity.clear()
            answer = await next_within(self._answers, LOOK_S)
            if answer is not None:
                return answer
            self._gatt.need_link(f"{opcode.name.lower()} its records")
            if self._activity.is_set():
                latest_s = loop.time() + ANSWER_S
        raise TimedOutError(f"No answer to {opcode.name.lower()} records. They stay on the device until the next time.")

    def _hear(self, _: BleakGATTCharacteristic, data: bytearray) -> None:
        try:
            self._answers.put_nowait(racp.decode(bytes(data)))
        except FrameError as error:
            log.warning("an answer about stored records was refused: %s", error)
