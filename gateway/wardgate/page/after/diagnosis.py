"""What is likely to be the matter with a device, and what to do.

Nearest to the hub first, so that nobody is sent to the scale while the hub is deaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.contract.messages import Event
from wardgate.control.messages import DeviceView, Status
from wardgate.faces.words import sentence, span
from wardgate.page.devices import noun
from wardgate_drivers.model.declaration import Kind

WEAK_DBM: Final = -85
"""Below this a device is lost now and then in a home."""
_DEAF: Final = ("no-adapter", "no-bluetoothd", "off")
_CAUSES: Final = {
    "hub": "The hub was off when it was used.",
    "clock": "Its readings may stand under another day: a clock is wrong.",
    "radio": "The hub could not hear it.",
    "not-paired": "It was paired with something else since, or reset.",
    "battery": "Its batteries are nearly empty.",
    "not-woken": "Nobody has used it, its batteries are empty, or it is too far from the hub.",
    "no-good-reading": "It is heard, but what it measures ends without a value.",
}
"""Of an overdue reading, by what the hub found out."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`likely` is empty for a device that works."""

    said: str
    """What is so."""
    likely: str = ""
    what_to_do: str = ""


def diagnosis(device: DeviceView, status: Status) -> Diagnosis:
    """Of one device."""
    name = sentence(noun(device, status.devices))
    said = _said(device, name)
    if device.state == "working":
        return Diagnosis(said, *_weak(device))
    if device.state == "not-heard" and status.hub.radio.state in _DEAF:
        todo = "See what the page of the hub says about its Bluetooth radio."
        return Diagnosis(said, f"It is not the {Kind(device.kind).noun}: the hub's radio does not listen.", todo)
    match device.state:
        case "pairing-lost":
            likely = _CAUSES["not-paired"]
        case "battery-low":
            likely = _CAUSES["battery"]
        case "not-set-up":
            likely = (
                "It was never paired with this hub." if device.bonded is False else "It was never used near the hub."
            )
        case "not-heard":
            likely = _overdue_cause(device, status.events)
    return Diagnosis(said, likely, device.what_to_do)


def _said(device: DeviceView, name: str) -> str:
    heard_s = device.last_heard_age_s
    match device.state:
        case "working":
            return f"{name} is working."
        case "pairing-lost":
            return f"{name} has lost its pairing."
        case "battery-low":
            return f"{name} has a low battery."
        case "not-set-up":
            return f"{name} is not set up."
        case "not-heard":
            return f"{name} has not been heard " + ("yet." if heard_s is None else f"for {span(heard_s)}.")


def _overdue_cause(device: DeviceView, events: tuple[Event, ...]) -> str:
    """As the hub found it out when it told that the reading is overdue; else from what is known now."""
    told = next((e for e in events if e.code == "reading-overdue" and e.device == device.id), None)
    known = _CAUSES.get(str(told.detail.get("cause"))) if told is not None else None
    if known is not None:
        return known
    heard, read = device.last_heard, device.last_reading
    if heard is not None and (read is None or heard > read):
        return _CAUSES["no-good-reading"]
    return _CAUSES["not-woken"]


def _weak(device: DeviceView) -> tuple[str, str]:
    """A device that works and may not for long."""
    if device.rssi_dbm is not None and device.rssi_dbm < WEAK_DBM:
        name = Kind(device.kind).noun
        return "Its signal is weak: a reading may come late.", f"Bring the {name} and the hub nearer to each other."
    return "", ""
