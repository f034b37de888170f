"""Step 3 in a browser: adding, pairing, the number, what follows live, removing; with a keyboard and without script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.browser import arrived, leaving, resize, text, wait
from tests.support.half_set_up import (
    BODY_SCALE,
    CABLE,
    CLOSE,
    CUFF,
    FAR,
    INDICATOR,
    MIDDLE,
    OXIMETER,
    SCALE,
    UNPAIRED,
    UNWANTED,
    added,
    installation,
    near,
)
from tests.support.judged import too_wide
from tests.support.served_setup import ServedSetup
from tests.support.steps_window import (
    at,
    is_for_all,
    phone_window,
    press,
    quiet,
    sign_in,
    wait_text,
)
from wardgate.contract.pseudonym import FIRST, SECOND
from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Nearby


@pytest.fixture
def window(_window: webdriver.Chrome, served: ServedSetup) -> Iterator[webdriver.Chrome]:
    """Signed in at a hub with three kinds expected and nothing added; it had nothing to complain about at the end."""
    served.set(installation())
    served.call(served.hub.refuse.clear)
    served.call(served.hub.asked.clear)
    in_the_air(served)
    sign_in(_window, served)
    yield _window
    quiet(_window, served)


def in_the_air(served: ServedSetup, *found: Nearby) -> None:
    served.call(lambda: setattr(served.hub, "nearby", found))


def asked(served: ServedSetup, method: str) -> list[dict[str, object]]:
    return [dict(params) for params in served.hub.acts(method)]


@pytest.mark.browser
def test_a_device_is_added_paired_and_has_its_ticks(window: webdriver.Chrome, served: ServedSetup) -> None:
    in_the_air(served, CLOSE)
    at(window, served, "devices")
    assert text(window, "#said") == "Still to add: the scale, the blood pressure cuff and the oximeter."
    press(window, "Add the cuff")
    assert asked(served, "add_device") == [{"model": CUFF.id, "address": CLOSE.address, "revision": 7}]
    assert window.current_url.endswith("/setup/devices/cuff")
    served.call(lambda: served.hub.pairing("cuff", pairing="passkey-wanted", checks=UNPAIRED, pairing_left_s=50.0))
    wait_text(window, "#said", "The cuff shows a number.")
    window.refresh()
    field = window.find_element(By.ID, "passkey")
    assert [field.get_attribute(name) for name in ("inputmode", "autocomplete")] == ["numeric", "one-time-code"]
    assert field.value_of_css_property("font-size") == "28px"
    field.send_keys("482 913")
    press(window, "Pair")
    assert asked(served, "passkey") == [{"device": "cuff", "passkey": 482913}]
    served.call(lambda: served.hub.pairing("cuff", pairing="paired", checks=added().checks, pairing_left_s=None))
    wait_text(window, "#ticks", "Memory: well.")
    wait_text(window, "#said", "The cuff is paired with this hub.")


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_heading_and_instruction_follow_when_pairing_ends(
    window: webdriver.Chrome, served: ServedSetup, width: int
) -> None:
    """Nothing moves, nothing waits for a press and nothing is loaded anew."""
    paired = "Take a measurement, then press its memory key."
    resize(window, width)
    served.change(devices=(added(CUFF, pairing="pairing", checks=UNPAIRED),))
    at(window, served, "devices/cuff")
    wait_text(window, "#live", "Live.")
    assert text(window, "h1") == "Pair the blood pressure cuff"
    assert text(window, "#wake") == "Take a measurement, then press its memory key. Type the code it shows here."
    window.execute_script(
        "window.same = true; window.shifts = []; new PerformanceObserver(list => { for (const s of list.getEntries())"
        " window.shifts.push(s.value); }).observe({type: 'layout-shift'})"
    )
    served.call(lambda: served.hub.pairing("cuff", pairing="paired", checks=added().checks))
    wait(window, "document.querySelector('h1').textContent === 'Blood pressure cuff'")
    wait(window, "document.querySelector('#wake').innerText.trim() === arguments[0]", paired)
    wait_text(window, "#said", "The cuff is paired with this hub.")
    assert window.execute_script("return [window.same, window.shifts]") == [True, []]
    is_for_all(window)


@pytest.mark.browser
def test_a_number_that_is_refused_stays_and_the_reason_takes_the_focus(
    window: webdriver.Chrome, served: ServedSetup
) -> None:
    served.change(devices=(added(CUFF, pairing="passkey-wanted", checks=UNPAIRED),))
    wrong = ControlError("wrong-passkey", "The cuff did not accept 482913.", "Type the 6 digits it shows now.")
    served.call(lambda: served.hub.refuse.update(passkey=wrong))
    at(window, served, "devices/cuff")
    window.find_element(By.ID, "passkey").send_keys("482913")
    press(window, "Pair")
    assert window.title.startswith("Error: ")
    assert window.switch_to.active_element.get_attribute("id") == "refused"
    assert "The cuff did not accept 482913." in text(window, "#refused")
    assert text(window, "#passkey-why") == "Type the 6 digits it shows now."
    assert window.find_element(By.ID, "passkey").get_attribute("value") == "482913"
    is_for_all(window)


@pytest.mark.browser
def test_too_few_digits_never_reach_the_hub(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.change(devices=(added(CUFF, pairing="passkey-wanted", checks=UNPAIRED),))
    at(window, served, "devices/cuff")
    window.find_element(By.ID, "passkey").send_keys("48291")
    press(window, "Pair")
    assert "A number has 6 digits." in text(window, "#refused")
    assert asked(served, "passkey") == []


@pytest.mark.browser
def test_a_hub_that_takes_long_to_start_with_a_device_tells_of_no_socket(
    window: webdriver.Chrome, served: ServedSetup
) -> None:
    in_the_air(served, CLOSE)
    away = HubAway(Path("/run/wardgate/control.sock"), "No such file or directory")
    served.hub.refuse["pair_start"] = ControlError(away.key, away.sentence, away.what_to_do)
    at(window, served, "devices")
    press(window, "Add the cuff")
    assert window.current_url.endswith("/setup/devices/cuff")
    assert "/run" not in text(window, "main")


@pytest.mark.browser
def test_the_cuff_shows_no_number(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.change(devices=(added(CUFF, pairing="passkey-wanted", checks=UNPAIRED),))
    at(window, served, "devices/cuff")
    press(window, "The cuff shows no number")
    assert asked(served, "no_number") == [{"device": "cuff"}]
    assert text(window, "#said") == "The cuff showed no number."
    press(window, "Try again")
    assert asked(served, "pair_start") == [{"device": "cuff"}]


@pytest.mark.browser
def test_a_user_and_a_code_are_asked_where_the_model_needs_them(window: webdriver.Chrome, served: ServedSetup) -> None:
    in_the_air(served, near(BODY_SCALE))
    at(window, served, "devices")
    press(window, "Add the scale")
    is_for_all(window)
    window.find_element(By.ID, "user").send_keys("2")
    press(window, "Add the scale")
    assert text(window, "#consent-why") == "Type the code that was chosen on this device."
    assert window.find_element(By.ID, "user").get_attribute("value") == "2"
    window.find_element(By.ID, "consent").send_keys("1234")
    press(window, "Add the scale")
    (sent,) = asked(served, "add_device")
    assert (sent["user_index"], sent["consent_code"]) == (2, 1234)


@pytest.mark.browser
def test_what_is_at_the_end_of_a_cable_is_chosen(window: webdriver.Chrome, served: ServedSetup) -> None:
    pulse = near(INDICATOR, CABLE.address, None, models=(INDICATOR, OXIMETER))
    in_the_air(served, pulse)
    at(window, served, "devices")
    assert text(window, "#air p").startswith("No scale heard yet.")
    window.find_element(By.TAG_NAME, "summary").click()
    press(window, "Say what it is")
    press(window, "Add it")
    assert "More than one model answers like this." in text(window, "#refused")
    is_for_all(window)
    window.find_element(By.CSS_SELECTOR, f"input[value={OXIMETER.id}] + label").click()
    press(window, "Add it")
    assert asked(served, "add_device") == [{"model": OXIMETER.id, "port": CABLE.address, "revision": 7}]


@pytest.mark.browser
@pytest.mark.parametrize("found", [CLOSE, MIDDLE, FAR])
def test_the_first_one_is_shown_at_once(window: webdriver.Chrome, served: ServedSetup, found: Nearby) -> None:
    """Whoever presses a device's button looks at the page, and has nothing there to press yet."""
    in_the_air(served)
    at(window, served, "devices")
    in_the_air(served, found)
    wait_text(window, "#air", "Heard now.")
    assert not window.find_element(By.ID, "show").is_displayed()


@pytest.mark.browser
def test_new_ones_wait_to_be_shown(window: webdriver.Chrome, served: ServedSetup) -> None:
    in_the_air(served, MIDDLE)
    at(window, served, "devices")
    in_the_air(served, MIDDLE, CLOSE)
    wait_text(window, "#air", "1 more found.")
    titles = [e.text for e in window.find_elements(By.CSS_SELECTOR, "#air h3")]
    assert titles == ["Scale"]
    press(window, "Show it")
    titles = [e.text for e in window.find_elements(By.CSS_SELECTOR, "#air h3")]
    assert titles == ["Blood pressure cuff", "Scale"]


@pytest.mark.browser
def test_a_device_is_removed_after_a_question(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.change(devices=(added(CUFF),))
    at(window, served, "devices/cuff")
    press(window, "Not this cuff? Remove it")
    is_for_all(window)
    press(window, "Remove the cuff")
    assert asked(served, "remove_device") == [{"device": "cuff", "revision": 7}]
    assert "No device yet." in text(window, "#here")


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_are_for_all(window: webdriver.Chrome, served: ServedSetup, width: int) -> None:
    served.change(
        devices=(added(SCALE), added(CUFF, pairing="failed", pairing_what_to_do="Clear it.", checks=UNPAIRED))
    )
    in_the_air(served, FAR, UNWANTED, CABLE)
    is_for_all(at(window, served, "devices"), width)
    is_for_all(at(window, served, "devices/cuff"), width)
    is_for_all(at(window, served, "devices/scale"), width)


@pytest.mark.browser
def test_the_longest_name_stays_in_one_line(window: webdriver.Chrome, served: ServedSetup) -> None:
    longest = " ".join(max(words, key=len) for words in (FIRST, SECOND)).title()
    served.change(patient=longest)
    at(window, served, "devices")
    lines = (
        "const names = document.createRange(); names.selectNodeContents(document.querySelector('header .patient'));"
        "return [names.toString(), new Set([...names.getClientRects()].map(r => r.top)).size]"
    )
    for width in (320, 704, 800, 1024, 1280):
        resize(window, width)
        assert [width, *window.execute_script(lines)] == [width, f"Patient: {longest}", 1]
        assert too_wide(window) == []


def tab_to(window: webdriver.Chrome, words: str) -> None:
    """By the Tab key alone; at each stop it is seen where one is, and nothing lies over it."""
    for _ in range(40):
        ActionChains(window).send_keys(Keys.TAB).perform()
        name, outline, seen = window.execute_script(
            "const e = document.activeElement, r = e.getBoundingClientRect();"
            "const top = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);"
            "return [e.id || e.innerText.trim(), parseFloat(getComputedStyle(e).outlineWidth), e.contains(top)]"
        )
        assert outline >= 3, name
        assert seen, name
        if name == words:
            return
    raise AssertionError(f"Tab never came to {words!r}")


@pytest.mark.browser
def test_the_keyboard_is_enough(window: webdriver.Chrome, served: ServedSetup) -> None:
    in_the_air(served, CLOSE)
    at(window, served, "devices")
    tab_to(window, "Add the cuff")
    leaving(window)
    ActionChains(window).send_keys(Keys.SPACE).perform()
    arrived(window)
    assert "blood pressure cuff" in text(window, "h1")
    served.call(lambda: served.hub.pairing("cuff", pairing="passkey-wanted", checks=UNPAIRED))
    window.refresh()
    tab_to(window, "passkey")
    leaving(window)
    ActionChains(window).send_keys("482913", Keys.ENTER).perform()
    wait_text(window, "#said", "The cuff and the hub are pairing.")
    assert asked(served, "passkey") == [{"device": "cuff", "passkey": 482913}]


@pytest.mark.browser
def test_it_works_without_script(tmp_path: Path, served: ServedSetup) -> None:
    served.set(installation())
    in_the_air(served, CLOSE)
    with phone_window(tmp_path, script=False) as plain:
        sign_in(plain, served)
        at(plain, served, "devices")
        press(plain, "Add the cuff")
        served.call(lambda: served.hub.pairing("cuff", pairing="passkey-wanted", checks=UNPAIRED))
        plain.refresh()
        plain.find_element(By.ID, "passkey").send_keys("482913")
        press(plain, "Pair")
        assert text(plain, "#said") == "The cuff and the hub are pairing."
