"""A rule on trial computes beside the live ones and tells nobody."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.capture.journal import Journal
from wardgate.contract.messages import Reading
from wardgate.store.errors import StoreFull
from wardgate.store.store import Store
from wardgate.watch import rules
from wardgate.watch.rules import Feed, Rule, Setup
from wardgate.watch.shadow import Shadows, Trial

TIGHT = config.Shadow(name="tight", rule="weight.guideline_esc", limits={"gain_3_days_kg": 1.0})
SAME = config.Shadow(name="same", rule="weight.guideline_esc")


class OnTrial(Home):
    """A home whose ward tries rules."""

    def begin(self) -> None:
        super().begin()
        journal = Journal("hub-1", self.clock, self.store.put_event, self.changed.append)
        notes = self.watcher.therapy.notes
        self.shadows = Shadows(self.config, self.watcher.plan, self.store, self.clock, journal, notes)

    async def restart(self) -> None:
        await super().restart()
        await self.shadows.start()

    async def take(self, reading: Reading) -> None:
        await super().take(reading)
        await self.shadows.on_reading(reading)

    def trial(self, name: str) -> Trial:
        return next(trial for trial in self.shadows.trials() if trial.name == name)


async def on_trial(path: Path, *shadows: config.Shadow) -> OnTrial:
    home = OnTrial(path / "shadow.db", watch=config.Watch(shadow=shadows))
    await home.watcher.start()
    await home.shadows.start()
    return home


async def test_it_is_counted_and_nobody_is_told(tmp_path: Path) -> None:
    home = await on_trial(tmp_path, TIGHT)
    await home.weights((0, 78.0), (2, 79.2), (3, 79.9))
    trial = home.trial("tight")
    assert (trial.kept.raised, trial.kept.updated, trial.live_raised) == (1, 1, 0)
    assert "Limit 1 kg" in trial.kept.last_sentence
    assert home.alerts() == []
    assert "alerts" not in home.changed
    assert home.store.open_alerts() == []
    await home.store.close()


async def test_the_live_rule_tried_unchanged_says_what_the_live_rule_says(tmp_path: Path) -> None:
    watch = config.Watch(shadow=(SAME,))
    esc = tuple(rule for rule in rules.rules(watch) if rule.name == SAME.rule)
    home = OnTrial(tmp_path / "same.db", watch=watch, rule_set=esc)
    await home.watcher.start()
    await home.shadows.start()
    steps = (78.0, 78.1, 79.0, 80.5, 81.2, 78.2, 78.0, 78.1, 78.0, 80.9, 81.0, 81.9, 78.0, 78.0, 78.0)
    await home.weights(*enumerate(steps))
    by_state = [home.states().count(state) for state in ("raised", "updated", "resolved")]
    kept = home.trial("same").kept
    assert [kept.raised, kept.updated, kept.resolved] == by_state
    assert by_state[0] == home.trial("same").live_raised == 2
    await home.store.close()


async def test_what_may_not_raise_an_alert_is_not_counted_either(tmp_path: Path) -> None:
    home = await on_trial(tmp_path, TIGHT)
    await home.weights((0, 78.0))
    await home.weights((1, 84.0), backfill=True)
    await home.take(make_reading("weight", MORNING + timedelta(days=2), weight=85.0, unattributed=True))
    assert home.trial("tight").kept.raised == 0
    await home.store.close()


async def test_the_count_survives_a_restart_and_what_came_meanwhile_is_counted_once(tmp_path: Path) -> None:
    home = await on_trial(tmp_path, TIGHT)
    await home.weights((0, 78.0), (1, 79.5))
    await home.restart()
    assert home.trial("tight").kept.raised == 1
    assert home.trial("tight").kept.episode is not None
    worse = make_reading("weight", MORNING + timedelta(days=2), weight=80.4)
    await home.store_only(worse)  # and the hub dies before it was looked at
    await home.restart()
    await home.shadows.on_reading(worse)
    assert (home.trial("tight").kept.raised, home.trial("tight").kept.updated) == (1, 1)
    await home.store.close()


async def test_a_disk_that_refuses_a_trial_stops_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = await on_trial(tmp_path, TIGHT)
    await home.weights((0, 78.0))
    await home.store_only(make_reading("weight", MORNING + timedelta(days=1), weight=79.5))
    real = Store.put_detector_state

    def refuses(store: Store, key: str, state: bytes) -> asyncio.Future[None]:
        if key.startswith("shadow/"):
            raise StoreFull("The disk is full.")
        return real(store, key, state)

    with monkeypatch.context() as full:
        full.setattr(Store, "put_detector_state", refuses)
        await home.restart()
    await home.weights((2, 80.4))
    kept = home.trial("tight").kept
    assert (kept.raised, kept.updated) == (1, 1)
    await home.store.close()


async def test_another_limit_is_another_trial(tmp_path: Path) -> None:
    home = await on_trial(tmp_path, TIGHT)
    await home.weights((0, 78.0), (1, 79.5))
    looser = config.Shadow(name="tight", rule=TIGHT.rule, limits={"gain_3_days_kg": 1.2})
    await home.store.close()
    home.watch = config.Watch(shadow=(looser,))
    home.__post_init__()
    await home.shadows.start()
    assert home.trial("tight").kept.raised == 0
    await home.store.close()


async def test_it_is_reported_once_a_day_as_an_event(tmp_path: Path) -> None:
    home = await on_trial(tmp_path, TIGHT)
    await home.weights((0, 78.0), (0.5, 79.5))
    await home.shadows.report()
    assert [e.code for e in await home.events()] == []
    home.clock.now = MORNING + timedelta(days=1)
    await home.shadows.report()
    await home.shadows.report()
    (event,) = await home.events()
    assert (event.code, event.severity) == ("shadow-summary", "info")
    assert event.sentence == (
        "On trial, tight (weight.guideline_esc) would have raised 1 alert since 01 November 2026, before the "
        "rate cap. The live rules of that kind raised 1."
    )
    assert event.detail["limit_gain_3_days_kg"] == 1.0
    await home.restart()
    await home.shadows.report()
    assert len(await home.events()) == 1
    await home.store.close()


async def test_a_trial_that_breaks_stops_neither_the_live_rules_nor_another_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rules.made

    def made(name: str, setup: Setup) -> Rule:
        rule = real(name, setup)
        if not setup.tried:
            return rule

        return Rule(rule.name, rule.version, rule.kind, rule.channel, rule.worse_by, rule.priority, _breaking)

    monkeypatch.setattr("wardgate.watch.shadow.made", made)
    home = await on_trial(tmp_path, TIGHT, SAME)
    await home.weights((0, 78.0), (1, 81.0))
    assert home.states() == ["raised"]
    assert home.trial("tight").problem == "ZeroDivisionError"
    assert home.trial("same").kept.raised == 1
    await home.store.close()


def _breaking() -> Feed:
    def feed(_: object) -> None:
        raise ZeroDivisionError

    return feed
