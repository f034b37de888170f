"""What the scale says about fluid in heart failure, by the detector made for it, as one channel of several."""

from __future__ import annotations

import math
from typing import Final

from wardgate_signal.finding import DAY_S, Json
from wardgate_signal.fusion.channel import number
from wardgate_signal.weight import FluidRetentionDetector

_USUAL: Final = -2.0
"""About where its log odds stand when a gain is as likely as in everyday life: its own prior, taken off."""
_NO_GAIN: Final = -1.0
"""An episode may go without any gain: a quiet scale speaks no more than this against one."""
_FRESH_DAYS: Final = 3.0
_STALE_PER_DAY: Final = 0.3
_OF_CONCERN: Final = ("new_scale", "diuretic_", "discharged", "dry_weight:")
_UNKNOWN: Final = -3.0
_MOST_UNTOLD: Final = 8
"""Of notes that came while nobody stood on the scale."""


class Fluid:
    """The weight detector's log odds, from one weight to the next."""

    def __init__(self, dry_weight_kg: float | None) -> None:
        self._detector = FluidRetentionDetector(dry_weight_kg)
        self._untold: list[str] = []
        self._score = _UNKNOWN
        self._at_s: float | None = None
        self.gain_kg: float | None = None

    def hear(self, note: str, device: str) -> None:
        """A note, with whichever device's reading it came; the detector is told with the next weight."""
        if note == "new_device" and device == "weight":
            note = "new_scale"
        if note.startswith(_OF_CONCERN):
            self._untold = [*(other for other in self._untold if other != note), note][-_MOST_UNTOLD:]

    def update(self, time_s: float, weight_kg: float) -> None:
        """Take a weight."""
        self._detector.take(time_s, weight_kg, ",".join(self._untold))
        self._untold = []
        self._score, self._at_s, self.gain_kg = self._detector.score, time_s, self._detector.gain_kg

    def log_ratio(self, time_s: float) -> float:
        """For an episode of heart failure against none, out of the weights alone."""
        if self._at_s is None:
            return 0.0
        stale = _STALE_PER_DAY * max(0.0, (time_s - self._at_s) / DAY_S - _FRESH_DAYS)
        x = self._score - _USUAL - stale
        return max(x, _NO_GAIN) + math.log1p(math.exp(-abs(x - _NO_GAIN)))

    def save(self) -> Json:
        """For `load`."""
        return {
            "detector": dict[str, Json](self._detector.state()),
            "untold": [*self._untold],
            "score": self._score,
            "at_s": self._at_s,
            "gain_kg": self.gain_kg,
        }

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        detector = saved.get("detector") if isinstance(saved, dict) else None
        if not isinstance(saved, dict) or not isinstance(detector, dict):
            raise ValueError("no saved weight detector")
        untold, at_s, gain_kg = saved.get("untold"), saved.get("at_s"), saved.get("gain_kg")
        if not isinstance(untold, list):
            raise ValueError("no saved notes")
        self._detector.restore(detector)
        self._untold = [str(note) for note in untold]
        self._score = number(saved.get("score"))
        self._at_s = None if at_s is None else number(at_s)
        self.gain_kg = None if gain_kg is None else number(gain_kg)
