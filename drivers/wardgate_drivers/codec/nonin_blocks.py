"""Nonin data formats 2 and 7: blocks of 25 frames of five bytes, three blocks a second.

    format 2  01, status, pleth (8 bits), float, checksum
    format 7  status, pleth (16 bits, big-endian), float, checksum

The checksum is the low byte of the sum of the four before it. Status: bit 7 set, bit 0 in the first frame of a block
alone, 1-2 perfusion, 3 sensor alarm, 4 out of track, 5 artifact, 6 sensor disconnected. The float byte's meaning goes
by the frame's place: 1-2 pulse (two bits, seven bits), 3 SpO2, 4 firmware revision, 9 SpO2 as displayed, 10 fast, 11
beat to beat, 14-15 extended pulse, 16 extended SpO2, 17 the same as displayed, 20-21 pulse as displayed, 22-23 extended
pulse as displayed. SpO2 has seven bits, the eighth is reserved. SpO2 127 and pulse 511: none. Source: Nonin OEM
specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import named_bits
from wardgate_drivers.codec.nonin_df8 import ARTIFACT, EMPTY, OUT_OF_TRACK, SENSOR_ALARM, SENSOR_DISCONNECTED
from wardgate_drivers.codec.nonin_df19 import NO_PULSE, NO_SPO2
from wardgate_drivers.codec.oximeter_frame import need_told_size, outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

FRAME: Final = 5
FRAMES: Final = 25
SIZE: Final = FRAME * FRAMES
_LEAD: Final = 0x01
_SYNC: Final = 0x80
_FIRST: Final = 0x01
_ALARMS: Final = {3: SENSOR_ALARM, 4: OUT_OF_TRACK, 5: ARTIFACT, 6: SENSOR_DISCONNECTED}


@dataclass(frozen=True, slots=True)
class Block:
    """A third of a second. None: the device has no value."""

    pulse: int | None
    spo2: int | None
    firmware: int
    spo2_display: int | None
    spo2_fast: int | None
    spo2_beat: int | None
    pulse_extended: int | None
    spo2_extended: int | None
    spo2_extended_display: int | None
    pulse_display: int | None
    pulse_extended_display: int | None
    alarms: tuple[str, ...]
    """Of any frame in the block."""

    @property
    def outcome(self) -> Outcome:
        """No reading without a finger, a sensor or values."""
        return outcome_of(self.spo2, self.pulse, empty=not EMPTY.isdisjoint(self.alarms))


def decode_format_2(data: bytes) -> Block:
    """One block of format 2.

    Raises:
        FrameError: `bad-header`, `bad-sync`, `truncated`, `bad-length`, `bad-checksum`.
    """
    return _decode(data, status_at=1)


def decode_format_7(data: bytes) -> Block:
    """One block of format 7.

    Raises:
        FrameError: `bad-sync`, `truncated`, `bad-length`, `bad-checksum`.
    """
    return _decode(data, status_at=0)


def decode(data: bytes) -> Block:
    """One block of either format; the first byte tells them apart.

    Raises:
        FrameError: as the format's own.
    """
    return decode_format_2(data) if data[:1] == bytes((_LEAD,)) else decode_format_7(data)


def _decode(data: bytes, status_at: int) -> Block:
    frames = [data[at : at + FRAME] for at in range(0, min(len(data), SIZE), FRAME)]
    for number, frame in enumerate(frames, 1):
        _need_sync(frame, number, status_at)
    need_told_size(data, SIZE)
    for number, frame in enumerate(frames, 1):
        if sum(frame[:-1]) & 0xFF != frame[-1]:
            raise FrameError(Reason.BAD_CHECKSUM, f"frame {number}: {frame.hex()}")
    alarms = 0
    for frame in frames:
        alarms |= frame[status_at]
    floats = [0, *(frame[3] for frame in frames)]
    return Block(
        pulse=_pulse(floats, 1),
        spo2=_spo2(floats[3]),
        firmware=floats[4],
        spo2_display=_spo2(floats[9]),
        spo2_fast=_spo2(floats[10]),
        spo2_beat=_spo2(floats[11]),
        pulse_extended=_pulse(floats, 14),
        spo2_extended=_spo2(floats[16]),
        spo2_extended_display=_spo2(floats[17]),
        pulse_display=_pulse(floats, 20),
        pulse_extended_display=_pulse(floats, 22),
        alarms=named_bits(alarms, _ALARMS),
    )


def _need_sync(frame: bytes, number: int, status_at: int) -> None:
    if status_at and frame[0] != _LEAD:
        raise FrameError(Reason.BAD_HEADER, f"frame {number} begins {frame[0]:02x}")
    if len(frame) <= status_at:
        return
    status = frame[status_at]
    if not status & _SYNC or bool(status & _FIRST) != (number == 1):
        raise FrameError(Reason.BAD_SYNC, f"frame {number} has status {status:02x}")


def _pulse(floats: list[int], at: int) -> int | None:
    pulse = (floats[at] & 0x03) << 7 | floats[at + 1] & 0x7F
    return None if pulse == NO_PULSE else pulse


def _spo2(raw: int) -> int | None:
    """Seven bits; the eighth is reserved."""
    spo2 = raw & 0x7F
    return None if spo2 == NO_SPO2 else spo2


def measurement(data: bytes) -> Measurement:
    """What one block of either format says of the patient.

    Raises:
        FrameError: as `decode`.
    """
    block = decode(data)
    return oximetry(data, block.outcome, block.spo2, block.pulse, status=block.alarms)


class Splitter:
    """Bytes as they come, whole blocks out. A piece that is no block is given up a byte at a time."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The whole blocks that are now there."""
        self._rest += data
        blocks = []
        while self._rest:
            front = bytes(self._rest[:SIZE])
            try:
                decode(front)
            except FrameError as error:
                if error.reason is Reason.TRUNCATED:
                    break
                del self._rest[0]
            else:
                blocks.append(front)
                del self._rest[:SIZE]
        return blocks
