"""A home out of a TOML file: memories, pairing, days, visitors, faults. And the clock that leaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wardgate import config
from wardgate_sim import scenario
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.and_medical import AndCuff, AndScale
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.home import Home, Use
from wardgate_sim.radio import Link

DAWN = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
SMALL = """
name = "small"
hub = "hub-1"
patient_pseudonym = "p-1"
assignment = "a-1"

[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:00:01"
times = ["07:00", "19:30"]
history_days = 2
clock_offset_s = 90

[[device]]
id = "serial"
model = "nonin-9560-serial"
times = ["08:00"]

[[visitor]]
device = "scale"
day = 1
values = { weight = 55.0 }

[[fault]]
device = "scale"
day = 1
kind = "clock"
amount = -7200.0

[[fault]]
device = "scale"
day = 1
kind = "lose-link"
amount = 2
"""


@pytest.fixture
async def home() -> Home:
    return Home(scenario.parse(SMALL, "small"), Link(), lambda: DAWN)


async def test_memories_are_full_at_the_start(home: Home) -> None:
    await home.start()
    scale = home.devices["scale"]
    assert isinstance(scale, AndScale)
    times = [str(t.device_time) for t in scale.unsent]
    assert times == [
        "2026-05-30T07:01:30",
        "2026-05-30T19:31:30",
        "2026-05-31T07:01:30",
        "2026-05-31T19:31:30",
    ], "local time, and the clock is 90 s ahead"
    await home.stop()


async def test_the_plan_is_in_the_order_of_time(home: Home) -> None:
    plan = list(home.plan(1))
    assert [(u.device, u.at.hour) for u in plan] == [("scale", 6), ("serial", 7), ("scale", 18)], "BST"
    assert [u.device for u in home.plan(1, since=datetime(2026, 6, 1, 12, tzinfo=UTC))] == ["scale"]


async def test_visitors_and_faults_come_on_their_day(home: Home) -> None:
    await home.start()
    scale = home.devices["scale"]
    assert isinstance(scale, AndScale)
    uses = {(u.day, u.first_of_day): u for u in home.plan(2) if u.device == "scale"}
    normal = await home.use(uses[0, True])
    assert abs(normal.values["weight"] - 78) < 3
    assert scale.clock.offset_s == 90
    assert (await home.use(uses[1, True])).values == {"weight": 55.0}
    assert scale.clock.offset_s == 90 - 7200
    assert scale.faults.lose_link_after == 2
    assert abs((await home.use(uses[1, False])).values["weight"] - 78) < 3
    await home.stop()


async def test_the_hub_is_told_about_the_devices(home: Home) -> None:
    serial = home.devices["serial"]
    assert isinstance(serial, Nonin9560)
    assert home.device_config() == (
        config.Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:01"),
        config.Device(id="serial", model="nonin-9560-serial", port=serial.port),
    )


async def test_playing_leaps_from_use_to_use() -> None:
    clock = LeapClock(DAWN)
    home = Home(scenario.parse(SMALL, "small"), Link(), clock.utc)
    await home.start()
    played: list[Use] = []
    before = clock.boottime_s()
    async for use, taken in home.play(clock, 1, patience_s=0.01):
        assert abs(clock.utc() - use.at) < timedelta(seconds=5)
        assert taken.values
        played.append(use)
    assert len(played) == 3
    assert clock.boottime_s() - before > 14 * 3600
    await home.stop()


def test_the_clock_never_leaps_back() -> None:
    clock = LeapClock(DAWN)
    clock.leap_to(DAWN + timedelta(hours=1))
    with pytest.raises(ValueError, match="is past"):
        clock.leap_to(DAWN)


async def test_the_packaged_living_room_holds_thirty_days() -> None:
    home = Home(scenario.packaged("living-room"), Link(), lambda: DAWN)
    await home.start()
    cuff, serial = home.devices["cuff"], home.devices["bedside-oximeter"]
    assert isinstance(cuff, AndCuff)
    assert isinstance(serial, Nonin9560)
    assert len(cuff.unsent) == 30
    assert len(serial.unsent) == 30
    await home.stop()


async def test_the_living_room_tells_a_story() -> None:
    """Well before; at the end more than 2 kg heavier within 3 days and below the saturation target."""
    told = scenario.packaged("living-room")
    patient = Home(told, Link(), lambda: DAWN).patient
    history = [patient.at(day, 7.2).weight_kg for day in range(-30, 0)]
    assert max(b - a for a, b in zip(history, history[3:], strict=False)) < 2.0
    live = [patient.at(day, 7.2).weight_kg for day in range(8)]
    assert max(b - a for a, b in zip(live, live[3:], strict=False)) > 2.0
    assert min(patient.at(day, 7.5).spo2_pct for day in range(8)) < told.watch.given()["target_low_pct"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "Invalid value"),
        (SMALL + "colour = 1", "unknown field `colour`"),
        (SMALL.replace('"07:00"', '"25:00"'), "regex"),
        (SMALL + '[[visitor]]\ndevice = "cuff"\nday = 1\nvalues = {}', "no device `cuff`"),
        (SMALL.replace("and-uc-352ble", "abacus"), "no firmware for `abacus`"),
        (SMALL.replace('address = "F0:00:00:00:00:01"', ""), "needs an address"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(scenario.ScenarioError, match=said):
        Home(scenario.parse(text, "wrong.toml"), Link(), lambda: DAWN)


def test_files_and_names(tmp_path: Path) -> None:
    file = tmp_path / "home.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert scenario.load(file).name == "small"
    with pytest.raises(scenario.ScenarioError, match="cannot be read"):
        scenario.load(tmp_path / "none.toml")
    with pytest.raises(scenario.ScenarioError, match="living-room"):
        scenario.packaged("attic")
