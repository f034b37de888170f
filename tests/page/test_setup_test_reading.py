"""Step 4: the four doors of a test reading, live; the one that waits is amber with its seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.browser import resize, text
from tests.support.half_set_up import CUFF, NOW, SCALE, TIMES, added, installation, way
from tests.support.served_setup import ServedSetup
from tests.support.steps_window import (
    at,
    is_for_all,
    press,
    quiet,
    sign_in,
    wait_text,
)
from wardgate.control import provisioning
from wardgate.control.provisioning import Missing
from wardgate.page.setup.test_step import Run, reading_view

DEVICES = (added(SCALE), added(CUFF))
NOT_TESTED = Missing(key="test-cuff", sentence="The ward has no test reading of the cuff yet.", step=4)


def shown(run: provisioning.TestRun) -> Run:
    view = reading_view(installation(devices=DEVICES, test=run), TIMES).run
    assert view
    return view


def doors(run: Run) -> list[tuple[str, str, str]]:
    return [(node.state, node.said, node.when) for node in run.nodes]


def test_before_anything_is_heard() -> None:
    run = shown(way((), sentence=""))
    assert doors(run) == [
        ("waiting", "Waiting for the scale", ""),
        ("not-yet", "Not yet", ""),
        ("not-yet", "Not yet", ""),
        ("not-yet", "Not yet", ""),
    ]
    assert run.left == "1 minute left"
    assert "".join(word.text for word in run.instruction).startswith("Ask the patient to stand on the scale")


def test_each_door_has_its_time_and_the_one_that_waits_its_seconds() -> None:
    run = shown(way((0, 0.02, 0.3), waiting_s=12.0, left_s=None))
    assert doors(run) == [
        ("done", "Scale, 71.4 kg", "9:15:12am"),
        ("done", "Safe on this hub", "0.02 s"),
        ("done", "Sent", "0.3 s"),
        ("waiting", "Waiting for the ward to say it has it", "12 s"),
    ]
    assert run.said == "Still waiting. This can take 1 minute. Nothing is lost."
    assert (run.tone, run.over) == ("waiting", False)


def test_the_ward_has_it() -> None:
    run = shown(way((0, 0.02, 0.3, 12.4), left_s=None))
    assert doors(run)[3] == ("done", "The ward has it", "12 s")
    assert (run.said, run.tone, run.over) == ("The ward has it. It is marked as a test.", "good", True)


def test_a_ward_that_does_not_answer_is_never_green() -> None:
    run = shown(way((0, 0.02, 0.3), left_s=None, ward_can_confirm=False))
    assert doors(run)[3] == ("none", "This ward does not answer", "")
    assert run.said == "This ward does not answer. Sent is the last thing we know."
    assert (run.tone, run.over) == ("none", True)
    sent = reading_view(installation(devices=(added(SCALE, tested=NOW),), ward_can_confirm=False), TIMES)
    assert (sent.devices[0].word, sent.said) == ("Sent, 9:15am", "A test reading of this device is sent.")


def test_nothing_came_in_time() -> None:
    run = shown(way((), left_s=None, sentence=""))
    assert {state for state, _, _ in doors(run)} == {"not-yet"}
    assert run.said == "No reading came in time. Wake the scale and try again."
    assert (run.again, run.over) == (True, True)


def test_what_is_still_to_test() -> None:
    view = reading_view(installation(devices=(added(SCALE, tested=NOW), added(CUFF)), missing=(NOT_TESTED,)), TIMES)
    assert [device.word for device in view.devices] == ["The ward has it, 9:15am", "Not tested yet"]
    assert view.said == "Still to test: the blood pressure cuff."
    assert not view.done
    assert reading_view(installation(devices=(added(SCALE, tested=NOW),)), TIMES).done
    assert not reading_view(installation(), TIMES).done


@pytest.fixture
def window(_window: webdriver.Chrome, served: ServedSetup) -> Iterator[webdriver.Chrome]:
    served.set(installation(devices=DEVICES, missing=(NOT_TESTED,)))
    served.call(served.hub.asked.clear)
    sign_in(_window, served)
    yield _window
    quiet(_window, served)


_PLACES = """
return [...document.querySelectorAll("main h1, #run li, #run strong, #run .still, #tested .card, #next")].map(e => {
  const box = e.getBoundingClientRect();
  return [Math.round(box.top + scrollY), Math.round(box.height)];
});
"""
"""Where the lines of the page stand and how much room they have."""


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_its_way_is_shown_live_and_nothing_moves(window: webdriver.Chrome, served: ServedSetup, width: int) -> None:
    """The rows have the room for the longest of their words from the start: what is new never waits for a press."""
    at(window, served, "test")
    press(window, "Test the scale")
    assert served.hub.acts("test_begin") == [{"device": "scale"}]
    served.change(test=way(()))
    resize(window, width, 2000)  # what moves below the fold is no shift to a browser
    at(window, served, "test")
    window.execute_script(
        "window.same = true; window.shifts = 0; new PerformanceObserver(l => { for (const s of l.getEntries())"
        " if (!s.hadRecentInput) window.shifts += s.value; }).observe({type: 'layout-shift'})"
    )
    places = window.execute_script(_PLACES)
    for passed, words in (
        ((0,), "Scale, 71.4 kg"),
        ((0, 0.02), "Safe on this hub"),
        ((0, 0.02, 0.3), "Waiting for the ward to say it has it"),
        ((0, 0.02, 0.3, 12.0), "It is marked as a test."),
    ):
        waiting_s = 12.0 if len(passed) == 3 else None
        tested = NOW if len(passed) == 4 else None
        devices = (added(SCALE, tested=tested), added(CUFF))
        served.change("readings", test=way(passed, waiting_s=waiting_s, left_s=None), devices=devices)
        wait_text(window, "#run", words)
        assert window.execute_script(_PLACES) == places
        assert not window.find_element(By.ID, "show").is_displayed(), "nothing waits for room"
    assert text(window, "#said") == "The ward has a test reading of the scale."
    assert window.execute_script("return window.same && window.shifts") == 0
    assert window.find_elements(By.CSS_SELECTOR, "#run .waiting") == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("passed", [(), (0, 0.02, 0.3)])
def test_the_page_is_for_all(
    window: webdriver.Chrome, served: ServedSetup, width: int, passed: tuple[float, ...]
) -> None:
    served.change(test=way(passed, waiting_s=12.0 if passed else None))
    is_for_all(at(window, served, "test"), width)


@pytest.mark.browser
def test_a_device_is_left_out_with_a_reason(window: webdriver.Chrome, served: ServedSetup) -> None:
    at(window, served, "test")
    press(window, "Leave the cuff out")
    press(window, "Leave the cuff out")
    assert "The checklist has to say why." in text(window, "#refused")
    is_for_all(window)
    window.find_element(By.CSS_SELECTOR, "input[value=nobody-can] + label").click()
    press(window, "Leave the cuff out")
    assert served.hub.acts("leave_out") == [{"device": "cuff", "reason": "nobody-can", "revision": 7}]
    assert "Nobody here can use it today." in text(window, "#tested")
    assert text(window, "#said") == "Still to test: the scale."


@pytest.mark.browser
def test_one_may_go_on_and_come_back(window: webdriver.Chrome, served: ServedSetup) -> None:
    served.change(test=way((0, 0.02), waiting_s=3.0))
    at(window, served, "test")
    press(window, "Carry on, and check again at the end")
    assert window.current_url.endswith("/setup/limits")
    at(window, served, "test")
    press(window, "Stop this test")
    assert len(served.hub.acts("test_end")) == 1
    assert "Choose a device." in text(window, "#run")
