"""What was set up on this hub, over what its own file says: which hub it is, whose, with which devices.

Kept beside the database in one file that is replaced as a whole. A hub whose own file names a patient is set up by
that file: of what is kept here only its lock, its tests and what was added to its devices counts.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from wardgate.checked import Unusable
from wardgate.contract.messages import Utc
from wardgate.durable import write_whole
from wardgate.pathways.known import LIMITS

NAME: Final = "installation.json"
Stage = Literal["factory", "claimed", "assigned", "locked"]
Detail = dict[str, str | int | float | bool | None]


class Way(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Part of [broker] or [enrol] that was imported; secrets are files of their own."""

    url: str | None = None
    host: str | None = None
    port: int | None = None
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None


class KeptDevice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device that was added while the hub was set up, as a [[device]] of the file would say it."""

    id: str
    model: str
    address: str | None = None
    port: str | None = None
    user_index: int | None = None
    consent_code: int | None = None


class TestWay(Struct, frozen=True, kw_only=True):
    """When a device's test reading passed each door."""

    __test__ = False  # for pytest, which takes the name for its own

    seen: Utc
    stored: Utc
    broker: Utc | None
    ward: Utc | None
    """None where no ward confirms: the broker was the last."""


class Act(Struct, frozen=True, kw_only=True):
    """The act that made this revision: the audit gets it from here when a power cut came between the two."""

    what: str
    by: str
    sentence: str
    detail: Detail = {}


class Leaving(Struct, frozen=True, kw_only=True):
    """A patient whom this hub no longer serves, and what of theirs is still to be cleared away."""

    assignment: str
    bonds: tuple[str, ...] = ()
    """Addresses whose pairing is to be forgotten."""
    devices: tuple[str, ...] = ()
    """The devices' ids."""
    memory: bool = True
    """Whether what was learnt about them is still here."""
    upto: int = 0
    """The number of the last message that may be theirs."""
    told: bool = True
    """Whether the ward knows that the hub has left them."""


class Record(Struct, frozen=True, kw_only=True):
    """The file. Every change counts `revision` up.

    Fields are added and never change their meaning. One of a later version is passed over: an update that was taken
    back still knows whose hub it is.
    """

    revision: int = 0
    stage: Stage = "factory"
    hub: str | None = None
    broker: Way = Way()
    enrol: Way = Way()
    timezone: str | None = None
    patient: str | None = None
    """As readings call the patient."""
    words: str | None = None
    """As people do: `Copper Heron`, without the digits."""
    assignment: str | None = None
    since: Utc | None = None
    """When this patient was given the hub."""
    since_at: tuple[str, float] | None = None
    """Boot and its second at that moment, as long as the hub has not known the time since (`provision.since`)."""
    pathways: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """The kinds of device that are expected: scale, cuff, ..."""
    phone: str = ""
    limits: dict[str, float] = {}
    """What the ward said of the patient's limits with the assignment."""
    device: tuple[KeptDevice, ...] = ()
    tested: dict[str, Utc] = {}
    """By device: when the ward confirmed a test reading of it, or the broker where no ward does."""
    ways: dict[str, TestWay] = {}
    """By device: how that reading got there."""
    left_out: dict[str, str] = {}
    """By device: why it was left without a test reading."""
    limits_read_back: Utc | None = None
    limits_fingerprint: str = ""
    """Of the limits that were read back."""
    handed_over: bool = False
    """Whether it was locked once since this patient was given the hub."""
    leaving: tuple[Leaving, ...] = ()
    """Earlier patients of whom something is still on this hub."""
    imported: str = ""
    """SHA-256 of the file of the boot partition that was imported."""
    act: Act | None = None


class _Kept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    record: msgspec.Raw
    sha256: str
    """Of the record's own bytes: a version that knows more or fewer fields finds them whole, too."""


def read(data_dir: Path) -> Record:
    """What is kept; an empty record where nothing is.

    Raises:
        Unusable: the file is damaged.
        OSError: it may not be read.
    """
    path = data_dir / NAME
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        if _digest(kept.record) != kept.sha256:
            raise Unusable([_damaged(path)])
        return msgspec.json.decode(kept.record, type=Record)
    except FileNotFoundError:
        return Record()
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable([_damaged(path)]) from None


def read_beside(data_dir: Path) -> Record:
    """What is kept, for whoever has a checked configuration already: where the record is damaged, or may not be read,
    that came from the hub's own file alone."""
    try:
        return read(data_dir)
    except (Unusable, OSError):
        return Record()


def keep(data_dir: Path, record: Record) -> None:
    """From now on this holds.

    Raises:
        OSError: the disk refuses; what was kept before stays.
    """
    text = msgspec.Raw(msgspec.json.encode(record))
    write_whole(data_dir / NAME, msgspec.json.encode(_Kept(record=text, sha256=_digest(text))))


def _digest(record: msgspec.Raw) -> str:
    """It tells a damaged file. Who may write here needs no key."""
    return hashlib.sha256(bytes(record)).hexdigest()


def names_patient(raw: dict[str, Any]) -> bool:
    """Whether the hub's own file says whose it is."""
    return "patient" in _table(raw, "hub")


def over(raw: dict[str, Any], record: Record) -> dict[str, Any]:
    """The tables of the hub's file with what was set up laid over them; neither is changed.

    Where the file names the patient, its word holds; devices that were added stand beside its own.
    """
    added = _added(raw, record)
    laid = {**raw, "device": [*_list(raw, "device"), *added]} if added else dict(raw)
    if names_patient(raw):
        return laid
    laid["hub"] = _table(raw, "hub") | _said(
        id=record.hub,
        patient=record.patient,
        assignment=record.assignment,
        since=record.since,
        timezone=record.timezone,
    )
    for section, way in (("broker", record.broker), ("enrol", record.enrol)):
        if way != Way():
            laid[section] = _table(raw, section) | msgspec.to_builtins(way)
    watch = _table(raw, "watch") | ({"pathways": list(record.pathways)} if record.pathways else {})
    for name, value in record.limits.items():
        if name in LIMITS:
            section = LIMITS[name].section
            watch[section] = _table(watch, section) | {name: value}
    if watch:
        laid["watch"] = watch
    return laid


def _added(raw: dict[str, Any], record: Record) -> list[dict[str, Any]]:
    """The devices that the file does not name itself, by whatever it names them."""
    named = {(key, one.get(key)) for one in _list(raw, "device") for key in ("id", "address", "port")}
    return [
        msgspec.to_builtins(device)
        for device in record.device
        if not named & {(key, value) for key in ("id", "address", "port") if (value := getattr(device, key))}
    ]


def _said(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _table(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """A section; whatever else stands there is refused when the whole is checked."""
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def _list(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = raw.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _damaged(path: Path) -> str:
    return f"{path} is damaged: which hub this is, and whose, is not known. Ask the ward, then set the hub up again."
