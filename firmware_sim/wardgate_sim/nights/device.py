"""What an oximeter makes of a night: averaging, noise, whole points, and the ways in which it is fooled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wardgate_sim.nights.shapes import GRID_HZ, Floats


@dataclass(frozen=True, slots=True)
class Device:
    """One make of oximeter on one finger.

    `step_pct` 0 shows all digits. `fill` is what it says while it has no value. Rates are an hour.
    """

    sample_rate_hz: float = 1.0
    averaging_s: float = 3.0
    noise_pct: float = 0.25
    step_pct: float = 1.0
    fill: float = float("nan")
    probe_off_per_h: float = 0.0
    motion_per_h: float = 0.0
    glitch_per_h: float = 0.0
    cold_per_h: float = 0.0
    perfusion: bool = False


CAREFUL = Device()
DEVICES: dict[str, Device] = {
    "careful": CAREFUL,
    "plain": Device(averaging_s=1.0, noise_pct=0.4),
    "slow": Device(averaging_s=8.0, noise_pct=0.2),
    "fine": Device(averaging_s=2.0, noise_pct=0.3, step_pct=0.1),
    "restless": Device(fill=0.0, probe_off_per_h=0.5, motion_per_h=4.0, glitch_per_h=4.0),
    "dropping": Device(fill=127.0, probe_off_per_h=4.0, motion_per_h=1.0, glitch_per_h=1.0),
    "cold": Device(perfusion=True, cold_per_h=1.5, motion_per_h=1.0),
    "rare": Device(sample_rate_hz=0.25, averaging_s=4.0),
    "quick": Device(sample_rate_hz=75.0, averaging_s=3.0, motion_per_h=2.0, fill=0.0, probe_off_per_h=1.0),
}


@dataclass(frozen=True, slots=True)
class Recording:
    """What the device said, and where it told the truth about the finger (`sound`)."""

    spo2_pct: Floats
    pulse_bpm: Floats
    perfusion: Floats | None
    sound: NDArray[np.bool_]


def averaged(values: Floats, span_s: float) -> Floats:
    """The mean of the last `span_s` seconds on the grid."""
    count = max(1, round(span_s * GRID_HZ))
    total = np.cumsum(np.concatenate([np.full(count, values[0]), values]))
    return np.asarray((total[count:] - total[:-count]) / count)


def record(clean_pct: Floats, device: Device, rng: np.random.Generator) -> Recording:
    """A night on the grid as `device` tells it."""
    rate_hz = device.sample_rate_hz
    true_s = np.arange(clean_pct.size) / GRID_HZ
    time_s = np.arange(0.0, clean_pct.size / GRID_HZ, 1.0 / rate_hz)
    pulse = _pulse(clean_pct, rng)
    clean = clean_pct.copy()
    sound = np.ones(time_s.size, dtype=bool)
    for start_s, long_s in _spans(rng, device.motion_per_h, time_s[-1], 4.0, 20.0):
        _move(clean, pulse, slice(int(start_s * GRID_HZ), int((start_s + long_s) * GRID_HZ)), rng)
        sound &= ~_within(time_s, start_s, long_s + device.averaging_s)
    shown = averaged(clean, device.averaging_s)
    # One draw of noise a second and not a sample: the device renews its value once a second however often it sends it.
    seconds = np.arange(int(true_s[-1]) + 2)
    noise = np.interp(true_s, seconds, rng.normal(0, device.noise_pct, seconds.size))
    spo2 = np.minimum(np.interp(time_s, true_s, shown + noise), 100.0)
    bpm = np.round(np.interp(time_s, true_s, pulse))
    if device.step_pct > 0:
        spo2 = np.round(spo2 / device.step_pct) * device.step_pct
    perfusion = np.interp(time_s, true_s[:: 240 * 4], rng.uniform(1.0, 5.0, true_s[:: 240 * 4].size))
    for start_s, long_s in _spans(rng, device.cold_per_h, time_s[-1], 30.0, 200.0):
        cold = _within(time_s, start_s, long_s)
        perfusion[cold] = 0.1
        spo2[cold] = np.round(spo2[cold] - rng.uniform(4, 9) + rng.normal(0, 1, int(cold.sum())))
        sound &= ~cold
    for start_s, long_s in _spans(rng, device.glitch_per_h, time_s[-1], 1.0, 2.0):
        hit = _within(time_s, start_s, long_s)
        spo2[hit] = rng.uniform(50, 80)
        sound &= ~hit
    for start_s, long_s in _spans(rng, device.probe_off_per_h, time_s[-1], 5.0, 240.0):
        off = _within(time_s, start_s, long_s)
        spo2[off] = bpm[off] = device.fill
        sound &= ~off
    return Recording(spo2, bpm, perfusion if device.perfusion else None, sound)


def _pulse(clean_pct: Floats, rng: np.random.Generator) -> Floats:
    """A pulse that wanders, breathes, and quickens when saturation comes back."""
    seconds = np.arange(clean_pct.size) / GRID_HZ
    rising = np.clip(np.gradient(averaged(clean_pct, 10.0), 1 / GRID_HZ), 0, 2)
    wander = 4 * np.sin(2 * np.pi * seconds / rng.uniform(1500, 4000)) + 2 * np.sin(2 * np.pi * seconds / 14)
    return np.asarray(rng.uniform(52, 75) + wander + 18 * averaged(rising, 8.0) + rng.normal(0, 0.5, seconds.size))


def _move(clean: Floats, pulse: Floats, part: slice, rng: np.random.Generator) -> None:
    """A hand that moves: the value drops to nonsense or wobbles, and the pulse scatters from second to second."""
    count = clean[part].size
    if count:
        low = rng.uniform(50, 85) if rng.uniform() < 0.8 else rng.uniform(97, 100)
        clean[part] = low + rng.normal(0, 2, count)
        pulse[part] += np.repeat(rng.normal(0, 30, count // 4 + 1), 4)[:count]


def _spans(
    rng: np.random.Generator, per_h: float, end_s: float, least_s: float, most_s: float
) -> list[tuple[float, float]]:
    starts = rng.uniform(0, end_s, rng.poisson(per_h * end_s / 3600))
    return [(float(s), float(rng.uniform(least_s, most_s))) for s in starts]


def _within(time_s: Floats, start_s: float, long_s: float) -> NDArray[np.bool_]:
    return np.asarray((time_s >= start_s) & (time_s < start_s + long_s))
