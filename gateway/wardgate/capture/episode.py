"""One finger, one reading: what a device tells once more after a lost link is not measured once more."""

from __future__ import annotations

from typing import Final

from wardgate.clock import Clock
from wardgate_drivers.measurement import Measurement, Outcome

CONTINUES_S: Final = 20.0
"""From the loss of a link to the next one: up to 6 s for the device to notice, then some tries to connect. Nobody takes
the finger out, puts it in again and has a steady value that fast."""
NEARLY: Final = {
    "weight": 0.01,
    "temperature": 0.01,
    "systolic": 0.02,
    "diastolic": 0.02,
    "spo2": 0.04,
    "pulse": 0.15,
    "heart_rate": 0.15,
}
"""How far, as a share, one and the same person's values move within some seconds. Further off, it is somebody else."""


class Episode:
    """Follows one device through its sessions.

    A device without clock and memory goes on streaming when its link was lost, and a value chosen from the stream a
    second time has nothing in it that tells it from a new measurement. That the link was lost before the device was
    told that its measurement is safe, and that it is back within seconds with nearly the same values, does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: Measurement | None = None
        self._open = False
        self._ended_s = 0.0

    def begins(self) -> None:
        """A session begins."""
        if not self._open or self._clock.boottime_s() - self._ended_s > CONTINUES_S:
            self._last = None
        self._open = False

    def is_repeat(self, measurement: Measurement) -> bool:
        """Whether this is what the device told in the session before. Asked once about each measurement."""
        timed = measurement.device_time is not None or measurement.sequence is not None or measurement.stored
        if measurement.outcome is not Outcome.DECODE or timed:
            return False
        last, self._last = self._last, measurement
        # Only the first value of a session can be: a second one had another finger in between.
        repeats = last is not None and not self._open and _nearly(last, measurement)
        self._open = True
        return repeats

    def ends(self, *, broken: bool) -> None:
        """The session is over; `broken` when the link went before the device was told that all is safe."""
        self._open = broken and self._last is not None
        self._ended_s = self._clock.boottime_s()


def _nearly(one: Measurement, other: Measurement) -> bool:
    if one.channel is not other.channel:
        return False
    for quantity in one.quantities:
        share, same = NEARLY.get(quantity.name), other.value(quantity.name)
        if share is None or same is None:
            continue
        if quantity.unit != same.unit or abs(same.value - quantity.value) > share * abs(quantity.value):
            return False
    return True
