"""Nonin: data format 19 (Bluetooth), formats 1, 2, 7, 8 and 13, the commands of the 9560 and printed lines (serial)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntFlag

from wardgate_sim.encode.civil import Civil

NO_SPO2 = 127
NO_PULSE = 511
ACK = b"\x06"
NAK = b"\x15"
STX = 0x02
ETX = 0x03


class Status19(IntFlag):
    """Status of data format 19."""

    WEAK_SIGNAL = 0x02
    SMARTPOINT = 0x04
    SEARCHING = 0x08
    FINGER_SEATED = 0x10
    LOW_BATTERY = 0x20
    ENCRYPTED = 0x40


def format_19(
    status: Status19, *, battery_v: float, amplitude_pct: float, counter: int, spo2: int | None, pulse: int | None
) -> bytes:
    """Ten bytes, big-endian: length, status, battery, amplitude, counter, SpO2, pulse. None: no value."""
    return (
        bytes([10, status, round(battery_v * 10)])
        + round(amplitude_pct * 100).to_bytes(2, "big")
        + (counter & 0xFFFF).to_bytes(2, "big")
        + bytes([NO_SPO2 if spo2 is None else spo2])
        + (NO_PULSE if pulse is None else pulse).to_bytes(2, "big")
    )


def format_13(
    at: Civil,
    *,
    spo2: int | None,
    pulse: int | None,
    smartpoint: bool = True,
    no_finger: bool = False,
    from_memory: bool = False,
    low_battery: bool = False,
) -> bytes:
    """00 02 00 0D, length, time in BCD with hundredths, two status bytes, pulse, 00, SpO2, sum of the data, 03."""
    year = f"{at.year:04d}"
    times = [year[:2], year[2:], *(f"{part:02d}" for part in at[1:]), "00"]
    status = bytes([smartpoint << 1 | no_finger, from_memory << 4 | low_battery])
    values = (NO_PULSE if pulse is None else pulse).to_bytes(2, "big") + bytes([0, NO_SPO2 if spo2 is None else spo2])
    data = bytes.fromhex("".join(times)) + status + values
    return bytes([0, STX, 0, 0x0D]) + len(data).to_bytes(2, "big") + data + bytes([sum(data) & 0xFF, ETX])


def time_answer(at: Civil) -> bytes:
    """What a 9560 says when it is asked for its time: plain bytes, years from 2000."""
    return bytes([STX, 0xF2, 6, at.year - 2000, *at[1:], ETX])


def serial_answer(serial: str) -> bytes:
    """What a 9560 says when it is asked for its serial number of nine digits."""
    body = bytes([0x0B, 0x02]) + serial.encode("ascii")
    return bytes([STX, 0xF4]) + body + bytes([sum(body[1:]) & 0xFF, ETX])


def format_1(spo2: int | None, pulse: int | None, *, sensor_disconnected: bool = False) -> bytes:
    """Three bytes a second; only the first has bit 7 set."""
    rate = NO_PULSE if pulse is None else pulse
    return bytes([0x80 | sensor_disconnected << 6 | rate >> 7, rate & 0x7F, NO_SPO2 if spo2 is None else spo2])


def format_8(spo2: int | None, pulse: int | None, *, smartpoint: bool = False, sensor_alarm: bool = False) -> bytes:
    """Four bytes a second; only the first has bit 7 set."""
    rate = NO_PULSE if pulse is None else pulse
    flags = sensor_alarm << 3 | smartpoint << 5
    return bytes([0x80 | rate >> 7, rate & 0x7F, NO_SPO2 if spo2 is None else spo2, flags])


def format_2(spo2: int | None, pulse: int | None, *, sensor_alarm: bool = False) -> bytes:
    """A block of 25 frames of five bytes: 01, status, pleth, float, sum."""
    return _block(spo2, pulse, sensor_alarm, lambda status: bytes([0x01, status, 0x64]))


def format_7(spo2: int | None, pulse: int | None, *, sensor_alarm: bool = False) -> bytes:
    """A block of 25 frames of five bytes: status, pleth (two bytes), float, sum."""
    return _block(spo2, pulse, sensor_alarm, lambda status: bytes([status, 0x80, 0xE8]))


def _block(spo2: int | None, pulse: int | None, sensor_alarm: bool, lead: Callable[[int], bytes]) -> bytes:
    rate = NO_PULSE if pulse is None else pulse
    oxygen = NO_SPO2 if spo2 is None else spo2
    floats = {4: 30, **dict.fromkeys((3, 9, 10, 11, 16, 17), oxygen)}
    for first in (1, 14, 20, 22):
        floats |= {first: rate >> 7, first + 1: rate & 0x7F}
    block = b""
    for number in range(1, 26):
        front = lead(0x80 | (number == 1) | sensor_alarm << 3) + bytes([floats.get(number, 0)])
        block += front + bytes([sum(front) & 0xFF])
    return block


def text_line(spo2: int | None, pulse: int | None, mark: str = "") -> bytes:
    """What the 8500 prints each second."""
    figures = tuple("---" if value is None else f"{value:03d}" for value in (spo2, pulse))
    return "SPO2={} HR={}{}\r\n".format(*figures, mark).encode("ascii")
