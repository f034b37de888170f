"""`make evidence`: run every detector over the reporting cohorts and write docs/evidence."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.evidence import calibration, pages, picture, spot, tables
from benchmarks.evidence.aims import judge
from benchmarks.evidence.compare import SUBJECTS, Measured, Results, Subject, measure, pooled, users
from benchmarks.evidence.run import Ran, run
from wardgate_sim.cohort import cohort
from wardgate_sim.cohort.generate import REPORTING_FROM
from wardgate_sim.cohort.worlds import WORLDS

CALIBRATING: Final = 4
"""Seeds of the calibration, which costs little: with more patients its figures scatter less."""


def main() -> int:
    """Run and write. A missed aim does not fail the command: it is written down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__)
    parser.add_argument("--patients", type=int, default=800, help="of the published world; half as many of the others")
    parser.add_argument("--seed", type=int, default=REPORTING_FROM, help=f"below {REPORTING_FROM}: for tuning only")
    parser.add_argument("--out", type=Path, default=Path("docs/evidence"))
    options = parser.parse_args()
    begun = time.monotonic()
    sizes = {world: options.patients if world == "published" else max(options.patients // 2, 1) for world in WORLDS}
    rans = run(sizes, options.seed, told=_progress)
    results = _measured(rans)
    seeds = range(options.seed, options.seed + CALIBRATING)
    rows = calibration.table([patient for seed in seeds for patient in cohort(seed, options.patients)])
    options.out.mkdir(parents=True, exist_ok=True)
    every, made = pooled(rans), pages.made(sizes, options.seed)
    declines = spot.run()
    aims = judge(results, every, declines)
    _write(options.out / "spot.md", pages.spot_declines(declines))
    known = pages.made({"published": CALIBRATING * options.patients}, options.seed, seeds[-1])
    _write(options.out / "cohort.md", pages.cohort(rows, known))
    _write(options.out / "detection.md", pages.detection(results, every, made))
    _write(options.out / "aims.md", pages.aims(aims))
    for subject in SUBJECTS:
        for world, measured in results[subject.name].items():
            _write(options.out / f"{subject.name}-{world}.svg", _picture(subject, world, measured))
    _write(options.out / "detection.json", json.dumps(_as_json(results, sizes, options.seed), indent=1) + "\n")
    print(f"{options.out}: {time.monotonic() - begun:.0f} s")
    for aim in aims:
        print(f"  {'met   ' if aim.met else 'MISSED'} {aim.what}: {aim.measured}")
    return 0


def _progress(done: int, of: int) -> None:
    end = "\n" if done == of else "\r"
    print(f"part {done} of {of}", end=end, file=sys.stderr, flush=True)


def _measured(rans: Sequence[Ran]) -> Results:
    together = pooled(rans)
    every = [together, *rans, users(together, careful=True), users(together, careful=False)]
    return {subject.name: {ran.world: measure(subject, ran) for ran in every} for subject in SUBJECTS}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _picture(subject: Subject, world: str, measured: Sequence[Measured]) -> str:
    lines = [picture.Line(m.entry.name, m.curve.false_per_year, m.curve.sensitivity, m.entry.ours) for m in measured]
    return picture.curves(f"{subject.title} ({pages.spoken(world)})", lines)


def _as_json(results: Results, sizes: dict[str, int], seed: int) -> tables.Json:
    return {
        "seed": seed,
        "patients": sizes,
        "subjects": {
            subject: {
                world: {each.entry.name: tables.as_json(each) for each in measured}
                for world, measured in worlds.items()
            }
            for subject, worlds in results.items()
        },
    }


if __name__ == "__main__":
    raise SystemExit(main())
