"""A finger in an oximeter that only streams: from packets to the one measurement to keep."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.link.stream import FINGER_OUT_FRAMES, Chooser
from wardgate_drivers.measurement import Measurement, Outcome
from wardgate_drivers.model.declaration import Stream

STEADY: Final = Stream(good=frozenset(), doubtful=frozenset({"spo2-falling"}), steady_frames=8)
"""For oximeters that never say themselves that a value is good: eight seconds of nearly the same. The saturation that
they show is an average over about as long."""


class Finger:
    """Packets in, at most one measurement for each time that a finger is in out.

    A device that sends many packets a second repeats its values in them: `packets_per_s` of them count as one, and a
    second in which one packet held no reading is a second without.
    """

    def __init__(self, stream: Stream, packets_per_s: int = 1) -> None:
        self._chooser = Chooser(stream)
        self._packets_per_s = packets_per_s
        self._second: Measurement | None = None
        self._packets = 0
        self._empty_seconds = 0

    @property
    def is_out(self) -> bool:
        """Whether the device said for some seconds that there is none."""
        return self._empty_seconds >= FINGER_OUT_FRAMES

    def take(self, packet: Measurement) -> Measurement | None:
        """The measurement to keep, the moment it is certain; None for all other packets."""
        if self._second is None or self._second.outcome is Outcome.DECODE:
            self._second = packet
        self._packets += 1
        if self._packets < self._packets_per_s:
            return None
        second = self._begin_second()
        if second is None:
            return None
        self._empty_seconds = 0 if second.outcome is Outcome.DECODE else self._empty_seconds + 1
        return self._chooser.choose(second)

    def leave(self) -> Measurement | None:
        """The finger or the device is gone. What was never steady is told as no reading."""
        self._begin_second()
        return self._chooser.close()

    def _begin_second(self) -> Measurement | None:
        second, self._second, self._packets = self._second, None, 0
        return second
