"""Nights: the detector against the simulated truth, beside pobm 1.2.0 on the same samples.

`python -m benchmarks.evidence.nights` writes docs/evidence/nights.md. pobm is GPL: it lives in an environment of its
own under build/ and is spoken to through files.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from wardgate_signal.oximetry import DesaturationDetector
from wardgate_sim.nights import DEVICES, KINDS, Night, night
from wardgate_sim.nights.scoring import Score, f1, score

REPORTING: Final = range(1000, 1002)
"""Never used to choose a number; the detector was set on nights 0 to 39."""
BUILD: Final = Path("build/pobm")
ROW: Final = "| nights: "
ONE_HZ: Final = tuple(name for name, device in DEVICES.items() if device.sample_rate_hz == 1.0)


@dataclass(frozen=True, slots=True)
class Event:
    """What pobm found."""

    start_s: float
    nadir_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One night read by both; without `other` where pobm could not be had."""

    kind: str
    device: str
    ours: Score
    other: Score | None


def read(of: Night) -> Score:
    """The night through the detector, a minute at a time."""
    rate_hz = of.device.sample_rate_hz
    detector = DesaturationDetector(rate_hz)
    found = []
    step = max(1, round(60 * rate_hz))
    for first in range(0, of.spo2_pct.size, step):
        part = slice(first, first + step)
        flow = None if of.perfusion is None else of.perfusion[part]
        found += detector.update(of.spo2_pct[part], of.pulse_bpm[part], flow)
    found += detector.finish()
    report = detector.report()
    return score(of, found, report.odi3_per_h, report.odi4_per_h, report.t90_fraction)


def pobm_python() -> Path | None:
    """The interpreter of pobm's environment, made where it is not there; None where it cannot be made."""
    python = BUILD / "venv/bin/python"
    if not python.exists():
        made = [[sys.executable, "-m", "venv", str(BUILD / "venv")]]
        made.append([str(python), "-m", "pip", "install", "--quiet", "pobm==1.2.0", "numpy<2"])
        if any(subprocess.run(command, check=False).returncode for command in made):
            return None
    return python


def pobm(nights: Sequence[Night]) -> list[Score | None]:
    """The same nights through pobm."""
    python = pobm_python()
    if python is None:
        return [None] * len(nights)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "nights.npz"
        np.savez(path, allow_pickle=False, **{str(n): of.spo2_pct for n, of in enumerate(nights)})
        script = str(Path(__file__).with_name("nights_pobm.py"))
        told = subprocess.run([str(python), script, str(path)], check=True, capture_output=True, text=True).stdout
    answers: dict[str, dict[str, Any]] = json.loads(told)
    scores: list[Score | None] = []
    for n, of in enumerate(nights):
        answer = answers[str(n)]
        events = [Event(*map(float, event)) for event in answer["events3"]]
        odi3, odi4 = (len(answer[key]) / answer["hours"] for key in ("events3", "events4"))
        scores.append(score(of, events, odi3, odi4, answer["t90_fraction"]))
    return scores


def run(seeds: Sequence[int] = REPORTING, devices: Sequence[str] = ONE_HZ) -> list[Pair]:
    """Every kind of night on every device, read by both."""
    pairs: list[Pair] = []
    for device in devices:
        # One device's nights at a time: 8 hours of each kind are held in memory.
        nights = [night(kind, seed, DEVICES[device]) for kind in KINDS for seed in seeds]
        ours = [read(of) for of in nights]
        others = pobm(nights) if DEVICES[device].sample_rate_hz == 1.0 else [None] * len(nights)
        pairs += [Pair(of.kind, device, a, b) for of, a, b in zip(nights, ours, others, strict=True)]
    return pairs


def cells(scores: Sequence[Score]) -> str:
    """One reader's columns: F1, then mean and worst absolute errors."""
    errors = np.abs([[s.odi3_error_per_h, s.odi4_error_per_h, s.t90_error_pct] for s in scores])
    each = [f"{mean:.2f} / {worst:.2f}" for mean, worst in zip(errors.mean(axis=0), errors.max(axis=0), strict=True)]
    return " | ".join([f"{f1(scores):.3f}", *each])


def ahead(pairs: Sequence[Pair]) -> str:
    """F1 of ours less pobm's with its 95 % interval over nights, the same nights drawn for both."""
    both = [(pair.ours, pair.other) for pair in pairs if pair.other is not None]
    if not both:
        return "pobm was not there"
    rng = np.random.default_rng(4)

    def difference(drawn: Sequence[tuple[Score, Score]]) -> float:
        return f1([ours for ours, _ in drawn]) - f1([other for _, other in drawn])

    draws = [difference([both[n] for n in rng.integers(0, len(both), len(both))]) for _ in range(500)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{difference(both):+.3f} ({low:+.3f} to {high:+.3f})"


def markdown(pairs: Sequence[Pair]) -> str:
    """The table and what it says."""
    lines = [
        "| nights | device | F1 | ODI3 error/h | ODI4 error/h | T90 error, points | pobm: F1 | ODI3 | ODI4 | T90 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        for device in dict.fromkeys(pair.device for pair in pairs):
            group = [pair for pair in pairs if (pair.kind, pair.device) == (kind, device)]
            others = [pair.other for pair in group if pair.other is not None]
            theirs = cells(others) if others else " | ".join(["-"] * 4)
            lines.append(f"| {kind} | {device} | {cells([pair.ours for pair in group])} | {theirs} |")
    lines += ["", f"F1 less pobm's over all nights of one value a second: **{ahead(pairs)}** (95 %, paired by night)."]
    everything = [pair.ours for pair in pairs]
    lines += [f"All nights together: F1 {f1(everything):.3f}; {cells(everything)} as in the columns above.", ""]
    return "\n".join(lines)


def aims(pairs: Sequence[Pair]) -> list[str]:
    """Rows for the page of aims: what nights are meant to reach, over all of them."""
    scores = [pair.ours for pair in pairs]
    odi3, odi4, t90 = np.mean(
        [[abs(s.odi3_error_per_h), abs(s.odi4_error_per_h), abs(s.t90_error_pct)] for s in scores], axis=0
    )
    rows = [
        ("F1 at least 0.93", f"{f1(scores):.3f}", f1(scores) >= 0.93),
        ("mean error of ODI3 and ODI4 at most 0.7 an hour", f"{odi3:.2f}, {odi4:.2f}", max(odi3, odi4) <= 0.7),
        ("mean error of T90 at most 0.4 %", f"{t90:.2f} %", t90 <= 0.4),
    ]
    return [f"{ROW}{what} | {measured} | {'met' if met else '**missed**'} |" for what, measured, met in rows]


def tell(page: Path, rows: Sequence[str]) -> None:
    """Put these rows at the end of the page of aims, in place of what nights said there before."""
    if page.exists():
        kept = [line for line in page.read_text(encoding="utf-8").splitlines() if not line.startswith(ROW)]
        page.write_text("\n".join([*kept, *rows]) + "\n", encoding="utf-8")


HEAD: Final = """# Nights

Made by `python -m benchmarks.evidence.nights`; `wardgate_sim.nights` says how the nights are made and what is true in
them, [detectors/nights.md](../detectors/nights.md) what the detector does. Errors are the mean and the worst night's
absolute error; the truth is the continuous saturation before the device, its averaging and its rounding. Seeds {first}
to {last}, never used to choose a number; {count} nights of 8 hours.

**No real patient has been seen.** The nights are our own. A dip near 3 points on a device that shows whole points
cannot be told from one on the other side of the limit: *shallow* nights consist of such dips. pobm 1.2.0 is given every
hour apart (its counter overflows above 127 events), the last value in place of holes, and its own range and median
filters; it does not know the pulse, and its time below 90 % is that of the shown numbers.

"""


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence.nights", description=__doc__)
    parser.add_argument("--nights", type=int, default=len(REPORTING), help="of each kind on each device")
    parser.add_argument("--seed", type=int, default=REPORTING.start)
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/nights.md"))
    options = parser.parse_args()
    begun = time.monotonic()
    seeds = range(options.seed, options.seed + options.nights)
    pairs = run(seeds, [name for name in DEVICES if name != "quick"])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    head = HEAD.format(first=seeds.start, last=seeds.stop - 1, count=len(pairs))
    options.out.write_text(head + markdown(pairs), encoding="utf-8")
    tell(options.out.with_name("aims.md"), aims(pairs))
    print(f"{options.out}: {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
