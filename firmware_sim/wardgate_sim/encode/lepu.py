"""Viatom's second protocol and the BP2's file of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wardgate_sim.encode.civil import Civil

SERVICE = "14839ac4-7d7e-415c-9a42-167340cf2339"
COMMANDS = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3"
REPLIES = "0734594a-a8e7-4b1a-a6b1-cd5243059a57"

STATE, INFO, SET_TIME, FILE_OPEN, FILE_READ, FILE_CLOSE = 0x00, 0xE1, 0xEC, 0xF2, 0xF3, 0xF4
INFLATING = frozenset({0x09, 0x0A, 0x24, 0x25, 0x39})
RESETTING = frozenset({0x04, 0xE2, 0xE3})
IDLE, MEASURING, RESULT = 3, 4, 5


def _crc(data: bytes) -> int:
    remainder = 0
    for bit in (byte >> shift & 1 for byte in data for shift in range(7, -1, -1)):
        high = remainder >> 7 ^ bit
        remainder = (remainder << 1 & 0xFF) ^ (0x07 * high)
    return remainder


def frame(command: int, sequence: int, data: bytes = b"", *, reply: bool = True) -> bytes:
    """A5, command and complement, direction, sequence, length, data, CRC-8."""
    body = bytes([0xA5, command, 0xFF - command, int(reply), sequence]) + len(data).to_bytes(2, "little") + data
    return body + bytes([_crc(body)])


def read_request(data: bytes) -> tuple[int, int, bytes]:
    """Command, sequence and data of what a host wrote.

    Raises:
        ValueError: it is no request.
    """
    if len(data) < 8 or data != frame(data[1], data[4], data[7:-1], reply=False):
        raise ValueError(f"no request: {data.hex()}")
    return data[1], data[4], data[7:-1]


def state(device_state: int) -> bytes:
    """The 40 bytes that tell what the device does; of the others only some are known."""
    return bytes(39) + bytes([device_state])


def info(at: Civil, serial: str) -> bytes:
    """The 60 bytes that tell the clock and the serial number, among others."""
    told = bytes(24) + at.year.to_bytes(2, "little") + bytes(at[1:]) + bytes(6)
    return (told + bytes([len(serial)]) + serial.encode("ascii")).ljust(60, b"\0")


def read_time(data: bytes) -> Civil:
    """What a host set.

    Raises:
        ValueError: it is no time.
    """
    if len(data) != 7:
        raise ValueError(f"seven bytes set the time, not {len(data)}")
    at = Civil(int.from_bytes(data[:2], "little"), *data[2:])
    if Civil.from_s(at.civil_s) != at:
        raise ValueError(f"no such time: {at}")
    return at


def record(values: Mapping[str, float], at: Civil, *, user: int, irregular: bool = False) -> bytes:
    """One of 37 bytes."""
    head = at.civil_s.to_bytes(4, "little") + user.to_bytes(4, "little") + bytes([irregular]) + bytes(4)
    numbers = (round(values[name]) for name in ("systolic", "diastolic", "mean", "pulse"))
    return (head + b"".join(number.to_bytes(2, "little") for number in numbers)).ljust(37, b"\0")


def results_file(records: Iterable[bytes]) -> bytes:
    """Ten bytes whose meaning is not known, then the records."""
    return bytes(10) + b"".join(records)
