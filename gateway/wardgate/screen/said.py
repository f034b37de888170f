"""From what the hub says to what stands on the screen: a ground, a picture, a headline, a line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from wardgate.contract.assigning import Kind
from wardgate.indicate.moment import HomeView, Moment, Tile
from wardgate.screen.catalogue import Language

Ground = Literal["due", "good", "again", "plain", "night"]
Seen = HomeView | Literal["away", "new"]
"""`away`: the hub does not answer. `new`: it has no patient yet."""


@dataclass(frozen=True, slots=True)
class Said:
    """What stands large."""

    ground: Ground
    picture: str
    badge: str
    headline: str
    """A key of the catalogue's headlines."""
    lines: tuple[str, ...]
    """Keys of its lines."""
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class TileSaid:
    """One tile."""

    kind: Kind
    state: str
    word: str
    """A key of the catalogue's words."""
    icon: str


_HAND: Final = frozenset({"warm-hand"})
_VALUES: Final[dict[Kind, tuple[str, ...]]] = {
    "scale": ("weight",),
    "cuff": ("systolic", "diastolic"),
    "oximeter": ("spo2",),
    "thermometer": ("temperature",),
    "heart-belt": ("heart_rate",),
}
_ICONS: Final = {"done": "tick", "now": "arrow", "next": "dots", "free": "ring"}
_LATER_ICONS: Final = {"morning": "sun", "afternoon": "sun", "evening": "moon"}


def said(seen: Seen) -> Said:
    """What stands large."""
    if isinstance(seen, str):
        return Said("plain", "plug", "", seen, (seen,), {})
    moment = seen.moment
    match moment.what:
        case "due" | "asked" if moment.kind is not None:
            line = "asked" if moment.what == "asked" else f"due-{moment.kind}"
            return Said("due", moment.kind, "", f"due-{moment.kind}", (line,), {})
        case "got":
            return _got(moment)
        case "again":
            picture = "hand" if moment.how in _HAND else moment.kind or "tick"
            return Said("again", picture, "triangle", "again", (moment.how or "plain",), {})
        case "who":
            headline = "who-scale" if moment.kind == "scale" else "who-other"
            return Said("again", moment.kind or "scale", "question", headline, ("who",), {})
        case "call":
            return Said("due", "phone", "", "call", ("call",), {})
        case "night":
            return Said("night", "moon", "", "night", (), {})
        case _:
            return _resting(seen)


def _got(moment: Moment) -> Said:
    names = _VALUES[moment.kind] if moment.kind is not None else ()
    shown = {name: moment.values[name] for name in names if name in moment.values}
    values = (f"value-{moment.kind}",) if names and len(shown) == len(names) else ()
    return Said("good", "tick", "", "got", (*values, moment.way or "sending"), shown)


def _resting(seen: HomeView) -> Said:
    """Nothing is due."""
    moment = seen.moment
    lines = (f"next-{moment.next}",) if moment.next else ()
    if moment.what == "done":
        part = seen.part if seen.part in ("morning", "afternoon") else "evening"
        return Said("good", "sun", "", f"done-{part}", lines, {})
    return Said("plain", "sun", "", "nothing" if moment.what == "nothing" else "free", lines, {})


def tile_said(tile: Tile) -> TileSaid:
    """How one tile says it: a word and a shape, and never a colour alone."""
    if tile.state == "later":
        return TileSaid(tile.kind, "later", f"later-{tile.when}", _LATER_ICONS.get(tile.when, "ring"))
    return TileSaid(tile.kind, tile.state, tile.state, _ICONS[tile.state])


def sentences(seen: Seen, language: Language) -> tuple[str, tuple[str, ...]]:
    """The headline and the lines below it, in words."""
    what = said(seen)
    return language.headlines[what.headline], tuple(language.line(line, **what.values) for line in what.lines)
