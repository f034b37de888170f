"""Pulse oximetry: PLX Spot-check (0x2A5E), PLX Continuous (0x2A5F), PLX Features (0x2A60).

    spot-check   flags: bit 0 time stamp, 1 measurement status, 2 sensor status, 3 pulse amplitude index,
                 4 device clock not set, 5-7 reserved
                 SpO2 SFLOAT, pulse SFLOAT, time 7 bytes, measurement status 2, sensor status 3, index SFLOAT
    continuous   flags: bit 0 fast pair, 1 slow pair, 2 measurement status, 3 sensor status, 4 pulse amplitude index,
                 5-7 reserved
                 SpO2 and pulse (normal), fast pair, slow pair, measurement status 2, sensor status 3, index SFLOAT
    features     2 bytes, then the measurement status bits it supports (2 bytes, with bit 0) and the sensor status
                 bits (3 bytes, with bit 1)

SpO2 and index in percent, pulse in 1/min. Source: Bluetooth SIG, Pulse Oximeter Service 1.0.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import given, pulse_ok, spo2_ok
from wardgate_drivers.codec.cursor import Cursor, named_bits
from wardgate_drivers.codec.embedded import TimeField, device_time, quantities, take_sfloat, time_field
from wardgate_drivers.codec.ieee11073 import Number, Special
from wardgate_drivers.measurement import Channel, Measurement, Outcome

_FLAGS_RESERVED: Final = 0xE0

_MEASUREMENT_STATUS: Final = {
    5: "measurement-ongoing",
    6: "early-estimate",
    7: "validated",
    8: "fully-qualified",
    9: "from-storage",
    10: "demo-data",
    11: "test-data",
    12: "calibration-ongoing",
    13: "unavailable",
    14: "questionable",
    15: "invalid",
}
_SENSOR_STATUS: Final = {
    0: "extended-display-update",
    1: "equipment-malfunction",
    2: "signal-irregularity",
    3: "inadequate-signal",
    4: "poor-signal",
    5: "low-perfusion",
    6: "erratic-signal",
    7: "non-pulsatile-signal",
    8: "questionable-pulse",
    9: "signal-analysis-ongoing",
    10: "sensor-interference",
    11: "sensor-unconnected-to-user",
    12: "unknown-sensor",
    13: "sensor-displaced",
    14: "sensor-malfunction",
    15: "sensor-disconnected",
}
_SPOILS_THE_READING: Final = frozenset(
    {
        "demo-data",
        "test-data",
        "calibration-ongoing",
        "unavailable",
        "invalid",
        "equipment-malfunction",
        "sensor-unconnected-to-user",
        "sensor-malfunction",
        "sensor-disconnected",
    }
)
_FEATURES: Final = {
    0: "measurement-status",
    1: "sensor-status",
    2: "spot-storage",
    3: "spot-timestamp",
    4: "fast",
    5: "slow",
    6: "pulse-amplitude-index",
    7: "multiple-bonds",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """SpO2 in percent and pulse in 1/min."""

    spo2: Number
    pulse: Number


@dataclass(frozen=True, slots=True)
class Oximetry:
    """The fields of a spot-check or continuous measurement; None for what was not sent."""

    normal: Pair
    fast: Pair | None
    slow: Pair | None
    time: TimeField | None
    measurement_status: tuple[str, ...] | None
    sensor_status: tuple[str, ...] | None
    amplitude_index: Number | None
    """Pulse amplitude index in percent."""
    clock_not_set: bool
    flags_reserved: int
    trailing_bytes: int

    @property
    def status(self) -> tuple[str, ...]:
        """Both statuses, and what the flags say of the clock."""
        clock = ("clock-not-set",) if self.clock_not_set else ()
        return (self.measurement_status or ()) + (self.sensor_status or ()) + clock

    @property
    def outcome(self) -> Outcome:
        """No reading without an SpO2 or with a status that spoils it; a missing pulse does not."""
        spo2 = self.normal.spo2
        if isinstance(spo2, Special) or spo2 == 0 or _SPOILS_THE_READING.intersection(self.status):
            return Outcome.NO_READING
        return Outcome.DECODE if spo2_ok(spo2) and pulse_ok(self.normal.pulse) else Outcome.IMPLAUSIBLE


def decode_spot_check(data: bytes) -> Oximetry:
    """A PLX Spot-check Measurement.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    flags = cursor.uint(1)
    return Oximetry(
        normal=_pair(cursor),
        fast=None,
        slow=None,
        time=time_field(cursor) if flags & 1 << 0 else None,
        measurement_status=named_bits(cursor.uint(2), _MEASUREMENT_STATUS) if flags & 1 << 1 else None,
        sensor_status=named_bits(cursor.uint(3), _SENSOR_STATUS) if flags & 1 << 2 else None,
        amplitude_index=take_sfloat(cursor) if flags & 1 << 3 else None,
        clock_not_set=bool(flags & 1 << 4),
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )


def decode_continuous(data: bytes) -> Oximetry:
    """A PLX Continuous Measurement.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    flags = cursor.uint(1)
    return Oximetry(
        normal=_pair(cursor),
        fast=_pair(cursor) if flags & 1 << 0 else None,
        slow=_pair(cursor) if flags & 1 << 1 else None,
        time=None,
        measurement_status=named_bits(cursor.uint(2), _MEASUREMENT_STATUS) if flags & 1 << 2 else None,
        sensor_status=named_bits(cursor.uint(3), _SENSOR_STATUS) if flags & 1 << 3 else None,
        amplitude_index=take_sfloat(cursor) if flags & 1 << 4 else None,
        clock_not_set=False,
        flags_reserved=flags & _FLAGS_RESERVED,
        trailing_bytes=cursor.left,
    )


def _pair(cursor: Cursor) -> Pair:
    return Pair(take_sfloat(cursor), take_sfloat(cursor))


def spot_check_measurement(data: bytes) -> Measurement:
    """What a spot-check says of the patient.

    Raises:
        FrameError: `truncated`.
    """
    return _measurement(decode_spot_check(data), data)


def continuous_measurement(data: bytes) -> Measurement:
    """What one frame of a stream says of the patient.

    Raises:
        FrameError: `truncated`.
    """
    return _measurement(decode_continuous(data), data)


def _measurement(frame: Oximetry, data: bytes) -> Measurement:
    return Measurement(
        channel=Channel.SATURATION,
        outcome=frame.outcome,
        quantities=quantities(
            ("spo2", frame.normal.spo2, "%"),
            ("pulse", given(frame.normal.pulse), "1/min"),
            ("perfusion", frame.amplitude_index, "%"),
        ),
        frame=data,
        device_time=device_time(frame.time),
        status=frame.status,
        stored="from-storage" in frame.status,
    )


@dataclass(frozen=True, slots=True)
class Features:
    """What an oximeter can do, in bit order; None for what it did not tell."""

    features: tuple[str, ...]
    measurement_status: tuple[str, ...] | None
    sensor_status: tuple[str, ...] | None
    trailing_bytes: int


def decode_features(data: bytes) -> Features:
    """The value of PLX Features.

    Raises:
        FrameError: `truncated`.
    """
    cursor = Cursor(data)
    bits = cursor.uint(2)
    return Features(
        features=named_bits(bits, _FEATURES),
        measurement_status=named_bits(cursor.uint(2), _MEASUREMENT_STATUS) if bits & 1 << 0 else None,
        sensor_status=named_bits(cursor.uint(3), _SENSOR_STATUS) if bits & 1 << 1 else None,
        trailing_bytes=cursor.left,
    )
