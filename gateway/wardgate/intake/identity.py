"""Ids that are the same for ever: a second dump of the same memory makes no second reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from wardgate.contract.messages import Reading
from wardgate_drivers.measurement import Measurement
from wardgate_drivers.model.declaration import History, Model

REPEAT_S: Final = 60.0
"""A frame without a time of its own that comes again this soon is the same measurement: a scale repeats its
advertisement for half a minute, and nobody can be measured twice with one result that fast and mind the loss."""

CLOCK_RUNS_FROM_YEAR: Final = 2020
"""A clock that shows an earlier year was never set. Some of those stand still (an oximeter that always says
2017-01-01), so without a memory behind it such a time tells two measurements apart no better than none."""


def reading_id(device: str, measurement: Measurement, anchor: str) -> str:
    """32 hexadecimal digits from what makes this measurement itself.

    Args:
        device: the physical device (its address), not its name in this home.
        anchor: its first arrival, for a measurement which has no time of its own; else empty.
    """
    told = "" if measurement.device_time is None or anchor else f"{measurement.device_time.civil_s:.3f}"
    parts = (device, measurement.channel, told, anchor, measurement.sequence, measurement.user_index)
    head = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.blake2b(head.encode() + b"\x1f" + measurement.frame, digest_size=16).hexdigest()


def needs_anchor(model: Model, measurement: Measurement) -> bool:
    """Whether only the moment of its arrival tells this measurement from an equal one."""
    if measurement.device_time is None:
        return measurement.sequence is None
    return model.history is History.NONE and measurement.device_time.fields()[0] < CLOCK_RUNS_FROM_YEAR


class Anchors:
    """First arrivals of frames that may be repeats, on the boot-time clock: no jump of the wall clock reaches them."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bytes], tuple[str, float]] = {}

    def seed(self, device_of: dict[str, str], readings: Iterable[Reading], boot_id: str) -> None:
        """Remember what is stored from this boot, so that a restart amid repeats makes no second reading.

        Args:
            device_of: the physical device behind each configured device.
        """
        for reading in readings:
            device = device_of.get(reading.device.id)
            if device is not None and reading.time.boot_id == boot_id:
                self.of(device, bytes.fromhex(reading.frame), boot_id, reading.time.boottime_s)

    def of(self, device: str, frame: bytes, boot_id: str, boottime_s: float) -> str:
        """The anchor of this frame: that of the same frame when it was heard less than `REPEAT_S` ago."""
        known = self._seen.get((device, frame))
        if known is None or boottime_s - known[1] > REPEAT_S:
            self._forget_old(boottime_s)
            known = (f"{boot_id}:{boottime_s:.3f}", boottime_s)
        anchor = known[0]
        self._seen[device, frame] = (anchor, boottime_s)
        return anchor

    def _forget_old(self, boottime_s: float) -> None:
        self._seen = {k: v for k, v in self._seen.items() if boottime_s - v[1] <= REPEAT_S}
