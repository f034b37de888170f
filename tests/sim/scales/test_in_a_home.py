"""Makers' scales in a home's scenario: made, with a past where they have a memory, and stepped on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wardgate_sim import scenario
from wardgate_sim.firmware.medisana import MedisanaScale
from wardgate_sim.home import Home
from wardgate_sim.radio import Link
from wardgate_sim.scenario import ScenarioError

DAWN = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
HEAD = 'name = "scales"\nhub = "hub-1"\npatient_pseudonym = "p-1"\nassignment = "a-1"\n'
MODELS = (
    "medisana-bs444",
    "medisana-bs430",
    "qn-scale",
    "sanitas-sbf70",
    "tanita-scale-serial",
    "weighing-indicator-serial",
)


def a_home(model: str, more: str = "") -> Home:
    address = "" if model.endswith("-serial") else 'address = "F0:00:00:00:00:01"\n'
    text = f'{HEAD}\n[[device]]\nid = "scale"\nmodel = "{model}"\n{address}times = ["07:00"]\n{more}'
    return Home(scenario.parse(text, "scales"), Link(), lambda: DAWN)


@pytest.mark.parametrize("model", MODELS)
async def test_patient_steps_on(model: str) -> None:
    home = a_home(model)
    await home.start()
    (use,) = home.plan(1)
    taken = await home.use(use)
    assert set(taken.values) == {"weight"}
    assert 40 < taken.values["weight"] < 150
    (configured,) = home.device_config()
    assert (configured.port is None) is (configured.address is not None)
    await home.stop()


async def test_memory_is_filled() -> None:
    home = a_home("medisana-bs444", "history_days = 3\n")
    await home.start()
    scale = home.devices["scale"]
    assert isinstance(scale, MedisanaScale)
    assert [str(t.device_time) for t in scale.unsent] == [f"2026-05-{day}T07:00:00" for day in (29, 30, 31)]
    await home.stop()


async def test_a_scale_without_a_memory_has_no_past() -> None:
    home = a_home("qn-scale", "history_days = 1\n")
    with pytest.raises(ScenarioError, match="has no memory"):
        await home.start()
    await home.stop()
