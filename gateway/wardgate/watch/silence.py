"""Why a channel is silent: the likely cause, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from wardgate.capture.devices import Known
from wardgate.capture.journal import Journal
from wardgate.intake.device_facts import BATTERY_LOW_PERCENT
from wardgate.store.rows import DeviceRow
from wardgate_drivers.model.declaration import Serial
from wardgate_drivers.model.wake import wake_words

Cause = Literal["hub", "clock", "radio", "not-paired", "battery", "not-woken", "no-good-reading"]
RADIO: Final = ("radio-lost", "radio-stuck")


@dataclass(frozen=True, slots=True)
class Silence:
    """What is known about a device that has brought nothing for too long."""

    known: Known
    row: DeviceRow
    since: datetime
    hub_off: bool
    """The hub was off for so long that the device could not have been on time."""
    synchronised: bool
    """Whether the hub knows the time."""


def cause_of(silence: Silence, journal: Journal) -> tuple[Cause, str]:
    """The cause nearest to the hub comes first: nobody is sent to the scale while the hub is deaf."""
    return _of_the_hub(silence, journal) or _of_the_device(silence, journal)


def _of_the_hub(silence: Silence, journal: Journal) -> tuple[Cause, str] | None:
    known = silence.known
    noun = known.model.kind.noun
    if not silence.synchronised:
        return "clock", "Connect the hub to the network: it does not know the time."
    if isinstance(known.model.link, Serial):
        if journal.stands("serial-lost", known.id):
            return "radio", f"Plug in the {noun}'s cable."
    elif any(journal.stands(code) for code in RADIO):
        return "radio", "The hub's radio does not listen. See: wardgate doctor"
    if silence.hub_off:
        return "hub", f"The hub was off. Leave it switched on. Then: {_wake(known)}"
    return None


def _of_the_device(silence: Silence, journal: Journal) -> tuple[Cause, str]:
    known, row = silence.known, silence.row
    noun, wake = known.model.kind.noun, _wake(known)
    if row.bonded is False:
        return "not-paired", f"Pair the {noun} again: wardgate pair {known.id}"
    if row.battery_percent is not None and row.battery_percent <= BATTERY_LOW_PERCENT:
        return "battery", f"Put new batteries into the {noun}. Then: {wake}"
    if row.last_heard is None or row.last_heard <= silence.since:
        return "not-woken", f"It has not been heard since. {wake}"
    if journal.stands("device-clock-wrong", known.id):
        return "clock", f"It is heard, but its clock is wrong: its readings may stand under another day. {wake}"
    return "no-good-reading", f"It is heard, but brings no reading. {wake}"


def _wake(known: Known) -> str:
    return wake_words(known.model.wake).use or "Take a reading."
