"""The simulated cohort beside the published figures it is meant to resemble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wardgate_signal.weight import GuidelineUs
from wardgate_sim.cohort import Patient
from wardgate_sim.cohort.scoring import curve
from wardgate_sim.cohort.types import DAY_S, Bools, Floats

_WINDOW: Final = 14.0
_LB_KG: Final = 0.45359237
_OTHER_KG: Final = 8.0
"""Published series are cleaned of somebody else's weight; so is this table (the detectors see everything)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One published figure and the cohort's."""

    what: str
    published: str
    here: str
    source: str
    near: bool
    """Whether the cohort comes close; where not, the table says so."""


@dataclass(frozen=True, slots=True)
class _Window:
    """What one patient measured up to a moment: times in days before it (negative), values of the channel."""

    at: Floats
    values: Floats

    def between(self, from_day: float, to_day: float) -> Floats:
        """Values from so many days before the moment to so many (both negative or 0)."""
        part: Floats = self.values[(self.at >= from_day) & (self.at < to_day)]
        return part


def table(patients: Sequence[Patient]) -> list[Row]:
    """All figures that can be set beside each other."""
    failing = [p for p in patients if "heart_failure" in p.conditions]
    lungs = [p for p in patients if "copd" in p.conditions]
    return [*_weight(failing), *_rules(failing), _as_in_scale_hf(failing), *_habits(patients), *_vitals(failing, lungs)]


def _series(patient: Patient, channel: str, column: int) -> tuple[Floats, Floats]:
    taken = [(s.time_s, s.values[column]) for s in patient.samples if s.channel == channel]
    both = np.array(taken).reshape(-1, 2)
    return (both[:, 0] - patient.start_s) / DAY_S, both[:, 1]


def _events(patient: Patient, kind: str) -> list[float]:
    return [(e.event_s - patient.start_s) / DAY_S for e in patient.episodes if e.kind == kind]


def _quiet(patient: Patient) -> list[float]:
    """Ends of windows of 14 days with no episode in them, one after the other."""
    length = (patient.end_s - patient.start_s) / DAY_S
    truth = [
        ((e.onset_s - patient.start_s) / DAY_S, (e.recovery_s - patient.start_s) / DAY_S) for e in patient.episodes
    ]
    ends = np.arange(45, length, _WINDOW)
    return [float(end) for end in ends if not any(a < end + 1 and b > end - 31 for a, b in truth)]


def _windows(
    patients: Sequence[Patient], channel: str, column: int, moments: Callable[[Patient], list[float]]
) -> Iterator[_Window]:
    for patient in patients:
        known = moments(patient)
        if not known:
            continue
        at, values = _series(patient, channel, column)
        for moment in known:
            part = (at < moment) & (at > moment - 45)
            if channel == "weight":
                part[part] = np.abs(values[part] - np.median(values[part])) < _OTHER_KG
            yield _Window(at[part] - moment, values[part])


def _changes(windows: Iterator[_Window], late: tuple[float, float], early: tuple[float, float]) -> Floats:
    """Mean of the late days less mean of the early ones, where there is something in both."""
    found = [(w.between(*late), w.between(*early)) for w in windows]
    return np.array([a.mean() - b.mean() for a, b in found if a.size and b.size])


def _mean_sd(values: Floats) -> str:
    return f"{values.mean():+.1f} ± {values.std(ddof=1):.1f}"


def _share(values: Bools | Floats) -> str:
    return f"{100 * float(np.mean(values)):.0f} %"


def _weight(patients: Sequence[Patient]) -> list[Row]:
    before = _changes(_windows(patients, "weight", 0, _failing), (-2, 0), (-16, -12))
    control = _changes(_windows(patients, "weight", 0, _quiet), (-2, 0), (-16, -12))
    steps = {careful: _day_steps([p for p in patients if p.careful is careful]) for careful in (True, False)}
    week_before = _changes(_windows(patients, "weight", 0, _failing), (-1.5, 0), (-8.5, -5.5))
    week_control = _changes(_windows(patients, "weight", 0, _quiet), (-1.5, 0), (-8.5, -5.5))
    ratios = [_odds_ratio(week_before, week_control, a, b) for a, b in ((2, 5), (5, 10), (10, 99))]
    area = _area(before, control)
    return [
        Row(
            "14-day change of weight before a heart-failure admission, kg",
            "+0.9 ± 2.1",
            _mean_sd(before),
            "Zhang 2009",
            abs(before.mean() - 0.9) < 0.4 and abs(before.std() - 2.1) < 0.5,
        ),
        Row(
            "14-day change at other times, kg (published: before other admissions)",
            "-0.2 ± 1.1",
            _mean_sd(control),
            "Zhang 2009",
            abs(control.mean() + 0.2) < 0.3 and abs(control.std() - 1.1) < 0.3,
        ),
        Row(
            "one-day difference of weight, SD, kg: noisy user",
            "about 0.85 (inferred)",
            f"{steps[False]:.2f}",
            "TEN-HMS",
            abs(steps[False] - 0.85) < 0.15,
        ),
        Row("the same: careful user", "about half", f"{steps[True]:.2f}", "judgement", abs(steps[True] - 0.43) < 0.1),
        Row(
            "odds ratio of an admission after a week's gain of >2-5, >5-10, >10 lb",
            "2.77, 4.46, 7.65",
            ", ".join(f"{ratio:.1f}" for ratio in ratios),
            "Chaudhry 2007",
            all(0.5 < here / there < 2 for here, there in zip(ratios, (2.77, 4.46, 7.65), strict=True)),
        ),
        Row(
            "area under the curve of a 14-day change", "0.64-0.66", f"{area:.2f}", "Lewin 2005", abs(area - 0.65) < 0.06
        ),
    ]


def _failing(patient: Patient) -> list[float]:
    return _events(patient, "heart_failure")


def _lungs(patient: Patient) -> list[float]:
    return _events(patient, "respiratory")


def _day_steps(patients: Sequence[Patient]) -> float:
    """SD of the difference of weights a day apart."""
    found = []
    for patient in patients:
        at, kg = _series(patient, "weight", 0)
        near = np.abs(np.diff(at) - 1) < 0.4
        found.append(np.diff(kg)[near])
    steps = np.concatenate(found)
    return float(steps[np.abs(steps) < _OTHER_KG].std())


def _odds_ratio(before: Floats, control: Floats, from_lb: float, to_lb: float) -> float:
    """Of a gain between the two against one of at most 2 lb; half a case is added to each cell."""

    def odds(values: Floats) -> float:
        lb = values / _LB_KG
        return (float(np.sum((lb > from_lb) & (lb <= to_lb))) + 0.5) / (float(np.sum(lb <= 2)) + 0.5)

    return odds(before) / odds(control)


def _area(cases: Floats, controls: Floats) -> float:
    """Area under the receiver operating curve."""
    return float(np.mean(cases[:, None] > controls) + 0.5 * np.mean(cases[:, None] == controls))


def _trips(window: _Window, gain_kg: float, days: float) -> bool:
    """Whether a reading of the fortnight is so far above one of at most so many days earlier."""
    part = window.at > -_WINDOW
    at, kg = window.at[part], window.values[part]
    apart = at[:, None] - at
    return bool(np.any((kg[:, None] - kg >= gain_kg) & (apart > 0) & (apart <= days + 0.25)))


def _rules(patients: Sequence[Patient]) -> list[Row]:
    cases = list(_windows(patients, "weight", 0, _failing))
    controls = list(_windows(patients, "weight", 0, _quiet))

    def both(gain_kg: float, days: float) -> tuple[float, float]:
        return float(np.mean([_trips(w, gain_kg, days) for w in cases])), float(
            np.mean([_trips(w, gain_kg, days) for w in controls])
        )

    day, three, esc = both(3 * _LB_KG, 1), both(5 * _LB_KG, 3), both(2.0, 3)
    return [
        Row(
            "fortnights with an alert of 3 lb in 1 day: before an admission / at other times",
            "58 % / 54 %",
            f"{_share(np.array(day[0]))} / {_share(np.array(day[1]))}",
            "Zhang 2009",
            abs(day[0] - 0.58) < 0.1 and abs(day[1] - 0.54) < 0.1,
        ),
        Row(
            "the same: 5 lb in 3 days",
            "65 % / 58 %",
            f"{_share(np.array(three[0]))} / {_share(np.array(three[1]))}",
            "Zhang 2009",
            abs(three[0] - 0.65) < 0.1 and abs(three[1] - 0.58) < 0.1,
        ),
        Row("found by 2 kg in 3 days", "21 %", _share(np.array(esc[0])), "Ledwidge 2013", abs(esc[0] - 0.21) < 0.1),
        Row("found by 1.36 kg in 1 day", "46 %", _share(np.array(day[0])), "Ledwidge 2013", abs(day[0] - 0.46) < 0.1),
    ]


def _as_in_scale_hf(patients: Sequence[Patient]) -> Row:
    """3 lb in a day or 5 lb in a week, by the scoring convention."""
    said = []
    for patient in patients:
        rule = GuidelineUs()
        weights = [(s.time_s, s.values[0]) for s in patient.samples if s.channel == "weight"]
        times_s = np.array([time_s for time_s, _ in weights])
        said.append((times_s, np.array([rule.update(*each).score for each in weights])))
    of = curve(patients, said, {"heart_failure"})
    i = int(np.flatnonzero(of.thresholds >= 1)[-1])
    found, false = float(of.sensitivity[i]), float(of.false_per_year[i])
    return Row(
        "3 lb in 1 day or 5 lb in 7: found, false alerts a patient-year",
        "35 %, 4.18",
        f"{100 * found:.0f} %, {false:.1f}",
        "SCALE-HF 1",
        abs(found - 0.35) < 0.1 and abs(false - 4.18) < 1.5,
    )


def _habits(patients: Sequence[Patient]) -> list[Row]:
    days = sum((p.end_s - p.start_s) / DAY_S for p in patients)

    def share(channel: str) -> float:
        return sum(np.unique(np.floor(_series(p, channel, 0)[0])).size for p in patients) / days

    weighed, pressed, oximeter = (share(channel) for channel in ("weight", "pressure", "saturation"))
    failing = [p for p in patients if "heart_failure" in p.conditions]
    rate = sum(len(_failing(p)) for p in failing) / (sum((p.end_s - p.start_s) / DAY_S for p in failing) / 365.25)
    return [
        Row("days with a weight", "76 %", _share(np.array(weighed)), "FAST 2011", abs(weighed - 0.76) < 0.08),
        Row("days with a pressure", "60-69 %", _share(np.array(pressed)), "Celler 2018", 0.55 < pressed < 0.74),
        Row("days with a saturation", "56-67 %", _share(np.array(oximeter)), "Celler 2018", 0.51 < oximeter < 0.72),
        Row(
            "heart-failure episodes a patient-year",
            "0.2 (69 events, 329 patients) to 0.9 (64 episodes, 74 patients); lengths differ",
            f"{rate:.2f}",
            "SCALE-HF 1, Moazeni 2023",
            0.2 < rate < 0.9,
        ),
    ]


def _day_sds(patients: Sequence[Patient], channel: str, column: int) -> Floats:
    """Each patient's SD from day to day when well: of what is left after a month's slow course."""
    found = []
    for patient in patients:
        at, values = _series(patient, channel, column)
        calm = np.ones(at.size, dtype=bool)
        for e in patient.episodes:
            calm &= (at < (e.onset_s - patient.start_s) / DAY_S) | (at > (e.recovery_s - patient.start_s) / DAY_S)
        values = values[calm]
        if values.size > 60:
            smooth = np.convolve(values, np.ones(21) / 21, mode="valid")
            found.append(float((values[10:-10] - smooth).std()))
    return np.array(found)


def _vitals(failing: Sequence[Patient], lungs: Sequence[Patient]) -> list[Row]:
    systolic, diastolic = _day_sds(failing, "pressure", 0), _day_sds(failing, "pressure", 1)
    pulse, saturation = (float(np.median(_day_sds(lungs, "saturation", column))) for column in (1, 0))
    faster = _changes(_windows(failing, "pressure", 2, _failing), (-7, 0), (-37, -7)) > 3
    as_ever = _changes(_windows(failing, "pressure", 2, _quiet), (-7, 0), (-37, -7)) > 3
    before, now = _levels(_windows(lungs, "saturation", 1, _lungs))
    spo2_before, spo2_now = _levels(_windows(lungs, "saturation", 0, _lungs))
    last_mmhg = _levels(_windows(failing, "pressure", 0, _failing))[1]
    area = _burst(lungs)
    return [
        Row(
            "systolic pressure from day to day, SD, mmHg: mean ± SD over patients",
            "8.6 ± 3.1",
            f"{systolic.mean():.1f} ± {systolic.std():.1f}",
            "Ohasama",
            abs(systolic.mean() - 8.6) < 1,
        ),
        Row(
            "diastolic, the same",
            "5.8 ± 2.0",
            f"{diastolic.mean():.1f} ± {diastolic.std():.1f}",
            "Ohasama",
            abs(diastolic.mean() - 5.8) < 0.8,
        ),
        Row("pulse in COPD, SD, bpm", "about 5", f"{pulse:.1f}", "Hurst 2010", abs(pulse - 5) < 1),
        Row(
            "saturation in COPD, SD, %",
            "about 1",
            f"{saturation:.1f}",
            "Hurst 2010",
            abs(saturation - 1) < 0.5,
        ),
        Row(
            "pulse of the last week more than 3 bpm above the month before: admission / other times",
            "28 % / 16 %",
            f"{_share(faster)} / {_share(as_ever)}",
            "night pulse, 17 886 patients",
            abs(faster.mean() - 0.28) < 0.08 and abs(as_ever.mean() - 0.16) < 0.06,
        ),
        Row(
            "systolic pressure at admission, mmHg",
            "145 ± 35 (in hospital)",
            f"{last_mmhg.mean():.0f} ± {last_mmhg.std():.0f} (last home days)",
            "208 patients",
            abs(last_mmhg.mean() - 145) < 8 and abs(last_mmhg.std() - 35) < 8,
        ),
        Row(
            "pulse before and in a COPD exacerbation, bpm",
            "87, 94",
            f"{before.mean():.0f}, {now.mean():.0f}",
            "Burton 2015",
            abs(now.mean() - before.mean() - 7) < 2,
        ),
        Row(
            "saturation, the same, %",
            "93.6, 92.4",
            f"{spo2_before.mean():.1f}, {spo2_now.mean():.1f}",
            "Burton 2015",
            abs(spo2_before.mean() - spo2_now.mean() - 1.2) < 0.6,
        ),
        Row(
            "area under the curve of pulse rise + saturation fall in own SD",
            ".832",
            f"{area:.2f}",
            "Hurst 2010",
            abs(area - 0.832) < 0.06,
        ),
    ]


def _levels(windows: Iterator[_Window]) -> tuple[Floats, Floats]:
    """Means of each window a month to a fortnight before, and in the last two days."""
    pairs = [(w.between(-40, -12), w.between(-2, 0)) for w in windows]
    kept = [(a.mean(), b.mean()) for a, b in pairs if a.size > 3 and b.size]
    both = np.array(kept).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _burst(patients: Sequence[Patient]) -> float:
    """Pulse rise plus saturation fall on the last day, in SD of the month before: exacerbations against quiet days."""

    def scores(moments: Callable[[Patient], list[float]]) -> Floats:
        pulse = _windows(patients, "saturation", 1, moments)
        spo2 = _windows(patients, "saturation", 0, moments)
        return np.array([_own_sd(a) - _own_sd(b) for a, b in zip(pulse, spo2, strict=True)])

    cases, controls = scores(_lungs), scores(_quiet)
    return _area(cases[np.isfinite(cases)], controls[np.isfinite(controls)])


def _own_sd(window: _Window) -> float:
    usual, now = window.between(-45, -12), window.between(-1.5, 0)
    if usual.size < 8 or not now.size:
        return np.nan
    return float((now[-1] - usual.mean()) / max(usual.std(), 0.5))
