"""The models, as a whole."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from wardgate_drivers import uuids
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.model.catalogue import CATALOGUE, match
from wardgate_drivers.model.declaration import Broadcast, ClockPolicy, Gatt, Model, Serial
from wardgate_drivers.model.lookup import FILES, by_id


def advertisement(
    name: str | None = None, services: tuple[str, ...] = (), service_data: tuple[str, ...] = ()
) -> Advertisement:
    return Advertisement("AA:BB:CC:DD:EE:FF", name, -60, services, dict.fromkeys(service_data, b""), {})


def matched(advert: Advertisement) -> str | None:
    model = match(advert)
    return model.id if model else None


def test_ids_are_unique_and_fit_configuration_files() -> None:
    ids = [model.id for model in CATALOGUE]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name) for name in ids)


def test_every_model_is_found_by_its_id() -> None:
    assert [by_id(model.id) for model in CATALOGUE] == list(CATALOGUE)
    assert by_id("and-ua-651") is None


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda m: m.id)
def test_declaration_is_complete(model: Model) -> None:
    assert model.channels
    assert model.wake.endswith(".")
    if isinstance(model.link, Gatt):
        assert model.link.converse or any(not s.fallback for s in model.link.subscriptions)
        assert (model.link.on_measurement is None) == (model.link.command_characteristic is None)
        assert model.link.quiet_s < model.link.deadline_s
    else:
        assert model.clock is ClockPolicy.NONE
    if not isinstance(model.link, Serial):
        assert model.match.name_prefixes or model.match.service_uuids or model.match.service_data_uuids


def test_and_devices_go_by_name() -> None:
    assert matched(advertisement("A&D_UA-651BLE_1A2B3C", (uuids.BLOOD_PRESSURE_SERVICE,))) == "and-ua-651ble"
    assert matched(advertisement("A&D_UC-352BLE_1A2B3C", (uuids.WEIGHT_SCALE_SERVICE,))) == "and-uc-352ble"
    assert matched(advertisement("A&D_UA-1200BLE_1A2B3C", (uuids.BLOOD_PRESSURE_SERVICE,))) == "and-ua-1200ble"
    assert matched(advertisement("A&D_UA-767PBT_1A2B3C", (uuids.BLOOD_PRESSURE_SERVICE,))) is None


def test_makers_service_goes_before_the_standard_one() -> None:
    both = (uuids.PULSE_OXIMETER_SERVICE, uuids.NONIN_OXIMETRY_SERVICE)
    assert matched(advertisement(None, both)) == "nonin-3230"
    assert matched(advertisement("Nonin3230_501234567", both[::-1])) == "nonin-3230"
    assert matched(advertisement("any", both[:1])) == "plx-oximeter"


@pytest.mark.parametrize("service", [uuids.WEIGHT_SCALE_SERVICE, uuids.BODY_COMPOSITION_SERVICE])
def test_scale_that_shouts(service: str) -> None:
    assert matched(advertisement("MIBFS", service_data=(service,))) == "xiaomi-scale"
    assert matched(advertisement("MIBFS", services=(service,))) is None


def test_nobodys_advertisement() -> None:
    assert matched(advertisement()) is None
    assert matched(advertisement("TV", (uuids.sig(0x180F),))) is None


def test_catalogue_imports_neither_bleak_nor_numpy_nor_pyserial() -> None:
    code = (
        "import sys, wardgate_drivers.model.catalogue;"
        "print(sorted({'bleak', 'numpy', 'serial', 'asyncio'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    assert run.stdout.strip() == "[]"


def test_broadcast_models_need_no_bond() -> None:
    assert all(model.bond == "none" for model in CATALOGUE if isinstance(model.link, Broadcast))


def test_a_model_is_found_by_its_id_in_its_own_file() -> None:
    assert list(FILES) == [model.id for model in CATALOGUE]
    assert [by_id(id_) for id_ in FILES] == list(CATALOGUE)
    assert by_id("no-such-model") is None


def test_finding_one_model_imports_no_other_makers() -> None:
    program = (
        "import sys; from wardgate_drivers.model.lookup import by_id; by_id('and-uc-352ble');"
        "others = ('wardgate_drivers.model.omron', 'wardgate_drivers.codec.po60');"
        "print([module for module in sys.modules if module in others])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
