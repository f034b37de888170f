"""Temperature Measurement (0x2A1C) of the Health Thermometer Service.

    0  flags        bit 0 unit (0 Celsius, 1 Fahrenheit), 1 time stamp, 2 site, 3-7 reserved
    1  temperature  FLOAT
       time stamp 7 bytes, site 1 byte: each only with its flag

    site            1 armpit, 2 body, 3 ear, 4 finger, 5 gastro-intestinal, 6 mouth, 7 rectum, 8 toe, 9 tympanum

Source: Bluetooth SIG, Health Thermometer Service 1.0 and GATT Specification Supplement; Beurer's departures from
wha-digital, innovasive_flutter_beurer_ble, protocol documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wardgate_drivers.codec.bounds import temperature_ok
from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.codec.embedded import TimeField, device_time, quantities, time_field
from wardgate_drivers.codec.ieee11073 import Number, Special, float32
from wardgate_drivers.measurement import Channel, Measurement, Outcome

_FAHRENHEIT: Final = 1 << 0
_TIME: Final = 1 << 1
_SITE: Final = 1 << 2
_FEVER: Final = 1 << 7
_FLAGS_RESERVED: Final = 0xF8

_SITES: Final = {
    1: "armpit",
    2: "body",
    3: "ear",
    4: "finger",
    5: "gastro-intestinal",
    6: "mouth",
    7: "rectum",
    8: "toe",
    9: "tympanum",
}
_OBJECT: Final = "object"
_SITES_FT95: Final = _SITES | {2: "forehead", 0xFF: _OBJECT}
_UNITS: Final = {"C": "Cel", "F": "degF"}


class Quirk(StrEnum):
    """Ways in which makers depart from the standard layout."""

    BEURER_FT95 = "beurer-ft95"
    """Flag bit 7 says fever; site 2 is the forehead, and FF the surface of an object."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """The fields of 0x2A1C. None for what was not sent."""

    unit: str
    """`C` or `F`."""
    temperature: Number
    time: TimeField | None
    site: str | None
    fever: bool | None
    """What the thermometer itself thinks of it; None where it does not tell."""
    flags_reserved: int
    trailing_bytes: int

    @property
    def outcome(self) -> Outcome:
        """No reading without a number, or of an object; implausible outside the bounds."""
        if isinstance(self.temperature, Special) or self.site == _OBJECT:
            return Outcome.NO_READING
        return Outcome.DECODE if temperature_ok(self.temperature, self.unit) else Outcome.IMPLAUSIBLE


def decode(data: bytes, quirk: Quirk | None = None) -> Temperature:
    """A Temperature Measurement.

    Raises:
        FrameError: `truncated`.
    """
    ft95 = quirk is Quirk.BEURER_FT95
    cursor = Cursor(data)
    flags = cursor.uint(1)
    temperature = float32(cursor.uint(4))
    time = time_field(cursor) if flags & _TIME else None
    site = _site(cursor.uint(1), _SITES_FT95 if ft95 else _SITES) if flags & _SITE else None
    return Temperature(
        unit="F" if flags & _FAHRENHEIT else "C",
        temperature=temperature,
        time=time,
        site=site,
        fever=bool(flags & _FEVER) if ft95 else None,
        flags_reserved=flags & _FLAGS_RESERVED & (~_FEVER if ft95 else 0xFF),
        trailing_bytes=cursor.left,
    )


def _site(code: int, names: dict[int, str]) -> str:
    return names.get(code, f"reserved-{code}")


def measurement(data: bytes, quirk: Quirk | None = None) -> Measurement:
    """What a Temperature Measurement says of the patient. Where it was taken stands in the status.

    Raises:
        FrameError: `truncated`.
    """
    frame = decode(data, quirk)
    site = () if frame.site is None else (f"site-{frame.site}",)
    return Measurement(
        channel=Channel.TEMPERATURE,
        outcome=frame.outcome,
        quantities=quantities(("temperature", frame.temperature, _UNITS[frame.unit])),
        frame=data,
        device_time=device_time(frame.time),
        status=site + (("fever",) if frame.fever else ()),
    )
