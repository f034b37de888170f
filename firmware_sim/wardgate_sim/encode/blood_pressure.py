"""Blood Pressure Measurement (0x2A35) and Blood Pressure Feature (0x2A49)."""

from __future__ import annotations

from enum import IntFlag

from wardgate_sim.encode.civil import Civil, date_time
from wardgate_sim.encode.ieee11073 import Special, sfloat


class Flags(IntFlag):
    """First byte of a measurement."""

    KPA = 0x01
    TIME_STAMP = 0x02
    PULSE = 0x04
    USER = 0x08
    STATUS = 0x10


class Status(IntFlag):
    """Measurement status."""

    BODY_MOVEMENT = 0x01
    CUFF_TOO_LOOSE = 0x02
    IRREGULAR_PULSE = 0x04
    PULSE_ABOVE_RANGE = 0x08
    PULSE_BELOW_RANGE = 0x10
    IMPROPER_POSITION = 0x20


class Feature(IntFlag):
    """What a cuff can tell."""

    BODY_MOVEMENT = 0x01
    CUFF_FIT = 0x02
    IRREGULAR_PULSE = 0x04
    PULSE_RANGE = 0x08
    POSITION = 0x10
    MULTIPLE_BONDS = 0x20


def measurement(
    systolic: float | Special,
    diastolic: float | Special,
    mean: float | Special,
    *,
    kpa: bool = False,
    at: Civil | None = None,
    pulse: float | Special | None = None,
    user: int | None = None,
    status: Status | None = None,
) -> bytes:
    """Flags, three pressures, then each field that is given, in the order of its flag. kPa has tenths."""
    exponent = -1 if kpa else 0
    flags = Flags(0)
    body = b"".join(sfloat(p, exponent=exponent) for p in (systolic, diastolic, mean))
    if kpa:
        flags |= Flags.KPA
    if at is not None:
        flags |= Flags.TIME_STAMP
        body += date_time(at)
    if pulse is not None:
        flags |= Flags.PULSE
        body += sfloat(pulse)
    if user is not None:
        flags |= Flags.USER
        body += bytes([user])
    if status is not None:
        flags |= Flags.STATUS
        body += status.to_bytes(2, "little")
    return bytes([flags]) + body


def feature(features: Feature) -> bytes:
    """Two bytes of feature bits."""
    return features.to_bytes(2, "little")


def beurer_bm85(systolic: float, diastolic: float, *, at: Civil, pulse: int, user: int, status: Status) -> bytes:
    """As a BM85 sends it: no mean, pulse and status big-endian, a user byte without its flag, reserved bit 6 set."""
    flags = Flags.TIME_STAMP | Flags.PULSE | Flags.STATUS | 0x40
    pressures = sfloat(systolic) + sfloat(diastolic) + sfloat(0)
    return bytes([flags]) + pressures + date_time(at) + pulse.to_bytes(2, "big") + bytes([user]) + status.to_bytes(2)
