"""A configuration is tried on the last days before it is used. The hub's database is only read."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.living import LivingHome
from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.cli.main import main
from wardgate.store.reader import Reader
from wardgate.watch.dry_run import DryRun, dry_run, in_words
from wardgate.watch.rules import Feed, Rule, Sample
from wardgate_signal.finding import Finding, Level


def run(home: Home, watch: config.Watch, days: float = 14.0) -> DryRun:
    reader = Reader(home.path)
    try:
        tried = config.Config(hub=home.config.hub, broker=home.config.broker, watch=watch)
        return dry_run(tried, reader, home.clock.now, days)
    finally:
        reader.close()


async def eventful(home: Home) -> None:
    """Six weeks in three channels, with memories that come late."""
    die = random.Random(7)
    kg, pct = 78.0, 95.5
    for day in range(42):
        kg += 0.45 if 20 <= day < 27 else -0.5 if 27 <= day < 33 else 0.0
        pct = 91.0 if 34 <= day < 37 else 95.5
        late = day % 9 == 4
        await home.weights((day, round(kg + die.gauss(0, 0.4), 1)), backfill=late)
        await home.saturations((day * 24 + 1, round(pct + die.gauss(0, 1))))
        mmhg = round(die.gauss(112 if day < 38 else 84, 4))
        at = MORNING + timedelta(days=day, hours=2)
        await home.take(make_reading("blood_pressure", at, systolic=mmhg, diastolic=60, pulse=70))


async def test_the_same_configuration_would_have_told_what_it_told(home: Home) -> None:
    await eventful(home)
    tried = run(home, config.Watch(), days=60)
    assert tried.would == tried.did
    assert len(tried.did) >= 3
    assert in_words(tried)[-1] == "New: none. No longer: none."


async def test_another_limit_would_have_told_something_else(home: Home) -> None:
    await home.weights((0, 78.0), (1, 78.1), (2, 79.2), (3, 79.3))
    assert home.alerts() == []
    tried = run(home, config.Watch(pathways=("heart-failure",), weight=config.Weight(gain_3_days_kg=1.0)))
    (would,) = tried.would
    assert (would.kind, would.rule, would.raised) == (
        "weight-gain",
        "weight.guideline_esc 1",
        MORNING + timedelta(days=2),
    )
    assert would.pathways == ("heart-failure",)
    assert tried.did == ()
    words = "\n".join(in_words(tried))
    assert "Did tell (0):\n  nothing" in words
    assert "Limit 1 kg" in words
    assert "New: 1 weight-gain. No longer: none." in words


async def test_only_the_last_days_count_but_those_before_are_learnt_from(home: Home) -> None:
    await home.weights((0, 78.0), (1, 82.0), (5, 78.0), (6, 78.0), (7, 78.0), (30, 77.5), (31, 80.0))
    tried = run(home, config.Watch(), days=14)
    assert tried.readings == 2
    assert [episode.raised for episode in tried.would] == [MORNING + timedelta(days=31)]
    assert tried.would == tried.did


async def test_what_came_late_was_not_known_before(home: Home) -> None:
    """A memory that brings the day before raises nothing then, and is there for the next live reading."""
    await home.weights((0, 78.0), (3, 80.0))
    home.clock.now = MORNING + timedelta(days=4)
    late = make_reading("weight", MORNING + timedelta(days=2), weight=77.0, backfill=True)
    await home.take(msgspec.structs.replace(late, time=msgspec.structs.replace(late.time, received=home.clock.now)))
    await home.weights((4.1, 80.0))
    tried = run(home, config.Watch())
    assert tried.would == tried.did
    assert tried.did[0].sentence.endswith("Limit 2 kg in 3 days.")


async def test_notes_on_the_treatment_are_known_to_the_replay(home: Home) -> None:
    await home.weights((0, 78.0))
    await home.watcher.note("dry_weight:76.0")
    await home.weights((1, 78.0), (2, 78.1))
    tried = run(home, config.Watch())
    assert tried.would == tried.did


async def test_the_command_beside_a_running_hub(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    home = Home(data / "wardgate.db")
    home.clock.now = home.clock.started = datetime.now(UTC) - timedelta(days=3)
    await home.watcher.start()
    for day, kg in ((0, 78.0), (1, 79.2)):
        taken = home.clock.started + timedelta(days=day)
        await home.take(make_reading("weight", taken, weight=kg))
    file = tmp_path / "new.toml"
    file.write_text(
        f'[hub]\nid = "hub-1"\npatient = "Copper Heron 93"\nassignment = "assignment-1"\ndata_dir = "{data}"\n'
        '[broker]\nhost = "localhost"\n[watch.weight]\ngain_3_days_kg = 1.0\n'
    )
    before = hashlib.sha256(home.path.read_bytes()).hexdigest()
    assert main(["dry-run", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("2 readings of the last 14 days")
    assert "Would have told (1):" in said
    assert main(["dry-run", "--config", str(file), "--json", "--days", "30"]) == 0
    assert json.loads(capsys.readouterr().out)["did"] == []
    assert hashlib.sha256(home.path.read_bytes()).hexdigest() == before
    await home.weights((40, 78.0))  # the hub goes on
    await home.store.close()


def test_no_database_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new.toml"
    file.write_text(
        f'[hub]\nid = "h"\npatient = "x"\nassignment = "a"\ndata_dir = "{tmp_path}/none"\n'
        '[broker]\nhost = "localhost"\n'
    )
    assert main(["dry-run", "--config", str(file)]) == 1
    assert "cannot be read" in capsys.readouterr().err


# Quiet hours and the rate cap


def _many_kinds(_: config.Watch) -> tuple[Rule, ...]:
    """Eight kinds of alerts, one for each kilogram above 100."""

    def rule(n: int) -> Rule:
        def start() -> Feed:
            def feed(sample: Sample) -> Finding:
                over = sample.values["weight"] - 100 - n
                level = Level.ALERT if over > 0 else Level.OK
                return Finding(f"rule-{n}", 1, level, 1.0, over, over <= 0, {"over_kg": over}, (sample.time_s,))

            return feed

        return Rule(
            f"rule-{n}", 1, f"kind-{n}", "weight", 5.0, lambda f: "high" if f.severity > 20 else "medium", start
        )

    return tuple(rule(n) for n in range(8))


STORM = ((0.0, 104.5), (0.6, 90.0), (1.01, 90.0), (1.3, 103.2), (1.5, 109.6), (2.2, 90.0), (2.6, 90.0), (3.9, 125.0))
"""Days and kilograms."""


async def _pass(home: LivingHome, day: float) -> None:
    until = MORNING + timedelta(days=day)
    while home.clock.now < until:
        home.clock.now = min(until, home.clock.now + timedelta(minutes=10))
        await home.life.check()


async def test_the_rate_cap_holds_back_what_it_would_have_held_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a hub that lived through the same days."""
    monkeypatch.setattr("wardgate.watch.dry_run.rules", _many_kinds)
    few = config.Alerts(raise_again_min=(), an_hour=2, a_day=2, quiet_from="21:00", quiet_until="09:00")
    home = LivingHome(tmp_path / "wardgate.db", alerts_config=few, rule_set=_many_kinds(config.Watch()))
    await home.watcher.start()
    for day, kg in STORM:
        await _pass(home, day)
        await home.take(make_reading("weight", home.clock.now, weight=kg))
    await _pass(home, 4.5)
    reader = Reader(home.path)
    tried = dry_run(home.config, reader, home.clock.now, 14.0)
    free = dry_run(
        msgspec.structs.replace(home.config, alerts=config.Alerts(an_hour=99, a_day=99)), reader, home.clock.now, 14.0
    )
    reader.close()
    assert tried.would == tried.did
    assert len(tried.would) < len(free.would)
    assert tried.never_told == len(free.would) - len(tried.would) > 0
    assert tried.held_back > tried.never_told, "some went out once there was room, or because they were worse"
    assert (free.held_back, free.never_told) == (0, 0)
    assert {episode.quiet for episode in tried.would} == {True, False}
    assert not any(episode.quiet for episode in free.would)
    words = "\n".join(in_words(tried))
    assert (
        f"The rate cap would have kept {tried.held_back} alerts waiting; {tried.never_told} were never told." in words
    )
    assert "; in quiet hours" in words
    one = replace(tried, since=tried.until - timedelta(days=1), readings=1, held_back=1, never_told=1)
    words = "\n".join(in_words(one))
    assert "1 reading of the last 1 day, from" in words
    assert "kept 1 alert waiting; 1 was never told." in words
    assert "kept 1 alert waiting; all were told later." in "\n".join(in_words(replace(one, never_told=0)))
    await home.store.close()
