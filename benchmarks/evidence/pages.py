"""The pages of docs/evidence that are written by `make evidence`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.evidence import spot, tables
from benchmarks.evidence.aims import Aim
from benchmarks.evidence.calibration import Row
from benchmarks.evidence.compare import ALL, RATES, SUBJECTS, Results, named_rightly
from benchmarks.evidence.run import Ran
from wardgate_sim.cohort.generate import REPORTING_FROM

_COHORT: Final = """# The simulated cohort beside published figures

{made}
The table is about the world `published`. The other worlds differ from it on purpose;
`firmware_sim/wardgate_sim/cohort/worlds.py` says how.

{table}
{away} of {all} figures are not near. The published figures disagree among themselves: 3 lb in a day came in 54 % of
quiet fortnights in one study (some 14 a patient-year and more), while in another that rule and 5 lb in 3 days together
made 4.3 unexplained alerts a patient-year. The cohort sits between the two, nearer to the second. Pressure at admission
was measured in hospital and in distress; the cohort's is that of the last days at home. Where a week's gain of more
than 5 lb tells more than the published odds ratios allow, the cohort flatters every detector of weight alike; the
comparison between detectors suffers less from it than their figures.
"""

_DETECTION: Final = """# Operating points of the detectors

{made}
*Found*: an alert in the 14 days before the event. *False*: an alert outside every episode and after 21 days of warm-up;
one within 7 days of a counted one is the same. Brackets: 95 % interval, bootstrap over patients. Differences are paired
over the same patients, in points of sensitivity at the same rate of false alerts. †: the detector never makes so many;
its last point stands there. *At its own limit*: where a rule speaks by its definition.
"""

_SPOT: Final = """# Sustained declines of the spot saturation

Written by `make evidence`, not by hand. Simulated patients over a year with declines of 2 to 5 points over 3 to
10 days, in worlds that differ in noise, cadence, shape and drift
(`firmware_sim/wardgate_sim/spot_declines.py`); reporting seeds. Half of the patients have a target of 88-92 %,
half of 94-98 %.

*Found*: an alert in the 14 days before help comes, which is 2 to 5 days after the lowest level is reached. *In
time*: an alert in the 14 days before the lowest level. *False*: an alert outside every decline and after 21
days; one within 7 days of a counted one is the same. An asterisk: the detector never makes so many; its last
point stands there. The last column is ours less the other, with the 95 % interval of a bootstrap over patients.
NEWS2 is scored by the scale that the target asks for, without knowing of oxygen. In the rows "all" one
threshold serves all worlds.

{table}
A detector that speaks often is sometimes right by chance; that is not taken off.
"""

_AIMS: Final = """# Aims

Written by `make evidence`, not by hand. "all": all worlds together under one threshold.

{table}"""


def spoken(world: str) -> str:
    """A world in a heading."""
    if world.endswith("-users"):
        return f"{world.replace('-', ' ')} of all worlds"
    return "all worlds" if world == ALL else f"world: {world}"


def made(sizes: dict[str, int], seed: int, last: int | None = None) -> str:
    """What the figures come from."""
    patients = ", ".join(f"{size} of `{world}`" for world, size in sizes.items())
    seeds = f"seed {seed}" if last is None else f"seeds {seed} to {last}"
    use = "reporting" if seed >= REPORTING_FROM else "TUNING"
    return f"Written by `make evidence`, not by hand. Simulated patients over a year: {patients}; {use} {seeds}.\n"


def cohort(rows: Sequence[Row], made_of: str) -> str:
    """The calibration table."""
    away = sum(not row.near for row in rows)
    return _COHORT.format(made=made_of, table=tables.calibration(rows), away=away, all=len(rows))


def aims(judged: Sequence[Aim]) -> str:
    """Each aim, met or missed."""
    rows = [[aim.what, aim.measured, "met" if aim.met else "**missed**"] for aim in judged]
    return _AIMS.format(table=tables.markdown(["aim", "measured", ""], rows))


def spot_declines(rows: Sequence[spot.Row]) -> str:
    """Every detector of a spot saturation's decline."""
    return _SPOT.format(table=spot.table(rows))


def detection(results: Results, every: Ran, made_of: str) -> str:
    """All subjects in all worlds, and the kinds."""
    parts = [_DETECTION.format(made=made_of)]
    for subject in SUBJECTS:
        parts.append(f"## {subject.title}\n")
        for world, measured in sorted(results[subject.name].items(), key=lambda item: item[0] != ALL):
            of = measured[0].curve
            counts = f"{of.episodes.sum():.0f} episodes, {of.years.sum():.0f} quiet patient-years"
            parts.append(f"### {spoken(world).capitalize()}: {counts}\n")
            parts.append(f"![operating curves]({subject.name}-{world}.svg)\n")
            parts += [tables.points(measured), tables.differences(measured)]
    parts.append("## Which kind it was said to be (all worlds)\n")
    monitor = results["together"][ALL][0]
    for rate, point in zip(RATES, monitor.points, strict=True):
        parts.append(f"`{monitor.entry.name}` at {rate:g} false alerts a patient-year:\n")
        parts.append(tables.named(named_rightly(every, monitor.entry.name, point.threshold)))
    return "\n".join(parts)
