"""Jumper JPD-500F, JPD-500G: 81, pulse (FF none), SpO2 (7F none), perfusion index in 0.1 %.

The same characteristic carries waveform packets led by 80. The scale of the perfusion index is known from an app only.
Source: SensorsIot/Oximeters-BLE-Hack-ESP32 and obniz, public notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.oximeter_frame import outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

SIZE: Final = 4
LEAD: Final = 0x81
WAVEFORM_LEAD: Final = 0x80
NO_PULSE: Final = 0xFF
NO_SPO2: Final = 0x7F


@dataclass(frozen=True, slots=True)
class Values:
    """One second. None: the device has no value."""

    pulse: int | None
    spo2: int | None
    perfusion_pct: float

    @property
    def outcome(self) -> Outcome:
        """No reading without values."""
        return outcome_of(self.spo2, self.pulse)


def decode(data: bytes) -> Values:
    """One notification with values.

    Raises:
        FrameError: `bad-header` (also for waveform), `bad-length`.
    """
    if data and data[0] != LEAD:
        raise FrameError(Reason.BAD_HEADER, f"begins {data[0]:02x}")
    need_size(data, SIZE)
    _, pulse, spo2, perfusion = data
    return Values(None if pulse == NO_PULSE else pulse, None if spo2 == NO_SPO2 else spo2, perfusion / 10)


def measurement(data: bytes) -> Measurement | None:
    """What one notification says of the patient; None for waveform.

    Raises:
        FrameError: as `decode`.
    """
    if data and data[0] == WAVEFORM_LEAD:
        return None
    frame = decode(data)
    return oximetry(data, frame.outcome, frame.spo2, frame.pulse, perfusion=frame.perfusion_pct)
