"""A pulse that the device calls irregular, moment by moment."""

from __future__ import annotations

from collections import deque
from typing import Final

from wardgate_signal.finding import Json, require_finite
from wardgate_signal.window import pairs

MOMENT_S: Final = 1800.0
"""Readings within half an hour are one sitting, and one moment."""


class IrregularMoments:
    """Moments and the share of their readings with the device's bit, the newest `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: list[float] = []
        self._moments: deque[tuple[float, float]] = deque(maxlen=most)
        self._last: tuple[float, float] | None = None

    def add(self, time_s: float, irregular: bool) -> None:
        """Take the next reading; the very same one again changes nothing.

        Raises:
            ValueError: no number, or older than the last one.
        """
        require_finite(time_s=time_s)
        if self._last is not None and time_s < self._last[0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if self._last == (time_s, float(irregular)):
            return
        time_s = float(time_s)
        self._last = (time_s, float(irregular))
        if self._moments and time_s - self._moments[-1][0] < MOMENT_S:
            self._open.append(float(irregular))
            self._moments[-1] = (self._moments[-1][0], sum(self._open) / len(self._open))
        else:
            self._open = [float(irregular)]
            self._moments.append((time_s, float(irregular)))

    def moments(self) -> list[tuple[float, bool]]:
        """(time, whether at least half of its readings were irregular), oldest first."""
        return [(t, share >= 0.5) for t, share in self._moments]

    def save(self) -> Json:
        """For `load`."""
        return {
            "open": [*self._open],
            "moments": [[t, share] for t, share in self._moments],
            "last": None if self._last is None else [[*self._last]],
        }

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        if not isinstance(saved, dict) or set(saved) != {"open", "moments", "last"}:
            raise ValueError("no saved moments of a pulse")
        opened = saved["open"]
        if not isinstance(opened, list):
            raise ValueError("no saved moments of a pulse")
        moments = pairs(saved["moments"])
        last = None if saved["last"] is None else pairs(saved["last"])
        self._open = [share for _, share in pairs([[0.0, item] for item in opened])]
        self._moments = deque(moments, self._most)
        self._last = last[0] if last else None
