"""What a frame says: the device's own values, units, clock and status bits."""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Channel(StrEnum):
    """What is measured. One measurement belongs to one channel."""

    WEIGHT = "weight"
    BLOOD_PRESSURE = "blood_pressure"
    SATURATION = "saturation"
    TEMPERATURE = "temperature"
    HEART_RATE = "heart_rate"
    BODY_COMPOSITION = "body_composition"
    """What a scale tells of a body in a frame of its own, after the weight."""


class Outcome(StrEnum):
    """What a sound frame is good for."""

    DECODE = "decode"
    NO_READING = "no-reading"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One named value in the unit in which the device gave it.

    Names in use: `weight` (kg, lb, jin), `bmi` (kg/m2), `height` (m, in), `systolic`, `diastolic`,
    `mean` (mmHg, kPa), `pulse` (1/min), `spo2` (%), `perfusion` (%), `impedance` (ohm), `temperature` (Cel, degF),
    `heart_rate` (1/min), `fat` (%), `water` (%), `muscle` (%, kg), `bone_mass`, `muscle_mass`, `water_mass`,
    `fat_free_mass`, `soft_lean_mass` (kg, lb), `basal_metabolism` (kJ, kcal a day).
    """

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, order=True)
class DeviceTime:
    """What a device's clock shows. It has no zone, so it is no `datetime`.

    `civil_s` counts its seconds from 1970-01-01T00:00:00 *on that clock*.
    """

    civil_s: float

    @classmethod
    def of(cls, year: int, month: int, day: int, hour: int, minute: int, second: float) -> Self:
        """Raise ValueError for a date that cannot exist."""
        if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
            raise ValueError(f"no such date: {year}-{month}-{day}")
        if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
            raise ValueError(f"no such time: {hour}:{minute}:{second}")
        whole = int(second)
        return cls(calendar.timegm((year, month, day, hour, minute, whole)) + (second - whole))

    def fields(self) -> tuple[int, int, int, int, int, int]:
        """Year, month, day, hour, minute, second."""
        t = time.gmtime(self.civil_s)
        return t.tm_year, t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec

    def __str__(self) -> str:
        return "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}".format(*self.fields())


@dataclass(frozen=True, slots=True)
class Measurement:
    """One frame's worth of a patient, exactly as the device told it."""

    channel: Channel
    outcome: Outcome
    quantities: tuple[Quantity, ...]
    frame: bytes
    device_time: DeviceTime | None = None
    """The frame's own time stamp, None when absent or impossible."""
    time_resolution_s: float = 1.0
    """The step of that stamp: 60 where a frame tells no seconds."""
    user_index: int | None = None
    """The device's user slot; None when it has none or says that it does not know."""
    user_unknown: bool = False
    """The device has slots and said that this user is in none of them."""
    status: tuple[str, ...] = field(default=())
    """Names of the status bits that were set, in bit order."""
    stored: bool = False
    """The device itself says that this comes from its memory."""
    sequence: int | None = None
    """The device's own record number, where it has one."""

    def value(self, name: str) -> Quantity | None:
        """The quantity of that name, if the frame had it."""
        return next((q for q in self.quantities if q.name == name), None)
