"""An alert between two readings: acknowledged, raised again, escalated, over restarts and reboots (hazard H13)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.living import MINUTE, LivingHome
from tests.support.watching import MORNING
from wardgate.config import Alerts
from wardgate.store.errors import StoreFull


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[LivingHome]:
    made = LivingHome(tmp_path / "wardgate.db")
    await made.watcher.start()
    yield made
    await made.store.close()


async def test_unseen_it_is_raised_again_after_2_5_and_15_minutes_and_then_one_event_tells(home: LivingHome) -> None:
    """H13."""
    await home.low(90)
    minutes = []
    for minute in range(1, 25):
        before = len(home.alerts())
        await home.after(minute)
        minutes += [minute] * (len(home.alerts()) - before)
    assert minutes == [2, 5, 15]
    assert home.told() == [("raised", 1, 1), ("raised", 2, 2), ("raised", 3, 3), ("raised", 4, 4)]
    assert {a.sentence for a in home.alerts()} == {home.alerts()[0].sentence}
    assert await home.codes() == ["alert-not-acknowledged"]
    (event,) = await home.events()
    assert (event.severity, event.detail["alert"], event.detail["revision"]) == ("problem", home.alerts()[0].id, 4)
    assert "90" not in event.sentence


async def test_seen_it_stays_open_and_is_silent(home: LivingHome) -> None:
    await home.low(90)
    await home.after(1)
    await home.says(home.alerts()[-1])
    await home.after(20)
    assert home.told() == [("raised", 1, 1), ("acknowledged", 2, 1)]
    (seen,) = home.store.open_alerts()
    assert (seen.acknowledged_by, seen.acknowledged_at, seen.acknowledged_revision) == (
        "nurse",
        MORNING + MINUTE,
        1,
    )
    assert await home.codes() == []


async def test_what_was_seen_before_it_was_raised_again_counts(home: LivingHome) -> None:
    """The nurse saw the first revision; while that was said, the second was on its way."""
    await home.low(90)
    await home.after(3)
    await home.says(home.alerts()[-1], revision=1)
    await home.after(20)
    assert home.told() == [("raised", 1, 1), ("raised", 2, 2), ("acknowledged", 3, 2)]


async def test_a_worsening_has_to_be_seen_anew(home: LivingHome) -> None:
    await home.low(90)
    await home.says(home.alerts()[-1])
    home.clock.now += timedelta(hours=1)
    await home.low(87)
    worse = home.alerts()[-1]
    assert (worse.state, worse.revision, worse.raised_count) == ("updated", 3, 1)
    assert (worse.acknowledged_by, worse.acknowledged_at, worse.acknowledged_revision) == (None, None, None)
    await home.after(20)
    assert [count for _, _, count in home.told()][2:] == [1, 2, 3, 4]
    assert await home.codes() == ["alert-not-acknowledged"]
    home.clock.now += timedelta(hours=1)
    await home.low(84)
    await home.after(20)
    assert await home.codes() == ["alert-not-acknowledged"] * 2, "once for each worsening"


async def test_an_acknowledgement_that_comes_after_a_worsening_does_not_silence_it(home: LivingHome) -> None:
    await home.low(90)
    first = home.alerts()[-1]
    home.clock.now += timedelta(hours=1)
    await home.low(87)
    for _ in range(3):  # the ward repeats it
        await home.says(first)
    assert home.alerts()[-1].state == "updated"
    (event,) = await home.events()
    assert (event.code, event.detail["why"]) == ("acknowledgement-not-used", "worse-since")
    assert (event.detail["alert"], event.detail["revision"]) == (first.id, 1)
    await home.after(3)
    assert home.alerts()[-1].raised_count == 2


async def test_repeated_it_changes_nothing(home: LivingHome) -> None:
    await home.low(90)
    for _ in range(5):
        await home.says(home.alerts()[0])
    assert home.told() == [("raised", 1, 1), ("acknowledged", 2, 1)]
    assert await home.codes() == []


@pytest.mark.parametrize("why", ["unknown", "no-such-revision", "closed"])
async def test_what_cannot_be_used_is_answered_once(home: LivingHome, why: str) -> None:
    await home.low(90)
    alert = home.alerts()[0]
    if why == "closed":
        await home.saturations((24, 97), (48, 97))
        assert home.alerts()[-1].state == "resolved"
    alert = msgspec.structs.replace(alert, id="nobody's") if why == "unknown" else alert
    before = home.told()
    for _ in range(3):
        await home.says(alert, revision=9 if why == "no-such-revision" else 1)
    (event,) = [e for e in await home.events() if e.code == "acknowledgement-not-used"]
    assert event.detail["why"] == why
    assert home.told() == before


async def test_an_alert_of_the_patient_before_is_answered_too(home: LivingHome) -> None:
    await home.low(90)
    hub = msgspec.structs.replace(home.config.hub, assignment="assignment-2")
    home.config = msgspec.structs.replace(home.config, hub=hub)
    await home.restart()
    for _ in range(2):
        await home.says(home.alerts()[0])
    (event,) = await home.events()
    assert (event.code, event.detail["why"]) == ("acknowledgement-not-used", "not-watched")


async def test_low_priority_is_raised_once(home: LivingHome) -> None:
    await home.weights((0, 78.0), (6, 80.3))
    (alert,) = home.alerts()
    assert alert.priority == "low"
    home.begun = home.clock.now
    await home.after(20)
    assert home.told() == [("raised", 1, 1)]


async def test_what_is_over_is_not_raised_again(home: LivingHome) -> None:
    await home.low(90)
    await home.after(1)
    await home.saturations((24, 97), (48, 97))
    home.begun = home.clock.now
    await home.after(20)
    assert home.told()[-1][0] == "resolved"


async def test_restarts_neither_repeat_nor_lose_the_count(home: LivingHome) -> None:
    await home.low(90)
    for minute in range(1, 19, 2):
        await home.after(minute)
        await home.restart()
    assert [count for _, _, count in home.told()] == [1, 2, 3, 4]
    assert await home.codes() == ["alert-not-acknowledged"]


async def test_a_reboot_goes_on_by_the_wall_clock(home: LivingHome) -> None:
    await home.low(90)
    await home.after(3)
    home.clock.reboot(timedelta(minutes=1))
    await home.restart()
    await home.after(4.5)
    assert home.told()[-1] == ("raised", 2, 2)
    await home.after(6)
    assert home.told()[-1] == ("raised", 3, 3)
    home.clock.reboot(timedelta(hours=3))
    await home.restart()
    await home.after(200)
    assert [count for _, _, count in home.told()] == [1, 2, 3, 4]


async def test_a_wall_clock_that_leaps_moves_nothing(home: LivingHome) -> None:
    """The first synchronisation sets the clock by a year; the boot-time clock knows better."""
    await home.low(90)
    home.clock.now += timedelta(days=365)
    home.clock.started += timedelta(days=365)
    await home.life.check()
    assert home.told() == [("raised", 1, 1)]


@pytest.mark.parametrize("days", [-20_000, -400, 3653])
async def test_after_a_reboot_without_the_time_it_waits_anew(home: LivingHome, days: int) -> None:
    await home.low(90)
    home.clock.reboot(timedelta(days=days))
    home.clock.knows_the_time = False
    await home.restart()
    home.begun = home.clock.now
    await home.after(1.5)
    assert home.told() == [("raised", 1, 1)]
    await home.after(3)
    assert max(home.told()[-2:], key=lambda t: t[1]) == ("raised", 2, 2)


@pytest.mark.parametrize("days", [-20_000, -400, 3653])
async def test_what_waited_over_a_power_cut_is_known_as_soon_as_the_time_is(home: LivingHome, days: int) -> None:
    """A hub without a battery for its clock: it boots with a wrong one, and hears of the time a minute later."""
    await home.low(90)
    home.clock.reboot(timedelta(hours=2, days=days))
    home.clock.knows_the_time = False
    await home.restart()
    await home.life.check()
    assert home.told() == [("raised", 1, 1)]
    home.clock.now += timedelta(minutes=1, days=-days)
    home.clock.started += timedelta(days=-days)
    home.clock.knows_the_time = True
    await home.life.check()
    await home.life.check()
    assert home.told() == [("raised", 1, 1), ("raised", 2, 4)]
    assert await home.codes() == ["alert-not-acknowledged"]


async def test_hours_without_power_make_one_revision_not_three(home: LivingHome) -> None:
    await home.low(90)
    home.clock.reboot(timedelta(hours=5))
    await home.restart()
    home.begun = home.clock.now
    await home.after(1)
    assert home.told() == [("raised", 1, 1), ("raised", 2, 4)]
    assert await home.codes() == ["alert-not-acknowledged"]


async def test_an_old_note_does_not_undo_an_acknowledgement(home: LivingHome) -> None:
    """Killed between the revision and its note: what is on the disk counts, and so does what the episode knows."""
    await home.low(90)
    notes = home.store.detector_state("watch/assignment-1/saturation")
    assert notes is not None
    await home.says(home.alerts()[0])
    await home.store.put_detector_state("watch/assignment-1/saturation", notes)
    await home.restart()
    await home.after(20)
    assert home.told() == [("raised", 1, 1), ("acknowledged", 2, 1)]
    await home.saturations((2, 90))
    assert len(home.alerts()) == 2, "its peak is still known"
    await home.saturations((3, 87))
    assert home.told()[-1] == ("updated", 3, 1)


async def test_an_old_note_does_not_put_off_the_end(home: LivingHome) -> None:
    """The last bad reading was a day ago, whenever somebody saw the alert."""
    await home.low(90)
    notes = home.store.detector_state("watch/assignment-1/saturation")
    assert notes is not None
    home.clock.now += timedelta(hours=20)
    await home.says(home.alerts()[0], revision=1)
    await home.store.put_detector_state("watch/assignment-1/saturation", notes)
    await home.restart()
    await home.saturations((21, 96), (25, 96))
    assert home.alerts()[-1].state == "resolved"


async def test_a_full_disk_loses_no_acknowledgement(home: LivingHome, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.low(90)
    put = home.store.put_alert

    def full(_: object) -> None:
        raise StoreFull("The disk is full.")

    monkeypatch.setattr(home.store, "put_alert", full)
    with pytest.raises(StoreFull):
        await home.says(home.alerts()[0])
    monkeypatch.setattr(home.store, "put_alert", put)
    await home.life.check()
    assert home.told()[-1][0] == "acknowledged"


@pytest.mark.parametrize(("by", "kept"), [("nurse", "nurse"), ("Jane Smith 0116", "ward"), ("", "ward")])
async def test_who_it_was_is_a_role_never_a_name(home: LivingHome, by: str, kept: str) -> None:
    await home.low(90)
    await home.says(home.alerts()[0], by=by)
    assert home.alerts()[-1].acknowledged_by == kept


async def test_a_ward_that_cannot_acknowledge_is_not_called_again(tmp_path: Path) -> None:
    home = LivingHome(tmp_path / "wardgate.db", alerts_config=Alerts(raise_again_min=()))
    await home.watcher.start()
    await home.low(90)
    await home.after(20)
    assert (home.told(), await home.codes()) == ([("raised", 1, 1)], [])
    await home.store.close()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [(False, "Got it. Thank you. We are telling your team."), (True, "Your weight was 80.5 kg. Got it. Thank you.")],
)
async def test_the_home_reads_its_values_only_when_the_ward_wants_it(
    tmp_path: Path, values: bool, sentence: str
) -> None:
    home = LivingHome(tmp_path / "wardgate.db", alerts_config=Alerts(home_values=values))
    await home.watcher.start()
    await home.weights((0, 78.0), (3, 80.5))
    assert home.alerts()[0].home_sentence.startswith(sentence)
    await home.store.close()


@pytest.mark.parametrize(
    ("pct", "says"),
    [((90.0,), "Do it again, please."), ((93.0, 93.0), "Got it. Thank you. We"), ((80.0,), "Please ask for help.")],
)
async def test_what_the_home_reads(home: LivingHome, pct: tuple[float, ...], says: str) -> None:
    await home.saturations(*enumerate(pct))
    assert home.alerts()[0].home_sentence.startswith(says)
