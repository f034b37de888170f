"""Share of measurements taken in simulated homes that become the right reading in the hub's store, in virtual time.

Which homes, and what happens in them, stands in `wardgate_sim.weeks`; each seed is one home for one week. By itself
(`python -m benchmarks.capture_rate --weeks 100`) it prints the shares by kind of device and the cause of every miss.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from wardgate_sim import virtual_time
from wardgate_sim.interference import Interference
from wardgate_sim.weeks import live
from wardgate_sim.weeks_plan import plan
from wardgate_sim.weeks_score import Score, lines, score

WEEKS: Final = 12
"""In `make bench`; the four levels of interference come up about three times each."""


def run() -> dict[str, object]:
    """The figures of a few home-weeks."""
    total = Score()
    for seed in range(WEEKS):
        total.add(one_week(seed))
    return {
        "capture_with_memory": round(total.kept.share, 5),
        "capture_without_memory_of_heard": round(total.unkept.share_of_heard, 5),
        "capture_wrong": len(total.wrong),
        "capture_duplicates": len(total.duplicates),
        "capture_from_a_neighbour": len(total.neighbours),
    }


def one_week(seed: int, *, days: int = 7, level: float | None = None) -> Score:
    """Live through one home-week."""
    interference = None if level is None else Interference(level, level, level, level)
    with tempfile.TemporaryDirectory(dir=_memory()) as directory:
        return score(virtual_time.run(live(plan(seed, days=days, interference=interference), Path(directory))))


def _memory() -> str | None:
    """Commits are not what is measured here: where there is a disk in memory, it is used."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capture_rate", description=__doc__)
    parser.add_argument("--weeks", type=int, default=WEEKS, help="how many homes, a week each")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--level", type=float, help="interference, 0 to 1; without it the seed says, up to 0.3")
    parser.add_argument("--log", action="store_true", help="the hub's log on stderr")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO if options.log else logging.CRITICAL)
    total, began_s = Score(), time.monotonic()
    for seed in range(options.first, options.first + options.weeks):
        week = one_week(seed, days=options.days, level=options.level)
        print(f"home {seed}: {week.kept.measured + week.unkept.measured} measured, "
              f"{week.causes.total()} missed", file=sys.stderr, flush=True)  # fmt: skip
        total.add(week)
    print("\n".join(lines(total)))
    print(f"{options.weeks} home-weeks in {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
