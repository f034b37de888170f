"""The unmodified hub over the real BlueZ, in one guest. Facts from the ward's database, the hub's events and the
devices' own books."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from itertools import groupby
from typing import Any

import msgspec
import pytest

from wardgate.capture.owner import HOST_AWAY_S
from wardgate.contract.messages import Event, Reading
from wardgate_sim.lab.guest import ADDRESSES, CLOCK_OFFSETS_S
from wardgate_sim.lab.host import Played

pytestmark = [pytest.mark.lab, pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(3600)]

BONDING = [ADDRESSES["cuff"], ADDRESSES["scale"]]
SLOW_S = 20.0
"""So much a clock may be off that was read, or set, on a machine with much other work: far from those offsets."""
MAIN_VALUE = {"cuff": "systolic", "scale": "weight", "oximeter": "spo2"}


def found(played: Played, step: str) -> dict[str, Any]:
    """What a step found; the guest's words when it did not come to its end."""
    finding = played.findings.get(step, {"error": "the step was never begun"})
    assert "error" not in finding, f"{finding['error']}\n{played.log()}\n{played.log('hub.log')}"
    return finding


def ward_readings(played: Played) -> list[Reading]:
    with closing(sqlite3.connect(played.share / "ward.db")) as ward:
        rows = ward.execute("SELECT payload FROM readings ORDER BY taken_s").fetchall()
    return [msgspec.json.decode(payload, type=Reading) for (payload,) in rows]


def ward_events(played: Played) -> list[Event]:
    with closing(sqlite3.connect(played.share / "ward.db")) as ward:
        return [msgspec.json.decode(row[0], type=Event) for row in ward.execute("SELECT payload FROM events")]


def main_value(reading: Reading) -> float:
    name = MAIN_VALUE[reading.device.id]
    return next(round(q.value, 2) for q in reading.quantities if q.name == name)


def test_the_hub_bonds_with_cuff_and_scale(played: Played) -> None:
    finding = found(played, "bond")
    assert finding["hub_knows_device"] == BONDING
    assert all(finding["device_knows_hub"].values())
    assert {e.device for e in ward_events(played) if e.code == "paired"} >= {"cuff", "scale"}


def test_a_reading_of_each_device_reaches_the_ward(played: Played) -> None:
    assert found(played, "receive")["at_ward"] == {"cuff": 1, "scale": 1, "oximeter": 1}


@pytest.mark.parametrize(("step", "readings"), [("bluetoothd-stopped", 2), ("bluetoothd-killed", 3)])
def test_a_new_bluetoothd_is_found_and_the_bonds_hold(played: Played, step: str, readings: int) -> None:
    finding = found(played, step)
    assert finding["at_ward"] == {"cuff": readings, "scale": readings, "oximeter": readings}
    assert finding["keys_kept"]


def test_a_link_lost_in_the_middle_loses_and_doubles_nothing(played: Played) -> None:
    finding = found(played, "link-lost")
    assert finding["lost"] == 1
    assert finding["unsent"] == 2  # one of three was confirmed before the link went down
    assert sorted(finding["weights_at_ward"])[-4:] == [79.0, 79.2, 79.4, 79.6]


def test_a_device_that_forgot_its_bond_is_told_and_never_unpaired(played: Played) -> None:
    finding = found(played, "forgotten-bond")
    assert finding["event_device"] == "cuff"
    assert finding["event_severity"] == "problem"
    assert finding["event_what_to_do"]
    assert finding["bonds_before_word"] == BONDING


def test_a_persons_word_pairs_it_again_and_what_was_kept_arrives(played: Played) -> None:
    finding = found(played, "forgotten-bond")
    assert finding["bonds_after"] == BONDING
    assert finding["unsent_after"] == 0
    assert finding["acknowledged_after"] == finding["readings_before_word"] + finding["tries"] + 1


@pytest.mark.parametrize("device", MAIN_VALUE)
def test_what_was_acknowledged_is_at_the_ward_once(played: Played, device: str) -> None:
    book = found(played, "end")["books"][device]
    at_ward = Counter(main_value(r) for r in ward_readings(played) if r.device.id == device)
    acknowledged = Counter(values[MAIN_VALUE[device]] for values in book["acknowledged"])
    assert acknowledged
    assert at_ward == acknowledged
    assert acknowledged == Counter(values[MAIN_VALUE[device]] for values in book["taken"])


@pytest.mark.parametrize("device", ["cuff", "scale"])
def test_a_wrong_clock_is_measured_first_then_set(played: Played, device: str) -> None:
    book = found(played, "end")["books"][device]
    first = next(r for r in ward_readings(played) if r.device.id == device)
    assert first.time.device_offset_s == pytest.approx(CLOCK_OFFSETS_S[device], abs=SLOW_S)
    assert abs(book["clock_offset_s"]) < SLOW_S
    age_s = (first.time.received - first.time.taken).total_seconds()
    assert abs(age_s) <= first.time.uncertainty_s + 60
    assert not first.backfill
    assert first.time.synchronised


def test_the_service_tells_systemd_and_stops_when_told(played: Played) -> None:
    assert found(played, "end")["exit_status"] == 0


def test_doctor_beside_the_hub(played: Played) -> None:
    finding = found(played, "without-bluetoothd")
    assert finding["well"]["exit_status"] == 0, finding["well"]
    ill = finding["ill"]
    assert ill["exit_status"] == 1
    assert [name for name, check in ill["checks"].items() if not check["ok"]] == ["bluetooth"]
    assert "bluetoothd" in ill["checks"]["bluetooth"]["sentence"]


RECOVERIES = [
    ("without-bluetoothd", "restart-bluetoothd", "no-bluetoothd"),
    ("bluetoothd-hangs", "restart-bluetoothd", "no-bluetoothd"),
    ("adapter-blocked", "reset-adapter", "off"),
]


@pytest.mark.parametrize("step", [step for step, *_ in RECOVERIES])
def test_a_radio_that_stays_away_is_told_and_its_return_too(played: Played, step: str) -> None:
    told = Counter(code for code in found(played, step)["codes"] if code.startswith("radio-lost"))
    assert told == {"radio-lost": 1, "radio-lost-over": 1}


def test_whoever_is_told_of_a_lost_radio_is_told_what_to_do(played: Played) -> None:
    told = [event for event in ward_events(played) if event.code == "radio-lost"]
    assert len(told) >= len(RECOVERIES)
    assert all(event.what_to_do for event in told)


@pytest.mark.parametrize("step", ["bluetoothd-stopped", "bluetoothd-killed", "adapter-pulled"])
def test_a_radio_that_is_soon_back_is_nobodys_business(played: Played, step: str) -> None:
    finding = found(played, step)
    # On a machine with much other work it may have been away longer, and then it is told.
    assert "radio-lost" not in finding["codes"] or finding["seconds"] > HOST_AWAY_S


@pytest.mark.parametrize(("step", "mended_by", "cause"), RECOVERIES)
def test_the_recovery_ladder_brings_the_radio_back_and_keeps_the_bonds(
    played: Played, step: str, mended_by: str, cause: str
) -> None:
    finding = found(played, step)
    assert finding["helped"] == [mended_by]
    (did,) = finding["steps"]
    assert (did["step"], did["cause"], did["bonds"]) == (mended_by, cause, "kept")
    # Its answer may come when the radio has long been back.
    assert did["done"] or did["reason"] == "it was over before the helper answered"
    assert [(r["step"], r["cause"]) for r in finding["recovered"]] == [(mended_by, cause)]
    assert finding["bonds"] == BONDING


def test_a_bluetoothd_that_hangs_costs_no_key(played: Played) -> None:
    assert found(played, "bluetoothd-hangs")["keys_kept"]


def test_an_adapter_that_was_pulled_out_and_plugged_in_is_listened_to_again(played: Played) -> None:
    finding = found(played, "adapter-pulled")
    assert finding["state"] == "no-adapter"
    assert finding["bonds"] == BONDING
    assert finding["weights_at_ward"][-1] == 78.7


def test_a_code_is_asked_for_and_typed_and_a_wrong_one_can_be_mended(played: Played) -> None:
    finding = found(played, "passkey")
    # A link may break while the code is typed: then it is asked for again.
    told = [code for code, _ in groupby(finding["told"])]
    assert told[:4] == ["passkey-needed", "device-refused", "passkey-needed", "paired"]
    assert finding["device_knows_hub"]
    assert finding["at_ward"] == finding["taken"]


def test_devices_that_clash_lose_nothing_and_the_neighbours_scale_is_left_alone(played: Played) -> None:
    finding = found(played, "clashes")
    assert finding["at_ward"] == finding["taken"]
    assert not finding["neighbour_connected"]
    assert 91.0 not in finding["weights_at_ward"]


def test_another_program_that_takes_the_scale_costs_no_reading(played: Played) -> None:
    finding = found(played, "rival")
    assert finding["at_ward"] == finding["taken"]
    assert finding["had"] + finding["hung_up"] + finding["busy"] > 0


def test_a_search_of_another_program_costs_no_reading(played: Played) -> None:
    assert found(played, "search-in-progress")["spo2_at_ward"] == 95.0


def test_passers_by_leave_nothing_behind(played: Played) -> None:
    finding = found(played, "strangers")
    assert finding["heard"] == 100
    assert finding["known"] == 0
    assert finding["files"] >= 75  # of each whose name was heard, too
    assert finding["cleaned"] == 0
    assert finding["left"] == finding["files"] - finding["files"] // 2
    assert set(BONDING) <= set(finding["bonds"])
