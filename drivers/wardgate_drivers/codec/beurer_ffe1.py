"""Beurer BF710 and Sanitas SBF70/SBF75 scales (0xFFE0/0xFFE1).

    0  E7       (BF700 and BF800 lead with F7: not these frames)
    1  command  58 live weight, 59 part of a finished record, 42 part of a stored one, 34 a user, F0 answer
    2  58: 1 while it still moves, 0 once settled; 59, 42, 34: how many parts come; F0: the command answered
    3  58: weight, 2 bytes big-endian, 0.05 kg a step; 59, 42, 34: which part this is

The host writes back E7 F1 and bytes 1 to 3 of each. A live weight is never a result: the first one after a step on can
be far off. What counts is the record, joined from its parts (what follows byte 3; a finished one's first part names
the user in bytes 5 to 12 and belongs to no record):

    0  seconds   4 bytes, as the host set them       6  impedance  2 bytes, ohm
    4  weight    2 bytes, 0.05 kg a step             8  composition of the body, not used here

All of a record is big-endian. Live frames were captured; records are as openScale describes them.

Source: openScale, issue threads and what its Beurer and Sanitas driver knows of the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import weight_ok
from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, DeviceTime, Measurement, Outcome

START: Final = 0xE7
LIVE_WEIGHT: Final = 0x58
FINISHED_PART: Final = 0x59
STORED_PART: Final = 0x42
USER: Final = 0x34
ANSWER: Final = 0xF0
INIT_ANSWER: Final = 0xE6

ASK_STATUS: Final = 0x4F
ASK_USERS: Final = 0x33
ASK_STORED: Final = 0x41
DELETE_STORED: Final = 0x43
INIT: Final = bytes((0xE6, 0x01))

_ACK: Final = 0xF1
_SET_TIME: Final = 0xE9
_LIVE_SIZE: Final = 5
_PART_AT: Final = 4
_USER_SIZE: Final = 8
_RECORD_LEAST_SIZE: Final = 8
_KG_PER_STEP: Final = 20


@dataclass(frozen=True, slots=True)
class LiveWeight:
    """What the display shows while somebody stands there. Never a result."""

    on_scale: bool
    weight_kg: float
    ack: bytes
    """What to write back."""

    @property
    def outcome(self) -> Outcome:
        """Never a reading."""
        return Outcome.NO_READING


@dataclass(frozen=True, slots=True)
class Part:
    """One of the parts of a record or of the list of users."""

    count: int
    number: int
    """From 1."""
    data: bytes


def decode_live(data: bytes) -> LiveWeight:
    """A live weight.

    Raises:
        FrameError: `bad-header`, `bad-length`, or `bad-value` for another command.
    """
    if data[:1] not in (b"", bytes((START,))):
        raise FrameError(Reason.BAD_HEADER, f"it begins with {data[0]:02X}")
    need_size(data, _LIVE_SIZE)
    if data[1] != LIVE_WEIGHT:
        raise FrameError(Reason.BAD_VALUE, f"command {data[1]:02X}")
    return LiveWeight(on_scale=data[2] != 0, weight_kg=_uint(data[3:5]) / _KG_PER_STEP, ack=acknowledge(data))


def decode_part(data: bytes) -> Part:
    """A part of a record or of the list of users.

    Raises:
        FrameError: `bad-header`, `truncated`, or `bad-value` for a part that cannot be.
    """
    if data[:1] not in (b"", bytes((START,))):
        raise FrameError(Reason.BAD_HEADER, f"it begins with {data[0]:02X}")
    if len(data) <= _PART_AT:
        raise FrameError(Reason.TRUNCATED, f"{_PART_AT + 1} bytes needed, {len(data)} came")
    count, number = data[2:4]
    if not 1 <= number <= count:
        raise FrameError(Reason.BAD_VALUE, f"part {number} of {count}")
    return Part(count, number, data[_PART_AT:])


def user_of_finished(part: Part) -> bytes:
    """Whose record it is, from the first part of a finished one."""
    return part.data[1 : 1 + _USER_SIZE]


def user_of_list(part: Part) -> bytes:
    """The user that a part of the list names."""
    return part.data[:_USER_SIZE]


def measurement(record: bytes, user: int | None) -> Measurement:
    """What a whole record says of a patient; `user` is the place in the scale's own list, from 1.

    Raises:
        FrameError: `truncated`.
    """
    if len(record) < _RECORD_LEAST_SIZE:
        raise FrameError(Reason.TRUNCATED, f"{_RECORD_LEAST_SIZE} bytes needed, {len(record)} came")
    weight_kg = _uint(record[4:6]) / _KG_PER_STEP
    plausible = Outcome.DECODE if weight_ok(weight_kg, "kg") else Outcome.IMPLAUSIBLE
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=plausible if weight_kg else Outcome.NO_READING,
        quantities=quantities(("weight", weight_kg, "kg"), ("impedance", _uint(record[6:8]) or None, "ohm")),
        frame=record,
        device_time=DeviceTime(_uint(record[:4])),
        user_index=user,
        user_unknown=user is None,
    )


def acknowledge(frame: bytes) -> bytes:
    """What to write back for a frame."""
    return bytes((START, _ACK)) + frame[1:4]


def command(code: int, value: bytes = b"") -> bytes:
    """A command of the host."""
    return bytes((START, code)) + value


def set_clock(now: DeviceTime) -> bytes:
    """What sets the scale's clock.

    Raises:
        ValueError: the time does not fit the scale's four bytes.
    """
    seconds = round(now.civil_s)
    if not 0 <= seconds < 1 << 32:
        raise ValueError(f"{now} does not fit the clock of this scale")
    return bytes((_SET_TIME,)) + seconds.to_bytes(4, "big")


def _uint(data: bytes) -> int:
    return int.from_bytes(data, "big")
