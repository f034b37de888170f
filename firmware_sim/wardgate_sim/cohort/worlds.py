"""The worlds that a cohort can be made in.

`published` is set to the figures that have been published (docs/evidence holds the calibration table). The others
differ from it on purpose, in the structure of the noise, the shape of a gain and the users' habits, so that a
detector cannot be fitted to one generator. `careful`: small noise, good habits, small and slow gains. `rough`: heavy
tails, coarse scales, strangers and bags, late gains. `drifting`: the slow things: correlated noise, drifting dry
weight, a strong weekday, steps of treatment and of scales, of which the hub is rarely told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

Shape = Literal["linear", "exponential", "step", "spurt", "early"]


@dataclass(frozen=True, slots=True)
class World:
    """How patients, devices and episodes are in it. Rates are a patient-year's unless said otherwise."""

    careful_share: float = 0.6
    # The scale: white noise of a reading and correlated noise of the body, SD, for a careful and for a noisy user.
    white_kg: tuple[float, float] = (0.18, 0.34)
    body_kg: tuple[float, float] = (0.34, 0.55)
    body_day_correlation: float = 0.75
    tail_df: float = 6.0
    weekday_kg: float = 0.22
    drift_kg_per_year: float = 2.5
    wander_kg: float = 0.8
    scale_steps_kg: tuple[float, ...] = (0.05, 0.1, 0.1, 0.2)
    # Habits.
    adherence: float = 0.76
    second_channel_adherence: float = 0.85
    holidays: float = 1.5
    evening_share: tuple[float, float] = (0.01, 0.08)
    stranger_share: float = 0.002
    load_share: float = 0.002
    clothes_share: tuple[float, float] = (0.01, 0.06)
    # What changes and is told (a share of the cases).
    told_share: float = 0.65
    new_scale: float = 0.25
    new_device: float = 0.2
    dose_steps: float = 0.9
    benign_gains: float = 0.9
    drug_steps: float = 0.5
    infections: float = 0.6
    bad_days: float = 8.0
    # Episodes.
    heart_failure: float = 0.8
    respiratory: float = 0.9
    low_output: float = 0.2
    no_gain_share: float = 0.4
    gain_median_kg: float = 2.0
    gain_spread: float = 0.85
    shapes: tuple[tuple[Shape, float], ...] = (("linear", 0.35), ("exponential", 0.35), ("step", 0.15), ("spurt", 0.15))
    onset_median_days: float = 16.0
    # Pressure, pulse, saturation: day-to-day SD of a well patient, and how far an episode moves them.
    systolic_sd_mmhg: tuple[float, float] = (8.6, 3.1)
    diastolic_sd_mmhg: tuple[float, float] = (5.8, 2.0)
    pulse_sd_bpm: float = 4.3
    saturation_sd_pct: float = 1.0
    vital_day_correlation: float = 0.3
    signal: float = 1.0
    exertion_share: float = 0.03
    cold_share: float = 0.03


_PUBLISHED: Final = World()

WORLDS: Final[dict[str, World]] = {
    "published": _PUBLISHED,
    "careful": replace(
        _PUBLISHED,
        careful_share=0.9,
        adherence=0.9,
        tail_df=12.0,
        body_kg=(0.28, 0.42),
        wander_kg=0.5,
        body_day_correlation=0.4,
        scale_steps_kg=(0.05, 0.1),
        weekday_kg=0.15,
        stranger_share=0.001,
        load_share=0.002,
        no_gain_share=0.45,
        gain_median_kg=1.4,
        gain_spread=0.6,
        shapes=(("linear", 0.6), ("early", 0.4)),
        onset_median_days=19.0,
        signal=0.85,
    ),
    "rough": replace(
        _PUBLISHED,
        careful_share=0.15,
        white_kg=(0.3, 0.55),
        tail_df=3.0,
        scale_steps_kg=(0.2, 0.226796, 0.5),
        adherence=0.6,
        second_channel_adherence=0.7,
        stranger_share=0.012,
        load_share=0.015,
        clothes_share=(0.08, 0.25),
        told_share=0.5,
        no_gain_share=0.25,
        gain_median_kg=2.3,
        shapes=(("spurt", 0.5), ("exponential", 0.3), ("step", 0.2)),
        onset_median_days=8.0,
        vital_day_correlation=0.1,
        exertion_share=0.06,
        cold_share=0.06,
        signal=1.2,
    ),
    "drifting": replace(
        _PUBLISHED,
        white_kg=(0.15, 0.3),
        body_kg=(0.4, 0.65),
        body_day_correlation=0.85,
        weekday_kg=0.4,
        drift_kg_per_year=5.0,
        wander_kg=1.2,
        told_share=0.35,
        new_scale=0.5,
        new_device=0.4,
        dose_steps=1.6,
        benign_gains=1.4,
        drug_steps=1.2,
        infections=0.9,
        no_gain_share=0.3,
        vital_day_correlation=0.6,
        shapes=(("exponential", 0.4), ("early", 0.2), ("step", 0.2), ("linear", 0.2)),
    ),
}
