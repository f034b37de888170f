"""What the QN scales want: unit and clock, when they are connected and when they have told about themselves.

Then they send what they weigh, several times a second. One weight is kept each time somebody steps on: the first that
the scale itself calls stable.
"""

from __future__ import annotations

import contextlib
from typing import Final

from wardgate_drivers.codec import qn_scale
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import LinkLostError
from wardgate_drivers.measurement import DeviceTime
from wardgate_drivers.uuids import sig

NOTIFY: Final = sig(0xFFE1)
INDICATE: Final = sig(0xFFE2)
WRITE_UNIT: Final = sig(0xFFE3)
WRITE_CLOCK: Final = sig(0xFFE4)
NOTIFY_2: Final = sig(0xFFF1)
WRITE_2: Final = sig(0xFFF2)

PATIENCE_S: Final = 30.0
"""The scale hangs up by itself long before."""
_UNKNOWN_DIVISOR: Final = qn_scale.DIVISORS[0]
"""Stands in while only the form of a frame is looked at."""


async def converse(talk: Conversation) -> None:
    """Greet it, answer what it says about itself, keep its stable weights."""
    weights = _Weights(talk)
    await talk.listen(NOTIFY if talk.has(NOTIFY) else NOTIFY_2)
    if talk.has(INDICATE):
        await talk.listen(INDICATE)
    await _greet(talk)
    try:
        while (frame := await talk.next_frame(PATIENCE_S)) is not None:
            try:
                is_info = weights.hear(frame)
            except FrameError as error:
                talk.rejected(error, frame)
                continue
            if is_info:
                # A scale that is gone by now may have weighed before it went: that still waits to be heard.
                with contextlib.suppress(LinkLostError):
                    await _greet(talk)
    finally:
        weights.close()


async def _greet(talk: Conversation) -> None:
    """Kilograms, and the time where the hub knows it."""
    await talk.write(WRITE_UNIT if talk.has(WRITE_UNIT) else WRITE_2, qn_scale.set_unit_kg())
    target = talk.sink.clock_target()
    if target is not None:
        to = DeviceTime(round(target.civil_s))
        await talk.write(WRITE_CLOCK if talk.has(WRITE_CLOCK) else WRITE_2, qn_scale.set_clock(to))
        talk.sink.clock_set(to)


class _Weights:
    """One weight a step-on. Until the scale has said how its weights are divided, a stable one waits."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._divisor: int | None = None
        self._stands_still = False
        self._waiting: bytes | None = None

    def hear(self, frame: bytes) -> bool:
        """Take a frame; whether the scale has told about itself and waits for an answer.

        Raises:
            FrameError: the frame is refused.
        """
        said = qn_scale.decode(frame, self._divisor or _UNKNOWN_DIVISOR)
        if isinstance(said, qn_scale.Info):
            self._divisor = said.divisor
            if self._waiting is not None:
                self._keep(self._waiting, said.divisor)
                self._waiting = None
            return True
        if isinstance(said, qn_scale.Weighing):
            was_still, self._stands_still = self._stands_still, said.state == "stable"
            if self._stands_still and not was_still:
                self._stable(frame)
        return False

    def close(self) -> None:
        """A weight whose divisor was never told is none."""
        if self._waiting is not None:
            error = FrameError(Reason.BAD_VALUE, "the scale never said how its weights are divided")
            self._talk.rejected(error, self._waiting)

    def _stable(self, frame: bytes) -> None:
        if self._divisor is None:
            self._waiting = frame
        else:
            self._keep(frame, self._divisor)

    def _keep(self, frame: bytes, divisor: int) -> None:
        weighing = qn_scale.decode(frame, divisor)
        if isinstance(weighing, qn_scale.Weighing):
            self._talk.keep(qn_scale.measurement(frame, weighing))
