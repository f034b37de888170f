"""Viatom/Wellue O2Ring, Checkme O2, SleepU: requests and their replies.

    0  AA request, 55 reply
    1  command (request) or status (reply, 0 is well)
    2  its complement
    3  block      2 bytes
    5  length     2 bytes, of the data
    7  data
       checksum   CRC-8 (polynomial 07, start 0) over all before

A reply does not repeat its command, so whoever asked has to know. Data of 17: 0 SpO2, 1 pulse, 7 battery in percent, 8
charging, 9 movement, 10 perfusion index in 0.1 %, 11 worn. Of 1B: 0 SpO2, 1-2 pulse, 3 battery, 4 charging, 5
perfusion, 6 state (1 worn), 10-11 length of the waveform that follows.
Source: public notes on the O2Ring's protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec import crc8
from wardgate_drivers.codec.oximeter_frame import need_sum, need_told_size, outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

REQUEST: Final = 0xAA
REPLY: Final = 0x55
FILE_OPEN: Final = 0x03
"""With a name and a 0; the answer's four bytes are the file's size."""
FILE_READ: Final = 0x04
"""The pieces of the open file, by their number from 0 on in `block`."""
FILE_CLOSE: Final = 0x05
READ_INFO: Final = 0x14
READ_VALUES: Final = 0x17
READ_WAVEFORM: Final = 0x1B
_DATA_AT: Final = 7
_LEAST_DATA: Final = 12
_WORN: Final = 1
_NO_PULSE: Final = 0xFF
"""What it shows while it is charged; a byte that no pulse reaches."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a host asks."""

    command: int
    block: int


@dataclass(frozen=True, slots=True)
class Live:
    """The values of this moment."""

    spo2: int
    pulse: int
    battery_pct: int
    charging: int
    """0 no, 1 yes, 2 full."""
    perfusion_pct: float
    worn: bool
    movement: int | None = None
    """Only in the answer to 17."""
    waveform_bytes: int | None = None
    """Only in the answer to 1B."""

    @property
    def outcome(self) -> Outcome:
        """No reading unless it is worn."""
        return outcome_of(self.spo2, self.pulse, empty=not self.worn)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the device answers; `live` where it was asked for values and all was well."""

    status: int
    data: bytes
    live: Live | None


def size_of(front: bytes) -> int | None:
    """The size of the whole frame, as soon as its front tells it; None when more bytes are needed.

    Raises:
        FrameError: `bad-header`, also for a command that does not match its complement.
    """
    if front and front[0] not in (REQUEST, REPLY):
        raise FrameError(Reason.BAD_HEADER, f"begins {front[0]:02x}")
    if len(front) > 2 and front[1] ^ front[2] != 0xFF:
        raise FrameError(Reason.BAD_HEADER, f"{front[2]:02x} is not the complement of {front[1]:02x}")
    if len(front) < _DATA_AT:
        return None
    return _DATA_AT + int.from_bytes(front[5:7], "little") + 1


def decode(data: bytes, request: int | None = None) -> Request | Reply:
    """One whole frame; `request` is the command that a reply answers.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`.
    """
    size = size_of(data)
    if size is None:
        raise FrameError(Reason.TRUNCATED, f"{len(data)} bytes came")
    told_live = data[0] == REPLY and data[1] == 0 and request in (READ_VALUES, READ_WAVEFORM)
    if told_live and size < _DATA_AT + _LEAST_DATA + 1:
        raise FrameError(Reason.BAD_LENGTH, f"{size - _DATA_AT - 1} data bytes where {_LEAST_DATA} are the least")
    need_told_size(data, size)
    need_sum(data, crc8.plain(data[:-1]))
    if data[0] == REQUEST:
        return Request(data[1], int.from_bytes(data[3:5], "little"))
    body = data[_DATA_AT:-1]
    live = None
    if told_live:
        live = _values(body) if request == READ_VALUES else _with_waveform(body)
    return Reply(data[1], body, live)


def _values(body: bytes) -> Live:
    return Live(
        spo2=body[0],
        pulse=body[1],
        battery_pct=body[7],
        charging=body[8],
        movement=body[9],
        perfusion_pct=body[10] / 10,
        worn=bool(body[11]),
    )


def _with_waveform(body: bytes) -> Live:
    return Live(
        spo2=body[0],
        pulse=int.from_bytes(body[1:3], "little"),
        battery_pct=body[3],
        charging=body[4],
        perfusion_pct=body[5] / 10,
        worn=body[6] == _WORN,
        waveform_bytes=int.from_bytes(body[10:12], "little"),
    )


def request(command: int, data: bytes = b"", block: int = 0) -> bytes:
    """What a host writes."""
    front = bytes((REQUEST, command, command ^ 0xFF)) + block.to_bytes(2, "little") + len(data).to_bytes(2, "little")
    return front + data + bytes((crc8.plain(front + data),))


def measurement(data: bytes, live: Live) -> Measurement:
    """What a reply that carried values says of the patient."""
    pulse = 0 if live.pulse == _NO_PULSE else live.pulse
    return oximetry(data, live.outcome, live.spo2, pulse, perfusion=live.perfusion_pct)
