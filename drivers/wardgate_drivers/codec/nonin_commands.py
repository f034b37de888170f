"""What a host and a Nonin 9560 say to each other beside data format 13.

    host                                    answer
    02 70 04 02 0D 00 83 03  send format 13  06 (ACK) or 15 (NAK)
    02 72 00 03              tell the time   02 F2 06 year month day hour minute second 03
    02 72 06 ... 03          set the time    06 or 15
    02 74 02 02 02 03        tell the serial number
                                            02 F4 0B 02 nine digits, sum of those ten bytes, 03

The years count from 2000, every part of a time is one plain byte. The format command carries the sum of its bytes
between 02 and the sum itself.

Source: Nonin 9560 Bluetooth specification, as two public hosts use it.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

ACK: Final = 0x06
NAK: Final = 0x15
SEND_FORMAT_13: Final = bytes.fromhex("027004020d008303")
SEND_FORMAT_8: Final = bytes.fromhex("0270040208007e03")
TELL_TIME: Final = bytes.fromhex("02720003")
TELL_SERIAL_NUMBER: Final = bytes.fromhex("027402020203")

TIME_LEAD: Final = bytes.fromhex("02f2")
TIME_DATA: Final = 6
SERIAL_LEAD: Final = bytes.fromhex("02f4")
SERIAL_DATA: Final = 11
_SERIAL_KIND: Final = 0x02
_END: Final = 0x03


def set_time(time: DeviceTime) -> bytes:
    """The command that sets the clock to the whole second nearest to `time`."""
    year, *rest = DeviceTime(round(time.civil_s)).fields()
    return bytes((0x02, 0x72, TIME_DATA, year - 2000, *rest, _END))


def decode_time(data: bytes) -> DeviceTime:
    """The answer to `TELL_TIME`.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, or `bad-value` for a time that cannot exist.
    """
    year, month, day, hour, minute, second = _body(data, TIME_LEAD, TIME_DATA)
    try:
        return DeviceTime.of(2000 + year, month, day, hour, minute, second)
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error


def decode_serial_number(data: bytes) -> str:
    """The answer to `TELL_SERIAL_NUMBER`: nine digits.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-length`, `bad-checksum`, `bad-value`.
    """
    body = _body(data, SERIAL_LEAD, SERIAL_DATA)
    if body[0] != _SERIAL_KIND:
        raise FrameError(Reason.BAD_HEADER, f"kind {body[0]:02x}")
    if sum(body[:-1]) & 0xFF != body[-1]:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum is {sum(body[:-1]) & 0xFF:02x}, frame says {body[-1]:02x}")
    digits = body[1:-1]
    if not digits.isdigit():
        raise FrameError(Reason.BAD_VALUE, f"no digits: {digits.hex()}")
    return digits.decode("ascii")


def _body(data: bytes, lead: bytes, length: int) -> bytes:
    """What stands between the length byte and the end byte, header, size and end checked."""
    if data[: len(lead)] != lead[: len(data)]:
        raise FrameError(Reason.BAD_HEADER, f"begins {data[:2].hex()}")
    told = data[len(lead)] if len(data) > len(lead) else None
    if told is not None and told < length:
        raise FrameError(Reason.BAD_LENGTH, f"its length byte says {told}, {length} is the least")
    size = len(lead) + 1 + (told or length) + 1
    if len(data) < size:
        raise FrameError(Reason.TRUNCATED, f"{size} bytes needed, {len(data)} came")
    if len(data) > size or told != length:
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes, length byte {told}")
    if data[-1] != _END:
        raise FrameError(Reason.BAD_HEADER, f"ends {data[-1]:02x}")
    return data[len(lead) + 1 : -1]
