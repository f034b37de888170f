"""What the home is told: one thing at a time, and the day's plan beside it. Nothing in here is a limit or an alarm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from wardgate.contract.assigning import Kind
from wardgate.contract.messages import Reading
from wardgate.intake.attribution import SETTING_UP

Part = Literal["morning", "afternoon", "evening", "night"]
What = Literal["due", "asked", "got", "again", "who", "call", "done", "nothing", "free", "night"]
"""`due` now, by the plan; `asked` for by the ward; `got` it; do it `again`; `who` was it; ring your team (`call`); all
`done`; `nothing` to do now; `free`: whenever you like; `night`."""
Way = Literal["sending", "has", "sent", "later"]
"""Your team `has` it: only after the ward's own word. `sent`: the broker took it, and this ward gives no word."""
How = Literal[
    "", "cuff-snug", "arm-still", "arm-height", "rest", "warm-hand", "finger-in", "hand-still", "stand-still", "plain"
]
TileState = Literal["done", "now", "next", "later", "free"]
When = Literal["", "morning", "afternoon", "evening", "tomorrow", "another-day"]


class Tile(Struct, frozen=True, kw_only=True):
    """One kind of device in the plan of the day."""

    kind: Kind
    state: TileState
    when: When = ""
    """If later."""


class Moment(Struct, frozen=True, kw_only=True):
    """What stands large."""

    what: What
    number: int = 0
    """Counts up with every reading, so that two alike are told apart."""
    kind: Kind | None = None
    how: How = ""
    """What to do better, with `again`."""
    way: Way | None = None
    """With `got`."""
    values: dict[str, float] = {}
    """With `got`, and only where the ward lets the home see its values: by the names of quantities, canonical units."""
    next: When = ""
    """With `done` and `nothing`: when something is due."""


class HomeView(Struct, frozen=True, kw_only=True):
    """The answer to `home`: all that the patient's screen needs."""

    moment: Moment
    tiles: tuple[Tile, ...]
    part: Part | None = None
    """None while the hub does not know the time."""
    date: str | None = None
    """Today in the home's time zone, as ISO 8601 has it."""
    quiet: bool = False
    phone: str = ""


_CHANNEL_KIND: Final[dict[str, Kind]] = {
    "weight": "scale",
    "body_composition": "scale",
    "blood_pressure": "cuff",
    "saturation": "oximeter",
    "temperature": "thermometer",
    "heart_rate": "heart-belt",
}
_HOWS: Final[dict[Kind, tuple[tuple[str, How], ...]]] = {
    "cuff": (
        ("cuff-too-loose", "cuff-snug"),
        ("improper-position", "arm-height"),
        ("body-movement", "arm-still"),
    ),
    "oximeter": (
        ("no-finger", "finger-in"),
        ("sensor-unconnected-to-user", "finger-in"),
        ("sensor-displaced", "finger-in"),
        ("out-of-track", "finger-in"),
        ("sensor-alarm", "finger-in"),
        ("low-perfusion", "warm-hand"),
        ("marginal-perfusion", "warm-hand"),
        ("inadequate-signal", "warm-hand"),
        ("poor-signal", "warm-hand"),
        ("non-pulsatile-signal", "warm-hand"),
        ("artifact", "hand-still"),
        ("erratic-signal", "hand-still"),
        ("signal-irregularity", "hand-still"),
        ("sensor-interference", "hand-still"),
        ("questionable", "hand-still"),
        ("early-estimate", "hand-still"),
        ("measurement-ongoing", "hand-still"),
        ("not-steady", "hand-still"),
    ),
}
"""By the status bits with which a device doubts its value, the one that is easiest to mend first."""
_USUAL_HOW: Final[dict[Kind, How]] = {"scale": "stand-still", "cuff": "rest", "oximeter": "warm-hand"}
_NOTHING_HOW: Final[dict[Kind, How]] = {"cuff": "rest", "oximeter": "finger-in", "thermometer": "plain"}
"""The kinds that try and may fail, with what usually helps. A scale's frames without a value lead to one; a belt's come
for as long as it is worn."""


def kind_of(reading: Reading) -> Kind | None:
    """Which kind of device brings such a reading."""
    return _CHANNEL_KIND.get(reading.channel)


def of_reading(reading: Reading, number: int, *, values: bool) -> Moment | None:
    """What the home is told of a reading that is on the disk; None for one out of a memory.

    Args:
        reading: as it was stored.
        number: the moment's.
        values: whether the ward lets the home see its values.
    """
    if reading.backfill:
        return None
    kind = kind_of(reading)
    tried = reading.test or reading.attribution_reason == SETTING_UP
    if reading.attribution == "unattributed" and not tried:
        return Moment(what="who", number=number, kind=kind)
    if not reading.quality.good:
        return Moment(what="again", number=number, kind=kind, how=how(kind, reading.quality.status))
    shown = {q.name: q.value for q in reading.quantities} if values else {}
    return Moment(what="got", number=number, kind=kind, way="sending", values=shown)


def of_nothing(kind: Kind, status: Iterable[str], number: int) -> Moment | None:
    """What the home is told when a device tried and has no value; None for kinds that always have some without.

    Args:
        kind: the device's.
        status: what it found wrong, where it says so.
        number: the moment's.
    """
    usual = _NOTHING_HOW.get(kind)
    if usual is None:
        return None
    return Moment(what="again", number=number, kind=kind, how=_named_how(kind, status) or usual)


def how(kind: Kind | None, status: Iterable[str]) -> How:
    """How to measure better, by what the device found wrong."""
    if kind is None:
        return "plain"
    return _named_how(kind, status) or _USUAL_HOW.get(kind, "plain")


def _named_how(kind: Kind, status: Iterable[str]) -> How:
    found = set(status)
    return next((how for bit, how in _HOWS.get(kind, ()) if bit in found), "")
