"""Creative/Viatom PC-60FW, PC-60NW, FS20F, KS-60: frames on a Nordic UART.

    0  AA 55
    2  token
    3  length     of what follows it
    4  function, data
       checksum   CRC-8 (reflected polynomial 8C, start 0) over all before

Token 0F function 1: SpO2, pulse (2 bytes), perfusion index in 0.1 %, two more; zeros when no finger is in. Function 2:
waveform, seven bits a sample, bit 7 marks a beat. Token F0 function 3: battery 0-3.
Source: sza2/viatom_pc60fw and public packet notes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec import crc8
from wardgate_drivers.codec.oximeter_frame import need_sum, need_told_size, outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

LEAD: Final = b"\xaa\x55"
_FRONT: Final = 4
_LEAST_LENGTH: Final = 2
"""A function and the checksum."""
_OXIMETRY: Final = 0x0F
_SYSTEM: Final = 0xF0
_VALUES: Final = (_OXIMETRY, 1)
_WAVEFORM: Final = (_OXIMETRY, 2)
_BATTERY: Final = (_SYSTEM, 3)
_LEAST_LENGTHS: Final = {_VALUES: 6, _BATTERY: 3}


@dataclass(frozen=True, slots=True)
class Values:
    """One second; zeros without a finger."""

    spo2: int
    pulse: int
    perfusion_pct: float

    @property
    def outcome(self) -> Outcome:
        """No reading without a finger."""
        return outcome_of(self.spo2, self.pulse)


@dataclass(frozen=True, slots=True)
class Waveform:
    """Some samples of the curve."""

    samples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Battery:
    """How full it is: 0-3."""

    level: int


@dataclass(frozen=True, slots=True)
class Other:
    """A sound frame of another kind."""

    token: int
    function: int


Frame = Values | Waveform | Battery | Other


def size_of(front: bytes) -> int | None:
    """The size of the whole frame, as soon as its front tells it; None when more bytes are needed.

    Raises:
        FrameError: `bad-header`, or `bad-length` for a length that no frame has.
    """
    if front[:2] != LEAD[: len(front)]:
        raise FrameError(Reason.BAD_HEADER, f"begins {front[:2].hex()}")
    if len(front) < _FRONT:
        return None
    length = front[3]
    least = _LEAST_LENGTHS.get((front[2], front[4]), _LEAST_LENGTH) if len(front) > _FRONT else _LEAST_LENGTH
    if length < least:
        raise FrameError(Reason.BAD_LENGTH, f"its length byte says {length}, {least} is the least")
    return _FRONT + length


def decode(data: bytes) -> Frame:
    """One whole frame.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`.
    """
    size = size_of(data)
    if size is None:
        raise FrameError(Reason.TRUNCATED, f"{len(data)} bytes came")
    need_told_size(data, size)
    need_sum(data, crc8.reflected(data[:-1]))
    kind, body = (data[2], data[4]), data[5:-1]
    if kind == _VALUES:
        return Values(spo2=body[0], pulse=int.from_bytes(body[1:3], "little"), perfusion_pct=body[3] / 10)
    if kind == _WAVEFORM:
        return Waveform(tuple(sample & 0x7F for sample in body))
    return Battery(body[0]) if kind == _BATTERY else Other(*kind)


def measurement(data: bytes) -> Measurement | None:
    """What one frame says of the patient; None for side frames.

    Raises:
        FrameError: as `decode`.
    """
    frame = decode(data)
    if not isinstance(frame, Values):
        return None
    return oximetry(data, frame.outcome, frame.spo2, frame.pulse, perfusion=frame.perfusion_pct)
