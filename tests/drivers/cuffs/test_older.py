"""What was kept is told from what was just measured by the device's clock alone, however wrong it is."""

from __future__ import annotations

from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome
from wardgate_drivers.protocol.older import told_apart


def at(civil_s: float | None) -> Measurement:
    time = None if civil_s is None else DeviceTime(civil_s)
    return Measurement(Channel.BLOOD_PRESSURE, Outcome.DECODE, (), b"", device_time=time)


def test_all_but_the_last_sitting_are_stored() -> None:
    told = told_apart([at(1000), at(90_000), at(89_700), at(None), at(86_000)])
    assert [m.device_time.civil_s if m.device_time else None for m in told] == [90_000, 89_700, 86_000, 1000, None]
    # One whose date cannot exist may be as old as any.
    assert [m.stored for m in told] == [False, False, True, True, True]


def test_one_alone_is_live_whatever_its_clock_says() -> None:
    assert [m.stored for m in told_apart([at(0)])] == [False]
    assert [m.stored for m in told_apart([at(None)])] == [False]
    assert told_apart([]) == []
