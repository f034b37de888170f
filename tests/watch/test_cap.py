"""The rate cap: bounded calls whatever happens, and never a worsening or high priority held back (hazard H16)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.living import LivingHome
from tests.support.watching import MORNING, make_reading
from wardgate.config import Alerts
from wardgate.contract.messages import Alert, Priority
from wardgate.watch.rules import Feed, Rule, Sample
from wardgate_signal.finding import Finding, Level

KINDS = 12
Judge = Callable[[int, float], tuple[float, Priority]]


def kind_rule(n: int, judge: Judge) -> Rule:
    """A rule of its own kind. It fires while the weight is above 100 kg plus its number."""

    def start() -> Feed:
        def feed(sample: Sample) -> Finding:
            severity, _ = judge(n, sample.values["weight"])
            level = Level.ALERT if severity > 0 else Level.OK
            inputs = {"gain_kg": 1.0, "took_days": 1.0, "window_days": 1.0, "from_kg": 1.0, "to_kg": 2.0, "limit_kg": 1}
            return Finding("weight.guideline_esc", 1, level, 1.0, severity, severity <= 0, inputs, (sample.time_s,))

        return feed

    def priority(finding: Finding) -> Priority:
        return judge(n, 100 + n + finding.severity)[1]

    return Rule(f"rule-{n}", 1, f"kind-{n}", "weight", 1.0, priority, start)


def medium(n: int, kg: float) -> tuple[float, Priority]:
    """Rule n fires above 100 + n kg, high above ten more."""
    severity = kg - 100 - n
    return severity, "high" if severity >= 50 else "medium"


def a_home(tmp_path: Path, an_hour: int, a_day: int) -> LivingHome:
    return LivingHome(
        tmp_path / "wardgate.db",
        alerts_config=Alerts(an_hour=an_hour, a_day=a_day),
        rule_set=tuple(kind_rule(n, medium) for n in range(KINDS)),
    )


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[LivingHome]:
    made = a_home(tmp_path, an_hour=3, a_day=6)
    await made.watcher.start()
    yield made
    await made.store.close()


async def weigh(home: LivingHome, kg: float) -> None:
    home.begun = home.clock.now
    await home.take(make_reading("weight", home.clock.now, weight=kg))
    await home.life.check()


def kinds(alerts: list[Alert]) -> list[str]:
    return list(dict.fromkeys(a.kind for a in alerts))


async def test_what_is_too_much_waits_and_one_event_names_it(home: LivingHome) -> None:
    await weigh(home, 105.5)  # six kinds at once, three an hour
    assert kinds(home.alerts()) == ["kind-0", "kind-1", "kind-2"]
    (event,) = await home.events()
    assert event.code == "alerts-held-back"
    assert all(f"kind {n} (medium priority)" in event.sentence for n in (3, 4, 5))
    assert len(event.detail) == 3
    await home.after(61)
    assert kinds(home.alerts()) == [f"kind-{n}" for n in range(6)], "an hour later they are told"
    held = [e for e in await home.events() if e.code.startswith("alerts-held-back")]
    assert [e.code for e in held][:1] == ["alerts-held-back"]
    assert len(held) <= 4


async def test_high_priority_always_passes(tmp_path: Path) -> None:
    home = a_home(tmp_path, an_hour=1, a_day=1)
    await home.watcher.start()
    await weigh(home, 100.5)
    await weigh(home, 152.5)  # kinds 0, 1 and 2 are high, 3 to 11 medium
    high = {a.kind for a in home.alerts() if a.priority == "high"}
    assert high == {"kind-0", "kind-1", "kind-2"}
    assert {a.kind for a in home.alerts()} == high
    await home.store.close()


async def test_what_becomes_worse_passes_although_it_was_held_back(home: LivingHome) -> None:
    """H16."""
    await weigh(home, 105.5)
    assert "kind-5" not in kinds(home.alerts())
    home.clock.now += timedelta(minutes=1)
    await weigh(home, 106.6)
    worse = [a for a in home.alerts() if a.kind == "kind-5"]
    assert [(a.state, a.revision) for a in worse] == [("raised", 1)]
    assert worse[0].inputs["severity"] == pytest.approx(1.6)
    assert {a.kind for a in home.alerts()} == {f"kind-{n}" for n in range(6)}
    assert "kind-6" not in kinds(home.alerts()), "new, and medium: it waits"


async def test_raising_again_is_the_first_to_yield_and_costs_what_is_new_nothing(tmp_path: Path) -> None:
    home = a_home(tmp_path, an_hour=4, a_day=24)
    await home.watcher.start()
    await weigh(home, 101.5)
    await home.after(16)
    again = [a for a in home.alerts() if a.raised_count > 1]
    assert len(home.alerts()) == 4
    assert len(again) == 2
    codes = await home.codes()
    assert codes.count("alert-not-acknowledged") == 2, "the cap holds no escalation back"
    assert "alerts-held-back" in codes
    await weigh(home, 102.4)
    assert kinds(home.alerts()) == ["kind-0", "kind-1", "kind-2"]
    await home.store.close()


async def test_a_restart_forgets_neither_what_waits_nor_what_was_told(home: LivingHome) -> None:
    await weigh(home, 105.5)
    await home.restart()
    await home.life.check()
    assert len(kinds(home.alerts())) == 3
    await home.after(61)
    assert kinds(home.alerts()) == [f"kind-{n}" for n in range(6)]
    assert all(a.revision == 1 for a in home.alerts() if a.raised_count == 1)


async def test_what_waits_is_told_although_its_notes_cannot_be_read(home: LivingHome) -> None:
    """As after an update whose notes look otherwise: what waited stood nowhere else."""
    await weigh(home, 105.5)
    await home.store.put_detector_state("watch/assignment-1/weight", b'{"epoch":7}')
    await home.restart()
    assert "watch-notes-lost" in await home.codes()
    await home.after(61)
    assert kinds(home.alerts()) == [f"kind-{n}" for n in range(6)]
    assert all(a.revision == 1 for a in home.alerts() if a.raised_count == 1), "what had been told is not told anew"


async def test_what_was_over_before_it_was_told_is_never_told(tmp_path: Path) -> None:
    home = a_home(tmp_path, an_hour=1, a_day=1)
    await home.watcher.start()
    await weigh(home, 101.5)
    await home.weights((0.5, 90.0), (1.6, 90.0))
    assert [(a.kind, a.state) for a in home.alerts()] == [("kind-0", "raised"), ("kind-0", "resolved")]
    await home.store.close()


async def test_a_storm_for_a_week_is_bounded(home: LivingHome) -> None:
    """H16: all kinds oscillate about their limits every six hours, and nobody acknowledges anything."""
    for step in range(4 * 7):
        home.clock.now = MORNING + timedelta(hours=6 * step)
        await weigh(home, 112.5 if step % 2 else 90.0)
        await home.after(20)
    calls = [a for a in home.alerts() if a.state != "resolved"]
    worse = [a for a in calls if a.state == "updated"]
    assert not worse
    assert len(calls) <= 7 * 6 + 6
    codes = await home.codes()
    assert codes.count("alerts-held-back") <= 4 * 7
    assert codes.count("alert-not-acknowledged") <= len(kinds(calls))
