"""A result line of Tanita's scales (serial line, HD-351BT over the classic serial port).

    {0,16,<tag>,<value>,<tag>,<value>,...,CS,hh CR LF

`hh` is the sum of all bytes up to and including the comma before `CS`, low eight bits, in hexadecimal.

    MO  model, in quotes      Wk  weight, kg     Hm  height, cm     FW  body fat, %
    SN  serial, in quotes     Wp  weight, lb     MI  BMI, kg/m2     ZF  impedance, ohm
                              Ws  weight, stones.pounds: 10.05.4 is 10 st 5.4 lb

The line has no time of its own.

Source: Tanita, SC-240 serial interface manual and HD-351BT manual, output data format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import given, weight_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, Measurement, Outcome

HEADER: Final = b"{0,16,"
_END: Final = re.compile(rb"CS,([0-9A-Fa-f]{2})\r\n")
_NUMBER: Final = re.compile(r" *([0-9]{1,6}(?:\.[0-9]{1,4})?) *")
_STONES: Final = re.compile(r" *([0-9]{1,3})\.([0-9]{1,2}(?:\.[0-9])?) *")
_LB_PER_STONE: Final = 14


@dataclass(frozen=True, slots=True)
class Result:
    """The fields of a line; None for what was not in it. Weight in `unit`."""

    model: str | None
    serial: str | None
    weight: float | None
    unit: str | None
    height_cm: float | None
    fat_pct: float | None
    bmi: float | None
    impedance_ohm: float | None

    @property
    def outcome(self) -> Outcome:
        """No reading without a weight; implausible outside the bounds."""
        if not self.weight or self.unit is None:
            return Outcome.NO_READING
        return Outcome.DECODE if weight_ok(self.weight, self.unit) else Outcome.IMPLAUSIBLE


def decode(line: bytes) -> Result:
    """One line with its end.

    Raises:
        FrameError: `bad-header`, `truncated`, `bad-checksum`, or `bad-value` for what is no number.
    """
    tags = _tags(_body(line))
    weight, unit = _weight(tags)
    return Result(
        model=_text(tags, "MO"),
        serial=_text(tags, "SN"),
        weight=weight,
        unit=unit,
        height_cm=_number(tags, "Hm"),
        fat_pct=_number(tags, "FW"),
        bmi=_number(tags, "MI"),
        impedance_ohm=_number(tags, "ZF"),
    )


def measurement(line: bytes) -> Measurement:
    """What a line says of the patient.

    Raises:
        FrameError: as `decode`.
    """
    result = decode(line)
    height_cm = given(result.height_cm)
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=result.outcome,
        quantities=quantities(
            ("weight", result.weight, result.unit or ""),
            ("bmi", given(result.bmi), "kg/m2"),
            ("height", None if height_cm is None else height_cm / 100, "m"),
            ("fat", given(result.fat_pct), "%"),
            ("impedance", given(result.impedance_ohm), "ohm"),
        ),
        frame=line,
    )


def _body(line: bytes) -> str:
    """What stands between the header and the checksum, which has to fit."""
    if line[: len(HEADER)] != HEADER[: len(line)]:
        raise FrameError(Reason.BAD_HEADER, f"it begins with {line[: len(HEADER)]!r}")
    end = _END.search(line)
    if end is None:
        raise FrameError(Reason.TRUNCATED, "no checksum and line end")
    if end.end() != len(line) or not line.isascii():
        raise FrameError(Reason.BAD_HEADER, "bytes that belong to no line")
    told, found = int(end[1], 16), sum(line[: end.start()]) & 0xFF
    if told != found:
        raise FrameError(Reason.BAD_CHECKSUM, f"sum {found:02x}, told {told:02x}")
    return line[len(HEADER) : end.start()].decode("ascii")


def _tags(body: str) -> Mapping[str, str]:
    parts = body.removesuffix(",").split(",")
    return dict(zip(parts[::2], parts[1::2], strict=False))


def _text(tags: Mapping[str, str], tag: str) -> str | None:
    value = tags.get(tag)
    return None if value is None else value.strip('"')


def _number(tags: Mapping[str, str], tag: str) -> float | None:
    value = tags.get(tag)
    if not value:
        return None
    number = _NUMBER.fullmatch(value)
    if number is None:
        raise FrameError(Reason.BAD_VALUE, f"{tag} is {value!r}")
    return float(number[1])


def _weight(tags: Mapping[str, str]) -> tuple[float | None, str | None]:
    for tag, unit in (("Wk", "kg"), ("Wp", "lb")):
        weight = _number(tags, tag)
        if weight is not None:
            return weight, unit
    if not tags.get("Ws"):
        return None, None
    stones = _STONES.fullmatch(tags["Ws"])
    if stones is None or float(stones[2]) >= _LB_PER_STONE:
        raise FrameError(Reason.BAD_VALUE, f"Ws is {tags['Ws']!r}")
    return round(int(stones[1]) * _LB_PER_STONE + float(stones[2]), 1), "lb"
