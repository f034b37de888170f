"""Makers' cuffs in a home: introduced to a hub, with a memory from before, and used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.hub.conftest import a_config, bench
from wardgate_sim.clock import LeapClock
from wardgate_sim.home import Home
from wardgate_sim.radio import Link
from wardgate_sim.scenario import DeviceSpec, FaultSpec, Scenario

MODELS = ("omron-hem-7361t", "omron-hem-7600t", "omron-hem-7142t2", "microlife-bp-a6-bt", "viatom-bp2")


@pytest.mark.parametrize("model", MODELS)
async def test_two_days_from_memory_and_one_live(model: str, tmp_path: Path) -> None:
    clock, link = LeapClock(), Link()
    clock.leap_to(datetime(2030, 11, 21, 7, 0, tzinfo=UTC))
    user = {"omron-hem-7361t": 1, "viatom-bp2": 218071}.get(model)
    spec = DeviceSpec(
        id="cuff", model=model, address="F0:00:00:00:00:01", times=("08:00",), history_days=2, user_index=user
    )
    scenario = Scenario(name="n", hub="hub-1", patient_pseudonym="p", assignment="a", device=(spec,))
    home = Home(scenario, link, clock.utc)
    await home.start()
    async with bench(a_config(tmp_path, *home.device_config()), link, clock, tmp_path / "keys.json") as hub:
        if model.startswith("omron"):
            await home.pair(20)
            await hub.until(lambda: len(hub.readings()) == 2)
            # A cuff rests for some seconds after a session; the day goes on meanwhile.
            clock.leap_to(datetime(2030, 11, 21, 7, 30, tzinfo=UTC))
        (use,) = home.plan(1)
        clock.leap_to(use.at)
        await home.use(use)
        await hub.until(lambda: len(hub.readings()) == 3)
        readings = hub.readings()
        told = [{q.name: q.original_value for q in r.quantities if q.name != "mean"} for r in readings]
        kept = [{n: v for n, v in t.values.items() if n != "mean"} for t in home.books["cuff"].taken]
        assert told == kept
        assert [r.backfill for r in readings] == [True, True, False]
        assert [r.attribution for r in readings] == ["assigned"] * 3
    await home.stop()


async def test_a_link_that_breaks_midway_costs_nothing(tmp_path: Path) -> None:
    clock, link = LeapClock(), Link()
    clock.leap_to(datetime(2030, 11, 21, 7, 0, tzinfo=UTC))
    spec = DeviceSpec(id="cuff", model="microlife-bp-a6-bt", address="F0:00:00:00:00:01", times=("08:00", "20:00"))
    fault = FaultSpec(device="cuff", day=0, kind="lose-link", amount=1)
    scenario = Scenario(name="n", hub="h", patient_pseudonym="p", assignment="a", device=(spec,), fault=(fault,))
    home = Home(scenario, link, clock.utc)
    await home.start()
    async with bench(a_config(tmp_path, *home.device_config()), link, clock, tmp_path / "keys.json") as hub:
        for use in home.plan(1):
            clock.leap_to(use.at)
            await home.use(use)
            await home.devices["cuff"].asleep()
        await hub.until(lambda: len(hub.readings()) == 2)
        assert {r.time.device_time for r in hub.readings()} == {"2030-11-21T08:00:00", "2030-11-21T20:00:00"}
    await home.stop()
