"""Nonin data format 13: one spot check with its time, over a serial line. Big-endian.

    0   00 02 00 0D    lead
    4   length         2 bytes, of the data: 14, may grow
    6   date and time  BCD: year 2 bytes, month, day, hour, minute, second, hundredths
    14  status         bit 9 SmartPoint, 8 no finger, 4 from memory, 0 low battery
    16  pulse          2 bytes, 1/min, 511 none
    18  00
    19  SpO2           percent, 127 none
        checksum       low byte of the sum of the data
        03             end

Each is answered with ACK (06), or it is sent again. Source: Nonin 9560 Bluetooth specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import given, pulse_ok, spo2_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.codec.nonin_df19 import NO_PULSE, NO_SPO2, SMARTPOINT
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

LEAD: Final = bytes.fromhex("0002000d")
END: Final = 0x03
DATA_AT: Final = 6
LEAST_DATA: Final = 14

_SMARTPOINT: Final = 1 << 9
_NO_FINGER: Final = 1 << 8
_FROM_MEMORY: Final = 1 << 4
_LOW_BATTERY: Final = 1 << 0


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """The fields of one spot check. None: the device has no value."""

    time: DeviceTime
    smartpoint: bool
    no_finger: bool
    from_memory: bool
    low_battery: bool
    pulse: int | None
    spo2: int | None

    @property
    def outcome(self) -> Outcome:
        """No reading without a finger or without values."""
        if self.no_finger or not self.spo2 or self.pulse is None:
            return Outcome.NO_READING
        return Outcome.DECODE if spo2_ok(self.spo2) and pulse_ok(self.pulse) else Outcome.IMPLAUSIBLE

    @property
    def status(self) -> tuple[str, ...]:
        """Names of what was set."""
        named = (
            (SMARTPOINT, self.smartpoint),
            ("no-finger", self.no_finger),
            ("from-memory", self.from_memory),
            ("low-battery", self.low_battery),
        )
        return tuple(name for name, is_set in named if is_set)


def size_of(front: bytes) -> int | None:
    """The size of the whole frame, as soon as its front tells it; None when more bytes are needed.

    Raises:
        FrameError: `bad-header`, or `bad-length` for a length that no frame has.
    """
    if front[: len(LEAD)] != LEAD[: len(front)]:
        raise FrameError(Reason.BAD_HEADER, f"begins {front[:4].hex()}")
    if len(front) < DATA_AT:
        return None
    length = int.from_bytes(front[4:6], "big")
    if length < LEAST_DATA:
        raise FrameError(Reason.BAD_LENGTH, f"{length} data bytes where {LEAST_DATA} are the least")
    return DATA_AT + length + 2


def decode(data: bytes) -> SpotCheck:
    """One whole frame.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`, or `bad-value` for a date that is no BCD
            or cannot exist.
    """
    size = size_of(data)
    if size is None or len(data) < size:
        raise FrameError(Reason.TRUNCATED, f"{size or DATA_AT} bytes needed, {len(data)} came")
    if len(data) > size:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes where {size} are told")
    if data[-1] != END:
        raise FrameError(Reason.BAD_HEADER, f"ends {data[-1]:02x}")
    if sum(data[DATA_AT:-2]) & 0xFF != data[-2]:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum is {sum(data[DATA_AT:-2]) & 0xFF:02x}, frame says {data[-2]:02x}")
    status = int.from_bytes(data[14:16], "big")
    pulse = int.from_bytes(data[16:18], "big")
    spo2 = data[19]
    return SpotCheck(
        time=_bcd_time(data[DATA_AT : DATA_AT + 8]),
        smartpoint=bool(status & _SMARTPOINT),
        no_finger=bool(status & _NO_FINGER),
        from_memory=bool(status & _FROM_MEMORY),
        low_battery=bool(status & _LOW_BATTERY),
        pulse=None if pulse == NO_PULSE else pulse,
        spo2=None if spo2 == NO_SPO2 else spo2,
    )


def _bcd_time(eight: bytes) -> DeviceTime:
    digits = eight.hex()
    if not digits.isdecimal():
        raise FrameError(Reason.BAD_VALUE, f"no BCD: {digits}")
    year, *rest = int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, 16, 2))
    month, day, hour, minute, second, hundredths = rest
    try:
        return DeviceTime.of(year, month, day, hour, minute, second + hundredths / 100)
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error


def measurement(data: bytes) -> Measurement:
    """What one spot check says of the patient.

    Raises:
        FrameError: as `decode`.
    """
    frame = decode(data)
    return Measurement(
        channel=Channel.SATURATION,
        outcome=frame.outcome,
        quantities=quantities(("spo2", frame.spo2, "%"), ("pulse", given(frame.pulse), "1/min")),
        frame=data,
        device_time=frame.time,
        status=frame.status,
        stored=frame.from_memory,
    )
