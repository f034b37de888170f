"""From the box to a locked hub in a real browser: with a finger, by keyboard alone, and without script."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver

from tests.support.browser import complaints, requests, resize, wait
from tests.support.journey import (
    VALUES,
    add_devices,
    check_and_claim,
    choose_patient,
    lock,
    read_limits_back,
    refer,
    sign_in,
    try_device,
)
from tests.support.kitchen import Kitchen, kitchen_table
from tests.support.paper import sheets
from tests.support.steps_window import is_for_all, phone_window
from tests.support.technician import ByKeyboard, Technician, WithoutScript
from wardgate.contract.messages import Reading

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
A4 = (210.0, 297.0)
SMALL_LABEL = (62.0, 29.0)
LATER = {"weight": 81.3}
"""What the patient weighs when everybody has gone."""
PHONE, DESKTOP = (360, 740), (1280, 900)


class Judge:
    """Looks once at every page that is passed."""

    def __init__(self, size: tuple[int, int], *widths: int) -> None:
        self._size, self._widths = size, widths
        self.judged: list[str] = []

    def __call__(self, window: webdriver.Chrome) -> None:
        if window.title not in self.judged:
            self.judged.append(window.title)
            is_for_all(window, *self._widths)
            resize(window, *self._size)


def set_up(who: Technician, kitchen: Kitchen) -> None:
    """All six steps but the lock."""
    referral = refer(kitchen)
    sign_in(who, kitchen.open_the_box())
    check_and_claim(who, kitchen)
    choose_patient(who, referral)
    add_devices(who, kitchen)
    for device in VALUES:
        try_device(who, kitchen, device)
    read_limits_back(who)


def print_everything(who: Technician) -> None:
    """Checklist and label, each on one sheet."""
    who.press("The checklist, A4")
    assert sheets(who.window) == [pytest.approx(A4, abs=0.2)]
    who.press("Back")
    who.activate("The label is lost or unreadable")
    who.press("New code, label 62 by 29 mm")
    assert len(who.text(".code").replace(" ", "")) >= 8
    assert sheets(who.window) == [pytest.approx(SMALL_LABEL, abs=0.2)]
    who.press("Back")


def the_ward_has_the_tests(kitchen: Kitchen) -> None:
    """Each of the three, marked as a test, for nobody."""
    tests = [reading for reading in kitchen.at_the_ward() if reading.test]
    assert {reading.device.id for reading in tests} == set(VALUES)
    for reading in tests:
        measured = {quantity.name: quantity.value for quantity in reading.quantities}
        wanted = {name: v for name, v in VALUES[reading.device.id].items() if name in measured}
        assert wanted
        assert {name: round(measured[name], 1) for name in wanted} == wanted
        assert reading.patient is None
    kitchen.has_passed(f"wardgate/1/{tests[0].hub}/up/test", len(VALUES))


def life_goes_on(who: Technician, kitchen: Kitchen) -> None:
    """What the patient measures now is no test; it reaches the ward, and stands on the hub's own page."""

    def is_it(reading: Reading) -> bool:
        return any(q.name == "weight" and round(q.value, 1) == LATER["weight"] for q in reading.quantities)

    before = kitchen.topics.count("wardgate/1/kitchen-7/up/reading")
    kitchen.measure("scale", LATER)
    reading = kitchen.has_come(is_it)
    assert not reading.test
    assert reading.patient is not None
    kitchen.has_passed("wardgate/1/kitchen-7/up/reading", before + 1)
    who.window.get(f"http://127.0.0.1:{kitchen.page_port}/")
    wait(who.window, "document.querySelector('main').innerText.includes('81.3')")


def nobody_complains(who: Technician, kitchen: Kitchen) -> None:
    """Nothing in the console, no request to anybody but the hub. A hub that starts anew for longer than a page has
    patience is asked again: that it was away stands there, and is no complaint."""
    ours = (who.address, f"http://127.0.0.1:{kitchen.page_port}/")
    assert [url for url in requests(who.window) if not url.startswith(ours)] == []
    assert [entry for entry in complaints(who.window) if "status of 503" not in entry] == []


def test_on_a_phone(tmp_path: Path) -> None:
    with kitchen_table(tmp_path) as kitchen, phone_window(tmp_path / "profile") as window:
        judge = Judge(PHONE, 320, PHONE[0])
        who = Technician(window, f"https://127.0.0.1:{kitchen.setup_port}", judge)
        set_up(who, kitchen)
        the_ward_has_the_tests(kitchen)
        print_everything(who)
        lock(who)
        assert kitchen.ask().stage == "locked"
        nobody_complains(who, kitchen)
        life_goes_on(who, kitchen)
        assert len(judge.judged) >= 15, judge.judged


def test_at_a_desk_by_keyboard_alone(tmp_path: Path) -> None:
    with kitchen_table(tmp_path) as kitchen, phone_window(tmp_path / "profile") as window:
        resize(window, *DESKTOP)
        judge = Judge(DESKTOP, 800, DESKTOP[0])
        who = ByKeyboard(window, f"https://127.0.0.1:{kitchen.setup_port}", judge)
        set_up(who, kitchen)
        the_ward_has_the_tests(kitchen)
        print_everything(who)
        lock(who)
        assert kitchen.ask().stage == "locked"
        nobody_complains(who, kitchen)
        life_goes_on(who, kitchen)
        assert len(judge.judged) >= 15, judge.judged


def test_without_script(tmp_path: Path) -> None:
    with kitchen_table(tmp_path) as kitchen, phone_window(tmp_path / "profile", script=False) as window:
        who = WithoutScript(window, f"https://127.0.0.1:{kitchen.setup_port}")
        set_up(who, kitchen)
        the_ward_has_the_tests(kitchen)
        lock(who)
        assert kitchen.ask().stage == "locked"
        nobody_complains(who, kitchen)
