"""Falls and recoveries in a clean course of one value a second."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import Json, Saved
from wardgate_signal.oximetry.extreme import REACH_S, extreme
from wardgate_signal.oximetry.report import Desaturation

Floats = NDArray[np.float64]
LEAST_PCT: Final = 3.0
TURN_PCT: Final = 1.2
"""A swing smaller than this is no turn (whole points flicker by one)."""
RECOVERED_SHARE: Final = 0.4
"""A fall is over when so much of it has come back."""
DRIFT_PCT_PER_S: Final = 0.03
"""A slope below this is drift and neither fall nor recovery: 1.8 points a minute."""
LONGEST_S: Final = 120
"""From the level before to the nadir, and again from the nadir to the recovery, at most so long."""
SHORTEST_S: Final = 8
"""From start to end at least so long (judgement: shorter than a missed breath is a glitch)."""
GAP_S: Final = 120
"""After so long without a value everything begins anew."""
KEEP_S: Final = 4 * LONGEST_S
DRIFT: Final = DRIFT_PCT_PER_S * np.arange(LONGEST_S + 1)


class Turns:
    """Takes the course in order, a stretch at a time, and gives what has been decided."""

    def __init__(self) -> None:
        self._course: list[float] = []
        self._fine: list[float] = []
        self._first_s = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._falling = False
        self._high, self._high_s = -math.inf, 0
        self._low, self._low_s = math.inf, 0
        # A trough that has come back and waits for its recovery to be complete; and the trough before it.
        self._trough_s = self._before_s = self._last_s = -1

    def take(self, course: Floats, fine: Floats) -> list[Desaturation]:
        """The next values: smooth, for where the turns are, and not smoothed, for how far they go. NaN: no value."""
        begin = self._first_s + len(self._course)
        values = course.tolist()
        self._course.extend(values)
        self._fine.extend(fine.tolist())
        found: list[Desaturation] = []
        for n, value in enumerate(values, begin):
            if math.isnan(value):
                if n - self._last_s == GAP_S and self._last_s >= 0:
                    self._decide(n, found)
                    self._begin_anew()
                continue
            self._last_s = n
            if self._falling:
                self._fall(value, n)
            else:
                self._rise(value, n, found)
        spare = len(self._course) - KEEP_S
        if spare > 0:
            del self._course[:spare], self._fine[:spare]
            self._first_s += spare
        return found

    def _rise(self, value: float, n: int, found: list[Desaturation]) -> None:
        """One more value of a recovery or of a level: a new height, or the beginning of a fall."""
        if 0 <= self._trough_s <= n - LONGEST_S:
            self._decide(n, found)
        if value > self._high:
            self._high, self._high_s = value, n
        elif self._high - value >= TURN_PCT:
            self._decide(n, found)
            self._falling = True
            self._low, self._low_s = value, n

    def _fall(self, value: float, n: int) -> None:
        """One more value of a fall: deeper, or back far enough, or a new level."""
        if value < self._low:
            self._low, self._low_s = value, n
            return
        # The level before it fades with drift, so that a long decline does not ask for a recovery to an old height.
        depth = self._high - DRIFT_PCT_PER_S * (self._low_s - self._high_s) - self._low
        if value - self._low >= max(TURN_PCT, RECOVERED_SHARE * depth):
            self._trough_s = self._low_s
        elif n - self._low_s >= LONGEST_S:
            self._before_s = self._low_s
        else:
            return
        self._falling = False
        self._high, self._high_s = value, n

    def end(self) -> list[Desaturation]:
        """What was waiting when the stream ended."""
        found: list[Desaturation] = []
        self._decide(self._first_s + len(self._course), found)
        return found

    def _decide(self, now_s: int, found: list[Desaturation]) -> None:
        """Measure the trough that waits, if one does, now that its recovery is over."""
        if self._trough_s < 0:
            return
        nadir_s, self._trough_s = self._trough_s, -1
        from_s = max(self._before_s + 1, nadir_s - LONGEST_S, self._first_s)
        event = self._measure(nadir_s, from_s, min(now_s, nadir_s + LONGEST_S))
        self._before_s = nadir_s
        if event is not None:
            found.append(event)

    def _measure(self, nadir_s: int, from_s: int, until_s: int) -> Desaturation | None:
        """Start and end are where the course stands highest, drift taken off."""
        before = self._course[from_s - self._first_s : nadir_s - self._first_s + 1]
        after = self._course[nadir_s - self._first_s : until_s - self._first_s]
        start_s, end_s = nadir_s - _highest(before[::-1]), nadir_s + _highest(after)
        depth_pct = self._turn(start_s) - self._turn(nadir_s)
        if depth_pct < LEAST_PCT or end_s - start_s < SHORTEST_S:
            return None
        return Desaturation(float(start_s), float(nadir_s), float(end_s), depth_pct)

    def _turn(self, at_s: int) -> float:
        """How far the course went at a turn."""
        middle = at_s - self._first_s
        around = self._fine[max(0, middle - REACH_S) : middle + REACH_S + 1]
        found = extreme(np.asarray(around)) if len(around) == 2 * REACH_S + 1 else math.nan
        # Beside a hole or the end of the night the smooth course has to do.
        return self._course[middle] if math.isnan(found) else found

    def save(self) -> Saved:
        """For `load`."""
        return {
            "course": numbers(self._course),
            "fine": numbers(self._fine),
            "first_s": self._first_s,
            "falling": self._falling,
            "high": self._high if math.isfinite(self._high) else None,
            "low": self._low if math.isfinite(self._low) else None,
            "at_s": [self._high_s, self._low_s, self._trough_s, self._before_s, self._last_s],
        }

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        match saved:
            case {
                "course": course,
                "fine": fine,
                "first_s": int(first_s),
                "falling": bool(falling),
                "high": None | float() as high,
                "low": None | float() as low,
                "at_s": [int(high_s), int(low_s), int(trough_s), int(before_s), int(last_s)],
            }:
                self._course, self._fine, self._first_s = floats(course), floats(fine), first_s
                self._falling = falling
                self._high, self._high_s = -math.inf if high is None else high, high_s
                self._low, self._low_s = math.inf if low is None else low, low_s
                self._trough_s, self._before_s, self._last_s = trough_s, before_s, last_s
            case _:
                raise ValueError("no saved course")


def _highest(course: list[float]) -> int:
    """Index of the highest value, where each second away costs its drift."""
    return int(np.fmax(course - DRIFT[: len(course)], -math.inf).argmax())


def numbers(values: list[float]) -> list[Json]:
    """For JSON: None where there is no value."""
    return [value if math.isfinite(value) else None for value in values]


def floats(saved: Json) -> list[float]:
    """What `numbers` gave.

    Raises:
        ValueError: it is nothing that `numbers` gives.
    """
    if not isinstance(saved, list):
        raise ValueError("no saved numbers")
    found: list[float] = []
    for value in saved:
        match value:
            case None:
                found.append(math.nan)
            case float() | int():
                found.append(float(value))
            case _:
                raise ValueError("no saved number")
    return found
