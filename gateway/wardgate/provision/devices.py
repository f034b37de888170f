"""Which devices this home has: added, taken away, put in another's place; and the five ticks of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from wardgate.config import Device
from wardgate.installation import KeptDevice, Record, Stage
from wardgate.intake.device_facts import BATTERY_LOW_PERCENT, CLOCK_WRONG_S
from wardgate.provision.refused import Refused
from wardgate.store.rows import DeviceRow
from wardgate_drivers.model.declaration import Bond, ClockPolicy, Gatt, History, Kind, Model, Serial
from wardgate_drivers.model.lookup import by_id
from wardgate_drivers.model.wake import wake_words
from wardgate_drivers.protocol.user_data import consent_as_configured

Tick = Literal["good", "waiting", "problem", "unknown"]
_IDS: Final = {Kind.HEART_BELT: "belt"}
"""What a device is called in this home, where its kind is not the word."""


class Wish(Struct, frozen=True, kw_only=True):
    """A device as somebody chose it."""

    model: str
    address: str | None = None
    port: str | None = None
    user_index: int | None = None
    consent_code: int | None = None


class Ticked(Struct, frozen=True, kw_only=True):
    """One of a device's five ticks: heard, paired, clock, battery, memory."""

    key: str
    tick: Tick
    sentence: str
    reason: str = ""
    what_to_do: str = ""


def needs_user(model: Model) -> bool:
    """Whether it tells several people apart, so that somebody has to say which of them is the patient."""
    return model.user_slots > 1


def needs_consent(model: Model) -> bool:
    """Whether it lets nobody in who does not know the patient's code."""
    return isinstance(model.link, Gatt) and model.link.prepare is consent_as_configured


def same(here: Sequence[Device], wish: Wish) -> Device | None:
    """The device of this home that somebody wants to add for the second time."""
    return next((d for d in here if _place(d) == _place(wish) and d.model == wish.model), None)


def added(record: Record, stage: Stage, here: Sequence[Device], wish: Wish) -> tuple[Record, KeptDevice]:
    """The home with one device more.

    Args:
        here: every device of this home, from the hub's file or added.

    Raises:
        Refused: the hub has no patient or is locked; there is no such model; the device is here already.
    """
    refuse_stage(stage)
    model = _model_of(wish)
    _refuse_twice(here, wish)
    device = _kept(_free_id(model.kind, {d.id for d in here}), wish)
    return replace(record, device=(*record.device, device)), device


def removed(record: Record, stage: Stage, here: Sequence[Device], device: str) -> Record:
    """The home with one device less.

    Raises:
        Refused: it is locked, or has no such device that could be removed.
    """
    refuse_stage(stage)
    _refuse_other(record, here, device)
    return replace(_untested(record, device), device=tuple(d for d in record.device if d.id != device))


def replaced(record: Record, stage: Stage, here: Sequence[Device], device: str, wish: Wish) -> Record:
    """The home with another device under the same name. It has to be tried anew.

    Raises:
        Refused: as `added` and `removed`; or it is of another kind.
    """
    refuse_stage(stage)
    _refuse_other(record, here, device)
    model = _model_of(wish)
    old = next(d for d in here if d.id == device)
    _refuse_twice([d for d in here if d.id != device], wish)
    before = by_id(old.model)
    if before is not None and before.kind is not model.kind:
        raise Refused(
            "other-kind",
            f"A {model.kind.noun} cannot take the place of the {before.kind.noun}.",
            f"Remove the {before.kind.noun}, then add the {model.kind.noun}.",
        )
    devices = tuple(_kept(device, wish) if d.id == device else d for d in record.device)
    return replace(_untested(record, device), device=devices)


def is_done(record: Record, device: str, wish: Wish) -> bool:
    """Whether this device stands under this name already."""
    return _kept(device, wish) in record.device


def note_for(kind: Kind) -> str:
    """What the detectors are told when a device takes the place of another of its kind."""
    return "new_scale" if kind is Kind.SCALE else "new_device"


def refuse_stage(stage: Stage) -> None:
    """Raises Refused: devices cannot be changed now."""
    if stage == "locked":
        raise Refused("locked", "This hub is locked.", "Unlock it first.")
    if stage != "assigned":
        raise Refused("no-patient", "This hub has no patient yet.", "Choose the patient first.")


def _free_id(kind: Kind, taken: set[str]) -> str:
    name, number = _IDS.get(kind, kind.value), 1
    while (id_ := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return id_


def _kept(id_: str, wish: Wish) -> KeptDevice:
    return KeptDevice(
        id=id_,
        model=wish.model,
        address=wish.address,
        port=wish.port,
        user_index=wish.user_index,
        consent_code=wish.consent_code,
    )


def _model_of(wish: Wish) -> Model:
    """Raises Refused: there is none, it is reached by another way, or something about it was not said."""
    model = by_id(wish.model)
    if model is None:
        raise Refused("no-such-model", "The hub does not know this model.", "Choose one from the list.")
    is_serial = isinstance(model.link, Serial)
    if (wish.port if is_serial else wish.address) is None or (wish.address if is_serial else wish.port) is not None:
        raise Refused(
            "other-way",
            f"The {model.maker} {model.name} is reached by {'a cable' if is_serial else 'Bluetooth'}.",
            "Choose it from the list again.",
        )
    if needs_user(model) and wish.user_index is None:
        raise Refused(
            "needs-user",
            f"The {model.kind.noun} knows {model.user_slots} people.",
            "Say which of its numbers is the patient's.",
        )
    if needs_consent(model) and wish.consent_code is None:
        raise Refused(
            "needs-consent",
            f"The {model.kind.noun} lets nobody in without the patient's code.",
            "Type the code that it shows for the patient.",
        )
    return model


def _refuse_twice(here: Sequence[Device], wish: Wish) -> None:
    known = next((d for d in here if _place(d) == _place(wish)), None)
    if known is not None:
        raise Refused("here-already", f"This device is here already, as {known.id}.", "Choose another one.")


def _refuse_other(record: Record, here: Sequence[Device], device: str) -> None:
    if all(d.id != device for d in here):
        names = ", ".join(d.id for d in here) or "none"
        raise Refused("no-such-device", "This home has no such device.", f"These are here: {names}.")
    if all(d.id != device for d in record.device):
        raise Refused(
            "by-file",
            f"The hub's own file names the {device}.",
            "Change the file, then restart the hub: sudo systemctl restart wardgate",
        )


def left_out(record: Record, stage: Stage, device: str, why: str) -> Record:
    """The home with a device that nobody can try out now.

    Raises:
        Refused: it is locked.
    """
    refuse_stage(stage)
    return replace(record, left_out={**record.left_out, device: why})


def _untested(record: Record, device: str) -> Record:
    return replace(
        record,
        tested={id_: at for id_, at in record.tested.items() if id_ != device},
        ways={id_: way for id_, way in record.ways.items() if id_ != device},
        left_out={id_: why for id_, why in record.left_out.items() if id_ != device},
    )


def _place(device: Device | Wish) -> tuple[str | None, str | None]:
    return device.address, device.port


# The five ticks


def ticks(model: Model, row: DeviceRow, *, tried: bool, pairing_lost: bool, zone_offset_s: float) -> tuple[Ticked, ...]:
    """How far a device is set up, from what the hub remembers of it.

    Args:
        tried: it has brought a test reading.
        pairing_lost: it no longer knows this hub, or the hub it.
        zone_offset_s: local civil time less UTC where the patient lives: what a right clock on the device is ahead.
    """
    return (
        _heard(model, row),
        _paired(model, row, lost=pairing_lost),
        _clock(model, row, zone_offset_s),
        _battery(model, row),
        _memory(model, row, tried=tried),
    )


def _heard(model: Model, row: DeviceRow) -> Ticked:
    if row.last_heard is not None:
        return Ticked(key="heard", tick="good", sentence="The hub hears it.")
    return Ticked(
        key="heard",
        tick="waiting",
        reason="not-heard",
        sentence=f"No {model.kind.noun} heard yet.",
        what_to_do=model.wake,
    )


def _paired(model: Model, row: DeviceRow, *, lost: bool) -> Ticked:
    noun = model.kind.noun
    if lost:
        return Ticked(
            key="paired",
            tick="problem",
            reason="pairing-lost",
            sentence=f"The {noun} no longer knows this hub.",
            what_to_do="Press Pair again.",
        )
    if row.bonded:
        return Ticked(key="paired", tick="good", sentence="Paired with this hub.")
    if model.bond is Bond.NONE:
        return Ticked(key="paired", tick="good", sentence="It needs no pairing.")
    return Ticked(
        key="paired", tick="waiting", reason="not-paired", sentence="Not paired yet.", what_to_do="Press Pair."
    )


def _clock(model: Model, row: DeviceRow, zone_offset_s: float) -> Ticked:
    if row.clock_offset_s is None:
        return _clock_not_seen(model, row)
    off_s = row.clock_offset_s - zone_offset_s
    if abs(off_s) < 1.0:
        return Ticked(key="clock", tick="good", sentence="Its clock is right.")
    was = f"Its clock was {_long(abs(off_s))} {'fast' if off_s > 0 else 'slow'}."
    if row.clock_set_at is not None:
        return Ticked(key="clock", tick="good", sentence=f"{was} It was set.")
    if abs(off_s) <= CLOCK_WRONG_S:
        return Ticked(key="clock", tick="good", sentence=was)
    return Ticked(
        key="clock",
        tick="problem",
        reason="clock-wrong",
        sentence=was,
        what_to_do=f"Set the time on the {model.kind.noun}. Its readings are dated by how far it is off.",
    )


def _clock_not_seen(model: Model, row: DeviceRow) -> Ticked:
    if row.clock_set_at is not None:
        return Ticked(key="clock", tick="good", sentence="Its clock was set.")
    if model.clock is ClockPolicy.NONE:
        return Ticked(key="clock", tick="unknown", reason="no-clock", sentence="The hub cannot look at its clock.")
    return Ticked(
        key="clock",
        tick="waiting",
        reason="clock-not-seen",
        sentence="The hub has not looked at its clock yet.",
        what_to_do=wake_words(model.wake).use,
    )


def _battery(model: Model, row: DeviceRow) -> Ticked:
    percent = row.battery_percent
    if percent is None:
        cable = isinstance(model.link, Serial)
        why = "It has a cable." if cable else "It has not told of its battery."
        return Ticked(key="battery", tick="unknown", reason="no-battery", sentence=why)
    if percent <= BATTERY_LOW_PERCENT:
        return Ticked(
            key="battery",
            tick="problem",
            reason="battery-low",
            sentence=f"Battery low, {percent} %.",
            what_to_do=f"Put new batteries into the {model.kind.noun}.",
        )
    return Ticked(key="battery", tick="good", sentence=f"Battery {percent} %.")


def _memory(model: Model, row: DeviceRow, *, tried: bool) -> Ticked:
    if model.history is History.NONE:
        return Ticked(key="memory", tick="unknown", reason="no-memory", sentence="It keeps no readings.")
    if tried or row.counts.get("readings", 0) or row.counts.get("duplicates", 0):
        return Ticked(key="memory", tick="good", sentence="What it keeps was read.")
    return Ticked(
        key="memory",
        tick="waiting",
        reason="memory-not-read",
        sentence="What it keeps was not read yet.",
        what_to_do=wake_words(model.wake).use,
    )


def _long(seconds: float) -> str:
    for size, noun in ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second")):
        if seconds >= size:
            whole = int(seconds // size)
            return f"{whole:,} {noun}" if whole == 1 else f"{whole:,} {noun}s"
    return "less than a second"
