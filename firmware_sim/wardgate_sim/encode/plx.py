"""Pulse oximeter: Spot-Check (0x2A5E), Continuous (0x2A5F), Features (0x2A60), and its Record Access Control Point."""

from __future__ import annotations

from enum import IntEnum, IntFlag

from wardgate_sim.encode.civil import Civil, date_time
from wardgate_sim.encode.ieee11073 import Special, sfloat

Value = float | Special


class MeasurementStatus(IntFlag):
    """What stands about the measurement."""

    ONGOING = 1 << 5
    EARLY_ESTIMATE = 1 << 6
    VALIDATED = 1 << 7
    FULLY_QUALIFIED = 1 << 8
    FROM_STORAGE = 1 << 9
    DEMO = 1 << 10
    TEST = 1 << 11
    CALIBRATION = 1 << 12
    UNAVAILABLE = 1 << 13
    QUESTIONABLE = 1 << 14
    INVALID = 1 << 15


class SensorStatus(IntFlag):
    """What stands about the sensor."""

    SIGNAL_IRREGULARITY = 1 << 2
    INADEQUATE_SIGNAL = 1 << 3
    POOR_SIGNAL = 1 << 4
    LOW_PERFUSION = 1 << 5
    UNCONNECTED_TO_USER = 1 << 11


class Feature(IntFlag):
    """What an oximeter can do."""

    MEASUREMENT_STATUS = 0x01
    SENSOR_STATUS = 0x02
    STORAGE = 0x04
    SPOT_TIME_STAMP = 0x08
    FAST = 0x10
    SLOW = 0x20
    AMPLITUDE_INDEX = 0x40
    MULTIPLE_BONDS = 0x80


def spot_check(
    spo2: Value,
    pulse: Value,
    *,
    at: Civil | None = None,
    measurement: MeasurementStatus | None = None,
    sensor: SensorStatus | None = None,
    amplitude_pct: float | None = None,
    clock_not_set: bool = False,
    tenths: bool = False,
) -> bytes:
    """Flags, SpO2 and pulse, then each field that is given, in the order of its flag."""
    exponent = -1 if tenths else 0
    flags = 0x10 if clock_not_set else 0
    body = sfloat(spo2, exponent=exponent) + sfloat(pulse, exponent=exponent)
    if at is not None:
        flags |= 0x01
        body += date_time(at)
    for bit, field in ((0x02, _status(measurement, 2)), (0x04, _status(sensor, 3)), (0x08, _index(amplitude_pct))):
        if field:
            flags |= bit
            body += field
    return bytes([flags]) + body


def continuous(
    spo2: Value,
    pulse: Value,
    *,
    fast: tuple[float, float] | None = None,
    slow: tuple[float, float] | None = None,
    measurement: MeasurementStatus | None = None,
    sensor: SensorStatus | None = None,
    amplitude_pct: float | None = None,
) -> bytes:
    """Flags, the normal pair, then each field that is given, in the order of its flag."""
    fields = (
        (0x01, _pair(fast)),
        (0x02, _pair(slow)),
        (0x04, _status(measurement, 2)),
        (0x08, _status(sensor, 3)),
        (0x10, _index(amplitude_pct)),
    )
    flags = sum(bit for bit, field in fields if field)
    return bytes([flags]) + sfloat(spo2) + sfloat(pulse) + b"".join(field for _, field in fields)


def features(
    supported: Feature, *, measurement: MeasurementStatus | None = None, sensor: SensorStatus | None = None
) -> bytes:
    """Feature bits, then what statuses there are."""
    return supported.to_bytes(2, "little") + _status(measurement, 2) + _status(sensor, 3)


def _status(bits: IntFlag | None, size: int) -> bytes:
    return b"" if bits is None else bits.to_bytes(size, "little")


def _pair(pair: tuple[float, float] | None) -> bytes:
    return b"" if pair is None else sfloat(pair[0]) + sfloat(pair[1])


def _index(percent: float | None) -> bytes:
    return b"" if percent is None else sfloat(percent, exponent=-1)


class Opcode(IntEnum):
    """What a host asks of the stored records, and how a device answers."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    COUNT = 4
    COUNT_REPLY = 5
    RESPONSE = 6


class Operator(IntEnum):
    """Which records."""

    NULL = 0
    ALL = 1


class Result(IntEnum):
    """How it went."""

    SUCCESS = 1
    OPCODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS_FOUND = 6
    ABORT_UNSUCCESSFUL = 7
    PROCEDURE_NOT_COMPLETED = 8


def racp_request(opcode: Opcode, operator: Operator) -> bytes:
    """What a host writes."""
    return bytes([opcode, operator])


def racp_count(records: int) -> bytes:
    """How many there are."""
    return bytes([Opcode.COUNT_REPLY, Operator.NULL]) + records.to_bytes(2, "little")


def racp_response(request: int, result: Result) -> bytes:
    """How a request went."""
    return bytes([Opcode.RESPONSE, Operator.NULL, request, result])
