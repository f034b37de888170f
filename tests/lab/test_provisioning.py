"""A boxed hub set up in a browser over the real BlueZ, in a guest of its own: what the page said, what BlueZ holds,
what the ward has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.lab_setting_up import KINDS, LATER_KG, WEIGHT_KG
from wardgate_sim.lab.host import Played, play

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(3600)]
FREE = {"Paired": False, "Bonded": False, "Connected": False}
STATIONS = ["Seen", "Stored", "Broker", "Ward"]


@pytest.fixture(scope="module")
def setting_up(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Played once; pictures of every step are beside the logs."""
    share = tmp_path_factory.mktemp("setting-up")
    return play(share, scenario="tests.support.lab_setting_up", memory="1500M")


def found(played: Played, step: str) -> dict[str, Any]:
    """What a step found; the guest's words, and where its pictures are, when it did not come to its end."""
    finding = played.findings.get(step, {"error": "the step was never begun"})
    pictures = sorted(picture.name for picture in played.share.glob("*.png"))
    assert "error" not in finding, (
        f"{finding['error']}\n{played.log()}\n{played.log('run.log')}\n{played.log('page.log')}\n"
        f"pictures in {played.share}: {pictures}"
    )
    return finding


def test_the_hub_is_claimed_and_has_a_patient(setting_up: Played) -> None:
    assert found(setting_up, "claim")["stage"] == "claimed"
    assert found(setting_up, "patient")["stage"] == "assigned"


def test_the_page_shows_who_is_in_the_air_and_nobody_connects(setting_up: Played) -> None:
    finding = found(setting_up, "nearby")
    assert "UC-352BLE" in finding["air"]
    assert "BM85" in finding["air"]
    assert finding["calls"] == dict.fromkeys(KINDS, 0)


def test_a_power_cut_while_a_code_is_awaited_leaves_nothing_half_done(setting_up: Played) -> None:
    finding = found(setting_up, "power-cut")
    assert finding["before"]["Connected"]  # it was in the middle of it
    assert not finding["before"]["Bonded"]
    assert {**FREE, **finding["after"]} == FREE
    assert not finding["device_knows_hub"]
    assert finding["devices"] == [["cuff", "idle"]]
    assert found(setting_up, "pair-cuff")["bonded"] == ["cuff"]
    assert found(setting_up, "pair-cuff")["device_knows_hub"]


def test_both_devices_are_paired(setting_up: Played) -> None:
    finding = found(setting_up, "pair-scale")
    assert finding["bonded"] == sorted(KINDS)
    assert finding["device_knows_hub"]


@pytest.mark.parametrize("device", KINDS)
def test_a_test_reading_reaches_the_ward(setting_up: Played, device: str) -> None:
    way = found(setting_up, "tests")["ways"][device]
    assert [name for name, _ in way] == STATIONS
    assert {state for _, state in way} == {"done"}


@pytest.mark.parametrize("device", KINDS)
def test_a_device_has_its_five_ticks(setting_up: Played, device: str) -> None:
    ticks = dict(found(setting_up, "ticks")["ticks"][device])
    assert list(ticks) == ["Heard", "Paired", "Clock", "Battery", "Memory read"]
    # A device may have gone before BlueZ has asked for its battery.
    assert [name for name, tone in ticks.items() if tone != "good"] in ([], ["Battery"])


def test_a_battery_that_bluez_keeps_to_itself_is_known(setting_up: Played) -> None:
    ticks = found(setting_up, "ticks")["ticks"]
    assert "good" in {dict(ticks[device])["Battery"] for device in KINDS}


def test_the_hub_is_locked(setting_up: Played) -> None:
    finding = found(setting_up, "locked")
    assert finding["stage"] == "locked"
    assert "2 devices and 2 test readings" in finding["said"]


def test_a_reading_after_that_is_no_test(setting_up: Played) -> None:
    finding = found(setting_up, "reading")
    assert not finding["test"]
    assert finding["patient"]
    assert finding["assignment"]


def test_doctor_finds_nothing_wrong_with_it(setting_up: Played) -> None:
    finding = found(setting_up, "doctor")
    assert finding["problems"] == []
    assert finding["exit_status"] == 0


def test_a_hub_that_is_given_back_leaves_no_bond_in_bluez(setting_up: Played) -> None:
    finding = found(setting_up, "release")
    assert finding["before"] == sorted(KINDS)
    assert finding["after"] == {}
    assert finding["stage"] == "claimed"


def test_a_device_of_the_earlier_patient_is_heard_and_left_alone(setting_up: Played) -> None:
    finding = found(setting_up, "next-patient")
    assert finding["calls"] == 0
    assert finding["delivered"] == 0
    assert {**FREE, **finding["bluez"].get("scale", {})} == FREE
    assert WEIGHT_KG in finding["weights_at_ward"]
    assert LATER_KG not in finding["weights_at_ward"]


def test_the_hub_stops_when_told(setting_up: Played) -> None:
    assert found(setting_up, "end")["exit_status"] == 0


def test_there_is_a_picture_of_every_step(setting_up: Played) -> None:
    steps = [step for step in setting_up.findings if step not in ("boot", "open-the-box", "browser")]
    assert {f"{step}.png" for step in steps} == {Path(p).name for p in setting_up.share.glob("*.png")}
