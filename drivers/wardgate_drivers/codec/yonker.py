"""Yonker's own blood pressure result (YK-IBPA1, also sold as Yongrow and Metiko), 15 bytes, notified.

    0   81
    1   systolic, diastolic   mmHg
    3   pulse                 1/min
    4   0, 0
    6   day, month, year - 2000, hour, minute
    11  spare

Other values on the same characteristic (a cuff on its way, say) begin otherwise. The clock is not to be trusted.

Source: issue 615 and decoder tests of the project derdilla/blood-pressure-monitor-fl. No document of the maker's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import pressures_ok, pulse_ok
from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

RESULT: Final = 0x81
SIZE: Final = 15


@dataclass(frozen=True, slots=True)
class Result:
    """The fields of one result."""

    systolic_mmhg: int
    diastolic_mmhg: int
    pulse: int
    time: DeviceTime | None
    """None for a date that cannot exist, which only `measurement` lets pass."""

    @property
    def outcome(self) -> Outcome:
        """No reading when it measured nothing."""
        if self.systolic_mmhg == 0:
            return Outcome.NO_READING
        sound = pressures_ok(self.systolic_mmhg, self.diastolic_mmhg, 0, "mmHg") and pulse_ok(self.pulse)
        return Outcome.DECODE if sound else Outcome.IMPLAUSIBLE


def decode(data: bytes) -> Result:
    """One result.

    Raises:
        FrameError: `bad-header`, `bad-length`, or `bad-value` for a date that cannot exist.
    """
    result = _parse(data)
    if result.time is None:
        raise FrameError(Reason.BAD_VALUE, f"no such time: {data[6:11].hex()}")
    return result


def measurement(data: bytes) -> Measurement | None:
    """What a notified value says of the patient; None for values that are no result.

    A date that cannot exist takes nothing from the pressures: the clock of this cuff is not trusted anyway.

    Raises:
        FrameError: `bad-length`.
    """
    if data and data[0] != RESULT:
        return None
    result = _parse(data)
    return Measurement(
        channel=Channel.BLOOD_PRESSURE,
        outcome=result.outcome,
        quantities=quantities(
            ("systolic", result.systolic_mmhg, "mmHg"),
            ("diastolic", result.diastolic_mmhg, "mmHg"),
            ("pulse", result.pulse or None, "1/min"),
        ),
        time_resolution_s=60.0,
        frame=data,
        device_time=result.time,
    )


def _parse(data: bytes) -> Result:
    if data and data[0] != RESULT:
        raise FrameError(Reason.BAD_HEADER, f"begins {data[0]:02x}")
    need_size(data, SIZE)
    day, month, year, hour, minute = data[6:11]
    try:
        time = DeviceTime.of(2000 + year, month, day, hour, minute, 0)
    except ValueError:
        time = None
    return Result(data[1], data[2], data[3], time)
