"""What makers' oximeter frames share: when a frame is a reading, and how its size is judged."""

from __future__ import annotations

from wardgate_drivers.codec.bounds import given, pulse_ok, spo2_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome


def outcome_of(spo2: float | None, pulse: float | None, *, empty: bool = False) -> Outcome:
    """What a saturation (percent) and a pulse (1/min) are good for; None where the device has none.

    A pulse of 0 is "not provided" and does not spoil the saturation. `empty`: the device says by a flag that there is
    nothing to record.
    """
    if empty or not spo2 or pulse is None:
        return Outcome.NO_READING
    return Outcome.DECODE if spo2_ok(spo2) and pulse_ok(pulse) else Outcome.IMPLAUSIBLE


def oximetry(
    frame: bytes,
    outcome: Outcome,
    spo2: float | None,
    pulse: float | None,
    *,
    perfusion: float | None = None,
    status: tuple[str, ...] = (),
    device_time: DeviceTime | None = None,
    stored: bool = False,
) -> Measurement:
    """A saturation in percent, with a pulse (1/min) and a perfusion index (percent) where they were given."""
    return Measurement(
        channel=Channel.SATURATION,
        outcome=outcome,
        quantities=quantities(("spo2", spo2, "%"), ("pulse", given(pulse), "1/min"), ("perfusion", perfusion, "%")),
        frame=frame,
        device_time=device_time,
        status=status,
        stored=stored,
    )


def need_told_size(data: bytes, size: int) -> None:
    """Refuse what is shorter (`truncated`) or longer (`bad-length`) than its own front tells."""
    if len(data) < size:
        raise FrameError(Reason.TRUNCATED, f"{size} bytes needed, {len(data)} came")
    if len(data) > size:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes where {size} are told")


def need_sum(data: bytes, expected: int) -> None:
    """Refuse as `bad-checksum` a frame whose last byte is not `expected`."""
    if data[-1] != expected:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum is {expected:02x}, frame says {data[-1]:02x}")


def seven_bit_sum(data: bytes) -> int:
    """The low seven bits of the sum, as Contec's and Beurer's frames end with."""
    return sum(data) & 0x7F


def named(*flags: tuple[str, bool]) -> tuple[str, ...]:
    """The names of those flags that are set."""
    return tuple(name for name, is_set in flags if is_set)
