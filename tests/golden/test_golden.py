"""Recorded weeks give the same alerts from version to version, or the change is declared (hazard H24)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.golden import replay
from tests.golden.record import declared, text
from tests.golden.replay import WEEKS, Told, Week, load, rule_set, told
from wardgate.watch.rules import Feed, Rule, Sample
from wardgate_signal.finding import Finding, Level

FILES = sorted(WEEKS.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_same_weeks_give_the_same_alerts(path: Path) -> None:
    week = load(path)
    now = [msgspec.structs.replace(one, why="") for one in week.expected]
    assert list(told(week)) == now, "declare the change: python -m tests.golden.record --why '...'"
    versions = {rule.name: rule.version for rule in rule_set(week)}
    assert versions == week.rules, "a rule has a new version: python -m tests.golden.record --why '...'"


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_message_is_explained(path: Path) -> None:
    assert all(one.why for one in load(path).expected)


def test_a_rule_that_changes_is_noticed_and_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that moves from 2.0 to 2.5 kg, under a new version."""
    week = load(WEEKS / "fluid.json")
    real = replay.alone

    def later(rule: Rule) -> Rule:
        if rule.name != "weight.guideline_esc":
            return real(rule)
        begin = rule.start

        def start() -> Feed:
            feed = begin()

            def milder(sample: Sample) -> Finding | None:
                finding = feed(sample)
                mild = finding is not None and finding.severity < 2.5
                return replace(finding, level=Level.WATCH) if finding is not None and mild else finding

            return milder

        return replace(real(rule), version=2, start=start)

    monkeypatch.setattr(replay, "alone", later)
    assert told(week) != told_before(week)
    after = declared(week, "The limit is 2.5 kg from now on.")
    assert after.rules["weight.guideline_esc"] == 2
    assert after.changes[-1].rules["weight.guideline_esc"] == 1
    assert after.changes[-1].why == "The limit is 2.5 kg from now on."
    assert not all(one.why for one in after.expected), "what is new has to be explained by a person"


def told_before(week: Week) -> tuple[Told, ...]:
    return tuple(msgspec.structs.replace(one, why="") for one in week.expected)


def test_nothing_changed_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    for path in FILES:
        week = load(path)
        assert declared(week, "no reason") == week
        (tmp_path / path.name).write_text(text(week), encoding="utf-8")
        assert load(tmp_path / path.name) == week
