"""`make bench`: everything measured in one run, printed beside its goal, kept as JSON; each part with its own time."""

from __future__ import annotations

import argparse
import importlib
import json
import operator
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PARTS: Final = ("core", "store", "latency", "screen", "delivery", "backlog", "capture_rate", "detectors")
GOALS: Final[dict[str, tuple[str, float]]] = {
    "commit_to_screen_worst_ms": ("<=", 2000.0),
    "one_per_commit_over_fdatasync": (">=", 0.75),
    "grouped_100_over_fdatasync": (">=", 60.0),
    "drain_over_bare_paho": (">=", 0.7),
    "backlog_rss_over_1000": ("<=", 1.1),
    "alert_behind_100000_s": ("<=", 5.0),
    "core_rss_over_imports": ("<=", 1.5),
    "first_scan_over_imports": ("<=", 1.5),
    "weight_fluid_retention_us": ("<=", 200.0),
    "saturation_own_level_us": ("<=", 200.0),
    "fusion_patient_us": ("<=", 200.0),
    "fusion_patient_weight_us": ("<=", 200.0),
    "night_streamed_ms": ("<=", 150.0),
    "capture_with_memory": (">=", 0.999),
    "capture_without_memory_of_heard": (">=", 0.99),
    "capture_wrong": ("<=", 0),
    "capture_duplicates": ("<=", 0),
    "capture_from_a_neighbour": ("<=", 0),
}
_HOLDS: Final[dict[str, Callable[[float, float], bool]]] = {">=": operator.ge, "<=": operator.le}


def main() -> int:
    """Measure and say which goals are met. A figure is no test: a missed goal does not fail the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}; all when none is named")
    parser.add_argument("--keep", type=Path, default=Path("benchmarks/results.json"), help="where to keep the figures")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    for part in options.parts or PARTS:
        print(f"{part} ...", file=sys.stderr, flush=True)
        measured: dict[str, object] = importlib.import_module(f"benchmarks.{part}").run()
        for name, value in measured.items():
            print(f"  {name:38} {value!s:>12}{_verdict(name, value)}", flush=True)
        figures |= measured
        _keep(options.keep, part, measured)
    missed = [name for name, value in figures.items() if not _met(name, value)]
    print(f"missed: {', '.join(missed)}" if missed else "all goals met", flush=True)
    return 0


def _keep(file: Path, part: str, figures: dict[str, object]) -> None:
    """In the place of this part's last ones. The other parts' stay, with the time at which they were measured."""
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    kept[part] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "load_1_5_15_min": [round(x, 1) for x in os.getloadavg()],
        "figures": figures,
    }
    file.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _met(name: str, value: object) -> bool:
    goal = GOALS.get(name)
    return goal is None or (isinstance(value, int | float) and _HOLDS[goal[0]](value, goal[1]))


def _verdict(name: str, value: object) -> str:
    if name not in GOALS:
        return ""
    sign, goal = GOALS[name]
    return f"   goal {sign} {goal:g}: {'met' if _met(name, value) else 'MISSED'}"


if __name__ == "__main__":
    raise SystemExit(main())
