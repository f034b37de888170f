"""What of a finger's saturation can be believed.

All functions take one value a second and look only a bounded way back and ahead.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import Json

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_PCT: Final = 50.0
"""At or below this home oximeters are not specified, and show what a falling finger clip shows."""
MOST_PCT: Final = 100.0
"""Makers' fill values (101, 127, 255, 511) lie above."""
LEAST_PULSE_BPM: Final = 20.0
MOST_PULSE_BPM: Final = 250.0
LEAST_PERFUSION_PCT: Final = 0.3
"""Below this a pulse is too weak for the number to be trusted (judgement; Visram 1994 for the principle)."""
OUTSIDE: Final = -1.0
EDGE_S: Final = 2
"""A value so close to a dropout or a movement belongs to it: the device's mean reaches into it."""
PULSE_JUMP_BPM: Final = 20.0
"""A shown pulse that jumps so far within a second, there and back, is a hand that moves. An arousal quickens the heart
over several seconds."""
SCATTER_S: Final = 9
HELD_S: Final = 60.0
HELD_TIMES: Final = 20.0
FALL_PCT: Final = 7.0
FALL_S: Final = 3
"""Blood loses 1, at most 2 % a second in the worst apnoea; a fall of 7 in 3 s is not blood."""
STEP_PCT: Final = 4.0
"""Nor is a fall of more than this from one second to the next."""
RETURN_PCT: Final = 3.0
SPIKE_S: Final = 60
"""An impossible fall is not believed until it has come back to within 3 of where it was, for a minute at most."""
BEFORE_S: Final = 12
BRIDGE_S: Final = 12
"""A hole no longer than this is bridged by a straight line where events are looked for. It is never valid time."""


def plausible(spo2_pct: Floats, pulse_bpm: Floats, perfusion: Floats | None, *, pulse_known: bool) -> Bools:
    """Samples that could be a measurement at all. `pulse_known`: the device tells a pulse when it has one."""
    with np.errstate(invalid="ignore"):
        good = (spo2_pct > LEAST_PCT) & (spo2_pct <= MOST_PCT)
        if pulse_known:
            good &= has_pulse(pulse_bpm)
        if perfusion is not None:
            good &= ~(perfusion < LEAST_PERFUSION_PCT)
    return good


def has_pulse(pulse_bpm: Floats) -> Bools:
    """Where the device counted a pulse."""
    with np.errstate(invalid="ignore"):
        return np.asarray((pulse_bpm >= LEAST_PULSE_BPM) & (pulse_bpm <= MOST_PULSE_BPM))


def believed(spo2_pct: Floats, pulse_bpm: Floats) -> Floats:
    """The saturation with NaN for what was movement or a clip coming off.

    Args:
        spo2_pct: plausible values, NaN elsewhere, `OUTSIDE` before the first and after the last second.
        pulse_bpm: the pulse, NaN where there is none.
    """
    outside = spo2_pct == OUTSIDE
    value = np.where(outside, np.nan, spo2_pct)
    _drop_spikes(value)
    bad = np.isnan(value) & ~outside
    with np.errstate(invalid="ignore"):
        jump = np.abs(np.diff(pulse_bpm)) >= PULSE_JUMP_BPM
    # A movement scatters the pulse: one jump alone may be a device that corrects itself.
    if np.count_nonzero(jump) > 1:
        moved = jump & (np.convolve(jump, np.ones(SCATTER_S), mode="same") > 1.5)
        bad[1:] |= moved
        bad[:-1] |= moved
    if bad.any():
        value[np.convolve(bad, np.ones(2 * EDGE_S + 1), mode="same") > 0.5] = np.nan
    return value


def _drop_spikes(value: Floats) -> None:
    """Blank impossible falls until they have come back, and impossible heights before them."""
    done = 0
    for start in _impossible(value):
        if start < done:
            continue
        back = value[max(0, start - BEFORE_S) : start]
        before = back[~np.isnan(back)]
        if not before.size:
            continue
        usual = float(np.median(before))
        if before[-1] - usual >= STEP_PCT:
            # Not a fall but the end of a jump upwards.
            back[back >= usual + RETURN_PCT] = np.nan
            continue
        ahead = value[start : start + SPIKE_S]
        with np.errstate(invalid="ignore"):
            returned = np.flatnonzero(ahead >= usual - RETURN_PCT)
        done = start + (int(returned[0]) if returned.size else ahead.size)
        value[start:done] = np.nan


def _impossible(value: Floats) -> list[int]:
    """Where the value has fallen faster than blood can, since the last value known a few seconds ago."""
    known = ~np.isnan(value)
    index = np.arange(value.size)
    last = np.maximum.accumulate(np.where(known, index, -1))[:-1]
    fall = value[last] - value[1:]
    age = index[1:] - last
    with np.errstate(invalid="ignore"):
        step = (fall > np.maximum(STEP_PCT, FALL_PCT / FALL_S * age)) & (last >= 0) & (age < BEFORE_S)
        slide = value[:-FALL_S] - value[FALL_S:] >= FALL_PCT
    step[: slide.size] |= slide & ~np.isnan(value[:-FALL_S])
    found: list[int] = (np.flatnonzero(step) + 1).tolist()
    return found


def bridged(value: Floats) -> Floats:
    """Short holes filled with a straight line; longer ones stay NaN."""
    hole = np.isnan(value)
    if not hole.any() or hole.all():
        return value
    index = np.arange(value.size)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hole, [False]]).astype(np.int8)))
    filled = value.copy()
    known = ~hole
    for first, last in edges.reshape(-1, 2).tolist():
        if last - first <= BRIDGE_S and first > 0 and last < value.size:
            filled[first:last] = np.interp(index[first:last], index[known], value[known])
    return filled


class Held:
    """Finds values that a device holds on to after the finger has gone: nothing changes for longer than it ever does.

    How long is told by the night itself: a pulse that used to change every few seconds does not stand still for twenty
    times as long. A device whose pulse never changes gives no reason to doubt it.
    """

    def __init__(self) -> None:
        self._changes = self._seconds = 0

    def drop(self, value: Floats, spo2_pct: Floats, pulse_bpm: Floats, new: int) -> None:
        """Blank what was held in `value`; of the raw seconds beside it the last `new` have not been seen before."""
        recent = pulse_bpm[-new - 1 :]
        with np.errstate(invalid="ignore"):
            moves = np.abs(np.diff(recent)) > 0
        self._changes += int(np.count_nonzero(moves))
        self._seconds += int(np.count_nonzero(~np.isnan(recent[1:])))
        if not self._changes:
            return
        longest_s = max(HELD_S, HELD_TIMES * self._seconds / self._changes)
        same = (spo2_pct[1:] == spo2_pct[:-1]) & (pulse_bpm[1:] == pulse_bpm[:-1])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2).tolist():
            if last - first >= longest_s:
                value[first : last + 1] = np.nan

    def save(self) -> Json:
        """For `load`."""
        return [self._changes, self._seconds]

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        match saved:
            case [int(changes), int(seconds)]:
                self._changes, self._seconds = changes, seconds
            case _:
                raise ValueError("no saved count of changes")
