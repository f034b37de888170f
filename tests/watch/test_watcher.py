"""Readings in, alerts out, over a real store."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tests.support.watching import MORNING, Home, make_reading, plain
from wardgate import config
from wardgate.contract.messages import Reading
from wardgate.store.errors import StoreFull


async def test_a_gain_reaches_the_ward_with_its_reason(home: Home) -> None:
    await home.weights((0, 78.2), (1, 78.3), (2, 79.7), (3, 80.5))
    raised, updated = home.alerts()
    assert (raised.state, raised.rule, raised.priority) == ("raised", "weight.guideline_us", "low")
    assert raised.sentence == "Weight went up 1.4 kg in 1 day (78.3 to 79.7 kg). Limit 1.36 kg."
    assert (updated.state, updated.rule, updated.rule_version, updated.priority) == (
        "updated",
        "weight.guideline_esc",
        1,
        "medium",
    )
    assert updated.sentence == "Weight went up 2.3 kg in 3 days (78.2 to 80.5 kg). Limit 2 kg."
    assert updated.home_sentence == "Got it. Thank you. We are telling your team."
    assert updated.inputs["gain_kg"] == 2.3
    assert updated.inputs["limit_kg"] == 2.0
    assert updated.inputs["other_rules"] == "weight.guideline_us 1"
    assert [reading.split()[1][:10] for reading in updated.readings] == ["2026-11-01", "2026-11-04"]
    assert (raised.id, raised.revision, updated.id, updated.revision) == (updated.id, 1, raised.id, 2)
    assert home.changed.count("alerts") == 2


async def test_the_sentence_names_the_usual_weight(home: Home) -> None:
    await home.weights(*((day, 78.4) for day in range(10)), (10, 80.9))
    assert home.alerts()[-1].sentence == (
        "Weight went up 2.5 kg in 1 day (78.4 to 80.9 kg). Limit 2 kg in 3 days. Usual 78.4 kg."
    )
    assert home.watcher.usual("weight") == pytest.approx(78.4, abs=0.1)


async def test_a_slow_gain_is_told_by_the_detector_that_knows_the_own_level(home: Home) -> None:
    await home.weights(*((day, 78.0) for day in range(20)), *((20 + day, 78.0 + 0.2 * day) for day in range(14)))
    alert = home.alerts()[0]
    assert (alert.rule, alert.kind, alert.priority) == ("weight.fluid_retention", "weight-gain", "medium")
    assert re.fullmatch(
        r"Weight has risen by about \d(\.\d)? kg from this patient's own level of 7[78](\.\d)? kg, "
        r"about 0\.\d kg a day now: fluid may be gathering\. The last reading was [\d.]+ kg\.",
        alert.sentence,
    )
    assert len({a.id for a in home.alerts()}) == 1


async def test_saturation_against_the_own_target(tmp_path: Path) -> None:
    copd = config.Watch(saturation=config.Saturation(target_low_pct=88, target_high_pct=92))
    home = Home(tmp_path / "copd.db", watch=copd)
    await home.watcher.start()
    await home.saturations((0, 89), (12, 90), (24, 87), (36, 86))
    (alert,) = home.alerts()
    assert alert.sentence == ("Oxygen saturation was 87 % and then 86 %, below this patient's target of 88 to 92 %.")
    await home.saturations((37, 81))
    assert home.alerts()[-1].sentence == (
        "Oxygen saturation is 81 %, far below this patient's target of 88 to 92 %. Usual 87 %."
    )
    assert home.alerts()[-1].priority == "high"
    assert home.alerts()[-1].home_sentence == "Please ask for help. Ring your team."
    await home.store.close()


async def test_low_pressure_that_stays(home: Home) -> None:
    for day, mmhg in enumerate((118, 85, 95, 86, 84)):
        await home.take(
            make_reading("blood_pressure", MORNING + timedelta(days=day), systolic=mmhg, diastolic=60, pulse=70)
        )
    (alert,) = home.alerts()
    assert alert.sentence == (
        "Systolic pressure stays low: 3 of the last 4 readings were below 90 mmHg, on average 85 mmHg. Usual 86 mmHg."
    )
    assert len(alert.readings) == 3


async def test_backfill_never_raises_but_counts_for_the_next_live_reading(home: Home) -> None:
    await home.weights((0, 78.0), (1, 79.0), (2, 82.0), backfill=True)
    assert home.alerts() == []
    await home.weights((3, 80.5))
    assert home.states() == ["raised"]
    assert home.alerts()[0].inputs["from_kg"] == 78.0


@pytest.mark.parametrize("against", ["unattributed", "poor", "test"])
async def test_what_is_not_surely_the_patients_raises_and_clears_nothing(home: Home, against: str) -> None:
    def doubtful(day: float, kg: float) -> Reading:
        return make_reading(
            "weight",
            MORNING + timedelta(days=day),
            weight=kg,
            unattributed=against == "unattributed",
            good=against != "poor",
            test=against == "test",
        )

    await home.weights((0, 78.0))
    await home.take(doubtful(1, 82.0))
    assert home.alerts() == []
    await home.weights((2, 81.0))
    for day in (5, 6, 7, 8, 9):
        await home.take(doubtful(day, 78.0))
    assert home.states() == ["raised"]


async def test_another_patients_readings_are_not_looked_at(home: Home) -> None:
    await home.weights((0, 78.0))
    reading = make_reading("weight", MORNING + timedelta(days=1), weight=82.0)
    await home.take(msgspec.structs.replace(reading, assignment="somebody-else"))
    assert home.alerts() == []


@pytest.mark.parametrize("seed", range(5))
async def test_the_order_of_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    """A month comes out of a memory in any order; the live reading after it says the same."""
    memory = [
        make_reading("weight", MORNING + timedelta(days=day), weight=78.0 + 0.2 * max(0, day - 20), backfill=True)
        for day in range(30)
    ]
    shuffled = memory.copy()
    random.Random(seed).shuffle(shuffled)
    last = make_reading("weight", MORNING + timedelta(days=30), weight=80.6)
    told = []
    for name, month in (("in order", memory), ("shuffled", shuffled)):
        home = Home(tmp_path / f"{name}.db")
        await home.watcher.start()
        for reading in (*month, last):
            await home.take(reading)
        told.append([plain(alert) for alert in home.alerts()])
        await home.store.close()
    assert told[0] == told[1] != []


async def test_a_late_memory_does_not_change_what_was_said(home: Home) -> None:
    await home.weights((0, 78.0), (3, 80.5))
    before = home.alerts()
    await home.weights((1, 81.0), (2, 81.5), backfill=True)
    assert home.alerts() == before


async def test_a_late_memory_counts_for_the_next_live_reading(home: Home) -> None:
    await home.weights((0, 78.0), (3, 79.0))
    await home.weights((2, 76.9), backfill=True)
    await home.weights((4, 79.0))
    (alert,) = home.alerts()
    assert (alert.inputs["from_kg"], alert.inputs["gain_kg"]) == (76.9, 2.1)


async def test_a_reading_is_judged_by_what_was_before_it_in_time(home: Home) -> None:
    """Two live readings that a crash left, the later one stored first."""
    await home.weights((0, 78.0))
    await home.store_only(make_reading("weight", MORNING + timedelta(days=6), weight=82.0))
    await home.store_only(make_reading("weight", MORNING + timedelta(days=3), weight=80.5))
    await home.restart()
    assert [(a.rule, a.inputs["to_kg"]) for a in home.alerts()] == [
        ("weight.guideline_us", 82.0),
        ("weight.guideline_esc", 80.5),
    ]


async def test_a_reading_from_the_future_does_not_disturb_the_present(home: Home) -> None:
    """A device's wrong clock puts a stored reading into next year."""
    await home.store_only(future := make_reading("weight", MORNING + timedelta(days=365), weight=70.0, backfill=True))
    await home.watcher.on_reading(future)
    await home.weights((0, 78.0), (3, 80.5))
    assert home.alerts()[0].inputs["from_kg"] == 78.0
    assert home.states() == ["raised"]


async def test_a_live_reading_that_a_crash_left_unassessed_still_raises(home: Home) -> None:
    await home.weights((0, 78.0), (1, 78.1))
    await home.store_only(make_reading("weight", MORNING + timedelta(days=3), weight=80.5))
    assert home.alerts() == []
    await home.restart()
    assert home.states() == ["raised"]
    await home.restart()
    assert home.states() == ["raised"]


async def test_unassessed_readings_are_taken_in_their_order(home: Home) -> None:
    await home.saturations((0, 96))
    for hour, pct in ((12, 90), (13, 86), (30, 96), (60, 97)):
        await home.store_only(make_reading("saturation", MORNING + timedelta(hours=hour), spo2=pct))
    await home.restart()
    assert home.states() == ["raised", "updated", "resolved"]


async def test_a_backfill_that_a_crash_left_raises_nothing(home: Home) -> None:
    await home.weights((0, 78.0))
    await home.store_only(make_reading("weight", MORNING + timedelta(days=2), weight=82.0, backfill=True))
    await home.restart()
    assert home.alerts() == []


async def test_a_crash_between_the_alert_and_the_note_tells_nothing_twice(home: Home) -> None:
    """The alert is on the disk, the note that the reading was looked at is not."""
    await home.weights((0, 78.0))
    notes = home.store.detector_state("watch/assignment-1/weight")
    assert notes is not None
    await home.weights((3, 80.5))
    await home.store.put_detector_state("watch/assignment-1/weight", notes)
    told = home.alerts()
    await home.restart()
    assert home.alerts() == told
    await home.weights((4, 81.1))
    assert [(a.state, a.revision) for a in home.alerts()] == [("raised", 1), ("updated", 2)]


async def test_a_crash_between_the_resolution_and_the_note_closes_once(home: Home) -> None:
    await home.saturations((0, 90), (30, 96))
    notes = home.store.detector_state("watch/assignment-1/saturation")
    assert notes is not None
    await home.saturations((55, 96))
    await home.store.put_detector_state("watch/assignment-1/saturation", notes)
    await home.restart()
    assert home.states() == ["raised", "resolved"]
    await home.saturations((80, 90))
    assert home.states() == ["raised", "resolved", "raised"]
    assert len({alert.id for alert in home.alerts()}) == 2


async def test_the_store_knows_better_than_an_old_note(home: Home) -> None:
    """Killed before the note; a memory that came in between makes the replay decide otherwise."""
    await home.saturations((0, 93.5), (1, 93.5), (3, 91.4))
    notes = home.store.detector_state("watch/assignment-1/saturation")
    assert notes is not None
    await home.saturations((4, 91.4))
    assert [(a.revision, a.inputs["severity"]) for a in home.alerts()] == [(1, 0.5), (2, pytest.approx(2.6))]
    await home.store.put_detector_state("watch/assignment-1/saturation", notes)
    await home.store_only(make_reading("saturation", MORNING + timedelta(hours=3.5), spo2=93.9, backfill=True))
    await home.restart()
    await home.saturations((5, 88))
    assert [(a.revision, a.inputs["severity"]) for a in home.alerts()][2:] == [(3, 6.0)]


async def test_notes_that_cannot_be_read_leave_open_alerts_open(home: Home) -> None:
    await home.weights((0, 78.0), (3, 80.5))
    await home.store.put_detector_state("watch/assignment-1/weight", b"{")
    await home.restart()
    assert [e.code for e in await home.events()] == ["watch-notes-lost"]
    await home.weights((4, 80.6), (5, 81.2))
    assert [(a.state, a.revision) for a in home.alerts()] == [("raised", 1), ("updated", 2)]
    await home.restart()
    assert len(await home.events()) == 1, "it is told once"


async def test_an_open_alert_lives_on_over_a_restart(home: Home) -> None:
    await home.weights((0, 78.0), (3, 80.5))
    await home.restart()
    await home.weights((4, 80.6))
    assert home.states() == ["raised"]
    await home.weights((5, 81.2))
    assert home.states() == ["raised", "updated"]


async def test_a_replay_of_the_same_readings_gives_the_same_ids(tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        home = Home(tmp_path / f"{name}.db")
        await home.watcher.start()
        await home.weights((0, 78.0), (3, 80.5), (4, 81.1))
        await home.saturations((0, 90))
        told.append([plain(alert) for alert in home.alerts()])
        await home.store.close()
    assert told[0] == told[1]


async def test_a_full_disk_loses_no_alert(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.weights((0, 78.0))
    put = home.store.put_alert

    def full(_: object) -> None:
        raise StoreFull("The disk is full.")

    monkeypatch.setattr(home.store, "put_alert", full)
    await home.weights((3, 80.5))
    assert (home.watcher.waiting, home.alerts()) == (1, [])
    monkeypatch.setattr(home.store, "put_alert", put)
    await home.watcher.retry()
    assert (home.watcher.waiting, home.states()) == (0, ["raised"])


async def test_limits_for_the_charts(home: Home) -> None:
    assert home.watcher.limits("weight") == ()
    await home.weights(*((day, 78.0) for day in range(7)))
    assert [(line.quantity, line.value) for line in home.watcher.limits("weight")] == [("weight", 80.0)]
    assert [(line.quantity, line.value) for line in home.watcher.limits("blood_pressure")] == [("systolic", 90.0)]
    assert [(line.quantity, line.value) for line in home.watcher.limits("saturation")] == [("spo2", 91.0)]


async def test_usual_of_the_other_channels_is_a_median(home: Home) -> None:
    await home.saturations((0, 95), (1, 96), (2, 97), (3, 80))
    assert home.watcher.usual("saturation") is None
    await home.saturations((4, 96))
    assert home.watcher.usual("saturation") == 96


@pytest.mark.parametrize(("channel", "usual"), [("temperature", 36.6), ("heart_rate", 71.0)])
async def test_a_channel_without_rules_has_a_usual_and_raises_nothing(
    home: Home, channel: Literal["temperature", "heart_rate"], usual: float
) -> None:
    for day, value in enumerate([usual] * 5 + [2 * usual]):
        made = partial(make_reading, channel, MORNING + timedelta(days=day))
        await home.take(made(temperature=value) if channel == "temperature" else made(heart_rate=value))
    assert (home.watcher.usual(channel), home.watcher.limits(channel)) == (usual, ())
    assert (home.alerts(), await home.events()) == ([], [])
    await home.restart()
    assert home.watcher.usual(channel) == usual
