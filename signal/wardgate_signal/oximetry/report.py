"""What a night's saturation amounts to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Desaturation:
    """One fall of saturation and its recovery; seconds from the first sample of the stream.

    `depth_pct` is the preceding level less the nadir, in points of saturation, estimated finer than a device that shows
    whole points.
    """

    start_s: float
    nadir_s: float
    end_s: float
    depth_pct: float


@dataclass(frozen=True, slots=True)
class NightReport:
    """A night in five numbers.

    `odi3_per_h` and `odi4_per_h`: desaturations of at least 3 and at least 4 points an hour of recording; holes of up
    to 12 seconds, which hide no event, belong to it.
    `t90_fraction`: part of the valid time below 90 % (0..1). `nadir_pct`: the lowest saturation that was believed.
    `valid_s`: seconds that were believed. Without a valid second the rates and the fraction are 0 and the nadir is NaN.
    """

    odi3_per_h: float
    odi4_per_h: float
    t90_fraction: float
    nadir_pct: float
    valid_s: float
