"""A patient's page is kept true while it is open, in a real Chromium, and never turns into another patient's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support import home
from tests.support.axe import judge
from tests.support.browser import chromium, complaints, resize
from tests.support.ward_page import HUB, WardPage, recent, weight_gain
from wardgate.contract.messages import Reading

pytestmark = pytest.mark.browser
ALERT = f"/alerts/{HUB}/alert-1"


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WardPage]:
    served = WardPage(tmp_path_factory.mktemp("ward") / "ward.db")
    served.start()
    try:
        served.account("nurse-a")
        served.account("nurse-b")
        yield served
    finally:
        served.stop()


@pytest.fixture
def ward(_served: WardPage) -> WardPage:
    _served.forget(("readings", "alerts", "seen", "closings", "silences", "acts", "listening"))
    _served.take(*recent(), weight_gain())
    _served.listening()
    return _served


@pytest.fixture(scope="module")
def _window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def window(_window: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The browser, which has had nothing to complain about and was never loaded anew."""
    complaints(_window)
    yield _window
    _window.get("about:blank")
    assert [c for c in complaints(_window) if "status of 401" not in c] == []


def opened(window: webdriver.Chrome, ward: WardPage, path: str = ALERT, width: int = 1280) -> None:
    resize(window, width)
    window.get(f"{ward.address}/sign-in")
    window.add_cookie({"name": "wardgate-ward", "value": ward.session(), "path": "/", "sameSite": "Strict"})
    window.get(ward.address + path)
    until(window, "document.getElementById('live').textContent.startsWith('Live.')")
    window.execute_script(
        "window.same = true; window.shifts = []; new PerformanceObserver(list => { for (const s of list.getEntries())"
        " window.shifts.push(s.value); }).observe({type: 'layout-shift'})"
    )


def until(window: webdriver.Chrome, script: str) -> None:
    WebDriverWait(window, 15, 0.05).until(lambda w: w.execute_script(f"return {script}"), script)


def says(window: webdriver.Chrome, selector: str, words: str) -> None:
    until(window, f"document.querySelector({selector!r}).textContent.includes({words!r})")


def weight(kg: float, **changes: str) -> Reading:
    """A reading of a moment ago."""
    made = home.reading("weight", datetime.now(UTC) - timedelta(seconds=5), weight=kg)
    return msgspec.structs.replace(made, hub=HUB, **changes)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_reading_comes_onto_its_chart_and_nothing_moves(window: webdriver.Chrome, ward: WardPage, width: int) -> None:
    opened(window, ward, width=width)
    window.execute_script("document.querySelector('#chart-weight summary').focus()")
    ward.take(new := weight(81.4))
    until(window, f"document.querySelector('#chart-weight [data-reading=\"{new.id}\"]')")
    says(window, "#chart-weight .last strong", "81.4 kg")
    assert window.execute_script("return [window.same, window.shifts, document.activeElement.tagName]") == [
        True,
        [],
        "SUMMARY",
    ]


def test_what_others_do_and_what_the_hub_says_stands_there_at_once(window: webdriver.Chrome, ward: WardPage) -> None:
    opened(window, ward)
    says(window, "#verdict [role=status]", "1 open alert. 1 not seen by anybody yet.")
    assert ward.post(f"{ALERT}/seen", ward.session("nurse-b"), revision="1", note="Rung", rang="yes").status == 303
    says(window, "#verdict [role=status]", "1 open alert. Each has been seen.")
    until(window, "!document.getElementById('show').hidden")  # the buttons below would move
    window.find_element(By.ID, "show").click()
    says(window, "section.told", "Seen by the nurse at")
    says(window, "#done", "nurse-b")
    ward.take(weight_gain(7, priority="high", sentence="Weight went up 4 kg."))
    says(window, "#news", "1 new alert. Show it")
    assert window.title.startswith("(1 new) ")
    assert "went up 4 kg" not in window.find_element(By.TAG_NAME, "main").text, "the page is not pushed"
    ward.take(weight_gain(revision=2, state="resolved", changed=datetime.now(UTC)))
    says(window, "#verdict [role=status]", "1 open alert. 1 not seen by anybody yet.")
    window.find_element(By.ID, "show").click()
    until(window, "document.querySelector('section.told .priority').textContent.trim() === 'Over'")
    assert not window.find_elements(By.CSS_SELECTOR, "section.told .button")
    assert judge(window) == ([], [])
    assert window.execute_script("return window.same")


def test_a_ward_that_does_not_listen_says_so_above_an_open_page(window: webdriver.Chrome, ward: WardPage) -> None:
    opened(window, ward)
    ward.do(lambda tx: tx.change("UPDATE listening SET until_s = until_s - 60"))
    says(window, "#verdict [role=status]", "Nobody listens to the hubs.")
    ward.listening()
    says(window, "#verdict [role=status]", "1 open alert.")


def test_an_open_page_never_turns_into_another_patients(window: webdriver.Chrome, ward: WardPage) -> None:
    opened(window, ward, f"/hubs/{HUB}")
    name = window.find_element(By.TAG_NAME, "h1").text
    ward.take(theirs := weight(61.0, patient="copper-heron-93", assignment="a-next"))
    says(window, "#news", "This hub has another patient now.")
    says(window, "#live", "Not live")
    assert window.find_element(By.TAG_NAME, "h1").text == name
    assert theirs.id not in window.page_source
    window.find_element(By.LINK_TEXT, "Show what is there now").click()
    says(window, "h1", "Copper Heron 93")
    says(window, "#live", "Live.")


def test_a_session_that_ends_is_told_and_leads_back_here(window: webdriver.Chrome, ward: WardPage) -> None:
    opened(window, ward)
    ward.do(lambda tx: tx.change("DELETE FROM sessions"))
    says(window, "#news", "You are signed out.")
    window.find_element(By.LINK_TEXT, "Sign in").click()
    until(window, f"document.querySelector('[name=next]').value === {ALERT!r}")


def test_a_page_without_readings_claims_nothing(window: webdriver.Chrome, ward: WardPage) -> None:
    ward.forget(("readings", "alerts"))
    opened(window, ward, f"/hubs/{HUB}")
    says(window, "#verdict [role=status]", "No alert is open. No reading has come in 14 days.")
    ward.take(first := weight(70.0))
    says(window, "#news", "Readings of a patient have come.")
    window.find_element(By.CSS_SELECTOR, "#news a").click()
    until(window, f"document.querySelector('[data-reading=\"{first.id}\"]')")
