"""Whose it is. When that is not known, the reading says so and goes on: nothing is guessed and nothing is dropped."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from wardgate.contract.messages import TIME_UNKNOWN, Reading
from wardgate_drivers.measurement import Measurement

USUAL_DAYS: Final = 30.0
"""What somebody weighed longer ago says little about today."""
USUAL_COUNT: Final = 7
"""A week of mornings: a median that one stranger on the scale does not move."""
KEEP_COUNT: Final = 400
"""Points kept in memory: some months of a patient who is measured several times a day."""
USUAL_LEAST: Final = 3
"""Before there are so many, nobody is turned away: the first to step on might have been the stranger."""


def unattributed_because(
    measurement: Measurement,
    *,
    user_slots: int,
    patient_slot: int | None,
    weight_kg: float | None,
    usual_weight_kg: float | None,
    other_person_kg: float,
) -> str | None:
    """Why this measurement cannot be called the patient's, as `key: words`; None when it can.

    Args:
        measurement: what the device said.
        user_slots: how many users the model tells apart.
        patient_slot: the patient's slot on this device, as configured.
        weight_kg: its weight, if it is one.
        usual_weight_kg: what the patient usually weighs at that time, where that is known.
        other_person_kg: further than this from the usual is somebody else.
    """
    if measurement.user_unknown:
        return "user-unknown: the device did not know the user"
    if measurement.user_index is not None and patient_slot not in (None, measurement.user_index):
        return f"other-user: user {measurement.user_index} of the device, the patient is user {patient_slot}"
    if measurement.user_index is not None and patient_slot is None and user_slots > 1:
        return f"user-not-configured: user {measurement.user_index} of the device, and no user_index is configured"
    return far_from_usual(weight_kg, usual_weight_kg, other_person_kg)


SETTING_UP: Final = "setting-up: the hub was not handed over yet"
"""Why what is measured in front of a technician is nobody's: somebody steps on a scale to see whether it is heard."""
TEST: Final = "test: whoever tried the device out"
"""Why a test is nobody's: a technician may have stepped on."""


def before_assignment(since: datetime | None, taken: datetime, uncertainty_s: float, *, backfill: bool) -> str | None:
    """Why a measurement is of a time before this patient was given the hub, as `key: words`; None when it is not.

    What a memory holds has to be surely later; what was just measured only not surely earlier.

    Args:
        since: when the patient was given the hub; None where nobody says.
        taken: when it was measured.
        uncertainty_s: give or take so much.
        backfill: whether it came out of a memory.
    """
    doubt = timedelta(seconds=uncertainty_s)
    if since is None or since <= (taken - doubt if backfill else taken + doubt):
        return None
    words = "may have been measured" if taken + doubt >= since else "was measured"
    return f"before-assignment: it {words} before this patient was given the hub"


def far_from_usual(weight_kg: float | None, usual_kg: float | None, other_person_kg: float) -> str | None:
    """Why a weight is somebody else's, as `key: words`; None when it is not, or nobody can say."""
    if weight_kg is None or usual_kg is None or abs(weight_kg - usual_kg) <= other_person_kg:
        return None
    return f"weight-far-from-usual: more than {other_person_kg:g} kg from the patient's usual {usual_kg:.1f} kg"


def counts_as_usual(reading: Reading) -> bool:
    """Whether a reading helps to tell what is usual for the patient."""
    return reading.attribution == "assigned" and reading.quality.good and not reading.test


def canonical(reading: Reading, name: str) -> float | None:
    """A quantity of a reading in its canonical unit."""
    return next((q.value for q in reading.quantities if q.name == name), None)


class Usual:
    """The recent median of one quantity, at any moment of the stored series."""

    def __init__(self, channel: str, quantity: str, readings: Iterable[Reading] = ()) -> None:
        self.channel = channel
        self.quantity = quantity
        self._points: list[tuple[float, float]] = []
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """Take a stored reading into account."""
        value = canonical(reading, self.quantity)
        dated = TIME_UNKNOWN not in reading.quality.flags
        if reading.channel == self.channel and value is not None and counts_as_usual(reading) and dated:
            insort(self._points, (reading.time.taken.timestamp(), value))
            del self._points[:-KEEP_COUNT]

    def at(self, taken_s: float | None) -> float | None:
        """The median of the nearest readings in time, None while there are too few.

        Where the time is not known, it is taken for that of the last reading.
        """
        if taken_s is None:
            taken_s = self._points[-1][0] if self._points else 0.0
        near = sorted(self._points, key=lambda p: abs(p[0] - taken_s))[:USUAL_COUNT]
        values = [v for t, v in near if abs(t - taken_s) <= USUAL_DAYS * 86400.0]
        return median(values) if len(values) >= USUAL_LEAST else None
