"""A stored recording of a Viatom/Wellue O2Ring, Checkme O2 or SleepU (file version 3). Little-endian.

    0  version    3
    1  mode       0 sleep, 1 monitor
    2  start      year 2 bytes, month, day, hour, minute, second, of the device's own clock
    9  size       4 bytes, not read
    13 duration   2 bytes, seconds
    15 summary    averages, lowest, drops, score, steps: not read
    40 samples    5 bytes each, one every 2 or 4 s: SpO2, pulse, a third byte, movement, one more

Two descriptions of a sample are about. One calls the third byte a flag for values that do not count, the other the high
byte of the pulse, FFFF for none. They agree where it is 0 and where it is FF; with anything but 0 a sample is taken as
none. SpO2 0 and FF, and pulse FF, mean none. There is no checksum: the pieces of a file come in frames that have one.

Source: the maker's demonstration program (viatom-develop/LepuBle); MackeyStingray/o2r; rileyg98/ViatomDataReader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.oximeter_frame import outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome

VERSION: Final = 3
HEADER: Final = 40
SAMPLE: Final = 5
_NONE: Final = 0xFF
_STEPS_S: Final = (2, 4)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was shown at one moment. None: there was no value."""

    spo2: int | None
    pulse: int | None
    raw: bytes

    @property
    def outcome(self) -> Outcome:
        """No reading where there was no value."""
        return outcome_of(self.spo2, self.pulse)


@dataclass(frozen=True, slots=True)
class Night:
    """One recording, from when it was put on to when it was taken off."""

    start: DeviceTime
    duration_s: int
    step_s: int
    header: bytes
    samples: tuple[Sample, ...]

    @property
    def outcome(self) -> Outcome:
        """Whether there is anything in it."""
        sound = any(sample.outcome is Outcome.DECODE for sample in self.samples)
        return Outcome.DECODE if sound else Outcome.NO_READING

    def covers(self, time: DeviceTime, slack_s: float) -> bool:
        """Whether it was worn at that time."""
        since_s = time.civil_s - self.start.civil_s
        return -slack_s <= since_s <= self.duration_s + slack_s


def decode(data: bytes) -> Night:
    """A whole file.

    Raises:
        FrameError: `bad-header` for another version, `truncated`, `bad-length` for a part of a sample or where samples
            and duration do not fit, `bad-value` for a start that cannot exist.
    """
    if data and data[0] != VERSION:
        raise FrameError(Reason.BAD_HEADER, f"version {data[0]}")
    if len(data) < HEADER:
        raise FrameError(Reason.TRUNCATED, f"{HEADER} bytes needed, {len(data)} came")
    count, part = divmod(len(data) - HEADER, SAMPLE)
    if part:
        raise FrameError(Reason.BAD_LENGTH, f"{part} bytes after {count} samples")
    duration_s = int.from_bytes(data[13:15], "little")
    step_s = _step_s(duration_s, count)
    try:
        start = DeviceTime.of(int.from_bytes(data[2:4], "little"), *data[4:9])
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error
    samples = tuple(_sample(data[at : at + SAMPLE]) for at in range(HEADER, len(data), SAMPLE))
    return Night(start, duration_s, step_s, data[:HEADER], samples)


def _step_s(duration_s: int, count: int) -> int:
    """The step at which so many samples take so long, give or take one that was not finished."""
    for step_s in _STEPS_S:
        if abs(duration_s - step_s * count) < step_s:
            return step_s
    raise FrameError(Reason.BAD_LENGTH, f"{count} samples in {duration_s} s")


def _sample(raw: bytes) -> Sample:
    spo2, pulse, third = raw[:3]
    is_none = bool(third) or spo2 in (0, _NONE)
    return Sample(None if is_none else spo2, None if is_none or pulse == _NONE else pulse, raw)


def measurement(night: Night, at: int) -> Measurement:
    """What the sample of that number says of the patient."""
    sample = night.samples[at]
    return oximetry(
        night.header + sample.raw,
        sample.outcome,
        sample.spo2,
        sample.pulse,
        device_time=DeviceTime(night.start.civil_s + at * night.step_s),
        stored=True,
    )
