"""What a device's own page says."""

from __future__ import annotations

from dataclasses import dataclass

from wardgate.control.messages import DeviceView, Status
from wardgate.control.provisioning import Installation, Nearby
from wardgate.faces.words import Times, span
from wardgate.page.after.diagnosis import Diagnosis, diagnosis
from wardgate.page.devices import Card, Row, card
from wardgate.page.setup.devices_view import InTheAir, devices_view


@dataclass(frozen=True, slots=True)
class DevicePage:
    """One device, everything that is known of it."""

    card: Card
    found: Diagnosis
    rows: tuple[Row, ...]
    pairs: bool
    """It is a device that can be paired."""


def device_page(device: DeviceView, status: Status, times: Times) -> DevicePage:
    """Availability first: whether it keeps step with what is expected, not whether it is on the air."""
    shown = card(device, times)
    rows = (_available(device), *shown.rows, *shown.more)
    return DevicePage(shown, diagnosis(device, status), rows, device.bonded is not None)


def _available(device: DeviceView) -> Row:
    if device.state == "not-heard":
        age_s = device.last_reading_age_s
        return Row("Available", "No", "no reading yet" if age_s is None else f"no reading for {span(age_s)}")
    if device.state == "not-set-up":
        return Row("Available", "Not yet", "it is not set up")
    if device.last_reading is None:
        return Row("Available", "Not known yet", "no reading yet")
    return Row("Available", "Yes", "in step with what is expected" if device.cadence_s else "it was used")


def candidates(seen: Installation, nearby: tuple[Nearby, ...], kind: str) -> tuple[InTheAir, ...]:
    """Devices that could take the place of one of this kind. They stand in the order of their addresses: a list that
    is kept live is not sorted anew under a finger."""
    view = devices_view(seen, nearby)
    rows = (*view.in_the_air, *view.something_else)
    return tuple(sorted((r for r in rows if any(m.kind == kind for m in r.models)), key=lambda row: row.part))
