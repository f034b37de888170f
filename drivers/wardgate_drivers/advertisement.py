"""What a device shouts before anyone talks to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advertisement:
    """One advertisement. UUIDs are lower-case 128-bit strings, as bleak gives them."""

    address: str
    name: str | None
    rssi_dbm: int
    service_uuids: tuple[str, ...]
    service_data: Mapping[str, bytes]
    manufacturer_data: Mapping[int, bytes]
