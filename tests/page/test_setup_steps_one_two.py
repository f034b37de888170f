"""Start page, step 1 and step 2 in a real Chromium: the whole way, every page judged, by keyboard, without script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.browser import arrived, away, chromium, complaints, leaving, requests, resize, text, wait
from tests.support.judged import faults
from tests.support.served_setup import ServedSetup
from tests.support.setup_hub import CLAIM, CODE, WARD_NOT_FOUND, WELL, installation
from tests.support.steps_window import press
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Check, Window

pytestmark = pytest.mark.browser
_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => { for (const s of list.getEntries()) if (!s.hadRecentInput)
  window.shifts.push(s.sources.map(x => x.node && (x.node.id || x.node.className || x.node.textContent)));
}).observe({type: 'layout-shift', buffered: true});
"""
_SEEN_FOCUS = """
const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
const seen = !!at && (at === e || e.contains(at) || at.contains(e));
return [e.tagName, parseFloat(style.outlineWidth), style.outlineStyle, seen];
"""


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("setup"))
    home.start()
    yield home
    home.stop()


@pytest.fixture
def served(_served: ServedSetup) -> ServedSetup:
    """A hub out of its box, and nobody signed in."""
    _served.begin_anew(installation("factory"))
    return _served


@pytest.fixture(scope="module")
def _window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def window(_window: webdriver.Chrome, served: ServedSetup) -> Iterator[webdriver.Chrome]:
    """The technician's phone, signed in. It has asked nobody else and had nothing to complain about."""
    away(_window)
    resize(_window, 360)
    _window.get(f"{served.address}#{CODE}")
    press(_window, "Sign in")
    yield _window
    asked = {urlsplit(url).netloc for url in requests(_window)}
    said = [c for c in complaints(_window) if "status of 4" not in c]
    _window.delete_all_cookies()
    _window.get("about:blank")
    assert asked == {urlsplit(served.address).netloc}
    assert said == []


def title(window: webdriver.Chrome) -> str:
    return text(window, "h1")


def path(window: webdriver.Chrome) -> str:
    parts = urlsplit(window.current_url)
    return parts.path + parts.fragment


def fill(window: webdriver.Chrome, field: str, value: str) -> None:
    window.find_element(By.ID, field).send_keys(value)


def live(window: webdriver.Chrome) -> None:
    wait(window, "document.getElementById('live').textContent.startsWith('Live.')")


def test_a_scanned_code_is_filled_in_and_leaves_the_address(window: webdriver.Chrome, served: ServedSetup) -> None:
    assert title(window) == "Set up this hub"
    assert path(window) == "/"
    assert served.hub.acts("sign_in") == [{"code": CODE, "address": "127.0.0.1"}]
    assert not any(CODE in url for url in requests(window) if "#" not in url)
    window.get(served.address + "setup/check")


def test_the_whole_way_with_every_page_judged(window: webdriver.Chrome, served: ServedSetup) -> None:
    def judged(where: str) -> None:
        assert faults(window) == [], where
        resize(window, 360)
        window.refresh()

    judged("start")
    press(window, "Go on with step 1")
    assert "Step 1 of 6" in text(window)
    judged("check")
    fill(window, "code", "kitchen-7 AAAA-BBBB")
    press(window, "Claim this hub")
    assert window.title.startswith("Error: ")
    assert window.switch_to.active_element.get_attribute("id") == "refused"
    field = window.find_element(By.ID, "code")
    assert field.get_attribute("value") == "kitchen-7 AAAA-BBBB", "what was typed is kept"
    assert faults(window) == [], "claim refused"
    resize(window, 360)
    field.clear()
    fill(window, "code", f"kitchen-7 {CLAIM}")
    press(window, "Claim this hub")
    assert "The hub works, and the ward accepts it." in text(window)
    judged("claimed")
    press(window, "Go on to the patient")
    assert "Copper Heron" in text(window)
    assert "42" not in text(window), "the digits are never shown"
    judged("patient")
    window.find_elements(By.CSS_SELECTOR, "input[type=radio]")[0].click()
    press(window, "Go on")
    assert title(window) == "Read back Copper Heron"
    judged("digits")
    fill(window, "digits", "24")
    press(window, "Go on")
    assert "Those digits are not Copper Heron's." in text(window)
    assert "42" not in text(window)
    assert faults(window) == [], "wrong digits"
    resize(window, 360)
    field = window.find_element(By.ID, "digits")
    field.clear()
    leaving(window)
    field.send_keys("42", Keys.ENTER)
    arrived(window)
    assert title(window) == "Is this right?"
    assert "Scale, blood pressure cuff, oximeter" in text(window)
    judged("confirm")
    press(window, "Yes, this is right")
    assert served.hub.seen.patient == "Copper Heron"
    assert served.hub.acts("assign")[0] == {
        "words": "Copper Heron",
        "digits": "42",
        "pathways": None,
        "revision": 2,
    }
    window.get(served.address)
    assert "2 of 6 steps completed." in text(window)
    judged("start again")


def test_what_is_read_back_can_be_changed(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation("claimed"))
    window.get(served.address + "setup/patient")
    window.find_elements(By.CSS_SELECTOR, "input[type=radio]")[0].click()
    press(window, "Go on")
    fill(window, "digits", "42")
    press(window, "Go on")
    window.get(served.address + "setup/patient/pathways")
    assert faults(window) == []
    resize(window, 360)
    window.refresh()
    boxes = {b.get_attribute("name"): b for b in window.find_elements(By.CSS_SELECTOR, "input[type=checkbox]")}
    assert boxes["pathway-heart-failure"].is_selected()
    boxes["pathway-copd"].click()
    press(window, "Keep this")
    assert "Heart failure, COPD" in text(window)
    press(window, "Yes, this is right")
    assert served.hub.acts("assign")[0]["pathways"] == ["heart-failure", "copd"]


def test_a_ward_without_a_list_has_the_words_typed(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation("claimed", can_list=False))
    window.get(served.address + "setup/patient")
    assert faults(window) == []
    resize(window, 360)
    window.refresh()
    press(window, "Go on")
    assert "No patient is chosen." in text(window)
    fill(window, "words", "copper heron")
    press(window, "Go on")
    assert title(window) == "Read back copper heron"


def test_taking_the_hub_from_a_patient(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation("assigned", unsent=12))
    window.get(served.address + "setup/patient/release")
    assert "12 messages of Copper Heron are not at the ward yet." in text(window)
    assert faults(window) == []
    resize(window, 360)
    press(window, "Seal and wipe")
    assert served.hub.acts("release") == [{"seal": True, "revision": 3}]
    assert path(window) == "/setup/patient"


def test_ticks_turn_good_without_a_reload_and_nothing_moves(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation("claimed", checks=(*WELL[:2], WARD_NOT_FOUND, WELL[3])))
    window.get(served.address + "setup/check")
    window.execute_script(_SHIFTS + "window.same = true")
    live(window)
    assert "Check the network cable, then press Try again." in text(window, "#next")
    again = next(b for b in window.find_elements(By.TAG_NAME, "button") if b.text == "Try again")
    window.execute_script("arguments[0].focus()", again)
    served.change(checks=WELL)
    wait(window, "document.getElementById('said').textContent.startsWith('The hub works')")
    wait(window, "!document.querySelector('#ticks .problem')")
    assert window.execute_script("return window.same")
    assert window.switch_to.active_element == again
    assert window.execute_script("return window.shifts") == []
    assert len(window.find_elements(By.CSS_SELECTOR, "[role=status]")) == 1


def test_a_clock_that_is_not_set_holds_nobody_up(window: webdriver.Chrome, served: ServedSetup) -> None:
    late = Check(key="clock", tick="waiting", sentence="Not known yet.", what_to_do="You can carry on.")
    served.set(installation("claimed", checks=tuple(late if check.key == "clock" else check for check in WELL)))
    window.get(served.address)
    assert text(window, "#said") == "1 of 6 steps completed."
    window.get(served.address + "setup/check")
    assert "You can carry on." in text(window, "#next")
    press(window, "Go on to the patient")
    assert path(window) == "/setup/patient"


def test_where_nothing_changed_nothing_new_waits_to_be_shown(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation("claimed", checks=WELL))
    window.get(served.address + "setup/check")
    live(window)
    assert not window.find_element(By.ID, "show").is_displayed()


def test_the_end_of_the_window_is_said_on_the_open_page(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.change(window=Window(open=True, left_s=290.0))
    window.get(served.address + "setup/check")
    assert faults(window, (320, 1280)) == []
    served.change(window=Window(open=True, left_s=1200.0))
    resize(window, 360)
    window.refresh()
    live(window)
    served.change(window=Window(open=True, left_s=290.0))
    wait(window, "document.querySelector('#closing.soon')")
    served.change(window=Window(open=False))
    wait(window, "document.querySelector('#closing').textContent.includes('closed')")


def test_by_keyboard_alone(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation("claimed"))
    window.get(served.address)

    def to(words: str, most: int = 25) -> None:
        for _ in range(most):
            webdriver.ActionChains(window).send_keys(Keys.TAB).perform()
            tag, width, style, seen = window.execute_script(_SEEN_FOCUS)
            if tag == "BODY":
                continue
            assert width >= 3, window.switch_to.active_element.get_attribute("outerHTML")
            assert style != "none"
            assert seen, window.switch_to.active_element.get_attribute("outerHTML")
            here: Any = window.switch_to.active_element
            if words in (here.text, here.get_attribute("id")):
                return
        raise AssertionError(f"{words} is not reached")

    def key(*keys: str) -> None:
        webdriver.ActionChains(window).send_keys(*keys).perform()

    def on(key_: str) -> None:
        leaving(window)
        key(key_)
        arrived(window)

    to("Go on with step 2")
    on(Keys.ENTER)
    to("words")
    key(Keys.SPACE)
    to("Go on")
    on(Keys.SPACE)
    to("digits")
    key("42")
    to("Go on")
    on(Keys.ENTER)
    to("Yes, this is right")
    on(Keys.ENTER)
    assert served.hub.seen.stage == "assigned"


def test_a_hub_that_is_away_is_said_with_what_to_do(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.silence()
    try:
        window.get(served.address + "setup/check")
        assert "The hub does not answer" in title(window)
        assert faults(window, (320, 1280)) == []
    finally:
        served.wake()
    complaints(window)
    press(window, "Try again")
    assert title(window) == "Check the hub"


def test_what_nobody_is_signed_in_for(window: webdriver.Chrome, served: ServedSetup) -> None:
    press(window, "Sign out")
    assert faults(window) == []
    resize(window, 360)
    fill(window, "code", "AAAA")
    press(window, "Sign in")
    assert faults(window) == []
    window.get(served.address + "guide")
    assert faults(window, (320, 1280)) == []
    window.get(served.address + "nothing")
    assert faults(window, (320, 1280)) == []


def test_without_script(served: ServedSetup, tmp_path_factory: pytest.TempPathFactory) -> None:
    served.hub.refuse["blink"] = ControlError("no-light", "This hub has no light.", "Look for its id on the label.")
    with chromium(tmp_path_factory.mktemp("plain"), script=False) as window:
        window.get(f"{served.address}#{CODE}")
        fill(window, "code", CODE)
        press(window, "Sign in")
        press(window, "Go on with step 1")
        press(window, "Blink the hub's light")
        assert "This hub has no light." in text(window)
        fill(window, "code", f"kitchen-7 {CLAIM}")
        press(window, "Claim this hub")
        press(window, "Go on to the patient")
        window.find_elements(By.CSS_SELECTOR, "input[type=radio]")[0].click()
        press(window, "Go on")
        fill(window, "digits", "42")
        press(window, "Go on")
        press(window, "Yes, this is right")
        assert served.hub.seen.stage == "assigned"
