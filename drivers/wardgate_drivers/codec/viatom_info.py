"""What a Viatom/Wellue O2Ring, Checkme O2 or SleepU says of itself: JSON, all values strings, zeros behind it.

`CurTIME` is its clock ("2026-11-21,12:00:00"), `FileList` the names of its recordings with commas between and behind
them, `SN` its serial number; the other names are not read. They are looked for one by one: what else a firmware puts
into the text is no matter.

Source: MackeyStingray/o2r; the maker's demonstration program (viatom-develop/LepuBle).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import DeviceTime

_LONGEST_NAME: Final = 32
_CLOCK: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2}),(\d{2}):(\d{2}):(\d{2})")
_NAME: Final = re.compile(r"[0-9A-Za-z._-]+")


@dataclass(frozen=True, slots=True)
class Info:
    """As far as it is told. None: not told, or no such time."""

    clock: DeviceTime | None
    files: tuple[str, ...]
    """Names of its recordings, as it lists them."""
    serial: str | None


def decode(data: bytes) -> Info:
    """The answer to the question for its information.

    Raises:
        FrameError: `truncated` when nothing came, `bad-header` when it tells neither a time nor recordings.
    """
    if not data:
        raise FrameError(Reason.TRUNCATED, "nothing came")
    clock, files = _value(data, b"CurTIME"), _value(data, b"FileList")
    if clock is None and files is None:
        raise FrameError(Reason.BAD_HEADER, f"neither a time nor recordings: {data[:40]!r}")
    names = (files or "").split(",")
    serial = _value(data, b"SN")
    return Info(
        clock=None if clock is None else _time(clock),
        files=tuple(name for name in names if _NAME.fullmatch(name) and len(name) <= _LONGEST_NAME),
        serial=serial if serial and serial.isalnum() else None,
    )


def _value(data: bytes, name: bytes) -> str | None:
    match = re.search(b'"' + name + b'" ?: ?"([ -!#-~]*)"', data)
    return match[1].decode("ascii") if match else None


def _time(text: str) -> DeviceTime | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups())
        return DeviceTime.of(year, month, day, hour, minute, second)
    except ValueError:
        return None
