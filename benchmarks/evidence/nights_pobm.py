"""Runs in an environment of its own, never in ours: nights from a file through pobm 1.2.0, its events as JSON.

python nights_pobm.py NIGHTS.npz, each array one night at one value a second, NaN where there is none.
"""

import json
import sys
import time

import numpy as np
from pobm.obm.desat import DesaturationsMeasures
from pobm.prep import median_spo2, set_range

HOUR_S = 3600


def main() -> None:
    """Print, for each night, its events for thresholds of 3 and 4, the share below 90 and the milliseconds it took."""
    nights = np.load(sys.argv[1])
    print(json.dumps({name: one(nights[name]) for name in nights.files}))


def one(told: np.ndarray) -> dict[str, object]:
    """One night, prepared with the package's own range and median filters."""
    begun = time.perf_counter()
    signal = np.array(set_range(told), dtype=float)
    known = ~np.isnan(signal)
    # Its detector knows no holes: the last value stands in them.
    last = np.maximum.accumulate(np.where(known, np.arange(signal.size), 0))
    signal = median_spo2(np.where(np.isnan(signal[last]), signal[known][0], signal[last]), FilterLength=9)
    found: dict[str, object] = {"t90_fraction": float(np.mean(signal[known] < 90)), "hours": float(known.sum() / 3600)}
    for points in (3, 4):
        found[f"events{points}"] = [
            event for first in range(0, signal.size, HOUR_S) for event in events(signal, first, points)
        ]
    found["ms"] = (time.perf_counter() - begun) * 1000
    return found


def events(signal: np.ndarray, first: int, points: int) -> list[list[int]]:
    """Start, nadir and end of one hour's events. By the hour, because its counter overflows above 127 of them."""
    hour = signal[first : first + HOUR_S]
    measures = DesaturationsMeasures(ODI_Threshold=points).compute(hour)
    begin, end = (np.asarray(edge, int).tolist() for edge in (measures.begin, measures.end))
    nadirs = [a + int(np.argmin(hour[a : b + 1])) for a, b in zip(begin, end, strict=True)]
    return [[first + a, first + low, first + b] for a, low, b in zip(begin, nadirs, end, strict=True)]


if __name__ == "__main__":
    main()
