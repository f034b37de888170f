"""Which readings are not taken at their word: somebody else, a bag, another scale, pounds for kilograms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from wardgate_signal.finding import DAY_S, Json, Saved
from wardgate_signal.weight.finding import Quality
from wardgate_signal.weight.saved import number, numbers, require_keys

LEAST_KG: Final = 1.0
MOST_KG: Final = 700.0
"""Nothing outside this is a person, in whatever unit."""
POUNDS: Final = 2.20462
FAR_SD: Final = 6.0
OTHER_KG: Final = 5.5
"""No body makes such a jump between two weighings."""
LATER_S: Final = DAY_S / 3.0
AGREE_KG: Final = 1.2
AGREE_SD: Final = 3.0
JUMP_READINGS: Final = 2
OTHER_READINGS: Final = 4


@dataclass(slots=True)
class _Pending:
    first_s: float
    weight_kg: float
    count: int


@dataclass(frozen=True, slots=True)
class Screened:
    """What is to be done with a reading."""

    weight_kg: float
    quality: Quality
    use: bool
    confirmed: bool = False
    """A jump that a later reading has agreed with."""
    begin: bool = False
    """So far from before that the level has to be learnt anew."""


class Screen:
    """Keeps a far reading aside until later ones, hours apart, agree with it."""

    def __init__(self) -> None:
        self._pending: _Pending | None = None

    def forget(self) -> None:
        """What is kept aside belongs to another scale."""
        self._pending = None

    def look(
        self, time_s: float, weight_kg: float, expected_kg: float, expected_var: float, noise_var: float
    ) -> Screened:
        """Judge a reading, as the scale gave it, against what was expected of the scale."""
        sd_kg = math.sqrt(expected_var)
        weight_kg, converted = _in_kg(weight_kg, expected_kg, sd_kg)
        off_kg = weight_kg - expected_kg
        if abs(off_kg) <= FAR_SD * sd_kg:
            self._pending = None
            return Screened(weight_kg, Quality.UNIT_STEP if converted else Quality.ACCEPTED, use=True)
        other = abs(off_kg) > OTHER_KG
        if not LEAST_KG <= weight_kg <= MOST_KG:
            return Screened(weight_kg, Quality.WRONG_PERSON, use=False)
        if self._agree(time_s, weight_kg, noise_var) >= (OTHER_READINGS if other else JUMP_READINGS):
            self._pending = None
            return Screened(weight_kg, Quality.SCALE_MOVED, use=True, confirmed=True, begin=other)
        kind = Quality.WRONG_PERSON if other else Quality.LOAD if off_kg > 0 else Quality.SCALE_MOVED
        return Screened(weight_kg, kind, use=False)

    def _agree(self, time_s: float, weight_kg: float, noise_var: float) -> int:
        """How many readings, hours apart, now say this."""
        before = self._pending
        near_kg = max(AGREE_KG, AGREE_SD * math.sqrt(noise_var))
        if before is None or abs(weight_kg - before.weight_kg) > near_kg:
            self._pending = _Pending(time_s, weight_kg, 1)
            return 1
        if time_s - before.first_s >= LATER_S * before.count:
            self._pending = _Pending(before.first_s, weight_kg, before.count + 1)
            return before.count + 1
        return before.count

    def save(self) -> Saved:
        """For `load`."""
        kept = self._pending
        pending: list[Json] | None = [kept.first_s, kept.weight_kg, float(kept.count)] if kept else None
        return {"pending": pending}

    @classmethod
    def load(cls, saved: Saved) -> Screen:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        require_keys(saved, "pending")
        screen = cls()
        if saved["pending"] is not None:
            first_s, weight_kg, count = numbers(saved["pending"], 3)
            screen._pending = _Pending(first_s, weight_kg, int(number(count)))
        return screen


def _in_kg(weight_kg: float, expected_kg: float, sd_kg: float) -> tuple[float, bool]:
    """The weight, converted where only that makes it the expected one."""
    near_kg = 4.0 * sd_kg
    if abs(weight_kg - expected_kg) > OTHER_KG:
        for converted_kg in (weight_kg / POUNDS, weight_kg * POUNDS):
            if abs(converted_kg - expected_kg) <= near_kg:
                return converted_kg, True
    return weight_kg, False
