"""Who a simulated patient is: what does not change over the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from wardgate_sim.cohort.worlds import World

_MIXES: Final[tuple[tuple[frozenset[str], float], ...]] = (
    (frozenset({"heart_failure"}), 0.5),
    (frozenset({"heart_failure", "copd"}), 0.17),
    (frozenset({"heart_failure", "frailty"}), 0.13),
    (frozenset({"copd"}), 0.15),
    (frozenset({"frailty"}), 0.05),
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What does not change over the year. Units in the names; SD from day to day when well."""

    conditions: frozenset[str]
    careful: bool
    beta_blocker: bool
    fibrillates: bool
    frail_rate: float
    """This patient's episodes beside the usual number: some have many, many have none."""
    noise: float
    weight_kg: float
    dry_weight_kg: float | None
    systolic_mmhg: float
    diastolic_mmhg: float
    pulse_bpm: float
    saturation_pct: float
    systolic_sd_mmhg: float
    diastolic_sd_mmhg: float
    pulse_sd_bpm: float
    hour: float
    scale_step_kg: float
    tells_perfusion: bool
    weighs_twice: bool
    tells_once: bool
    """The hub gives a fact about the patient with one channel only, else with each channel's next reading."""

    @property
    def heart_failure(self) -> bool:
        """Whether heart failure is among the conditions."""
        return "heart_failure" in self.conditions

    @property
    def copd(self) -> bool:
        """Whether COPD is among the conditions."""
        return "copd" in self.conditions


def draw(rng: np.random.Generator, world: World) -> Traits:
    """A patient of this world."""
    conditions = _MIXES[rng.choice(len(_MIXES), p=[share for _, share in _MIXES])][0]
    failing, copd = "heart_failure" in conditions, "copd" in conditions
    beta_blocker = bool(rng.random() < (0.75 if failing else 0.2))
    fibrillates = bool(rng.random() < (0.25 if failing else 0.08))
    weight_kg = float(np.clip(rng.normal(82, 17), 42, 160))
    known = failing and rng.random() < 0.6
    scatter = 1.25 if fibrillates else 1.0
    return Traits(
        conditions=conditions,
        careful=bool(rng.random() < world.careful_share),
        beta_blocker=beta_blocker,
        fibrillates=fibrillates,
        frail_rate=float(rng.gamma(1.5, 1 / 1.5)),
        noise=float(rng.lognormal(0, 0.22)),
        weight_kg=weight_kg,
        dry_weight_kg=round(weight_kg + rng.normal(0, 0.7), 1) if known else None,
        systolic_mmhg=float(np.clip(rng.normal(127 if failing else 134, 16), 92, 175)),
        diastolic_mmhg=float(np.clip(rng.normal(72, 8), 52, 98)),
        pulse_bpm=float(np.clip(rng.normal(67 if beta_blocker else 76, 8) + 9 * copd, 48, 105)),
        saturation_pct=float(np.clip(rng.normal(93.2, 1.6) if copd else rng.normal(96, 1.1), 87.5, 98)),
        systolic_sd_mmhg=scatter * float(np.clip(rng.normal(*world.systolic_sd_mmhg), 4, 16)),
        diastolic_sd_mmhg=scatter * float(np.clip(rng.normal(*world.diastolic_sd_mmhg), 2.5, 11)),
        pulse_sd_bpm=float(world.pulse_sd_bpm * rng.lognormal(0, 0.2) * (1.8 if fibrillates else 1)),
        hour=float(np.clip(rng.normal(7.8, 0.9), 5.5, 11)),
        scale_step_kg=float(rng.choice(world.scale_steps_kg)),
        tells_perfusion=bool(rng.random() < 0.6),
        weighs_twice=bool(rng.random() < 0.06),
        tells_once=bool(rng.random() < 0.5),
    )
