"""Desaturations in a night's stream."""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wardgate_signal.finding import Saved
from wardgate_signal.oximetry.clean import OUTSIDE, Held, believed, bridged, has_pulse, plausible
from wardgate_signal.oximetry.fine import refined, smooth, whole
from wardgate_signal.oximetry.report import Desaturation, NightReport
from wardgate_signal.oximetry.seconds import Seconds
from wardgate_signal.oximetry.turns import Turns, floats, numbers

Floats = NDArray[np.float64]
MARGIN_S: Final = 90
"""Cleaning looks so far back and ahead."""
LOW_PCT: Final = 90.0
ROUNDING_PCT: Final = 1e-9
"""A night at 90 is not below it, whatever the smoothing adds to the last digit."""
DEEP_PCT: Final = 4.0


class DesaturationDetector:
    """Finds falls of saturation of at least 3 points, causally, in bounded memory.

    The stream is worked on in blocks of 180 s counted from its first sample, so that any cutting of it gives the same
    events bit by bit. An event is told at most 8 minutes after its nadir (block 3, margin 1.5, recovery 2, and what of
    a block precedes it); `finish` tells what is left at once.

    AASM asks for a drop of 3 (or 4) points from the level before and leaves the rest open; decided here: the level
    before is the highest point of the cleaned course within 120 s before the nadir and after the nadir before it, less
    0.03 points for every second away; the event is over when 40 % of the fall has come back, within 120 s, and ends
    at the recovery's height; from start to end it lasts at least 8 s. A fall that stays down is a change of level and
    no event.
    """

    RULE: ClassVar[str] = "oximetry.desaturation"
    VERSION: ClassVar[int] = 1

    def __init__(self, sample_rate_hz: float = 1.0) -> None:
        """Begin a night.

        Raises:
            ValueError: the rate is not within 0.05 to 1000 Hz.
        """
        self._seconds = Seconds(sample_rate_hz)
        self._waiting: list[tuple[Floats, Floats, Floats]] = []
        self._samples = self._block = 0
        self._pulse_known = False
        self._spo2 = np.full(MARGIN_S, OUTSIDE)
        self._pulse = np.full(MARGIN_S, np.nan)
        self._held = Held()
        self._turns = Turns()
        self._events3 = self._events4 = self._valid_s = self._low_s = self._seen_s = 0
        self._nadir_pct = math.nan
        self._over = False

    def update(
        self, spo2_pct: ArrayLike, pulse_bpm: ArrayLike | None, perfusion: ArrayLike | None = None
    ) -> list[Desaturation]:
        """Take the next samples; return the events that have been decided by them.

        Args:
            spo2_pct: any number of samples, also none. NaN, or what no finger can have: no value.
            pulse_bpm: as many; None or NaN where the device does not tell.
            perfusion: perfusion index in per cent, as many; None or NaN where the device does not tell.

        Raises:
            ValueError: lengths differ, or the night is finished. Nothing has been taken.
        """
        if self._over:
            raise ValueError("the night is finished")
        spo2 = _samples(spo2_pct)
        pulse, flow = (np.full(spo2.size, np.nan) if x is None else _samples(x) for x in (pulse_bpm, perfusion))
        if not spo2.size == pulse.size == flow.size:
            raise ValueError(f"not of one length: {spo2.size} saturations, {pulse.size} pulses, {flow.size} perfusions")
        if spo2.size:
            self._waiting.append((spo2, pulse, flow))
            self._samples += spo2.size
        found: list[Desaturation] = []
        while self._samples >= self._seconds.first_sample(self._block + 1):
            found += self._next_block(self._seconds.first_sample(self._block + 1))
        return found

    def finish(self) -> list[Desaturation]:
        """The last events. The night takes no more samples."""
        if self._over:
            return []
        self._over = True
        found: list[Desaturation] = []
        if self._samples > self._seconds.first_sample(self._block):
            found += self._next_block(self._samples)
        found += self._look(np.full(MARGIN_S, OUTSIDE), np.full(MARGIN_S, np.nan))
        return found + self._counted(self._turns.end())

    def report(self) -> NightReport:
        """The night so far: all of it after `finish`, before that what has been decided."""
        hours = self._seen_s / 3600
        return NightReport(
            odi3_per_h=self._events3 / hours if hours else 0.0,
            odi4_per_h=self._events4 / hours if hours else 0.0,
            t90_fraction=self._low_s / self._valid_s if self._valid_s else 0.0,
            nadir_pct=self._nadir_pct,
            valid_s=float(self._valid_s),
        )

    def _next_block(self, until: int) -> list[Desaturation]:
        """Take the samples up to `until` out of what waits, as seconds."""
        first = self._seconds.first_sample(self._block)
        count = until - first
        spo2, pulse, flow = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        self._waiting = [(spo2[count:], pulse[count:], flow[count:])] if spo2.size > count else []
        self._block += 1
        spo2, pulse, flow = spo2[:count], pulse[:count], flow[:count]
        counted = has_pulse(pulse)
        self._pulse_known = self._pulse_known or bool(counted.any())
        good = plausible(spo2, pulse, flow, pulse_known=self._pulse_known)
        return self._look(self._seconds.of(spo2, first, good), self._seconds.of(pulse, first, good & counted))

    def _look(self, spo2: Floats, pulse: Floats) -> list[Desaturation]:
        """Clean what now has its margin on both sides, and look for events in it."""
        self._spo2 = np.concatenate([self._spo2, spo2])
        self._pulse = np.concatenate([self._pulse, pulse])
        if self._spo2.size <= 2 * MARGIN_S:
            return []
        middle = slice(MARGIN_S, -MARGIN_S)
        value = believed(self._spo2, self._pulse)
        self._held.drop(value, self._spo2, self._pulse, pulse.size)
        fine = bridged(value)
        course = smooth(fine)
        sure = ~np.isnan(value[middle])
        if sure.any():
            self._valid_s += int(np.count_nonzero(sure))
            self._seen_s += int(np.count_nonzero(~np.isnan(fine[middle])))
            level = smooth(refined(fine)) if whole(value) else course
            self._low_s += int(np.count_nonzero(level[middle][sure] < LOW_PCT - ROUNDING_PCT))
            self._nadir_pct = float(np.fmin(self._nadir_pct, value[middle][sure].min()))
        self._spo2 = self._spo2[-2 * MARGIN_S :]
        self._pulse = self._pulse[-2 * MARGIN_S :]
        return self._counted(self._turns.take(course[middle], fine[middle]))

    def _counted(self, events: list[Desaturation]) -> list[Desaturation]:
        self._events3 += len(events)
        self._events4 += sum(event.depth_pct >= DEEP_PCT for event in events)
        return events

    def state(self) -> Saved:
        """All that it remembers."""
        waiting = [np.concatenate(parts) for parts in zip(*self._waiting, strict=True)]
        return {
            "rate_hz": self._seconds.rate_hz,
            "waiting": [numbers(part.tolist()) for part in waiting],
            "seconds": [numbers(part.tolist()) for part in (self._spo2, self._pulse)],
            "counts": [self._samples, self._block, self._events3, self._events4],
            "times_s": [self._valid_s, self._low_s, self._seen_s],
            "held": self._held.save(),
            "pulse_known": self._pulse_known,
            "over": self._over,
            "nadir_pct": None if math.isnan(self._nadir_pct) else self._nadir_pct,
            "turns": self._turns.save(),
        }

    def restore(self, saved: Saved) -> None:
        """Go on from a `state` of a detector of the same rate.

        Raises:
            ValueError: it is no state of this rule, or of another rate.
        """
        match saved:
            case {
                "rate_hz": float() | int() as rate_hz,
                "waiting": list(waiting),
                "seconds": [spo2, pulse],
                "counts": [int(samples), int(block), int(events3), int(events4)],
                "times_s": [int(valid_s), int(low_s), int(seen_s)],
                "held": held,
                "pulse_known": bool(pulse_known),
                "over": bool(over),
                "nadir_pct": None | float() as nadir_pct,
                "turns": turns,
            } if rate_hz == self._seconds.rate_hz and len(waiting) in (0, 3):
                parts = [np.asarray(floats(part)) for part in waiting]
                self._spo2, self._pulse = np.asarray(floats(spo2)), np.asarray(floats(pulse))
                self._held.load(held)
                self._turns.load(turns)
                self._waiting = [(parts[0], parts[1], parts[2])] if parts else []
                self._samples, self._block, self._pulse_known, self._over = samples, block, pulse_known, over
                self._events3, self._events4 = events3, events4
                self._valid_s, self._low_s, self._seen_s = valid_s, low_s, seen_s
                self._nadir_pct = math.nan if nadir_pct is None else nadir_pct
            case _:
                raise ValueError(f"no state of {self.RULE} at {self._seconds.rate_hz} Hz")


def _samples(values: ArrayLike) -> Floats:
    """A copy of its own, NaN for all that is no number."""
    own = np.array(values, dtype=np.float64).reshape(-1)
    own[~np.isfinite(own)] = np.nan
    return own
