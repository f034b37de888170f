"""Published detectors on weight, for comparison: each with a score, so that one threshold can be swept over it.

Where a paper leaves something open the choice is named here. They are not tuned: their constants are the papers'.
None takes notes into account, because none was described with any.
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from wardgate_signal.finding import DAY_S, Finding, Level, Saved
from wardgate_signal.weight.guideline import GainRule, Limit
from wardgate_signal.weight.saved import maybe, number, require_keys
from wardgate_signal.window import Window

_POUND_KG: Final = 0.45359237
_FIRST: Final = 7
"""Readings before any of these says more than "learning"."""


class ThreePoundsOneDay(GainRule):
    """3 lb or more in one day (the rule that Zhang 2009 and FAST compare with)."""

    RULE = "weight.3lb_1day"
    VERSION = 1

    def __init__(self, gain_kg: float = 3 * _POUND_KG) -> None:
        super().__init__((Limit(1, gain_kg, at_limit=True),))


class FivePoundsThreeDays(GainRule):
    """5 lb or more in three days (Zhang 2009, FAST)."""

    RULE = "weight.5lb_3days"
    VERSION = 1

    def __init__(self, gain_kg: float = 5 * _POUND_KG) -> None:
        super().__init__((Limit(3, gain_kg, at_limit=True),))


class _Published:
    """What the three below share: a window of weights, one score, a limit of the paper's."""

    RULE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    WORSE_BY: ClassVar[float] = 0.5
    WINDOW_DAYS: ClassVar[float]
    LIMIT: ClassVar[float]

    def __init__(self) -> None:
        self._window = Window(self.WINDOW_DAYS * DAY_S)

    def update(self, time_s: float, weight_kg: float, note: str | None = None) -> Finding:
        """Take the next weight; the very same one again changes nothing. `note` is not used.

        Raises:
            ValueError: no number, or older than the last one.
        """
        before = self._window.last(1)
        self._window.add(time_s, weight_kg)
        time_s, weight_kg = self._window.last(1)[0]
        if before != [(time_s, weight_kg)]:
            self._take(before[0] if before else None, time_s, weight_kg)
        return self._finding(time_s, weight_kg)

    def _take(self, before: tuple[float, float] | None, time_s: float, weight_kg: float) -> None:
        """Remember what the window does not hold."""

    def _score(self, time_s: float, weight_kg: float) -> tuple[float, float]:
        """The score and the gain (kg) that it speaks of."""
        raise NotImplementedError

    def _finding(self, time_s: float, weight_kg: float) -> Finding:
        score, gain_kg = self._score(time_s, weight_kg)
        known = len(self._window.last(_FIRST)) == _FIRST
        level = Level.LEARNING if not known else Level.ALERT if score >= self.LIMIT else Level.OK
        return Finding(
            rule=self.RULE,
            version=self.VERSION,
            level=level,
            score=score if known else 0.0,
            severity=max(0.0, gain_kg),
            clear=level is not Level.ALERT,
            inputs={"weight_kg": weight_kg, "gain_kg": gain_kg, "limit": self.LIMIT},
            evidence_s=tuple(t for t, _ in self._window.last(_FIRST)),
        )

    def state(self) -> Saved:
        """All that it remembers."""
        return {"window": self._window.save()}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        self._window.load(saved.get("window"))


class MovingAverages(_Published):
    """MACD: a short moving average crosses a long one (Zhang 2009).

    Exponential averages of 12 and 26 days, the pair that the name MACD stands for; the abstract names none. Over a gap
    the averages move by the days that have passed.
    """

    RULE = "weight.macd"
    WINDOW_DAYS = 26.0
    LIMIT = 0.5
    SHORT_DAYS: ClassVar[float] = 12.0
    LONG_DAYS: ClassVar[float] = 26.0

    def __init__(self) -> None:
        super().__init__()
        self._short_kg: float | None = None
        self._long_kg = 0.0

    def _take(self, before: tuple[float, float] | None, time_s: float, weight_kg: float) -> None:
        if self._short_kg is None or before is None:
            self._short_kg = self._long_kg = weight_kg
            return
        days = (time_s - before[0]) / DAY_S
        self._short_kg += (1.0 - (1.0 - 2.0 / (self.SHORT_DAYS + 1.0)) ** days) * (weight_kg - self._short_kg)
        self._long_kg += (1.0 - (1.0 - 2.0 / (self.LONG_DAYS + 1.0)) ** days) * (weight_kg - self._long_kg)

    def _score(self, time_s: float, weight_kg: float) -> tuple[float, float]:
        gain_kg = (self._short_kg or 0.0) - self._long_kg
        return gain_kg, gain_kg

    def state(self) -> Saved:
        """All that it remembers."""
        return {**super().state(), "short_kg": self._short_kg, "long_kg": self._long_kg}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        require_keys(saved, "window", "short_kg", "long_kg")
        short_kg, long_kg = maybe(saved["short_kg"]), number(saved["long_kg"])
        super().restore(saved)
        self._short_kg, self._long_kg = short_kg, long_kg


class OwnAverage(_Published):
    """After HeartPhone (Ledwidge 2013): above the individual's moving average by about one SD, again and again.

    The score is the mean distance of the last three weights above the average of the 30 days before them, in SD of
    those days (at least 0.3 kg): "repeated alerts" without a hard count, so that it can be swept.
    """

    RULE = "weight.own_average"
    WINDOW_DAYS = 34.0
    LIMIT = 1.0
    REPEATS: ClassVar[int] = 3
    LEAST_SD_KG: ClassVar[float] = 0.3

    def _score(self, time_s: float, weight_kg: float) -> tuple[float, float]:
        values = np.array([w for _, w in self._window.since(self.WINDOW_DAYS * DAY_S)])
        if values.size < _FIRST:
            return 0.0, 0.0
        usual, last = values[: -self.REPEATS], values[-self.REPEATS :]
        gain_kg = float(last.mean() - usual.mean())
        return gain_kg / max(float(usual.std()), self.LEAST_SD_KG), gain_kg


class CumulativeSum(_Published):
    """One-sided CUSUM (Page 1954), as Gyllensten 2016 used it on impedance; here on weight.

    Self-starting (Hawkins 1987): mean and SD are those of the 30 days before. Allowance half an SD; the sum never
    remembers more than 3 SD from one reading, and starts again after 30 days above the limit.
    """

    RULE = "weight.cusum"
    WINDOW_DAYS = 30.0
    LIMIT = 5.0
    ALLOWANCE: ClassVar[float] = 0.5
    MOST: ClassVar[float] = 3.0
    LEAST_SD_KG: ClassVar[float] = 0.3

    def __init__(self) -> None:
        super().__init__()
        self._sum = 0.0
        self._gain_kg = 0.0
        self._above_s: float | None = None

    def _take(self, before: tuple[float, float] | None, time_s: float, weight_kg: float) -> None:
        values = np.array([w for _, w in self._window.since(self.WINDOW_DAYS * DAY_S)])[:-1]
        if values.size < _FIRST - 1:
            return
        self._gain_kg = weight_kg - float(values.mean())
        off = self._gain_kg / max(float(values.std()), self.LEAST_SD_KG)
        self._sum = max(0.0, self._sum + min(off, self.MOST) - self.ALLOWANCE)
        if self._sum < self.LIMIT:
            self._above_s = None
        elif self._above_s is None:
            self._above_s = time_s
        elif time_s - self._above_s > self.WINDOW_DAYS * DAY_S:
            self._sum, self._above_s = 0.0, None

    def _score(self, time_s: float, weight_kg: float) -> tuple[float, float]:
        return self._sum, self._gain_kg

    def state(self) -> Saved:
        """All that it remembers."""
        return {**super().state(), "sum": self._sum, "gain_kg": self._gain_kg, "above_s": self._above_s}

    def restore(self, saved: Saved) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: it is no state of this rule.
        """
        require_keys(saved, "window", "sum", "gain_kg", "above_s")
        total, gain_kg, above_s = number(saved["sum"]), number(saved["gain_kg"]), maybe(saved["above_s"])
        super().restore(saved)
        self._sum, self._gain_kg, self._above_s = total, gain_kg, above_s
