"""One session with a connected Bluetooth device, from the first subscription to the hang-up.

The order is the devices' own need: some hang up when they are not subscribed to and given the time within 5 s of the
connection, so that comes first and nothing slow stands before it. Everything that is only nice to know comes later,
with short deadlines, while frames arrive.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic

from wardgate_drivers import uuids
from wardgate_drivers.codec import battery, device_information
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.clock import DeviceClock
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import (
    LinkLostError,
    NotKeptError,
    NotSupportedError,
    SessionError,
)
from wardgate_drivers.link.gatt_client import LOOK_S, GattClient
from wardgate_drivers.link.records import RecordAccess
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.link.stream import Chooser
from wardgate_drivers.link.talk import Talk
from wardgate_drivers.measurement import Measurement, Outcome
from wardgate_drivers.model.declaration import ClockPolicy, Gatt, History, Model, Subscription

log: Final = logging.getLogger(__name__)

DETAIL_READ_S: Final = 1.0
"""For battery level and each text of Device Information."""
KEEP_S: Final = 30.0
"""A commit takes milliseconds; one that takes this long has failed."""

_TEXTS: Final = (
    ("serial", uuids.SERIAL_NUMBER),
    ("firmware", uuids.FIRMWARE_REVISION),
    ("model", uuids.MODEL_NUMBER),
    ("maker", uuids.MANUFACTURER_NAME),
    ("hardware", uuids.HARDWARE_REVISION),
)


class Ending(StrEnum):
    """How a session came to its end."""

    HUNG_UP = "hung-up"
    """The device closed the link, or the link was lost after a measurement."""
    QUIET = "quiet"
    """Nothing more came. The caller hangs up."""
    DEADLINE = "deadline"
    """It took as long as the model may. The caller hangs up."""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """What a session came to. All its measurements are safe."""

    ending: Ending
    measurements: int
    rejected: int
    thanked: bool = field(default=False, compare=False)
    """The device took the command that says that its measurement is safe."""


async def run_session(
    model: Model,
    client: BleakClient,
    sink: SessionSink,
    *,
    is_repeat: Callable[[Measurement], bool] = lambda _: False,
) -> SessionEnd:
    """Talk to a connected (and, where the model wants it, bonded) device until it has told everything.

    The link stays open unless the device closed it: hanging up is the caller's. What `is_repeat` says to be stored
    already is not told to the sink, and treated as safe.

    Raises:
        SessionError: see `wardgate_drivers.link.errors`; nothing that was not stored is acknowledged or erased.
    """
    if not isinstance(model.link, Gatt):
        raise NotSupportedError(f"{model.name} is not a model that is connected to.")
    return await _Session(model, model.link, client, sink, is_repeat).run()


class _Session:
    def __init__(
        self,
        model: Model,
        link: Gatt,
        client: BleakClient,
        sink: SessionSink,
        is_repeat: Callable[[Measurement], bool],
    ) -> None:
        self._model = model
        self._is_repeat = is_repeat
        self._link = link
        self._gatt = GattClient(client, model.name)
        self._sink = sink
        self._clock = DeviceClock(model, self._gatt, sink)
        self._records: RecordAccess | None = None
        self._choosers: list[Chooser] = []
        self._unsafe: set[asyncio.Future[None]] = set()
        self._activity = asyncio.Event()
        self._last_frame_s: float | None = None
        self._measurements = 0
        self._last: Measurement | None = None
        """Of a subscription that leads."""
        self._rejected = 0
        self._owes_thanks = False
        """A reading came of which the device has not been told that it is safe."""
        self._thanked = False
        self._began_s = 0.0

    async def run(self) -> SessionEnd:
        self._began_s = asyncio.get_running_loop().time()
        ending = await self._until_the_end()
        for chooser in self._choosers:
            self._keep_if_any(chooser.close())
        await self._settle()
        return SessionEnd(ending, self._measurements, self._rejected, self._thanked)

    async def _until_the_end(self) -> Ending:
        try:
            async with asyncio.timeout(self._link.deadline_s):
                await asyncio.sleep(self._link.subscribe_after_s)
                if self._model.clock is ClockPolicy.WRITE_CURRENT_TIME:
                    await self._clock.look()
                await self._subscribe()
                await self._clock.set()
                if self._link.prepare is not None:
                    await self._link.prepare(self._talk())
                await self._ask_details()
                await self._fetch_history()
                if self._link.converse is not None:
                    await self._link.converse(self._talk())
                    return Ending.QUIET
                return await self._listen()
        except LinkLostError:
            if not self._measurements:
                raise
            return Ending.HUNG_UP
        except TimeoutError:
            return Ending.DEADLINE

    # Frames

    async def _subscribe(self) -> None:
        for subscription, characteristic in self._subscriptions():
            await self._gatt.subscribe(characteristic, self._ear(subscription))
        point = self._gatt.find(uuids.RECORD_ACCESS_CONTROL_POINT) if self._model.history is History.RACP else None
        if point is not None:
            self._records = RecordAccess(self._gatt, point, self._activity)
            await self._records.open()

    def _subscriptions(self) -> list[tuple[Subscription, BleakGATTCharacteristic]]:
        found = [(s, c) for s in self._link.subscriptions if (c := self._gatt.find(s.characteristic)) is not None]
        wanted = [s for s in self._link.subscriptions if not s.fallback]
        first_choice = [(s, c) for s, c in found if not s.fallback]
        if len(first_choice) == len(wanted):
            return first_choice
        if len(found) == len(first_choice):
            missing = ", ".join(s.characteristic for s in wanted if s not in [f for f, _ in found])
            raise NotSupportedError(
                f"It has no characteristic {missing}, so it is no {self._model.maker} {self._model.name}. "
                "Check the model in the configuration."
            )
        return found

    def _ear(
        self, subscription: Subscription
    ) -> Callable[[BleakGATTCharacteristic, bytearray], Awaitable[None] | None]:
        chooser = None
        if subscription.stream is not None:
            chooser = Chooser(subscription.stream)
            self._choosers.append(chooser)

        def hear(_: BleakGATTCharacteristic, data: bytearray) -> Awaitable[None] | None:
            frame = bytes(data)
            self._last_frame_s = asyncio.get_running_loop().time()
            self._activity.set()
            try:
                measurement = subscription.decode(frame)
            except FrameError as error:
                self._rejected += 1
                self._sink.rejected(error, frame)
                self._last = None
                return None
            if measurement is not None and chooser is not None:
                measurement = chooser.choose(measurement)
            if subscription.follows:
                measurement = _of_the_same(measurement, self._last)
            elif measurement is not None:
                self._last = measurement
            return self._keep_if_any(measurement)

        return hear

    def _keep_if_any(self, measurement: Measurement | None) -> Awaitable[None] | None:
        return None if measurement is None else self._keep(measurement)

    def _keep(self, measurement: Measurement) -> Awaitable[None]:
        self._measurements += 1
        self._owes_thanks |= measurement.outcome is Outcome.DECODE
        if self._is_repeat(measurement):
            log.info("%s: told once more after a lost link: not taken again", self._model.id)
            kept = asyncio.get_running_loop().create_future()
            kept.set_result(None)
        else:
            kept = asyncio.ensure_future(self._sink.measurement(measurement))
        self._unsafe.add(kept)
        # Shielded: a stack that stops waiting when the link goes down must not take the commit with it.
        confirmation = asyncio.shield(kept)
        confirmation.add_done_callback(_seen)
        return confirmation

    def _talk(self) -> Conversation:
        def rejected(error: FrameError, frame: bytes) -> None:
            self._rejected += 1
            self._sink.rejected(error, frame)

        return Talk(self._gatt, self._model.name, self._sink, self._keep, self._settle, rejected)

    async def _settle(self) -> None:
        """Wait until every measurement that came is safe."""
        waiting = frozenset(self._unsafe)
        if not waiting:
            return
        done, late = await asyncio.wait(waiting, timeout=KEEP_S)
        self._unsafe -= waiting
        failures = [error for kept in done if not kept.cancelled() and (error := kept.exception())]
        lost = len(late) + len(failures) + sum(kept.cancelled() for kept in done)
        if lost:
            reason = failures[0] if failures else f"not done after {KEEP_S:g} s"
            raise NotKeptError(
                f"{lost} of {len(waiting)} measurements of {self._model.name} could not be stored ({reason}). "
                "Nothing was erased on the device; see what the hub says about its storage."
            ) from (failures[0] if failures else None)

    # What is asked of the device

    async def _ask_details(self) -> None:
        """Battery and texts, as far as the device is still there and answers quickly."""
        try:
            level = self._gatt.find(uuids.BATTERY_LEVEL)
            if level is not None:
                self._sink.battery(battery.decode(await self._gatt.read(level, DETAIL_READ_S)).percent)
            for field, uuid in _TEXTS:
                characteristic = self._gatt.find(uuid)
                if characteristic is not None:
                    text = device_information.decode_string(await self._gatt.read(characteristic, DETAIL_READ_S))
                    if text:
                        self._sink.identity(field, text)
        except (SessionError, FrameError) as error:
            log.debug("%s: not all details were told: %s", self._model.id, error)

    async def _fetch_history(self) -> None:
        """Stored records: all reported, all safe, still as many as came; only then deleted."""
        if self._records is None:
            return
        try:
            measured, rejected = self._measurements, self._rejected
            if not await self._records.report_all():
                return
            await self._settle()
            came = self._measurements - measured
            if self._rejected == rejected and await self._records.count() == came:
                await self._records.delete_all()
        except (LinkLostError, NotKeptError):
            raise
        except SessionError as error:
            log.warning("%s: its stored records were not all fetched: %s", self._model.id, error)

    async def _listen(self) -> Ending:
        while self._gatt.is_connected:
            await self._thank()
            self._activity.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._activity.wait()
            except TimeoutError:
                if self._is_quiet():
                    return Ending.QUIET
        return Ending.HUNG_UP

    def _is_quiet(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        if self._last_frame_s is None:
            return now_s - self._began_s >= self._link.patience_s
        return now_s - self._last_frame_s >= self._link.quiet_s

    async def _thank(self) -> None:
        """Write the model's command for a reading, once it is safe."""
        if not self._unsafe:
            return
        await self._settle()
        name, command = self._link.command_characteristic, self._link.on_measurement
        if not self._owes_thanks or name is None or command is None:
            return
        self._owes_thanks = False
        try:
            characteristic = self._gatt.find(name)
            if characteristic is not None:
                await self._gatt.write(characteristic, command)
                self._thanked = True
        except LinkLostError:
            raise
        except SessionError as error:
            log.info("%s: it was not told that its measurement is safe: %s", self._model.id, error)


def _of_the_same(measurement: Measurement | None, leading: Measurement | None) -> Measurement | None:
    """A frame that follows another, as part of what was measured then; None when it follows nothing."""
    if measurement is None or leading is None or leading.outcome is not Outcome.DECODE:
        return None
    timed = measurement.device_time is not None
    named = measurement.user_index is not None or measurement.user_unknown
    return replace(
        measurement,
        device_time=measurement.device_time if timed else leading.device_time,
        user_index=measurement.user_index if named else leading.user_index,
        user_unknown=measurement.user_unknown if named else leading.user_unknown,
        stored=measurement.stored or leading.stored,
    )


def _seen(confirmation: asyncio.Future[None]) -> None:
    """The session tells of a commit that failed; a stack that does not wait for it shall not complain as well."""
    if not confirmation.cancelled():
        confirmation.exception()
