"""Days in homes with bad air: what is measured arrives, once, and as what it was. And the count notices when not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from wardgate_sim.interference import Interference
from wardgate_sim.virtual_time import run
from wardgate_sim.weeks import Week, live
from wardgate_sim.weeks_kinds import KINDS, Kind
from wardgate_sim.weeks_plan import Plan, plan
from wardgate_sim.weeks_score import score

BAD_AIR = Interference(0.3, 0.3, 0.3, 0.3)
MODELS = ("and-uc-352ble", "and-ua-651ble", "plx-oximeter", "plx-oximeter (stream)", "nonin-3230", "xiaomi-scale")


def the_plan() -> Plan:
    """A day with one device of each kind."""
    return plan(4, days=1, interference=BAD_AIR, devices=[_kind(word) for word in MODELS])


def _kind(word: str) -> Kind:
    return next(kind for kind in KINDS if kind.word == word)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """Devices with and without a memory, a neighbour, and air in which three of ten things are lost."""
    return run(live(the_plan(), tmp_path_factory.mktemp("home")))


def test_everything_arrives_through_bad_air(home: Week) -> None:
    outcome = score(home)
    assert outcome.kept.measured >= 10
    assert outcome.unkept.measured >= 7
    assert (outcome.kept.share, outcome.unkept.share_of_heard) == (1.0, 1.0)
    assert not outcome.wrong
    assert not outcome.duplicates
    assert not outcome.neighbours
    # A home without a neighbour is silent at night; what recovery makes of that is its own matter.
    assert not outcome.false_alarms.keys() - {"radio-stuck"}


def test_the_air_was_bad_indeed(home: Week) -> None:
    happened = [what for events in home.link.happened.values() for _, what in events]
    for what in ("advertisement-lost", "connection-failed", "link-broken"):
        assert what in happened
    assert home.neighbours


def test_the_same_seed_is_the_same_home(tmp_path: Path) -> None:
    told = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        scale = plan(1, days=1, interference=BAD_AIR, devices=[_kind("and-uc-352ble")])
        week = run(live(scale, tmp_path / name))
        told.append((week.measured, [(r.id, r.time.received) for r in week.readings], dict(week.link.happened)))
    assert told[0] == told[1]


def test_a_lost_reading_is_counted_with_its_cause(home: Week) -> None:
    stored = [r for r in home.readings if r.time.taken < home.began + timedelta(days=1)]
    outcome = score(replace(home, readings=[r for r in home.readings if r is not stored[0]]))
    assert outcome.causes.total() == score(home).causes.total() + 1
    assert outcome.kept.share < 1 or outcome.unkept.share_of_heard < 1


def test_a_reading_twice_is_counted(home: Week) -> None:
    assert len(score(replace(home, readings=[*home.readings, home.readings[0]])).duplicates) == 1


def test_a_wrong_value_or_time_or_person_is_counted(home: Week) -> None:
    good = home.readings[0]
    quantity = msgspec.structs.replace(good.quantities[0], value=good.quantities[0].value + 40.0)
    value = msgspec.structs.replace(good, quantities=(quantity, *good.quantities[1:]))
    taken = good.time.taken + timedelta(seconds=good.time.uncertainty_s + 60)
    time = msgspec.structs.replace(good, time=msgspec.structs.replace(good.time, taken=taken))
    person = msgspec.structs.replace(good, attribution="unattributed", attribution_reason="other-user")
    for changed in (value, time, person):
        assert len(score(replace(home, readings=[changed, *home.readings[1:]])).wrong) == 1


def test_a_reading_of_next_door_is_counted(home: Week) -> None:
    other = home.neighbours[0]
    like = next(r for r in home.readings if {q.name for q in r.quantities} <= set(other.values))
    stray = msgspec.structs.replace(
        like,
        quantities=tuple(msgspec.structs.replace(q, value=other.values[q.name]) for q in like.quantities),
        time=msgspec.structs.replace(like.time, device_time=other.device_time),
    )
    assert len(score(replace(home, readings=[*home.readings, stray])).neighbours) == 1
