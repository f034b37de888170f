"""Nonin data format 8: four bytes a second over a serial line.

    0  bit 7 set, bits 0-1 pulse bits 7-8, 2 artifact, 3 marginal perfusion, 4 low perfusion, 5 out of track
    1  pulse      low seven bits; 511 none
    2  SpO2       percent, 127 none
    3  bit 0 low battery, 3 sensor alarm, 5 SmartPoint

Bytes 1-3 have bit 7 clear; there is no checksum. Source: Nonin OEM specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import named_bits, need_size
from wardgate_drivers.codec.nonin_df19 import NO_PULSE, NO_SPO2, SMARTPOINT
from wardgate_drivers.codec.oximeter_frame import outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

SIZE: Final = 4
SENSOR_ALARM: Final = "sensor-alarm"
SENSOR_DISCONNECTED: Final = "sensor-disconnected"
OUT_OF_TRACK: Final = "out-of-track"
ARTIFACT: Final = "artifact"
SYNC: Final = 0x80
_STATUS: Final = {2: ARTIFACT, 3: "marginal-perfusion", 4: "low-perfusion", 5: OUT_OF_TRACK}
_SECOND_STATUS: Final = {0: "low-battery", 3: SENSOR_ALARM, 5: SMARTPOINT}
EMPTY: Final = frozenset({SENSOR_ALARM, SENSOR_DISCONNECTED, OUT_OF_TRACK})
"""Nobody's finger is measured."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The fields of one second, in this format or in format 1. None: the device has no value."""

    pulse: int | None
    spo2: int | None
    status: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """No reading without a finger, a sensor or values."""
        return outcome_of(self.spo2, self.pulse, empty=not EMPTY.isdisjoint(self.status))


def decode(data: bytes) -> Frame:
    """One frame.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    pulse, spo2 = pulse_and_spo2(data, SIZE)
    return Frame(pulse, spo2, named_bits(data[0], _STATUS) + named_bits(data[3], _SECOND_STATUS))


def pulse_and_spo2(data: bytes, size: int) -> tuple[int | None, int | None]:
    """What the first three bytes say, in this format and in format 1, which ends with them.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    for at, byte in enumerate(data[:size]):
        if bool(byte & SYNC) != (at == 0):
            raise FrameError(Reason.BAD_SYNC, f"byte {at} is {byte:02x}")
    need_size(data, size)
    pulse = (data[0] & 0x03) << 7 | data[1]
    return None if pulse == NO_PULSE else pulse, None if data[2] == NO_SPO2 else data[2]


def measurement(data: bytes) -> Measurement:
    """What one second says of the patient.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    frame = decode(data)
    return oximetry(data, frame.outcome, frame.spo2, frame.pulse, status=frame.status)


class Splitter:
    """Bytes as they come, frames out: begins anywhere, and finds its way back after a byte was lost."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The whole frames that are now there."""
        frames = []
        for byte in data:
            if byte & SYNC:
                self._rest = bytes((byte,))
            elif self._rest:
                self._rest += bytes((byte,))
                if len(self._rest) == SIZE:
                    frames.append(self._rest)
                    self._rest = b""
        return frames
