"""Nonin data format 19: one notification a second while a finger is in. Big-endian.

    0  length     10, may grow
    1  status     bit 1 weak signal, 2 SmartPoint (good enough for the record), 3 searching, 4 finger seated,
                  5 low battery, 6 encrypted
    2  battery    0.1 V
    3  amplitude  2 bytes, 0.01 %
    5  counter    2 bytes, seconds since it was switched on
    7  SpO2       percent, 127 none
    8  pulse      2 bytes, 1/min, 511 none

Source: Nonin 3230 integration notes (characteristic 0aad7ea0-...).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import given, pulse_ok, spo2_ok
from wardgate_drivers.codec.cursor import named_bits
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, Measurement, Outcome

SIZE: Final = 10
NO_SPO2: Final = 127
NO_PULSE: Final = 511
SMARTPOINT: Final = "smartpoint"
SEARCHING: Final = "searching"
ENCRYPTED: Final = "encrypted"
_STATUS: Final = {
    1: "weak-signal",
    2: SMARTPOINT,
    3: SEARCHING,
    4: "finger-seated",
    5: "low-battery",
    6: ENCRYPTED,
}


@dataclass(frozen=True, slots=True)
class Frame:
    """The fields of one second. None: the device has no value."""

    status: tuple[str, ...]
    battery_v: float
    amplitude_index: float
    """Pulse amplitude index in percent."""
    counter: int
    spo2: int | None
    pulse: int | None

    @property
    def outcome(self) -> Outcome:
        """No reading without a finger or without values. What it shows while it searches goes with that flag, by which
        the models never choose it."""
        if "finger-seated" not in self.status or not self.spo2 or self.pulse is None:
            return Outcome.NO_READING
        return Outcome.DECODE if spo2_ok(self.spo2) and pulse_ok(self.pulse) else Outcome.IMPLAUSIBLE


def decode(data: bytes) -> Frame:
    """One notification.

    Raises:
        FrameError: `truncated`, `bad-length`.
    """
    if not data:
        raise FrameError(Reason.TRUNCATED, "nothing came")
    if data[0] < SIZE:
        raise FrameError(Reason.BAD_LENGTH, f"its length byte says {data[0]}, the format has {SIZE}")
    if len(data) != data[0]:
        reason = Reason.TRUNCATED if len(data) < data[0] else Reason.BAD_LENGTH
        raise FrameError(reason, f"its length byte says {data[0]}, {len(data)} bytes came")
    spo2 = data[7]
    pulse = int.from_bytes(data[8:10], "big")
    return Frame(
        status=named_bits(data[1], _STATUS),
        battery_v=data[2] / 10,
        amplitude_index=int.from_bytes(data[3:5], "big") / 100,
        counter=int.from_bytes(data[5:7], "big"),
        spo2=None if spo2 == NO_SPO2 else spo2,
        pulse=None if pulse == NO_PULSE else pulse,
    )


def measurement(data: bytes) -> Measurement:
    """What one second says of the patient.

    Raises:
        FrameError: `truncated`, `bad-length`.
    """
    frame = decode(data)
    return Measurement(
        channel=Channel.SATURATION,
        outcome=frame.outcome,
        quantities=quantities(
            ("spo2", frame.spo2, "%"),
            ("pulse", given(frame.pulse), "1/min"),
            ("perfusion", frame.amplitude_index, "%"),
        ),
        frame=data,
        status=frame.status,
    )
