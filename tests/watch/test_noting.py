"""What was told of the treatment, and a device that is new, reach the detectors with the right reading."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec

from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.contract.messages import Reading
from wardgate.watch.rules import TOGETHER, Feed, Rule, Sample
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
