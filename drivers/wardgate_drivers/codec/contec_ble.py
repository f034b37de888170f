"""Contec CMS50D-BT, characteristic 0xFF02: values each second, waveform in between.

    EB 01  values, 8 bytes: byte 3 pulse (255 none), 4 SpO2 (127 none); byte 2 is not understood
    EB 00  waveform, 6 bytes

The last byte is the low seven bits of the sum of the others.
Source: OxiVis issue 2 and nringelstein/CMS50D-BT, public notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bci import NO_PULSE, NO_SPO2
from wardgate_drivers.codec.oximeter_frame import need_sum, need_told_size, outcome_of, oximetry, seven_bit_sum
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

LEAD: Final = 0xEB
_WAVEFORM: Final = 0x00
_VALUES: Final = 0x01
_SIZES: Final = {_WAVEFORM: 6, _VALUES: 8}

START: Final = bytes.fromhex("9b011c")
KEEP_ALIVE: Final = bytes.fromhex("9a1a")
STOP: Final = bytes.fromhex("9b7f1a")


@dataclass(frozen=True, slots=True)
class Values:
    """One second. None: the device has no value."""

    pulse: int | None
    spo2: int | None

    @property
    def outcome(self) -> Outcome:
        """No reading without values."""
        return outcome_of(self.spo2, self.pulse)


@dataclass(frozen=True, slots=True)
class Waveform:
    """A sample of the curve."""


def size_of(front: bytes) -> int | None:
    """The size of the whole frame, as soon as its front tells it; None when more bytes are needed.

    Raises:
        FrameError: `bad-header`.
    """
    if front[:1] not in (b"", bytes((LEAD,))) or (len(front) > 1 and front[1] not in _SIZES):
        raise FrameError(Reason.BAD_HEADER, f"begins {front[:2].hex()}")
    return _SIZES[front[1]] if len(front) > 1 else None


def decode(data: bytes) -> Values | Waveform:
    """One frame.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`.
    """
    size = size_of(data)
    if size is None:
        raise FrameError(Reason.TRUNCATED, f"{len(data)} bytes came")
    need_told_size(data, size)
    need_sum(data, seven_bit_sum(data[:-1]))
    if data[1] == _WAVEFORM:
        return Waveform()
    pulse, spo2 = data[3], data[4]
    return Values(None if pulse == NO_PULSE else pulse, None if spo2 == NO_SPO2 else spo2)


def measurement(data: bytes) -> Measurement | None:
    """What one frame says of the patient; None for the waveform.

    Raises:
        FrameError: as `decode`.
    """
    frame = decode(data)
    if isinstance(frame, Waveform):
        return None
    return oximetry(data, frame.outcome, frame.spo2, frame.pulse)
