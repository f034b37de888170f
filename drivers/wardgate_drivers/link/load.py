"""Choosing what to keep from a scale that writes its weight all the time: what stands still, once a load."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec.bounds import KG_PER_UNIT
from wardgate_drivers.measurement import Measurement, Outcome

EMPTY_KG: Final = 0.5
"""Below what any person weighs: the load is off."""
SAME_KG: Final = 0.2
"""Two steps of a medical scale: somebody who stands still moves the figure by no more."""


class Load:
    """Lines in, at most one measurement for each weight at which a load stands still.

    The first stable line is believed at once, for some indicators write only one. A line has no checksum; so another
    weight, while the load has not been off, is believed when two stable lines in a row say it: it is a person who held
    on to something first.
    """

    def __init__(self) -> None:
        self._kept_kg: float | None = None
        self._other_kg: float | None = None

    def choose(self, line: Measurement) -> Measurement | None:
        """The measurement to keep; None for all other lines."""
        weight = line.value("weight")
        weight_kg = None if weight is None else weight.value * KG_PER_UNIT[weight.unit]
        if line.outcome is not Outcome.DECODE or weight_kg is None:
            self._other_kg = None
            if weight_kg is not None and weight_kg < EMPTY_KG:
                self._kept_kg = None
            return None
        before_kg, self._other_kg = self._other_kg, None
        if self._kept_kg is None or (_same(before_kg, weight_kg) and not _same(self._kept_kg, weight_kg)):
            self._kept_kg = weight_kg
            return line
        if not _same(self._kept_kg, weight_kg):
            self._other_kg = weight_kg
        return None


def _same(one_kg: float | None, other_kg: float) -> bool:
    return one_kg is not None and abs(one_kg - other_kg) <= SAME_KG
