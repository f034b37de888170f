"""Afterwards in a real Chromium: every page judged, by keyboard, without script; kept live, and nothing moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.browser import follow, text
from tests.support.half_set_up import BODY_SCALE
from tests.support.home import TROUBLED, device, status
from tests.support.judged import faults
from tests.support.served_setup import ServedSetup
from tests.support.setup_hub import CUFF, NOW, OXIMETER, SCALE, added, installation, nearby
from tests.support.steps_window import is_for_all, phone_window, press, quiet, sign_in, wait_text
from tests.support.technician import ByKeyboard
from wardgate.control.provisioning import Audit, AuditEntry, Window

pytestmark = pytest.mark.browser
DEVICES = (added(SCALE), added(CUFF), added(OXIMETER))
LOCKED = installation("locked", devices=DEVICES)
OPEN = installation("assigned", devices=DEVICES, missing=(), unsent=12)
LINES = tuple(
    AuditEntry(number=n, at=NOW - timedelta(minutes=60 - n), what="x", by="page", sentence=f"The scale was added {n}.")
    for n in range(60, 10, -1)
)


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("after"))
    home.start()
    yield home
    home.stop()


@pytest.fixture
def served(_served: ServedSetup) -> ServedSetup:
    """A locked hub with trouble; every test finds it so."""
    _served.set(LOCKED)
    _served.hub.status = TROUBLED
    _served.hub.audit = Audit(entries=LINES, broken_at=3, broken=("Line 3 is missing.",))
    _served.hub.nearby = (nearby(BODY_SCALE, wanted=False), nearby(SCALE, address="C0:FF:EE:00:00:0A", wanted=False))
    return _served


@pytest.fixture
def window(_window: webdriver.Chrome, served: ServedSetup) -> Iterator[webdriver.Chrome]:
    """The technician's phone, signed in."""
    sign_in(_window, served)
    yield _window
    quiet(_window, served)


def at(window: webdriver.Chrome, served: ServedSetup, path: str) -> None:
    window.get(f"{served.address}setup/{path}")
    assert window.current_url.endswith(f"setup/{path}"), window.current_url


def test_the_status_is_for_all(window: webdriver.Chrome, served: ServedSetup) -> None:
    at(window, served, "status")
    assert faults(window, (320, 800, 1280)) == []


@pytest.mark.parametrize("path", ["device/cuff", "device/scale/remove", "hub", "hub/unlock", "audit"])
def test_every_page_of_a_locked_hub_is_for_all(window: webdriver.Chrome, served: ServedSetup, path: str) -> None:
    at(window, served, path)
    is_for_all(window)


@pytest.mark.parametrize(
    "path",
    ["device/scale", "device/scale/test", "device/scale/replace", "device/scale/replace/near-c0-ff-ee-00-00-09", "hub"],
)
def test_every_page_of_an_open_hub_is_for_all(window: webdriver.Chrome, served: ServedSetup, path: str) -> None:
    served.set(OPEN)
    at(window, served, path)
    is_for_all(window)


def test_a_refused_replacement_and_a_new_code_are_for_all(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(OPEN)
    at(window, served, "device/scale/replace/near-c0-ff-ee-00-00-09")
    press(window, "Replace it")
    assert window.title.startswith("Error: ")
    assert window.switch_to.active_element.get_attribute("id") == "refused"
    is_for_all(window)
    at(window, served, "hub/new-code")
    press(window, "Make a new code")
    assert "K7QM-3XV" in text(window)
    is_for_all(window)


def test_the_status_is_kept_live_where_it_is_read(window: webdriver.Chrome, served: ServedSetup) -> None:
    at(window, served, "status")
    wait_text(window, "#live", "Live.")
    summary = window.find_element(By.CSS_SELECTOR, "#device-scale summary")
    window.execute_script("arguments[0].focus()", summary)
    served.hub.status = status(devices=(device("scale"), device("cuff"), device("oximeter")))
    served.change("devices")
    wait_text(window, "#verdict h1", "Working")
    assert window.switch_to.active_element == summary
    assert window.execute_script("return document.querySelectorAll('[role=status]').length") == 1


def test_a_page_that_is_read_once_stays_and_still_says_when_it_closes(
    window: webdriver.Chrome, served: ServedSetup
) -> None:
    at(window, served, "audit")
    wait_text(window, "#live", "Live.")
    before = text(window, "#lines")
    served.hub.audit = Audit(entries=())
    served.change(window=Window(open=True, left_s=200.0, opened_by="button"))
    wait_text(window, "#closing", "This page closes in 3 minutes.")
    assert text(window, "#lines") == before


def test_unlock_and_take_a_test_by_keyboard(window: webdriver.Chrome, served: ServedSetup) -> None:
    technician = ByKeyboard(window, served.address.rstrip("/"))
    technician.go("/")
    technician.press("Status")
    assert technician.path == "/setup/status"
    technician.go("/setup/device/scale")
    technician.press("Test")
    technician.press("Unlock the hub")
    technician.press("Unlock it")
    assert served.hub.seen.stage == "assigned"
    technician.go("/setup/device/scale/test")
    technician.press("Begin the test")
    assert served.hub.acts("test_begin")[-1] == {"device": "scale"}


def test_without_script(served: ServedSetup, tmp_path_factory: pytest.TempPathFactory) -> None:
    with phone_window(tmp_path_factory.mktemp("plain"), script=False) as window:
        sign_in(window, served)
        at(window, served, "status")
        assert "2 things need attention" in text(window)
        window.get(f"{served.address}setup/hub/unlock")
        follow(window, window.find_element(By.CSS_SELECTOR, "button.main"))
        assert served.hub.seen.stage == "assigned"
        window.get(f"{served.address}setup/audit")
        assert "The scale was added 60." in text(window)
