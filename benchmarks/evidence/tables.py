"""Markdown and JSON of what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.evidence.calibration import Row
from benchmarks.evidence.compare import RATES, Measured
from wardgate_sim.cohort.scoring import Difference

Json = dict[str, object]


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def points(measured: Sequence[Measured]) -> str:
    """Sensitivity at the rates, the lead, and the detector's own limit."""
    head = [
        "detector",
        *(f"found at {rate:g} a year" for rate in RATES),
        f"median lead at {RATES[-1]:g}, days",
        "at its own limit: false a year, found",
    ]
    return markdown(head, [_points_of(each) for each in measured])


def _points_of(each: Measured) -> list[str]:
    shares = [
        f"{_percent(point.sensitivity)} ({_percent(low)} to {_percent(high)})" + ("" if point.reached else " †")
        for point, (low, high) in zip(each.points, each.intervals, strict=True)
    ]
    lead = each.points[-1].median_lead_days
    limit = "" if each.at_limit is None else f"{each.at_limit[0]:.1f}, {_percent(each.at_limit[1])}"
    return [f"`{each.entry.name}`", *shares, "" if np.isnan(lead) else f"{lead:.1f}", limit]


def differences(measured: Sequence[Measured]) -> str:
    """How far the first is ahead of each of the others."""
    head = [f"`{measured[0].entry.name}` less", *(f"at {rate:g} a year" for rate in RATES)]
    rows = [[f"`{each.entry.name}`", *(ahead(d) for d in each.behind)] for each in measured[1:]]
    return markdown(head, rows)


def ahead(difference: Difference) -> str:
    """A difference in points of sensitivity with its interval."""
    mean, low, high = (100 * x for x in (difference.mean, difference.low, difference.high))
    return f"{mean:+.0f} ({low:+.0f} to {high:+.0f})"


def calibration(rows: Sequence[Row]) -> str:
    """The cohort beside what is published."""
    head = ["figure", "published", "cohort", "source", "near"]
    return markdown(head, [[r.what, r.published, r.here, r.source, "yes" if r.near else "**no**"] for r in rows])


def named(counts: dict[str, tuple[int, int, int]]) -> str:
    """How often the kind was right."""
    total = tuple(sum(each[i] for each in counts.values()) for i in range(3))
    rows = [[kind.replace("_", " "), *_shares(each)] for kind, each in (*counts.items(), ("all", total))]
    return markdown(["kind", "found", "right at the first alert", "right at the last before the event"], rows)


def _shares(each: Sequence[int]) -> list[str]:
    found = max(each[0], 1)
    return [str(each[0]), _percent(each[1] / found), _percent(each[2] / found)]


def as_json(each: Measured) -> Json:
    """One detector's points and its curve, thinned."""
    of = each.curve
    thin = np.unique(np.linspace(0, of.thresholds.size - 1, 60).astype(int))
    return {
        "points": [
            {
                "false_per_year": rate,
                "threshold": round(point.threshold, 4),
                "sensitivity": round(point.sensitivity, 4),
                "interval": [round(x, 4) for x in interval],
                "median_lead_days": None if np.isnan(point.median_lead_days) else round(point.median_lead_days, 2),
                "reached": point.reached,
            }
            for rate, point, interval in zip(RATES, each.points, each.intervals, strict=True)
        ],
        "first_less_this": [
            {
                "false_per_year": d.rate,
                **{k: round(v, 4) for k, v in (("mean", d.mean), ("low", d.low), ("high", d.high))},
            }
            for d in each.behind
        ],
        "curve": {
            "threshold": of.thresholds[thin].round(4).tolist(),
            "false_per_year": of.false_per_year[thin].round(4).tolist(),
            "sensitivity": of.sensitivity[thin].round(4).tolist(),
        },
    }


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
