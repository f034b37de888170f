"""False alerts and finds of the weight rules on simple simulated weights. `--seeds report` uses seeds never tuned on.

Simple on purpose, and no evidence about patients: see docs/detectors.md for what the figures are not.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import DAY_S, Finding, Level
from wardgate_signal.weight import GuidelineEsc, GuidelineUs
from wardgate_signal.weight_baseline import PersonalBaseline

SEEDS: Final = {"tune": 1_000_000, "report": 2_000_000}
WARM_UP_DAYS: Final = 21
REPEAT_DAYS: Final = 7
RULES: Final[dict[str, Callable[[], Rule]]] = {
    "weight.guideline_esc": GuidelineEsc,
    "weight.guideline_us": GuidelineUs,
    "weight.personal_baseline": PersonalBaseline,
}


class Rule(Protocol):
    """Any of the weight rules."""

    def update(self, time_s: float, weight_kg: float) -> Finding:
        """Take the next weight."""
        ...


def weights(seed: int, days: int, careful: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (s) and weights (kg) of a patient who is well: missed days, weekday rhythm, drift, slips, a holiday.

    One-day differences of about 0.85 kg SD, or half of it in a careful user; weighed on 76 % of days (CLINICAL.md).
    """
    rng = np.random.default_rng(seed)
    day = np.arange(days, dtype=np.float64)
    noise_kg = (0.28 if careful else 0.55) * rng.standard_normal(days)
    wobble_kg = np.zeros(days)  # water and food of the last days: correlated from day to day
    step_kg = (0.12 if careful else 0.22) * rng.standard_normal(days)
    for i in range(1, days):
        wobble_kg[i] = 0.8 * wobble_kg[i - 1] + step_kg[i]
    weekday_kg = np.where((day + rng.integers(7)) % 7 < 2, 0.3, 0.0)
    drift_kg = np.cumsum(rng.normal(0.0, 0.02, days)) + rng.normal(0.0, 1.5) * day / 365.0
    weight_kg = rng.uniform(55, 110) + noise_kg + wobble_kg + weekday_kg + drift_kg
    slips = rng.random(days) < 0.01
    weight_kg[slips] += rng.choice([1.5, 2.5, -14.0, 12.0], int(slips.sum()))
    here = rng.random(days) < 0.76
    away = rng.integers(30, max(31, days - 20))
    here[away : away + 12] = False
    time_s = day * DAY_S + 7.5 * 3600 + rng.normal(0.0, 1800.0, days)
    return time_s[here], np.round(weight_kg[here], 1)


def alert_days(rule: Rule, time_s: NDArray[np.float64], weight_kg: NDArray[np.float64]) -> list[float]:
    """The days on which the rule begins to speak; again within a week counts once."""
    found: list[float] = []
    before = False
    for t, w in zip(time_s, weight_kg, strict=True):
        now = rule.update(float(t), float(w)).level is Level.ALERT
        if now and not before and (not found or t / DAY_S - found[-1] >= REPEAT_DAYS):
            found.append(float(t / DAY_S))
        before = now
    return found


def measure(make: Callable[[], Rule], first_seed: int, patients: int, careful: bool) -> dict[str, float]:
    """False alerts a patient-year when well, and finds of a gain of 2 kg over 10 days within 14 days of its start."""
    days, quiet = 365, 0
    delays: list[float] = []
    for i in range(patients):
        time_s, weight_kg = weights(first_seed + i, days, careful)
        quiet += sum(day >= WARM_UP_DAYS for day in alert_days(make(), time_s, weight_kg))
        onset = 100.0 + i % 200
        gaining_kg = weight_kg + np.clip((time_s / DAY_S - onset) / 10.0, 0.0, 1.0) * 2.0
        found = [day for day in alert_days(make(), time_s, gaining_kg) if onset <= day < onset + 14.0]
        delays.extend(day - onset for day in found[:1])
    return {
        "false_alerts_per_patient_year": round(quiet / (patients * (days - WARM_UP_DAYS) / 365.0), 2),
        "found_share": round(len(delays) / patients, 3),
        "median_delay_days": round(float(np.median(delays)), 1) if delays else -1.0,
    }


def main() -> None:
    """Print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", choices=sorted(SEEDS), default="report")
    parser.add_argument("--patients", type=int, default=300)
    options = parser.parse_args()
    table = {
        f"{name}, {'careful' if careful else 'noisy'} user": measure(
            make, SEEDS[options.seeds], options.patients, careful
        )
        for name, make in RULES.items()
        for careful in (True, False)
    }
    print(json.dumps({"seeds": options.seeds, "patients": options.patients, "rules": table}, indent=2))


if __name__ == "__main__":
    main()
