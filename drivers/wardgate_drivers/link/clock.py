"""A connected device's clock: looked at, told of, and only then set."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import current_time, date_time
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.errors import LinkLostError, RefusedError, SessionError, TimedOutError
from wardgate_drivers.link.gatt_client import GattClient
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.model.declaration import ClockPolicy, Model

log: Final = logging.getLogger(__name__)

CLOCK_READ_S: Final = 1.0
"""The offset is worth a second of the 5 s in which an A&D device wants its time, no more."""


@dataclass(frozen=True, slots=True)
class _Layout:
    characteristic: str
    decode: Callable[[bytes], DeviceTime | None]
    encode: Callable[[DeviceTime], bytes]


_LAYOUTS: Final = {
    ClockPolicy.WRITE_DATE_TIME: _Layout(
        uuids.DATE_TIME, lambda data: date_time.decode(data).device_time, date_time.encode
    ),
    ClockPolicy.WRITE_CURRENT_TIME: _Layout(
        uuids.CURRENT_TIME, lambda data: current_time.decode(data).device_time, current_time.encode
    ),
}


class DeviceClock:
    """The clock of one device in one session."""

    def __init__(self, model: Model, gatt: GattClient, sink: SessionSink) -> None:
        self._model = model
        self._gatt = gatt
        self._sink = sink
        self._layout = _LAYOUTS.get(model.clock)
        self._looked = False
        self._shown: DeviceTime | None = None

    async def look(self) -> None:
        """Tell what it shows, once in a session.

        Before the subscription, where a device sends its measurement at once and waits for no time: what comes then is
        dated by this, and not by what an earlier session knew.
        """
        characteristic = self._gatt.find(self._layout.characteristic) if self._layout is not None else None
        if self._looked or self._layout is None or characteristic is None:
            return
        self._looked = True
        try:
            self._shown = self._layout.decode(await self._gatt.read(characteristic, CLOCK_READ_S))
        except LinkLostError:
            raise
        except (SessionError, FrameError) as error:
            log.info("%s: its clock could not be read: %s", self._model.id, error)
        if self._shown is not None:
            self._sink.clock(self._shown)

    async def set(self) -> None:
        """Look, then write the patient's local time."""
        characteristic = self._gatt.find(self._layout.characteristic) if self._layout is not None else None
        if self._layout is None or characteristic is None:
            return
        await self.look()
        target = self._sink.clock_target()
        # Some devices send nothing before they were given a time. While the hub has none, they get their own back.
        to = self._shown if target is None else DeviceTime(round(target.civil_s))
        if to is None:
            return
        try:
            await self._gatt.write(characteristic, self._layout.encode(to))
        except (LinkLostError, TimedOutError) as error:
            # The device may have taken it, and only its answer was lost: from here on nobody may go by its old clock.
            if target is not None:
                self._sink.clock_set(to)
            if isinstance(error, LinkLostError):
                raise
            log.warning("%s: whether its clock was set is not known: %s", self._model.id, error)
            return
        except RefusedError:
            raise
        except SessionError as error:
            log.warning("%s: its clock could not be set: %s", self._model.id, error)
            return
        if target is not None:
            self._sink.clock_set(to)
