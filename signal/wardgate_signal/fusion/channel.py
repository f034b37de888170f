"""One measured quantity of one patient: its usual level, its noise, and how well a slow change explains what came.

A Kalman filter follows the patient's own level (a random walk), what carries over from day to day (an autoregressive
part) and, for a quantity that a second device reports too, that device's offset. For each possible onset and pace in
the bank the filter's response to a change of one unit is run along (Willsky and Jones 1976), so that the likelihood
ratio of a change of any size against none is had from two sums, whatever the spacing of the readings and however
little is known of the level yet. Both sums stay as they are where a channel is silent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import DAY_S, Json

Floats = NDArray[np.float64]

FAR_SD: Final = 2.5
"""A reading further off than this weighs less, and the further the less: stairs, a spouse, a bag are no change. What
is really so far off will be as far off at the next reading, and the next."""
_CLIPPED_SQUARE: Final = 0.9775
"""Mean of a standard normal's square, cut at `FAR_SD` squared."""
_SCALE_PRIOR_READINGS: Final = 12.0
_SCALE_MEMORY_READINGS: Final = 60.0
_SCALE_BOUNDS: Final = (0.3, 6.0)
_PACE_STEP: Final = 0.03
_PACE_BOUNDS: Final = (0.5, 6.0)
_NEIGHBOURS_DAYS: Final = 3.5


@dataclass(frozen=True, slots=True)
class Nature:
    """What is expected of a quantity before anything of the patient is known; units are the quantity's own."""

    level: float
    level_sd: float
    white_sd: float
    """Of one reading, nothing carried over."""
    carried_sd: float
    """Of what carries over from day to day."""
    carried_days: float
    drift_sd: float
    """Of the level's own drift in a day."""
    offset_sd: float = 0.0
    """Between the two devices that report it; 0 where there is one."""
    gross: float = math.inf
    """A jump of more than this is believed when a second reading agrees, and is then a new level, not a change."""


class Channel:
    """The filter of one quantity and its sums over the bank."""

    def __init__(self, nature: Nature, info: Floats, gain: Floats) -> None:
        """`info` and `gain` are this channel's rows of the bank's sums; they are changed in place."""
        self._nature = nature
        states = 3 if nature.offset_sd else 2
        # Of two or three states: plain numbers are quicker than numpy's here.
        self._mean = [nature.level, 0.0, 0.0][:states]
        variances = [nature.level_sd**2, nature.carried_sd**2, nature.offset_sd**2][:states]
        self._cov = [[var if i == j else 0.0 for j in range(states)] for i, var in enumerate(variances)]
        self._response = np.zeros((states, info.size))
        self._info = info
        self._gain = gain
        self.readings = 0
        self._scale = 1.0
        self._pace = 1.0
        self._last_s = math.nan
        self._last_z = 0.0
        self._unsettled_per_day = 0.0
        self._unsettled_until_s = -1e15
        self._doubted: float | None = None

    @property
    def level(self) -> float:
        """The usual level, as the filter sees it."""
        return self._mean[0]

    def begin(self, slots: slice) -> None:
        """Forget what those slots of the bank have gathered: they stand for new onsets."""
        self._response[:, slots] = 0.0
        self._info[slots] = 0.0
        self._gain[slots] = 0.0

    def unsettle(self, time_s: float, by: float, days: float = 0.0) -> None:
        """The level is expected to move by about `by` in the next days (0: it has moved already)."""
        if days <= 0.0:
            self._cov[0][0] += by * by
            return
        self._unsettled_per_day = by * by / days
        self._unsettled_until_s = time_s + days * DAY_S

    def expect(self, level: float, sd: float) -> None:
        """Where the level is thought to be, before there are readings."""
        if not self.readings:
            self._mean[0] = level
            self._cov[0][0] = sd * sd

    def update(self, time_s: float, value: float, shape: Floats, *, second: bool = False, noise: float = 1.0) -> None:
        """Take a reading; `shape` is how far each change of the bank has come by now, 0 to 1.

        `second` marks the second device's readings, `noise` a reading whose SD is that many times the usual.
        """
        days = self._predict(time_s)
        white = self._scale * (self._nature.white_sd * noise) ** 2
        if self._is_gross(value):
            return
        mean, cov = self._mean, self._cov
        observed = [level + carried for level, carried in zip(cov[0], cov[1], strict=True)]
        seen = mean[0] + mean[1]
        template = self._response[0] + self._response[1]
        explained = observed[0] + observed[1]
        if second and len(mean) == 3:
            observed = [so_far + offset for so_far, offset in zip(observed, cov[2], strict=True)]
            seen += mean[2]
            template += self._response[2]
            explained = observed[0] + observed[1] + observed[2]
        variance = explained + white
        off = value - seen
        z = off / math.sqrt(variance)
        if noise == 1.0:
            self._learn(z, days, white / variance)
        # A reading far off is one of more noise: the level, the sums and the bank's responses then see the same.
        variance *= max(1.0, (z / FAR_SD) ** 2)
        kalman = [one / variance for one in observed]
        left = shape - template
        for state, by in enumerate(kalman):
            mean[state] += by * off
            cov[state] = [had - by * one for had, one in zip(cov[state], observed, strict=True)]
        self._response += np.array(kalman)[:, None] * left
        self._info += left * left / variance
        self._gain += left * (off / variance)
        self.readings += 1

    def _predict(self, time_s: float) -> float:
        """Let time pass; the days that have."""
        days = 0.0 if math.isnan(self._last_s) else (time_s - self._last_s) / DAY_S
        nature = self._nature
        if days > 0.0:
            kept = math.exp(-days / nature.carried_days)
            self._mean[1] *= kept
            carried = self._response[1]
            carried *= kept
            cov = self._cov
            cov[1] = [one * kept for one in cov[1]]
            for row in cov:
                row[1] *= kept
            scale = self._scale * self._pace
            cov[1][1] += self._scale * nature.carried_sd**2 * (1.0 - kept * kept)
            cov[0][0] += scale * nature.drift_sd**2 * days + self._unsettling(time_s)
        self._last_s = time_s
        return days

    def _unsettling(self, time_s: float) -> float:
        until_s = min(time_s, self._unsettled_until_s)
        return max(0.0, until_s - self._last_s) / DAY_S * self._unsettled_per_day

    def _is_gross(self, value: float) -> bool:
        """Whether the reading is kept aside: somebody else, a load, or the first of a new level."""
        away = value - self.level
        if not self.readings or abs(away) <= max(self._nature.gross, 4.0 * math.sqrt(self._cov[0][0])):
            self._doubted = None
            return False
        if self._doubted is None or abs(value - self._doubted) > self._nature.gross / 2:
            self._doubted = value
            return True
        self._doubted = None
        self._cov[0][0] += away * away
        return False

    def _learn(self, z: float, days: float, share: float) -> None:
        """The patient's own noise, and how far his level wanders, out of how the readings surprised."""
        step = share / (_SCALE_PRIOR_READINGS + min(self.readings, _SCALE_MEMORY_READINGS))
        clipped = max(-FAR_SD, min(FAR_SD, z))
        low, high = _SCALE_BOUNDS
        self._scale = min(high, max(low, self._scale * math.exp(step * (clipped * clipped - _CLIPPED_SQUARE))))
        if 0.25 < days < _NEIGHBOURS_DAYS:
            low, high = _PACE_BOUNDS
            self._pace = min(high, max(low, self._pace * math.exp(_PACE_STEP * share * clipped * self._last_z)))
        self._last_z = clipped

    def save(self) -> Json:
        """For `load`."""
        return {
            "mean": [*self._mean],
            "cov": [one for row in self._cov for one in row],
            "response": self._response.ravel().tolist(),
            "info": self._info.tolist(),
            "gain": self._gain.tolist(),
            "readings": float(self.readings),
            "scale": self._scale,
            "pace": self._pace,
            "last_s": None if math.isnan(self._last_s) else self._last_s,
            "last_z": self._last_z,
            "unsettled_per_day": self._unsettled_per_day,
            "unsettled_until_s": self._unsettled_until_s,
            "doubted": self._doubted,
        }

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        if not isinstance(saved, dict):
            raise ValueError("no saved channel")
        states = len(self._mean)
        self._mean = numbers(saved.get("mean"), states).tolist()
        self._cov = numbers(saved.get("cov"), states * states).reshape(states, states).tolist()
        for name, array in (("response", self._response), ("info", self._info), ("gain", self._gain)):
            array[...] = numbers(saved.get(name), array.size).reshape(array.shape)
        self.readings = int(number(saved.get("readings")))
        self._scale = number(saved.get("scale"))
        self._pace = number(saved.get("pace"))
        last_s, doubted = saved.get("last_s"), saved.get("doubted")
        self._last_s = math.nan if last_s is None else number(last_s)
        self._last_z = number(saved.get("last_z"))
        self._unsettled_per_day = number(saved.get("unsettled_per_day"))
        self._unsettled_until_s = number(saved.get("unsettled_until_s"))
        self._doubted = None if doubted is None else number(doubted)


def number(saved: Json) -> float:
    """A saved number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(saved, bool) or not isinstance(saved, int | float):
        raise ValueError("no saved number")
    return float(saved)


def numbers(saved: Json, count: int) -> Floats:
    """So many saved numbers.

    Raises:
        ValueError: they are not that.
    """
    if not isinstance(saved, list) or len(saved) != count:
        raise ValueError(f"no {count} saved numbers")
    return np.array([number(item) for item in saved], dtype=np.float64)
