"""The line that Nonin's 8500, 2500 and Avant print each second: `SPO2=nnn HR=nnn`, CR LF; `---` for none.

A time of day may stand in front; `F` (fast averages) or `*` (event mark) may follow, with or without a space.
Source: Nonin OEM specification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.nonin_df19 import NO_PULSE, NO_SPO2
from wardgate_drivers.codec.oximeter_frame import named, outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

EVENT_MARK: Final = "event-mark"
_NONE: Final = b"---"
_LONGEST: Final = 80
"""More than this without a line end is noise."""
_LINE: Final = re.compile(
    rb"(?:(?P<time>\d{1,2}:\d{2}(?::\d{2})?) ++)?"
    rb"SPO2=(?P<spo2>\d{3}|---) ++HR=(?P<pulse>\d{3}|---) *+(?P<fast>F?+) *+(?P<mark>\*?+) *+\r\n"
)
"""Nothing that was taken is given back: among many spaces that would take long."""


@dataclass(frozen=True, slots=True)
class Line:
    """One second. None: the device has no value."""

    spo2: int | None
    pulse: int | None
    time_of_day: str | None
    """As it was printed."""
    fast: bool
    """The averages are the fast ones."""
    event_mark: bool
    """Somebody pressed the event button."""

    @property
    def outcome(self) -> Outcome:
        """No reading without values."""
        return outcome_of(self.spo2, self.pulse)


def decode(data: bytes) -> Line:
    """One line with its end.

    Raises:
        FrameError: `truncated` when nothing came, `bad-header` when it does not read like one, `bad-value` for a time
            of day that cannot exist.
    """
    if not data:
        raise FrameError(Reason.TRUNCATED, "nothing came")
    match = _LINE.fullmatch(data)
    if match is None:
        raise FrameError(Reason.BAD_HEADER, f"no such line: {data[:40]!r}")
    time = match["time"].decode("ascii") if match["time"] else None
    if time is not None and not _exists(time):
        raise FrameError(Reason.BAD_VALUE, f"no such time: {time}")
    return Line(
        spo2=_number(match["spo2"], NO_SPO2),
        pulse=_number(match["pulse"], NO_PULSE),
        time_of_day=time,
        fast=bool(match["fast"]),
        event_mark=bool(match["mark"]),
    )


def _exists(time: str) -> bool:
    hour, *rest = (int(part) for part in time.split(":"))
    return hour < 24 and all(part < 60 for part in rest)


def _number(text: bytes, none: int) -> int | None:
    value = None if text == _NONE else int(text)
    return None if value == none else value


def measurement(data: bytes) -> Measurement:
    """What one line says of the patient.

    Raises:
        FrameError: as `decode`.
    """
    line = decode(data)
    status = named(("fast-averages", line.fast), (EVENT_MARK, line.event_mark))
    return oximetry(data, line.outcome, line.spo2, line.pulse, status=status)


class Splitter:
    """Bytes as they come, whole lines out, each with its end."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The whole lines that are now there; the first may lack its front, empty ones are left out."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LONGEST:]
        return [line + b"\n" for line in lines if line.strip()]
