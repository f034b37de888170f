"""What one update of each detector costs after a year of history, beside a plain numpy look at the same year."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import DAY_S, Finding
from wardgate_signal.oximetry.limits import SpotTarget
from wardgate_signal.pressure import PersistentLow
from wardgate_signal.weight import GuidelineEsc, GuidelineUs
from wardgate_signal.weight_baseline import PersonalBaseline

Floats = NDArray[np.float64]
ROUNDS: Final = 7
UPDATES: Final = 2000


def plain_gain(time_s: Floats, weight_kg: Floats) -> float:
    """The ESC rule as one would write it down: newest less lowest of three days, over the whole series."""
    return float(weight_kg[-1] - weight_kg[time_s >= time_s[-1] - 3.25 * DAY_S].min())


def plain_trend(time_s: Floats, weight_kg: Floats) -> float:
    """A robust level as one would write it down: the last three days against the median of sixty."""
    recent = np.median(weight_kg[time_s >= time_s[-1] - 3 * DAY_S])
    return float(recent - np.median(weight_kg[time_s >= time_s[-1] - 60 * DAY_S]))


def update_us(update: Callable[[float, float], Finding | None], low: float, high: float) -> float:
    """Microseconds of an update after a year twice a day: the median of the rounds."""
    rng = np.random.default_rng(7)
    values = rng.uniform(low, high, 730 + ROUNDS * UPDATES).tolist()
    times_s = (np.arange(len(values)) * DAY_S / 2).tolist()
    series = list(zip(times_s, values, strict=True))
    for time_s, value in series[:730]:
        update(time_s, value)
    rounds = []
    for i in range(ROUNDS):
        part = series[730 + i * UPDATES : 730 + (i + 1) * UPDATES]
        start = time.perf_counter()
        for time_s, value in part:
            update(time_s, value)
        rounds.append((time.perf_counter() - start) / UPDATES * 1e6)
    return statistics.median(rounds)


def plain_us(look: Callable[[Floats, Floats], float]) -> float:
    """Microseconds of the plain way over a year twice a day."""
    times_s = np.arange(730) * DAY_S / 2
    weights_kg = np.random.default_rng(7).uniform(77, 79, 730)
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(UPDATES):
            look(times_s, weights_kg)
        rounds.append((time.perf_counter() - start) / UPDATES * 1e6)
    return statistics.median(rounds)


def main() -> None:
    """Print the figures as JSON."""
    spot = SpotTarget()
    gain_us, trend_us = plain_us(plain_gain), plain_us(plain_trend)
    costs = {
        "weight.guideline_esc": (update_us(GuidelineEsc().update, 77, 79), gain_us),
        "weight.guideline_us": (update_us(GuidelineUs().update, 77, 79), gain_us),
        "weight.personal_baseline": (update_us(PersonalBaseline().update, 77, 79), trend_us),
        "saturation.spot_target": (update_us(lambda t, v: spot.update(t, v), 92, 99), gain_us),
        "pressure.persistent_low": (update_us(PersistentLow().update, 95, 140), gain_us),
    }
    table = {
        name: {"us": round(own, 1), "of_plain_numpy": round(own / plain, 2)} for name, (own, plain) in costs.items()
    }
    print(json.dumps(table, indent=2))


if __name__ == "__main__":
    main()
