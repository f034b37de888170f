"""What a patient is told of a measurement, by a whole hub on a real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.indicate.conftest import QUIET, Told, living, london, oxygen, pressure, weighing
from tests.support.mosquitto import Mosquitto
from wardgate import config
from wardgate.control.client import connect
from wardgate.control.messages import ScreenKey
from wardgate.indicate import home as home_room
from wardgate.indicate.moment import HomeView, Moment, Tile
from wardgate_drivers.measurement import DeviceTime, Measurement, Outcome
from wardgate_sim.clock import LeapClock


def kinds(view: HomeView) -> dict[str, str]:
    return {tile.kind: tile.state for tile in view.tiles}


async def test_the_plan_before_anything_is_measured(home: Told) -> None:
    view = home.view()
    assert view.moment == Moment(what="due", kind="scale")
    assert kinds(view) == {"scale": "now", "cuff": "next", "oximeter": "next"}
    assert (view.part, view.date, view.phone, view.quiet) == ("morning", "2026-11-21", "0116 000 0000", False)


async def test_got_it_comes_by_a_push_after_the_commit(home: Told) -> None:
    await home.measured("scale", weighing(78.4))
    view = await home.shown(lambda v: v.moment.what == "got")
    assert (view.moment.kind, view.moment.values) == ("scale", {})
    assert kinds(view) == {"scale": "done", "cuff": "now", "oximeter": "next"}


async def test_the_team_has_it_only_when_the_ward_says_so(tmp_path: Path) -> None:
    """Hazard: a promise that nobody made. The broker has taken the reading long before."""
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    try:
        async with living(tmp_path, london(9), broker=broker.settings()) as home:
            await home.measured("scale", weighing(78.4))
            (reading,) = home.hub.store.readings(None, london(0))
            await home.shown(lambda v: v.moment.what == "got" and _at_broker(home, reading.id))
            assert home.view().moment.way in ("sending", "later")
            await home.hub.store.mark_done(0, [home.hub.store.last_seq, home.hub.store.read.first_seq(reading.id)])
            assert (await home.shown(lambda v: v.moment.way == "has")).moment.what == "got"
    finally:
        broker.stop()


def _at_broker(home: Told, reading: str) -> bool:
    way = home.hub.store.way(reading)
    return way is not None and way.broker is not None


async def test_a_ward_that_cannot_answer_promises_nothing(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    settings = msgspec.structs.replace(broker.settings(), confirm="broker")
    try:
        async with living(tmp_path, london(9), broker=settings) as home:
            await home.measured("scale", weighing(78.4))
            assert (await home.shown(lambda v: v.moment.way not in (None, "sending", "later"))).moment.way == "sent"
    finally:
        broker.stop()


async def test_while_the_ward_is_away_it_is_sent_later(home: Told) -> None:
    await home.measured("scale", weighing(78.4))
    assert (await home.shown(lambda v: v.moment.what == "got")).moment.way == "later"


async def test_after_a_minute_the_plan_is_back(home: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_room, "SHOWN_S", 4.0)
    await home.measured("scale", weighing(78.4))
    await home.shown(lambda v: v.moment.what == "got")
    assert (await home.shown(lambda v: v.moment.what == "due")).moment.kind == "cuff"


@pytest.mark.parametrize(
    ("device", "measurement", "how"),
    [
        ("cuff", pressure(status=("cuff-too-loose",)), "cuff-snug"),
        ("cuff", pressure(status=("body-movement", "improper-position")), "arm-height"),
        ("oximeter", oxygen(95, status=("low-perfusion",)), "warm-hand"),
        ("oximeter", oxygen(95, status=("sensor-displaced", "low-perfusion")), "finger-in"),
    ],
)
async def test_what_the_device_doubts_is_done_again(home: Told, device: str, measurement: object, how: str) -> None:
    await home.measured(device, measurement)  # type: ignore[arg-type]  # a Measurement
    view = await home.shown(lambda v: v.moment.what == "again")
    assert (view.moment.kind, view.moment.how) == (device, how)
    assert kinds(view)[device] != "done"


def failed(measurement: Measurement, *status: str) -> Measurement:
    """The same try, of which the device says that nothing came."""
    return replace(measurement, outcome=Outcome.NO_READING, quantities=(), status=status)


@pytest.mark.parametrize(
    ("device", "measurement", "how"),
    [
        ("cuff", failed(pressure(), "cuff-too-loose"), "cuff-snug"),
        ("cuff", failed(pressure(), "body-movement"), "arm-still"),
        ("cuff", failed(pressure(), "irregular-pulse"), "rest"),
        ("cuff", failed(pressure()), "rest"),
        ("cuff", pressure(systolic=20.0, status=("body-movement",)), "arm-still"),
        ("oximeter", failed(oxygen(0.0), "sensor-unconnected-to-user"), "finger-in"),
        ("oximeter", failed(oxygen(0.0)), "finger-in"),
        ("oximeter", failed(oxygen(95), "not-steady"), "hand-still"),
    ],
)
async def test_a_device_that_says_itself_that_nothing_came_is_used_again(
    home: Told, device: str, measurement: Measurement, how: str
) -> None:
    await home.measured(device, measurement)
    view = await home.shown(lambda v: v.moment.what == "again")
    assert (view.moment.kind, view.moment.how, view.moment.number) == (device, how, 1)
    assert kinds(view)[device] != "done"
    assert home.hub.store.readings(None, london(0)) == []


@pytest.mark.parametrize(
    ("device", "measurement"),
    [
        ("scale", failed(weighing(0.0))),
        ("cuff", failed(replace(pressure(), stored=True), "cuff-too-loose")),
        ("cuff", failed(replace(pressure(), device_time=DeviceTime.of(2026, 11, 19, 8, 0, 0)))),
        ("cuff", failed(replace(pressure(), user_unknown=True))),
    ],
    ids=["a scale on its way to a value", "out of a memory", "of an earlier day", "of somebody the cuff does not know"],
)
async def test_what_the_patient_cannot_do_again_is_not_asked_for(
    home: Told, device: str, measurement: Measurement
) -> None:
    await home.measured(device, measurement)
    assert home.view().moment.what == "due"


async def test_a_finger_that_leaves_the_clip_takes_nothing_back(home: Told) -> None:
    await home.measured("oximeter", oxygen(97))
    await home.measured("oximeter", failed(oxygen(0.0), "no-finger"))
    await home.shown(lambda v: v.moment.what == "got")
    await home.measured("oximeter", failed(oxygen(0.0), "no-finger"))
    assert home.view().moment.what == "got"


async def test_done_again_it_is_got(home: Told) -> None:
    await home.measured("cuff", failed(pressure(), "cuff-too-loose"))
    await home.shown(lambda v: v.moment.what == "again")
    await home.measured("cuff", pressure())
    assert (await home.shown(lambda v: v.moment.what == "got")).moment.number == 2


async def test_a_single_low_value_is_measured_again_and_nothing_is_said_of_it(home: Told) -> None:
    """The alert goes to the ward; the home is asked to do it once more, and is told no value and no limit."""
    await home.measured("oximeter", oxygen(91))
    view = await home.shown(lambda v: v.moment.what == "again")
    assert (view.moment.how, view.moment.values) == ("warm-hand", {})
    assert [a.priority for a in home.hub.store.open_alerts()] == ["medium"]


async def test_ask_for_help_until_somebody_has_seen_it(home: Told) -> None:
    await home.measured("oximeter", oxygen(84))
    await home.shown(lambda v: v.moment.what == "call")
    (alert,) = home.hub.store.open_alerts()
    assert alert.priority == "high"
    seen = msgspec.structs.replace(
        alert, revision=alert.revision + 1, state="acknowledged", acknowledged_revision=1, acknowledged_by="nurse"
    )
    await home.hub.store.put_alert(seen)
    await home.shown(lambda v: v.moment.what != "call")


async def test_somebody_else_on_the_scale(home: Told) -> None:
    for kg in (78.4, 78.6, 78.2):
        await home.measured("scale", weighing(kg))
    await home.measured("scale", weighing(61.0))
    view = await home.shown(lambda v: v.moment.what == "who")
    assert view.moment.kind == "scale"


async def test_what_comes_out_of_a_memory_is_no_news(home: Told) -> None:
    await home.measured("scale", weighing(78.4, stored=True))
    await home.measured("cuff", pressure())
    assert (await home.shown(lambda v: v.moment.what == "got")).moment.number == 1


async def test_the_ward_asks_for_a_measurement_and_gets_it_though_the_hub_was_restarted(tmp_path: Path) -> None:
    async with living(tmp_path, london(9)) as home:
        home.hub.home.ask(next(k for k in home.hub.devices.known if k.id == "cuff"))
        assert (await home.shown(lambda v: v.moment.what == "asked")).moment.kind == "cuff"
    async with living(tmp_path, london(9, 30)) as home:
        assert home.view().moment == Moment(what="asked", kind="cuff")
        await home.measured("cuff", pressure())
        await home.shown(lambda v: v.moment.what == "got")
    async with living(tmp_path, london(9, 45)) as home:
        assert home.view().moment.what == "due"


async def test_values_only_where_the_ward_lets_the_home_see_them(tmp_path: Path) -> None:
    async with living(tmp_path, london(9), alerts=config.Alerts(home_values=True)) as home:
        await home.measured("scale", weighing(78.4))
        assert (await home.shown(lambda v: v.moment.what == "got")).moment.values == {"weight": 78.4}


async def test_in_quiet_hours_nothing_is_due(tmp_path: Path) -> None:
    async with living(tmp_path, london(6), alerts=QUIET) as home:
        view = home.view()
        assert (view.moment.what, view.quiet) == ("night", True)
        assert view.tiles[0] == Tile(kind="scale", state="later", when="morning")
    async with living(tmp_path, london(7), alerts=QUIET) as home:
        assert home.view().moment.what == "due"


async def test_without_quiet_hours_the_night_is_the_night(tmp_path: Path) -> None:
    async with living(tmp_path, london(23)) as home:
        assert home.view().moment.what == "night"


async def test_where_nobody_is_reminded_nothing_is_due(tmp_path: Path) -> None:
    async with living(tmp_path, london(9), watch=config.Watch(pathways=("comfort",))) as home:
        assert home.view().moment.what == "free"
        assert set(kinds(home.view()).values()) == {"free"}


async def test_a_hub_that_does_not_know_the_time_says_no_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeapClock, "synchronised", lambda _: False)
    async with living(tmp_path, london(3), alerts=QUIET) as home:
        view = home.view()
        assert (view.part, view.date, view.moment.what) == (None, None, "free")
        await home.measured("scale", weighing(78.4))
        assert (await home.shown(lambda v: v.moment.what == "got")).moment.way == "later"


async def test_the_hub_tells_what_to_open_on_a_tablet(tmp_path: Path) -> None:
    async def told(home: Told) -> ScreenKey:
        async with connect(Path(home.hub.config.hub.control_socket)) as asked:
            return await asked.ask("screen_key", ScreenKey)

    async with living(tmp_path, london(9)) as home:
        assert (await told(home)).address == "", "this machine's own display needs none"
    tablet = config.Screen(listen="192.168.1.20", port=8078)
    async with living(tmp_path, london(10), screen=tablet) as home:
        found = await told(home)
        assert found.address == f"https://192.168.1.20:8078/{found.key}/"


async def test_another_patient_has_another_key(tmp_path: Path) -> None:
    async def key_of(told: Told) -> str:
        async with connect(Path(told.hub.config.hub.control_socket)) as asked:
            return (await asked.ask("screen_key", ScreenKey)).key

    async with living(tmp_path, london(9)) as home:
        first = await key_of(home)
        assert await key_of(home) == first
        assert len(first) == 16
        assert home.hub.config.data_dir.joinpath("screen-key").stat().st_mode & 0o777 == 0o600
    async with living(tmp_path, london(10)) as home:
        assert await key_of(home) == first
        other = msgspec.structs.replace(home.hub.config.hub, assignment="a-2")
    async with living(tmp_path, london(11), hub=other) as home:
        assert await key_of(home) != first
