"""Step 3: what is in the air and in which order, what to press, the number, the ticks."""

from __future__ import annotations

import pytest

from tests.support.half_set_up import (
    BODY_SCALE,
    CABLE,
    CLOSE,
    CUFF,
    FAR,
    MIDDLE,
    OXIMETER,
    SCALE,
    UNPAIRED,
    UNWANTED,
    added,
    installation,
    near,
)
from wardgate.control.provisioning import Nearby
from wardgate.page.setup.devices_view import device_step, devices_view, passkey_of
from wardgate.page.setup.pictures import emphasised, typed_here
from wardgate_drivers.model.catalogue import all_models
from wardgate_drivers.model.wake import wake_words


def test_the_strongest_comes_first_and_only_what_is_wanted_is_offered() -> None:
    mine = near(OXIMETER, "AA:00:00:00:00:05", -30, device="oximeter")
    view = devices_view(installation(), (FAR, UNWANTED, CLOSE, mine, CABLE, MIDDLE))
    assert [row.address[-1] for row in view.in_the_air] == ["3", "2", "1"]
    assert [row.signal for row in view.in_the_air] == ["Strong signal", "Good signal", "Weak signal"]
    assert [row.address for row in view.something_else] == [UNWANTED.address, CABLE.address]
    assert view.more == ""


def test_the_order_stays_while_it_is_shown() -> None:
    first = devices_view(installation(), (FAR, MIDDLE))
    stronger = near(OXIMETER, FAR.address, -20)
    later = devices_view(installation(), (stronger, MIDDLE, CLOSE), first.shown.split(","))
    assert [row.address[-1] for row in later.in_the_air] == ["2", "1"]
    assert later.in_the_air[1].signal == "Strong signal"
    assert later.more == "1 more found."
    assert later.shown == first.shown


def test_one_that_fell_quiet_says_so() -> None:
    (row,) = devices_view(installation(), (near(heard_age_s=65.0),)).in_the_air
    assert row.heard == "Quiet for 1 minute"


def test_what_has_to_be_said_before_it_is_added() -> None:
    both = Nearby(address="AA:00:00:00:00:06", rssi_dbm=-60, heard_age_s=1.0, models=(CUFF, SCALE), wanted=True)
    rows = devices_view(installation(), (both, CLOSE, near(BODY_SCALE, "AA:00:00:00:00:07", -61))).in_the_air
    assert [row.asks for row in rows] == [False, True, True]
    assert rows[1].name == "Beurer BM54 or A&D UC-352BLE"


def test_what_is_still_to_add() -> None:
    assert devices_view(installation(devices=(added(SCALE), added(CUFF))), ()).said == "Still to add: the oximeter."
    unpaired = added(CUFF, pairing="idle", checks=UNPAIRED)
    view = devices_view(installation(kinds=("cuff",), devices=(unpaired,)), ())
    assert view.said == "The blood pressure cuff is added. It is not ready yet."
    assert not view.done
    assert devices_view(installation(kinds=("cuff",), devices=(added(CUFF),)), ()).done


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.id)
def test_every_model_has_an_instruction_for_each_moment(model: object) -> None:
    wake = wake_words(typed_here(model.wake))  # type: ignore[attr-defined]
    assert "code" not in wake.use
    for said in (wake.use, wake.pair):
        assert said[0].isupper()
        assert said.endswith(".")
        assert "to pair" not in said
        assert "at the hub" not in said
        assert ";" not in said
        assert "that key" not in said
        assert "".join(word.text for word in emphasised(said)) == said


def test_what_is_pressed_is_strong() -> None:
    wake = wake_words("Take a measurement; to pair, hold START until Pr shows.")
    assert wake.use == "Take a measurement."
    assert [w.text for w in emphasised(wake.pair) if w.strong] == ["START", "Pr"]
    omron = wake_words("Take a measurement, or press the Bluetooth key; to pair, hold that key until -P- blinks.")
    assert omron.pair == "Hold the Bluetooth key until -P- blinks."
    assert [w.text for w in emphasised(omron.pair) if w.strong] == ["Bluetooth key", "-P-"]


def test_a_device_that_is_paired_shows_no_code() -> None:
    code = "Take a measurement, then press its memory key; type the code it shows at the hub."
    assert wake_words(code).use == "Take a measurement, then press its memory key."
    assert wake_words(code).pair.endswith("Type the code it shows at the hub.")
    perhaps = wake_words("Take the temperature; if it shows a code, type that at the hub.")
    assert perhaps.use == "Take the temperature."
    assert perhaps.pair == "Take the temperature. If it shows a code, type that at the hub."


def test_a_device_that_is_not_heard() -> None:
    view = device_step(added(CUFF, pairing="waiting", pairing_sentence="", pairing_left_s=42.0, checks=UNPAIRED))
    assert view.said == "No cuff heard yet."
    assert view.what_to_do == (
        "Take a measurement, then press its memory key. Type the code it shows here. Keep this page open. "
        "Still nothing after 1 minute? Change the batteries."
    )
    scale = device_step(added(SCALE, pairing="waiting", checks=UNPAIRED))
    assert scale.what_to_do == (
        "Hold the button underneath until Pr shows while this page is open. "
        "Still nothing after 1 minute? Change the batteries."
    )
    assert view.left == "42 seconds left"


def test_the_hubs_own_words_about_a_pairing_are_shown() -> None:
    held = added(
        SCALE,
        pairing="failed",
        pairing_sentence="This scale is paired with something else. Clear it first.",
        pairing_what_to_do="Hold the button for 10 seconds.",
        checks=UNPAIRED,
    )
    view = device_step(held)
    assert (view.said, view.what_to_do) == (held.pairing_sentence, held.pairing_what_to_do)
    assert view.tone == "problem"


def test_one_that_needs_no_pairing_is_ready() -> None:
    view = device_step(added(OXIMETER, pairing="idle"))
    assert view.state == "ready"
    assert view.heading == "Oximeter"
    assert view.finished


@pytest.mark.parametrize(
    ("typed", "number"),
    [("482913", 482913), (" 482 913 ", 482913), ("482-913", 482913), ("000042", 42), ("48291", None), ("48291x", None),
     ("４８２９１３", None), ("", None)],
)  # fmt: skip
def test_six_digits_however_they_are_spaced(typed: str, number: int | None) -> None:
    assert passkey_of(typed) == number
