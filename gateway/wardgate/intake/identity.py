"""Ids that are the same for ever: a second dump of the same memory makes no second reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from wardgate.contract.messages import Reading
from wardgate_drivers.measurement import Channel, Measurement
from wardgate_drivers.model.declaration import Broadcast, History, Model

REPEAT_S: Final = 60.0
"""A frame without a time of its own that comes again this soon is the same measurement: a scale repeats its
advertisement for half a minute, and nobody can be measured twice with one result that fast and mind the loss."""

CLOCK_RUNS_FROM_YEAR: Final = 2020
"""A clock that shows an earlier year was never set. Some of those stand still (an oximeter that always says
2017-01-01), so without a memory behind it such a time tells two measurements apart no better than none."""


FIGURES: Final = frozenset({"weight", "systolic", "diastolic", "pulse", "spo2"})
"""What a person reads off the display."""


def said_by(model: Model, measurement: Measurement) -> bytes:
    """What the device said, the same however often it says so.

    That is the frame, where a device repeats its frames as they were. A scale that broadcasts says one weight in
    several frames (with and without the impedance, say), and an oximeter sets other flags when the same measurement
    comes out of its memory: there it is the figures.
    """
    timed_oximetry = measurement.channel is Channel.SATURATION and measurement.device_time is not None
    if isinstance(model.link, Broadcast) or timed_oximetry:
        return _figures((q.name, q.value, q.unit) for q in measurement.quantities)
    return measurement.frame


def said_in(model: Model, reading: Reading) -> bytes:
    """The same, of a reading that is stored."""
    timed_oximetry = reading.channel == Channel.SATURATION.value and reading.time.device_time is not None
    if isinstance(model.link, Broadcast) or timed_oximetry:
        return _figures((q.name, q.original_value, q.original_unit) for q in reading.quantities)
    return bytes.fromhex(reading.frame)


def _figures(quantities: Iterable[tuple[str, float, str]]) -> bytes:
    told = (f"{name}={value:.3f} {unit}" for name, value, unit in quantities if name in FIGURES)
    return ";".join(sorted(told)).encode()


def reading_id(device: str, measurement: Measurement, said: bytes, anchor: str) -> str:
    """32 hexadecimal digits from what makes this measurement itself.

    Args:
        device: the physical device (its address), not its name in this home.
        measurement: the measurement.
        said: what `said_by` gave.
        anchor: its first arrival, for a measurement which has no time of its own; else empty.
    """
    told = "" if measurement.device_time is None or anchor else f"{measurement.device_time.civil_s:.3f}"
    parts = (device, measurement.channel, told, anchor, measurement.sequence, measurement.user_index)
    head = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.blake2b(head.encode() + b"\x1f" + said, digest_size=16).hexdigest()


def needs_anchor(model: Model, measurement: Measurement) -> bool:
    """Whether only the moment of its arrival tells this measurement from an equal one."""
    if measurement.device_time is None:
        return measurement.sequence is None
    return model.history is History.NONE and measurement.device_time.fields()[0] < CLOCK_RUNS_FROM_YEAR


class Anchors:
    """First arrivals of what may be repeated, on the boot-time clock: no jump of the wall clock reaches them."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bytes], tuple[str, float, bool]] = {}

    def of(self, device: str, said: bytes, boot_id: str, boottime_s: float, *, test: bool = False) -> str:
        """The anchor of what was said: that of the same words when it was heard less than `REPEAT_S` ago.

        A test is no repeat of what came before it: somebody tries the device out, and it says what it said just now.
        What follows a test in the same words is the test's repeat, and never the patient's.
        """
        known = self._seen.get((device, said))
        if known is None or boottime_s - known[1] > REPEAT_S or (test and not known[2]):
            self._forget_old(boottime_s)
            known = (f"{boot_id}:{boottime_s:.3f}", boottime_s, test)
        anchor, _, tested = known
        self._seen[device, said] = (anchor, boottime_s, tested)
        return anchor

    def _forget_old(self, boottime_s: float) -> None:
        self._seen = {k: v for k, v in self._seen.items() if boottime_s - v[1] <= REPEAT_S}
