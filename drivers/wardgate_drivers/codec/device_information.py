"""Device Information: PnP ID (0x2A50) and the strings (0x2A24 ... 0x2A29).

    PnP ID   0 vendor id source (1 Bluetooth SIG, 2 USB), 1 vendor 2 bytes, 3 product 2 bytes, 5 version 2 bytes
    strings  UTF-8; some devices pad with zeros or blanks

Source: Bluetooth SIG, Device Information Service 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.cursor import need_size

PNP_SIZE: Final = 7
_SOURCE: Final = {1: "bluetooth-sig", 2: "usb-if"}
_LONGEST: Final = 64
"""Characters. What a device says of itself ends up in messages: it gets no room for more."""


@dataclass(frozen=True, slots=True)
class PnpId:
    """Who made it; `source` says in whose register the vendor number is."""

    source: str
    vendor: int
    product: int
    version: int


def decode_pnp_id(data: bytes) -> PnpId:
    """The value of PnP ID.

    Raises:
        FrameError: `bad-length`.
    """
    need_size(data, PNP_SIZE)
    vendor, product, version = (int.from_bytes(data[i : i + 2], "little") for i in (1, 3, 5))
    return PnpId(_SOURCE.get(data[0], "reserved"), vendor, product, version)


def decode_string(data: bytes) -> str:
    """One of the strings, without padding and control characters; empty when there is nothing in it."""
    text = data.decode("utf-8", errors="replace")
    return "".join(c for c in text if c.isprintable()).strip()[:_LONGEST]
