"""Simulated nights with their truth.

The truth is read off the continuous saturation that was laid (`shapes`), by a definition that knows where each dip was
laid and nothing of any detector: the level just before a dip less its lowest value. Devices (`device`) come after it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardgate_sim.nights.device import CAREFUL, DEVICES, Device, record
from wardgate_sim.nights.shapes import GRID_HZ, KINDS, Course, Dip, Floats

__all__ = ["CAREFUL", "DEVICES", "KINDS", "Device", "Night", "TrueEvent", "night", "true_events"]


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """A dip of the true saturation."""

    start_s: float
    nadir_s: float
    end_s: float
    depth_pct: float


@dataclass(frozen=True, slots=True)
class Night:
    """A device's night and the truth behind it; `events` are those of at least 3 points, `dips` all that were laid.

    `sound` marks the samples at which the device told the truth; the indices count all of the night, hidden or not.
    """

    kind: str
    device: Device
    spo2_pct: Floats
    pulse_bpm: Floats
    perfusion: Floats | None
    sound: NDArray[np.bool_]
    clean_pct: Floats
    dips: tuple[TrueEvent, ...]
    events: tuple[TrueEvent, ...]
    odi3_per_h: float
    odi4_per_h: float
    t90_fraction: float

    def hidden(self, event: TrueEvent) -> bool:
        """Whether the device saw so little of an event that nobody could have found it."""
        first, last = (int(s * self.device.sample_rate_hz) for s in (event.start_s, event.end_s))
        return bool(self.sound[first : last + 1].mean() < 0.75)


def true_events(course: Course) -> list[TrueEvent]:
    """The dips with their depth: the highest value since the one before (at most 30 s back) less the lowest."""
    found: list[TrueEvent] = []
    dips: list[Dip] = sorted(course.dips, key=lambda dip: dip.start_s)
    for n, dip in enumerate(dips):
        back_s = max(dip.start_s - 30.0, dips[n - 1].nadir_s if n else 0.0)
        top, first, last = (int(s * GRID_HZ) for s in (back_s, dip.start_s, dip.end_s))
        if n and dip.start_s < dips[n - 1].end_s:
            top = first
        low = first + int(np.argmin(course.spo2_pct[first : last + 1]))
        depth = float(course.spo2_pct[top : low + 1].max() - course.spo2_pct[low])
        found.append(TrueEvent(dip.start_s, low / GRID_HZ, dip.end_s, depth))
    return found


def night(kind: str, seed: int, device: Device = CAREFUL, hours: float = 8.0) -> Night:
    """One night of `kind` (see `KINDS`) on `device`. The same arguments give the same night."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    course = KINDS[kind](rng, hours)
    course.spo2_pct = np.clip(course.spo2_pct, 55.0, 100.0)
    dips = true_events(course)
    told = record(course.spo2_pct, device, rng)
    return Night(
        kind=kind,
        device=device,
        spo2_pct=told.spo2_pct,
        pulse_bpm=told.pulse_bpm,
        perfusion=told.perfusion,
        sound=told.sound,
        clean_pct=course.spo2_pct,
        dips=tuple(dips),
        events=tuple(event for event in dips if event.depth_pct >= 3.0),
        odi3_per_h=sum(event.depth_pct >= 3.0 for event in dips) / hours,
        odi4_per_h=sum(event.depth_pct >= 4.0 for event in dips) / hours,
        t90_fraction=float(np.mean(course.spo2_pct < 90.0)),
    )
