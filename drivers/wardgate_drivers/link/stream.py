"""Choosing the one measurement to keep from a stream, once for each time that a finger is in."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from wardgate_drivers.measurement import Measurement, Outcome
from wardgate_drivers.model.declaration import Stream

STEADY_SPO2_PCT: Final = 1.0
"""How far the saturations of steady frames may lie apart: the last digit that oximeters show."""
STEADY_PULSE_PER_MIN: Final = 5.0
"""How far their pulses may; breathing alone moves a pulse by that much."""
FINGER_OUT_FRAMES: Final = 3
"""So many frames without a reading in a row end an episode; a single lost beat does not."""
NOT_STEADY: Final = "not-steady"
"""Status of what is handed over when a finger was in and nothing good came of it."""


class Chooser:
    """Frames in, at most one measurement an episode out."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._steady: deque[Measurement] = deque(maxlen=stream.steady_frames or 1)
        self._empty_frames = 0
        self._chosen = False
        self._last: Measurement | None = None

    def choose(self, frame: Measurement) -> Measurement | None:
        """The measurement to keep, the moment it is certain; None for all other frames."""
        if frame.outcome is not Outcome.DECODE:
            self._steady.clear()
            self._empty_frames += 1
            return self.close() if self._empty_frames == FINGER_OUT_FRAMES else None
        self._empty_frames = 0
        if self._chosen:
            return None
        self._last = frame
        if not self._is_good(frame):
            return None
        self._chosen = True
        return frame

    def close(self) -> Measurement | None:
        """End the episode. What came of a finger that was never steady is told as no reading."""
        failed = None if self._chosen else self._last
        self._chosen = False
        self._last = None
        self._steady.clear()
        return failed and replace(failed, outcome=Outcome.NO_READING, status=(*failed.status, NOT_STEADY))

    def _is_good(self, frame: Measurement) -> bool:
        status = set(frame.status)
        if status & self._stream.doubtful:
            self._steady.clear()
            return False
        self._steady.append(frame)
        return bool(status & self._stream.good) or self._is_steady()

    def _is_steady(self) -> bool:
        if self._stream.steady_frames is None or len(self._steady) < self._stream.steady_frames:
            return False
        pulses_ok = all(self._spread(name) <= STEADY_PULSE_PER_MIN for name in ("pulse", "heart_rate"))
        return pulses_ok and self._spread("spo2") <= STEADY_SPO2_PCT

    def _spread(self, name: str) -> float:
        values = [q.value for frame in self._steady if (q := frame.value(name))]
        return max(values, default=0.0) - min(values, default=0.0)
