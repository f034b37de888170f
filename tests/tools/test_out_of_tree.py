"""Models that another installed package brings, by the entry point group `wardgate.models`."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

import pytest

from tests.hub.conftest import a_config, bench
from tests.support.vectors import load
from wardgate import config
from wardgate.cli.doctor import diagnose
from wardgate_drivers import registry, vectors
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.evidence import EVIDENCE
from wardgate_drivers.model import catalogue, lookup
from wardgate_drivers.model.and_medical import UA_651BLE
from wardgate_drivers.model.elsewhere import GROUP, Offer, elsewhere, gathered
from wardgate_drivers.vector_fields import DECODERS
from wardgate_sim.clock import LeapClock
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.radio import Link

ACME = Path(__file__).parent / "acme"
SERVICE = "acce0001-0d5f-11e2-8b5e-0002a5d5c51b"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory of packages with the maker's in it, as an installer would leave it."""
    where = tmp_path / "site"
    shutil.copytree(ACME, where, ignore=shutil.ignore_patterns("__pycache__"))
    return where


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same for this process."""
    monkeypatch.syspath_prepend(site)
    elsewhere.cache_clear()
    yield
    elsewhere.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_wardgate"]:
        del sys.modules[name]


def wardgate(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wardgate", *words],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(site)},
    )  # fmt: skip


def test_the_commands_know_it(site: Path) -> None:
    listed = json.loads(wardgate(site, "devices", "list", "--json").stdout)
    assert [row for row in listed if row["id"] == "acme-scale"] == [
        {"id": "acme-scale", "kind": "scale", "maker": "Acme", "name": "Scale 1", "link": "Bluetooth",
         "bond": "none", "wake": "Step on it."}
    ]  # fmt: skip
    checked = wardgate(site, "devices", "check", str(site / "vectors.json"))
    assert (checked.returncode, checked.stdout) == (0, "3 passed, 0 failed\n")


@pytest.mark.usefixtures("installed")
def test_it_is_recognised_and_the_catalogues_own_come_first() -> None:
    heard = Advertisement("F0:00:00:00:00:01", None, -60, (SERVICE,), {}, {})
    found = catalogue.match(heard)
    assert found is not None
    assert found is lookup.by_id("acme-scale")
    assert catalogue.all_models()[: len(catalogue.CATALOGUE)] == catalogue.CATALOGUE
    assert found not in catalogue.CATALOGUE


@pytest.mark.usefixtures("installed")
def test_it_passes_what_every_model_has_to_pass() -> None:
    offered = lookup.from_elsewhere()
    assert offered.problems == ()
    own = json.loads((ACME / "vectors.json").read_text(encoding="utf-8"))["vectors"]
    assert [vectors.check(vector) for vector in own] == [[], [], []]

    def complaints(firmware: set[str], of: list[dict[str, Any]]) -> list[str]:
        found = registry.complaints(
            catalogue.all_models(), EVIDENCE | dict(offered.evidence), {*DECODERS, *offered.decoders}, of, firmware
        )
        return [what for what in found if what.startswith("acme-scale")]

    assert complaints({"acme-scale"}, [*load(), *own]) == []
    assert complaints(set(), load()) == [
        "acme-scale: no vector of acme.weight that decodes",
        "acme-scale: no firmware in wardgate_sim.home",
    ]


@pytest.mark.usefixtures("installed")
async def test_its_scale_brings_a_reading_into_a_hub(tmp_path: Path) -> None:
    link, clock = Link(), LeapClock()
    firmware: type[Any] = importlib.import_module("acme_wardgate.firmware").AcmeScale
    device = firmware(link, "F0:00:00:00:00:01", DeviceClock(lambda: clock.utc().timestamp()))
    assert isinstance(device, Peripheral)
    await device.start()
    try:
        settings = a_config(tmp_path, config.Device(id="scale", model="acme-scale", address=device.address))
        async with bench(settings, link, clock, tmp_path / "keys.json") as home:
            await firmware.take(device, {"weight": 78.4})
            await home.until(lambda: len(home.readings()) == 1)
            await device.asleep()
            (reading,) = home.readings()
            assert [(q.name, q.value, q.unit) for q in reading.quantities] == [("weight", 78.4, "kg")]
            assert reading.device.model == "acme-scale"
    finally:
        await device.stop()


@pytest.mark.usefixtures("installed")
def test_a_configuration_may_name_it(tmp_path: Path) -> None:
    text = (
        '[hub]\nid = "wg-1"\npatient = "Copper Heron 93"\nassignment = "a-1"\n[broker]\nhost = "h"\n'
        '[[device]]\nid = "scale"\nmodel = "acme-scale"\naddress = "F0:00:00:00:00:01"\n'
    )
    path = tmp_path / "wardgate.toml"
    path.write_text(text, encoding="utf-8")
    assert config.load(path).device[0].model == "acme-scale"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("value", "taken", "problem"),
    [
        ("acme_wardgate:OFFER", {"acme-scale"}, "acme_wardgate:OFFER: there is a model `acme-scale` already"),
        ("acme_wardgate:ACME_SCALE", set(), "acme_wardgate:ACME_SCALE is no wardgate_drivers.model.elsewhere.Offer"),
        ("acme_wardgate:NONE", set(), "acme_wardgate:NONE cannot be loaded: AttributeError"),
        ("acme_nowhere:OFFER", set(), "acme_nowhere:OFFER cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_said(value: str, taken: set[str], problem: str) -> None:
    good = EntryPoint("good", "acme_wardgate:OFFER", GROUP)
    found = gathered(frozenset(taken), (EntryPoint("bad", value, GROUP), good))
    assert found.problems[0].startswith(problem)
    assert [model.id for model in found.models] == ([] if taken else ["acme-scale"])


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        (Offer(models=cast(Any, UA_651BLE)), "its models are no tuple"),
        (Offer(models=(), evidence=cast(Any, None)), "its evidence is no mapping"),
        (Offer(models=(), decoders=cast(Any, ["acme.frame"])), "its decoders are no mapping"),
        (Offer(models=cast(Any, ["acme"])), "'acme' is no Model"),
    ],
)
def test_an_offer_that_is_put_together_wrong_costs_only_its_own(
    offer: Offer, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acme_wardgate.WRONG", offer, raising=False)
    wrong, good = (EntryPoint(n, f"acme_wardgate:{n}", GROUP) for n in ("WRONG", "OFFER"))
    found = gathered(frozenset(), (wrong, good))
    assert found.problems == (f"acme_wardgate:WRONG: {problem}",)
    assert [model.id for model in found.models] == ["acme-scale"]


def test_a_broken_package_costs_only_its_own(site: Path) -> None:
    package = site / "acme_wardgate" / "__init__.py"
    package.write_text("raise RuntimeError('licence expired')\n", encoding="utf-8")
    told = wardgate(site, "devices", "list", "--json")
    assert told.returncode == 0
    assert "licence expired" in told.stderr
    assert "and-ua-651ble" in {row["id"] for row in json.loads(told.stdout)}
    doctor = wardgate(site, "doctor", "--config", str(site / "none.toml"))
    assert doctor.returncode == 1
    assert "PROBLEM  A model was left out: acme_wardgate:OFFER cannot be loaded: RuntimeError" in doctor.stdout
    assert "Mend or remove the package that brings it." in doctor.stdout


@pytest.mark.usefixtures("installed")
def test_the_doctor_names_what_comes_from_elsewhere(tmp_path: Path) -> None:
    found = diagnose(tmp_path / "none.toml")
    assert (found[0].ok, found[0].sentence) == (True, "From other packages: acme-scale.")
