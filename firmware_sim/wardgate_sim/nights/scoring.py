"""How well a night was read: its events one to one, its indices and its time below 90 %."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from wardgate_sim.nights import Night, TrueEvent

NADIR_S: Final = 30.0
"""A found event is the true one when they overlap and the nadirs are no further apart: averaging devices come late."""


class Found(Protocol):
    """An event that somebody has found."""

    @property
    def start_s(self) -> float: ...
    @property
    def nadir_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Score:
    """One night of one reader. Errors are what was said less what is true of the whole night, seen or not."""

    hits: int
    false: int
    missed: int
    odi3_error_per_h: float
    odi4_error_per_h: float
    t90_error_pct: float


def score(night: Night, found: Sequence[Found], odi3_per_h: float, odi4_per_h: float, t90_fraction: float) -> Score:
    """Compare what was found with the truth. An event that the device could not show is neither missed nor false."""
    hits, false, missed = matched(night, found)
    return Score(
        hits=hits,
        false=false,
        missed=missed,
        odi3_error_per_h=odi3_per_h - night.odi3_per_h,
        odi4_error_per_h=odi4_per_h - night.odi4_per_h,
        t90_error_pct=100 * (t90_fraction - night.t90_fraction),
    )


def matched(night: Night, found: Sequence[Found]) -> tuple[int, int, int]:
    """Hits, false and missed events of at least 3 points; each found event counts for one true one at most."""
    left = list(found)
    hits = missed = 0
    for event in night.events:
        near = [each for each in left if _same(event, each)]
        if near:
            left.remove(min(near, key=lambda each: abs(each.nadir_s - event.nadir_s)))
        if night.hidden(event):
            continue
        hits, missed = hits + bool(near), missed + (not near)
    unseen = [dip for dip in night.dips if night.hidden(dip)]
    false = sum(not any(_same(dip, each) for dip in unseen) for each in left)
    return hits, false, missed


def _same(event: TrueEvent, found: Found) -> bool:
    overlap = min(event.end_s, found.end_s) - max(event.start_s, found.start_s)
    return overlap > 0 and abs(event.nadir_s - found.nadir_s) < NADIR_S


def f1(scores: Sequence[Score]) -> float:
    """Of all the nights' events together; 1 where there was nothing to find and nothing was found."""
    hits, false, missed = (sum(part) for part in zip(*((s.hits, s.false, s.missed) for s in scores), strict=True))
    return 2 * hits / (2 * hits + false + missed) if hits + false + missed else 1.0
