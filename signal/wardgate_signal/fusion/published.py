"""Two published ways of joining a patient's channels, for comparison, behind the same methods as `PatientMonitor`.

Own control charts: each channel against the patient's own mean and SD (in the manner of Moazeni 2023), the loudest
channel speaks. Naive Bayes: what each channel has changed by in the last days, its likelihood under each kind against
that of a stable patient, as if the channels were independent (in the manner of Koulaouzidis 2016 and Larburu 2018).
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from typing import ClassVar, Final

from wardgate_signal.finding import DAY_S, Json, Saved, require_finite
from wardgate_signal.fusion.finding import PatientFinding
from wardgate_signal.fusion.hypotheses import CHANNELS, Kind
from wardgate_signal.told import told
from wardgate_signal.window import Window

_SPAN_DAYS: Final = 45
_SD: Final = {"weight": 0.6, "systolic": 8.6, "pulse": 5.0, "saturation": 1.2}
"""Day-to-day, before a patient's own is known."""
_SD_READINGS: Final = 8


class _Windows:
    """The last weeks of each channel. What both of the published ways need and no more."""

    RULE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def __init__(
        self,
        conditions: AbstractSet[str],
        target_low_pct: float,
        target_high_pct: float,
        dry_weight_kg: float | None = None,
        beta_blocker: bool = False,
    ) -> None:
        self._conditions = frozenset(conditions)
        self._windows = {name: Window(_SPAN_DAYS * DAY_S) for name in CHANNELS}
        self._last_s = -math.inf

    def update_weight(self, time_s: float, weight_kg: float, note: str | None = None) -> PatientFinding:
        """Take a weight.

        Raises:
            ValueError: no number, or older than the last reading of any channel.
        """
        return self._take(time_s, {"weight": weight_kg})

    def update_pressure(
        self,
        time_s: float,
        systolic_mmhg: float,
        diastolic_mmhg: float,
        pulse_bpm: float | None,
        note: str | None = None,
    ) -> PatientFinding:
        """Take a cuff's reading.

        Raises:
            ValueError: no number, or older than the last reading of any channel.
        """
        require_finite(diastolic_mmhg=diastolic_mmhg)
        return self._take(time_s, {"systolic": systolic_mmhg, "pulse": pulse_bpm})

    def update_saturation(
        self,
        time_s: float,
        spo2_pct: float,
        pulse_bpm: float | None,
        perfusion: float | None = None,
        note: str | None = None,
    ) -> PatientFinding:
        """Take an oximeter's reading.

        Raises:
            ValueError: no number, or older than the last reading of any channel.
        """
        return self._take(time_s, {"saturation": spo2_pct, "pulse": pulse_bpm})

    def _take(self, time_s: float, values: dict[str, float | None]) -> PatientFinding:
        values["pulse"] = told(values.get("pulse"))
        known = {name: value for name, value in values.items() if value is not None}
        require_finite(time_s=time_s, **known)
        time_s = float(time_s)
        if time_s < self._last_s:
            raise ValueError("a reading older than the last one: feed the series again, in order")
        self._last_s = time_s
        for name, value in known.items():
            self._windows[name].add(time_s, value)
        return self._judge()

    def _split(self, name: str, recent_days: float) -> tuple[list[float], list[float]]:
        """(before, recent): the values of the last days up to the patient's newest reading, and those before them."""
        before: list[float] = []
        recent: list[float] = []
        for time_s, value in self._windows[name].since(_SPAN_DAYS * DAY_S):
            (recent if time_s > self._last_s - recent_days * DAY_S else before).append(value)
        return before, recent

    def _judge(self) -> PatientFinding:
        raise NotImplementedError

    def state(self) -> Saved:
        """All that it remembers."""
        windows: dict[str, Json] = {name: window.save() for name, window in self._windows.items()}
        return {"windows": windows, "last_s": self._last_s if math.isfinite(self._last_s) else None}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        windows = saved.get("windows")
        last_s = saved.get("last_s")
        if not isinstance(windows, dict) or not (last_s is None or isinstance(last_s, float | int)):
            raise ValueError("no saved windows")
        for name, window in self._windows.items():
            window.load(windows.get(name))
        self._last_s = -math.inf if last_s is None else float(last_s)


def _mean_sd(values: list[float], usual_sd: float) -> tuple[float, float]:
    """Mean and SD; the SD leans on the usual one while there are few values."""
    mean = sum(values) / len(values)
    squares = sum((value - mean) ** 2 for value in values) + _SD_READINGS * usual_sd**2
    return mean, math.sqrt(squares / (len(values) + _SD_READINGS - 1))


class OwnCharts(_Windows):
    """The mean of the last three days on a chart of the patient's own mean and SD, per channel."""

    RULE = "fusion.own_charts"
    RECENT_DAYS: ClassVar[float] = 3.0
    LEAST: ClassVar[int] = 5

    def _judge(self) -> PatientFinding:
        offs: dict[str, float] = {}
        for name in CHANNELS:
            before, recent = self._split(name, self.RECENT_DAYS)
            if len(before) < self.LEAST or not recent:
                continue
            mean, sd = _mean_sd(before, _SD[name])
            offs[name] = (sum(recent) / len(recent) - mean) / sd * math.sqrt(len(recent))
        bad = {name: abs(z) if name == "systolic" else -z if name == "saturation" else z for name, z in offs.items()}
        falls = offs.get("weight", 0.0) < 0.0 and offs.get("systolic", 0.0) < 0.0
        loudest = max(bad, key=lambda name: bad[name], default="weight")
        kind = Kind.HEART_FAILURE
        if loudest == "saturation" or (loudest == "pulse" and "heart_failure" not in self._conditions):
            kind = Kind.RESPIRATORY
        elif loudest == "systolic" and falls:
            kind = Kind.LOW_OUTPUT
        shares = {name: float(name == loudest and bool(bad)) for name in CHANNELS}
        evidence = {f"{name}_sd": z for name, z in offs.items()}
        return PatientFinding(max(bad.values(), default=0.0), kind, shares, evidence, self.RULE, self.VERSION)


_STABLE: Final = {"weight": (0.0, 0.93), "systolic": (0.0, 7.4), "pulse": (0.0, 3.5), "saturation": (0.0, 1.0)}
_ILL: Final[dict[Kind, dict[str, tuple[float, float]]]] = {
    Kind.HEART_FAILURE: {
        "weight": (1.1, 1.8),
        "systolic": (2.5, 8.7),
        "pulse": (0.9, 3.5),
        "saturation": (-0.4, 1.2),
    },
    Kind.RESPIRATORY: {
        "weight": (-0.3, 0.93),
        "systolic": (-0.9, 7.4),
        "pulse": (3.1, 3.9),
        "saturation": (-0.9, 1.3),
    },
    Kind.LOW_OUTPUT: {
        "weight": (-1.3, 1.0),
        "systolic": (-13.4, 7.8),
        "pulse": (2.2, 4.3),
        "saturation": (-0.1, 1.0),
    },
}
"""Mean and SD of the change of the last four days (kg, mmHg, bpm, %), fitted on the tuning cohorts of all worlds."""


class NaiveBayes(_Windows):
    """Log odds of the likeliest kind against stable, each channel's change taken as independent."""

    RULE = "fusion.naive_bayes"
    RECENT_DAYS: ClassVar[float] = 4.0
    LEAST: ClassVar[int] = 5

    def _judge(self) -> PatientFinding:
        changes: dict[str, float] = {}
        for name in CHANNELS:
            before, recent = self._split(name, self.RECENT_DAYS)
            if len(before) >= self.LEAST and recent:
                changes[name] = sum(recent) / len(recent) - sum(before) / len(before)
        speak = {
            kind: {name: _log_ratio(change, _ILL[kind][name], _STABLE[name]) for name, change in changes.items()}
            for kind in Kind
        }
        odds = {kind: sum(ratios.values()) + self._prior(kind) for kind, ratios in speak.items()}
        kind = max(odds, key=lambda each: odds[each])
        positive = {name: max(0.0, speak[kind].get(name, 0.0)) for name in CHANNELS}
        whole = sum(positive.values())
        shares = {name: x / whole if whole else 0.0 for name, x in positive.items()}
        peak = odds[kind]
        score = peak + math.log(sum(math.exp(x - peak) for x in odds.values()))
        evidence = {f"{name}_change": change for name, change in changes.items()}
        return PatientFinding(score, kind, shares, evidence, self.RULE, self.VERSION)

    def _prior(self, kind: Kind) -> float:
        if kind is Kind.RESPIRATORY:
            return 0.0 if self._conditions - {"heart_failure", "frailty"} else -1.5
        failing = "heart_failure" in self._conditions
        return (0.0 if failing else -2.5) if kind is Kind.HEART_FAILURE else (-1.5 if failing else -2.5)


def _log_ratio(x: float, ill: tuple[float, float], stable: tuple[float, float]) -> float:
    (mean, sd), (usual, usual_sd) = ill, stable
    return math.log(usual_sd / sd) + 0.5 * ((x - usual) / usual_sd) ** 2 - 0.5 * ((x - mean) / sd) ** 2
