"""The checklist: one sheet of A4 that stays with the patient or goes back to the ward."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wardgate.control.provisioning import Added, AuditEntry, Installation, Limits
from wardgate.faces.words import Times
from wardgate.page.devices import TITLES
from wardgate.page.setup.devices_view import full_name
from wardgate.page.setup.limits_step import LimitsView, limits_view
from wardgate.page.setup.test_step import times_of_the_way

_NOT_ON_PAPER: Final = frozenset({"signed-in", "sign-in-refused", "window-opened", "window-closed", "window-extended"})
_MOST_DONE: Final = 14
"""So many lines of what was done leave room for the rest on one sheet."""


@dataclass(frozen=True, slots=True)
class DoneLine:
    """One act with its time."""

    when: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One device, as it can be told from others of its kind."""

    title: str
    name: str
    serial: str
    tested: str
    why: str
    """Why it was left out."""
    way: tuple[tuple[str, str], ...]
    """The doors that its test reading passed, each with its time."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on the sheet."""

    hub: str
    patient: str
    day: str
    zone: str
    stage: str
    done: tuple[DoneLine, ...]
    devices: tuple[DeviceLine, ...]
    ward_can_confirm: bool
    limits: LimitsView
    phone: str


def sheet(installation: Installation, limits: Limits, audit: Iterable[AuditEntry], times: Times) -> Sheet:
    """The sheet as things stand; `audit` in any order."""
    return Sheet(
        hub=installation.hub or "not claimed yet",
        patient=installation.patient or "not chosen yet",
        day=times.date(times.now),
        zone=times.zone_sentence(),
        stage="Locked" if installation.stage == "locked" else "Not locked yet",
        done=tuple(_done(audit, times)),
        devices=tuple(_device(device, installation, times) for device in installation.devices),
        ward_can_confirm=installation.ward_can_confirm,
        limits=limits_view(installation, limits, times),
        phone=limits.phone or installation.phone,
    )


def _done(audit: Iterable[AuditEntry], times: Times) -> list[DoneLine]:
    """What still holds: of acts that were done again the last one, oldest first."""
    last: dict[str, AuditEntry] = {}
    for entry in sorted(audit, key=lambda entry: entry.number):
        if entry.what not in _NOT_ON_PAPER:
            last.pop(entry.sentence, None)
            last[entry.sentence] = entry
    newest = list(last.values())[-_MOST_DONE:]
    return [DoneLine(times.clock_s(e.at) if _today(e, times) else times.when(e.at), e.sentence) for e in newest]


def _today(entry: AuditEntry, times: Times) -> bool:
    return times.day(entry.at) == "today"


def _device(device: Added, installation: Installation, times: Times) -> DeviceLine:
    run = installation.test
    # What was not confirmed yet is known of the last run alone.
    way = device.way or (run if run is not None and run.device == device.id and run.seen is not None else None)
    return DeviceLine(
        title=TITLES[device.model.kind],
        name=full_name(device.model),
        serial=device.serial or device.address or device.port or "not known",
        tested=times.clock(device.tested) if device.tested else "none",
        why="" if device.tested else device.left_out,
        way=() if way is None else times_of_the_way(way, times, ward_can_confirm=installation.ward_can_confirm),
    )
