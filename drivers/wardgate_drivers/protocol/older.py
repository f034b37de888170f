"""Telling what a device has kept from what it has just measured, where nobody knows its clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from wardgate_drivers.measurement import Measurement

SITTING_S: Final = 900.0
"""Two or three measurements in a row, with rests, are one sitting."""


def told_apart(measurements: Iterable[Measurement]) -> list[Measurement]:
    """The same, newest first, those marked as stored that are older than the sitting of the newest, or cannot be told
    from such. The newest stamp says most about the clock, so it goes before the others.

    A clock that is wrong by any amount still tells which of two measurements was later; a date that cannot exist does
    not. Of one that comes alone nothing can be said here.
    """
    all_ = sorted(measurements, key=_civil_s, reverse=True)
    if len(all_) < 2:
        return all_
    newest_s = _civil_s(all_[0])
    return [replace(m, stored=True) if _is_older(m, newest_s) else m for m in all_]


def _civil_s(measurement: Measurement) -> float:
    return measurement.device_time.civil_s if measurement.device_time is not None else float("-inf")


def _is_older(measurement: Measurement, newest_s: float) -> bool:
    time = measurement.device_time
    return time is None or time.civil_s < newest_s - SITTING_S
