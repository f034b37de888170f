"""Step 6: label, checklist, lock. What is missing leads to its step; a setup code is shown once."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.browser import text
from tests.support.half_set_up import CUFF, NOW, OXIMETER, SCALE, added, done, installation, limits
from tests.support.served_setup import ServedSetup
from tests.support.steps_window import at, is_for_all, press, quiet, served_steps, sign_in
from wardgate.control.messages import ScreenKey
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Audit, Missing
from wardgate.page.setup.lock_step import done_sentence, lock_view

DEVICES = (added(SCALE, tested=NOW), added(CUFF), added(OXIMETER))
MISSING = (
    Missing(key="limits", sentence="The limits were not read back.", step=5),
    Missing(key="test-cuff", sentence="The ward has no test reading of the cuff yet.", step=4),
)
READY = installation(devices=DEVICES, tests_confirmed=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    with served_steps(tmp_path_factory.mktemp("setup")) as served:
        served.call(lambda: setattr(served.hub, "audit", Audit(entries=done(("claimed", "The hub was claimed.")))))
        served.call(lambda: setattr(served.hub, "limits", limits()))
        yield served


@pytest.fixture
def window(_window: webdriver.Chrome, served: ServedSetup) -> Iterator[webdriver.Chrome]:
    served.set(READY)
    sign_in(_window, served)
    yield _window
    quiet(_window, served)


def test_what_is_missing_comes_in_the_order_of_the_steps() -> None:
    view = lock_view(installation(missing=MISSING))
    assert [gap.step for gap in view.missing] == [4, 5]
    assert view.said == "2 things are still missing."


def test_the_last_sentence() -> None:
    assert done_sentence(READY) == "Done. The ward has this hub, 3 devices and 1 test reading. You can leave."
    silent = installation(devices=DEVICES, tests_confirmed=1, ward_can_confirm=False)
    assert "The ward has" not in done_sentence(silent)
    assert "This ward does not answer." in done_sentence(silent)


def test_a_setup_code_is_shown_once(served: ServedSetup) -> None:
    served.set(READY)
    phone = served.signed_in()
    answer = phone.press("/setup/finish", "new-code")
    assert answer.headers["location"] == "/setup/finish/label"
    code = f"K7QM 3XV{len(served.hub.acts('new_setup_code'))}"
    assert code in phone.ask("/setup/finish/label").text
    for path in ("/setup/finish/label", "/setup/finish/label-a6", "/setup/finish/checklist", "/setup/finish"):
        assert code not in phone.ask(path).text
    assert served.hub.acts("new_setup_code") == [{}]


def test_the_checklist_says_what_was_done(served: ServedSetup) -> None:
    served.set(READY)
    sheet = html.unescape(served.signed_in().ask("/setup/finish/checklist").text)
    for words in ("The hub was claimed.", "5181200417", "Tell the ward if oxygen falls below 88 %.", "Copper Heron"):
        assert words in sheet


@pytest.mark.parametrize("path", ["finish", "finish/checklist"])
def test_the_address_of_the_patient_s_screen(served: ServedSetup, path: str) -> None:
    """Where the hub's file says that a tablet may reach it."""
    tablet = "https://192.168.1.20:8078/k3m9x7pqr2s4tv6w/"
    served.set(READY)
    phone = served.signed_in()
    assert "The patient's screen</h2>" not in phone.ask(f"/setup/{path}").text
    served.call(lambda: setattr(served.hub, "screen", ScreenKey(key="k3m9x7pqr2s4tv6w", address=tablet)))
    try:
        page = phone.ask(f"/setup/{path}").text
        assert tablet in page
        assert "Opens the patient" in page
        served.call(lambda: served.hub.refuse.update(screen_key=ControlError("not-kept", "The key was not kept.")))
        assert tablet not in phone.ask(f"/setup/{path}").text
    finally:
        served.call(served.hub.refuse.clear)
        served.call(lambda: setattr(served.hub, "screen", ScreenKey(key="k3m9x7pqr2s4tv6w")))


@pytest.mark.browser
def test_it_is_locked_only_when_nothing_is_missing(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.set(installation(devices=DEVICES, missing=MISSING))
    at(window, served, "finish")
    press(window, "Lock the hub")
    assert window.title.startswith("Error: ")
    assert "The hub cannot be locked yet." in text(window, "#refused")
    links = window.find_elements(By.CSS_SELECTOR, "#missing a")
    assert [link.get_dom_attribute("href") for link in links] == ["/setup/test", "/setup/limits"]
    is_for_all(window)
    assert served.hub.seen.stage == "assigned"
    served.set(READY)
    at(window, served, "finish")
    press(window, "Lock the hub")
    assert text(window, "h1") == "Done"
    assert text(window, "#said") == "Done. The ward has this hub, 3 devices and 1 test reading. You can leave."
    is_for_all(window)
    press(window, "Unlock the hub")
    assert served.hub.seen.stage == "assigned"


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", ["finish", "limits", "finish/label", "finish/checklist"])
def test_the_pages_are_for_all(window: webdriver.Chrome, served: ServedSetup, path: str, width: int) -> None:
    is_for_all(at(window, served, path), width)
