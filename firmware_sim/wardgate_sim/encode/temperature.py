"""Temperature Measurement (0x2A1C)."""

from __future__ import annotations

from enum import IntEnum

from wardgate_sim.encode.civil import Civil, date_time
from wardgate_sim.encode.ieee11073 import NAN_FLOAT, float32


class Site(IntEnum):
    """Where it was taken. The FT95 has its own words for two of them."""

    ARMPIT = 1
    BODY = 2
    EAR = 3
    MOUTH = 6
    FT95_FOREHEAD = 2
    FT95_OBJECT = 0xFF


def measurement(
    temperature: float | None,
    *,
    fahrenheit: bool = False,
    at: Civil | None = None,
    site: Site | None = None,
    fever: bool = False,
) -> bytes:
    """In tenths of a degree C, or F; None when it failed. `fever` is the FT95's own flag."""
    flags = fahrenheit | fever << 7
    body = NAN_FLOAT if temperature is None else float32(temperature, exponent=-1)
    if at is not None:
        flags |= 0x02
        body += date_time(at)
    if site is not None:
        flags |= 0x04
        body += bytes([site])
    return bytes([flags]) + body
