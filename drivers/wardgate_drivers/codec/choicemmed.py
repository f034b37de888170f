"""Innovo iP900BP-B and ChoiceMMed 500E-B, characteristic 0xFFF1.

    values    3E, SpO2, 0, pulse, 0, breathing rate, 20, 0, 0, 0, 0, perfusion index in 0.1 %, F0
    waveform  01, one sample

The bytes 20 and F0 may differ. Source: public packet notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.oximeter_frame import outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

_VALUES: Final = 0x3E
_WAVEFORM: Final = 0x01
_SIZES: Final = {_VALUES: 13, _WAVEFORM: 2}


@dataclass(frozen=True, slots=True)
class Values:
    """One second."""

    spo2: int
    pulse: int
    breathing_per_min: int
    perfusion_pct: float

    @property
    def outcome(self) -> Outcome:
        """No reading without a saturation."""
        return outcome_of(self.spo2, self.pulse)


@dataclass(frozen=True, slots=True)
class Waveform:
    """One sample of the curve."""

    sample: int


def decode(data: bytes) -> Values | Waveform:
    """One notification.

    Raises:
        FrameError: `bad-header`, `bad-length`.
    """
    if data and data[0] not in _SIZES:
        raise FrameError(Reason.BAD_HEADER, f"begins {data[0]:02x}")
    need_size(data, *((_SIZES[data[0]],) if data else _SIZES.values()))
    if data[0] == _WAVEFORM:
        return Waveform(data[1])
    return Values(spo2=data[1], pulse=data[3], breathing_per_min=data[5], perfusion_pct=data[11] / 10)


def measurement(data: bytes) -> Measurement | None:
    """What one notification says of the patient; None for the waveform.

    Raises:
        FrameError: as `decode`.
    """
    frame = decode(data)
    if isinstance(frame, Waveform):
        return None
    return oximetry(data, frame.outcome, frame.spo2, frame.pulse, perfusion=frame.perfusion_pct)
