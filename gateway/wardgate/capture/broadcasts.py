"""Devices that only advertise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from wardgate.capture.devices import Devices, Known
from wardgate.clock import Clock
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.model.declaration import Broadcast

log: Final = logging.getLogger(__name__)

FROZEN_S: Final = 10.0
"""What is heard so soon after the first scan began may have been on the air (or in BlueZ's cache) for days."""


class Listener:
    """Hears one device that only advertises. Only a packet that differs from the last one says something (H04)."""

    def __init__(
        self, known: Known, link: Broadcast, devices: Devices, clock: Clock, sink_for: Callable[[Known], SessionSink]
    ) -> None:
        self.known: Final = known
        self._link = link
        self._devices = devices
        self._clock = clock
        self._sink = sink_for(known)
        self._last: tuple[object, ...] | None = None
        self._listening_since_s: float | None = None

    def scan_began(self) -> None:
        """The radio listens, perhaps again."""
        if self._listening_since_s is None:
            self._listening_since_s = self._clock.boottime_s()

    def heard(self, advertisement: Advertisement) -> None:
        """One advertisement of this device."""
        now_s = self._clock.boottime_s()
        self._devices.change(self.known.id, save=False, last_heard=self._clock.utc(), rssi_dbm=advertisement.rssi_dbm)
        packet = (tuple(advertisement.service_data.items()), tuple(advertisement.manufacturer_data.items()))
        if packet == self._last:
            return
        first, self._last = self._last is None, packet
        if first and (self._listening_since_s is None or now_s - self._listening_since_s < FROZEN_S):
            log.info("%s: what it said before the hub listened is not taken", self.known.id)
            return
        try:
            measurement = self._link.decode(advertisement)
        except FrameError as error:
            self._sink.rejected(error, b"".join(advertisement.service_data.values()))
            return
        if measurement is not None:
            self._sink.measurement(measurement)
