"""Whose it is (H01): never guessed, never dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from wardgate.contract.messages import DeviceBlock, Quality, Quantity, Reading, TimeBlock
from wardgate.intake.attribution import Usual, unattributed_because
from wardgate_drivers.measurement import Channel, Measurement, Outcome

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
FRAME = Measurement(Channel.WEIGHT, Outcome.DECODE, (), b"")


def because(
    measurement: Measurement = FRAME,
    *,
    slots: int = 0,
    slot: int | None = None,
    kg: float | None = None,
    usual: float | None = None,
) -> str | None:
    reason = unattributed_because(
        measurement, user_slots=slots, patient_slot=slot, weight_kg=kg, usual_weight_kg=usual, other_person_kg=8.0
    )
    return None if reason is None else reason.partition(":")[0]


def weighed(
    day: float,
    kg: float,
    *,
    good: bool = True,
    test: bool = False,
    attribution: Literal["assigned", "unattributed"] = "assigned",
) -> Reading:
    taken = START + timedelta(days=day)
    quantity = Quantity(name="weight", value=kg, unit="kg", original_value=kg, original_unit="kg")
    return Reading(
        id=f"{day}-{kg}",
        hub="h",
        assignment="a",
        patient="p",
        attribution=attribution,
        channel="weight",
        quantities=(quantity,),
        time=TimeBlock(
            taken=taken, uncertainty_s=1, basis="arrival", received=taken, boot_id="b", boottime_s=1, synchronised=True
        ),
        device=DeviceBlock(id="scale", model="m"),
        quality=Quality(good=good),
        backfill=False,
        test=test,
        frame="00",
    )


def test_nothing_against_it() -> None:
    assert because() is None
    assert because(slots=2, slot=1) is None
    assert because(replace(FRAME, user_index=1), slots=2, slot=1) is None
    assert because(replace(FRAME, user_index=0), slots=1) is None
    assert because(kg=85.9, usual=78.0) is None


def test_slots() -> None:
    assert because(replace(FRAME, user_unknown=True), slots=2, slot=1) == "user-unknown"
    assert because(replace(FRAME, user_index=2), slots=2, slot=1) == "other-user"
    assert because(replace(FRAME, user_index=0), slots=2, slot=1) == "other-user"
    assert because(replace(FRAME, user_index=2), slots=2) == "user-not-configured"


@pytest.mark.parametrize("kg", [20.0, 69.9, 86.1, 120.0])
def test_a_weight_far_from_the_patient_s_is_another_person_s(kg: float) -> None:
    assert because(kg=kg, usual=78.0) == "weight-far-from-usual"


def test_usual_is_a_median_of_the_days_around() -> None:
    usual = Usual("weight", "weight", [weighed(d, kg) for d, kg in enumerate([78.0, 78.2, 91.0, 78.4, 78.1])])
    assert usual.at((START + timedelta(days=5)).timestamp()) == 78.2
    assert usual.at((START + timedelta(days=50)).timestamp()) is None


def test_no_usual_before_three_weights() -> None:
    usual = Usual("weight", "weight", [weighed(0, 78.0), weighed(1, 78.2)])
    assert usual.at((START + timedelta(days=2)).timestamp()) is None
    usual.add(weighed(2, 78.4))
    assert usual.at((START + timedelta(days=2)).timestamp()) == 78.2


def test_only_the_patient_s_own_good_weights_say_what_is_usual() -> None:
    own = [weighed(d, 78.0) for d in range(3)]
    others = [weighed(3, 60.0, good=False), weighed(3, 60.0, test=True), weighed(3, 60.0, attribution="unattributed")]
    usual = Usual("weight", "weight", own + others * 4)
    assert usual.at((START + timedelta(days=3)).timestamp()) == 78.0


def test_a_slow_gain_moves_the_usual_along() -> None:
    usual = Usual("weight", "weight", [weighed(d, 70.0 + 0.5 * d) for d in range(40)])
    assert because(kg=90.0, usual=usual.at((START + timedelta(days=40)).timestamp())) is None
