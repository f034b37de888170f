"""What was told of the treatment, and a device that is new, reach the detectors with the right reading."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.contract.messages import Reading
from wardgate.pathways.notes import NOTES, note_problem
from wardgate.watch.plan import make_plan
from wardgate.watch.rules import TOGETHER, Feed, Rule, Sample, Setup, made
from wardgate_signal.finding import Finding, Level

HEARD: list[tuple[str, float, str | None]] = []


def listening(channel: str) -> Rule:
    """A rule that only listens."""

    def start() -> Feed:
        heard: list[tuple[str, float, str | None]] = []

        def feed(sample: Sample) -> Finding:
            heard.append((sample.channel, (sample.time_s - MORNING.timestamp()) / 86400.0, sample.note))
            HEARD[:] = heard
            return Finding("listening", 1, Level.OK, 0.0, 0.0, True, {}, ())

        return feed

    return Rule("listening", 1, "listening", channel, 1.0, lambda _: "low", start)


def notes() -> list[tuple[str, float, str | None]]:
    return [item for item in HEARD if item[2] is not None]


def by(reading: Reading, **device: str) -> Reading:
    return msgspec.structs.replace(reading, device=msgspec.structs.replace(reading.device, **device))


async def test_a_note_comes_with_the_first_reading_after_it_and_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "a.db", rule_set=(listening("weight"),))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 78.0))
    home.clock.now = MORNING + timedelta(days=1.5)
    assert await home.watcher.note("diuretic_up")
    await home.weights((2, 78.0), (3, 78.0))
    assert notes() == [("weight", 2.0, "diuretic_up")]
    await home.restart()
    await home.weights((4, 78.0))
    assert notes() == [("weight", 2.0, "diuretic_up")]
    await home.store.close()


async def test_a_reading_that_comes_late_out_of_a_memory_takes_the_note_that_was_due(tmp_path: Path) -> None:
    home = Home(tmp_path / "b.db", rule_set=(listening("weight"),))
    await home.watcher.start()
    await home.weights((0, 78.0))
    home.clock.now = MORNING + timedelta(days=1)
    await home.watcher.note("diuretic_up")
    await home.weights((3, 78.0))
    assert notes() == [("weight", 3.0, "diuretic_up")]
    await home.weights((2, 78.0), backfill=True)
    await home.weights((4, 78.0))
    assert notes() == [("weight", 2.0, "diuretic_up")]
    await home.store.close()


async def test_together_a_note_goes_to_the_channel_that_it_is_about(tmp_path: Path) -> None:
    told = (
        config.Note(at=MORNING + timedelta(hours=1), note="beta_blocker_up"),
        config.Note(at=MORNING + timedelta(hours=2), note="dry_weight:77.5"),
        config.Note(at=MORNING + timedelta(hours=3), note="discharged"),
    )
    home = Home(tmp_path / "c.db", rule_set=(listening(TOGETHER),), watch=config.Watch(note=told))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 78.0), (2, 78.0))
    await home.take(make_reading("blood_pressure", MORNING + timedelta(days=3), systolic=120, diastolic=70, pulse=60))
    assert notes() == [
        ("weight", 1.0, "dry_weight:77.5"),
        ("weight", 2.0, "discharged"),
        ("blood_pressure", 3.0, "beta_blocker_up"),
    ]
    await home.store.close()


async def test_another_scale_is_noted_once_and_a_serial_number_learnt_later_is_not(tmp_path: Path) -> None:
    home = Home(tmp_path / "d.db", rule_set=(listening("weight"),))
    await home.watcher.start()

    def weighed(day: float, **device: str) -> Reading:
        return by(make_reading("weight", MORNING + timedelta(days=day), weight=78.0), **device)

    for reading in (
        weighed(0),
        weighed(1, serial="1"),
        weighed(2, serial="1", address="AA"),
        weighed(3, serial="2", address="BB"),
        weighed(4, serial="1", address="AA"),
        weighed(5, serial="2", address="BB"),
        weighed(6, id="scale-2", model="another"),
    ):
        await home.take(reading)
    assert notes() == [("weight", 3.0, "new_scale"), ("weight", 6.0, "new_scale")]
    await home.store.close()


async def test_a_note_said_twice_at_once_is_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "e.db")
    await home.watcher.start()
    assert await home.watcher.note("discharged")
    assert not await home.watcher.note("discharged")
    await home.store.close()


# What is about one reading alone

HEART_FAILURE = config.Watch(pathways=("heart-failure",))


def cuff(minutes: float, systolic: float) -> Reading:
    at = MORNING + timedelta(minutes=minutes)
    return make_reading("blood_pressure", at, systolic=systolic, diastolic=70, pulse=66)


async def said(home: Home, minutes: float, *notes: str) -> None:
    for number, note in enumerate(notes):
        home.clock.now = MORNING + timedelta(minutes=minutes, seconds=number)
        assert await home.watcher.note(note)


async def test_a_note_about_a_reading_is_about_the_next_one_of_the_cuff_and_no_other(tmp_path: Path) -> None:
    home = Home(tmp_path / "f.db", rule_set=(listening(TOGETHER),))
    await home.watcher.start()
    await said(home, 0, "diuretic_up", "symptoms:dizzy", "standing")
    await home.take(make_reading("saturation", MORNING + timedelta(minutes=1), spo2=96, pulse=66))
    for minutes in (2, 4):
        await home.take(cuff(minutes, 130))
    assert [note for _, _, note in notes()] == ["standing", "diuretic_up"], "the last one said; what lasts waits"
    await said(home, 5, "standing")
    await home.take(cuff(16, 130))
    assert len(notes()) == 2, "nobody stands for eleven minutes before a measurement"
    await home.restart()
    await home.take(cuff(30, 130))
    assert len(notes()) == 2
    await home.store.close()


async def test_standing_up_is_told_where_the_pressure_falls(tmp_path: Path) -> None:
    """ESC: a drop of more than 20 mmHg on standing. 108 mmHg alone is nobody's alarm."""
    home = Home(tmp_path / "g.db", watch=HEART_FAILURE)
    await home.watcher.start()
    await home.take(cuff(0, 132))
    await home.take(cuff(3, 108))
    assert home.alerts() == []
    await home.take(cuff(60, 132))
    await said(home, 62, "standing")
    await home.take(cuff(63, 108))
    (alert,) = home.alerts()
    assert (alert.kind, alert.rule) == ("low-pressure", "pressure.low_under_therapy")
    assert alert.sentence == "Systolic pressure is 108 mmHg on standing, 24 mmHg less than sitting."
    await home.store.close()


@pytest.mark.parametrize(("note", "told"), [("symptoms:dizzy", 1), ("symptoms:faint", 1), (None, 0)])
async def test_one_low_pressure_that_is_felt_is_told(tmp_path: Path, note: str | None, told: int) -> None:
    home = Home(tmp_path / "h.db", watch=HEART_FAILURE)
    await home.watcher.start()
    if note is not None:
        await said(home, 0, note)
    await home.take(cuff(1, 86))
    assert len(home.alerts()) == told
    if told:
        assert home.alerts()[0].sentence.startswith("Systolic pressure is 86 mmHg and the patient feels it.")
    await home.store.close()


@pytest.mark.parametrize(
    "name", ["pressure.persistent_low", "pressure.sustained_high", "pulse.resting_trend", "fusion.patient"]
)
def test_a_pressure_on_standing_is_in_no_series_that_is_measured_sitting(name: str) -> None:
    feed = made(name, Setup(make_plan(HEART_FAILURE), HEART_FAILURE)).start()
    values = {"systolic": 82.0, "diastolic": 60.0, "pulse": 110.0}
    assert feed(Sample(1.0, "a", values, "blood_pressure", note="standing")) is None
    assert feed(Sample(2.0, "b", values, "blood_pressure")) is not None


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("symptoms:swollen", "of symptoms the detectors know symptoms:dizzy and symptoms:faint"),
        ("symptoms", "of symptoms the detectors know symptoms:dizzy and symptoms:faint"),
        ("standing:108/70", "say `standing`, then measure with the cuff"),
    ],
)
def test_what_no_detector_can_use_is_refused_with_what_to_do(note: str, why: str) -> None:
    assert why in (note_problem(note) or "")
    assert all(note_problem(known) is None for known in NOTES)
