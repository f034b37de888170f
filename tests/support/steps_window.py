"""Chromium in front of a served door: signed in, and what every page of a step has to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By

from tests.support.browser import away, chromium, complaints, follow, requests, resize, wait
from tests.support.judged import faults
from tests.support.served_setup import ServedSetup
from tests.support.setup_hub import CODE
from wardgate.page.setup.devices_step import DevicesStep
from wardgate.page.setup.limits_step import LimitsStep
from wardgate.page.setup.lock_step import LockStep
from wardgate.page.setup.test_step import TestStep

STEPS = (DevicesStep(), TestStep(), LimitsStep(), LockStep())


@contextmanager
def served_steps(directory: Path) -> Iterator[ServedSetup]:
    """Steps 3 to 6 of a hub that a test holds in its hand."""
    served = ServedSetup(directory, steps=STEPS)
    served.start()
    try:
        yield served
    finally:
        served.stop()


@contextmanager
def phone_window(directory: Path, *, script: bool = True) -> Iterator[webdriver.Chrome]:
    """A browser that takes the hub's own certificate."""
    with chromium(directory, script=script) as window:
        window.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
        resize(window, 360, 740)
        yield window


def sign_in(window: webdriver.Chrome, served: ServedSetup) -> None:
    """As the only technician. What the page of an earlier test says of its session's end is nobody's."""
    away(window)
    served.call(served.frame.sessions.end_all)
    window.get(served.address)
    window.find_element(By.ID, "code").send_keys(CODE)
    press(window, "Sign in")


def at(window: webdriver.Chrome, served: ServedSetup, path: str) -> webdriver.Chrome:
    """A page of a step."""
    window.get(f"{served.address}setup/{path}")
    return window


def press(window: webdriver.Chrome, words: str) -> None:
    """A button or a link by its words, and the page it leads to. A live page may draw it anew before it is pressed:
    then it is looked for again."""
    called = "return [...document.querySelectorAll('button, a')].find(e => e.innerText.trim() === arguments[0])"
    while True:
        found = window.execute_script(called, words)
        assert found is not None, f"there is no {words!r}"
        with suppress(StaleElementReferenceException):
            return follow(window, found)


def wait_text(window: webdriver.Chrome, selector: str, words: str) -> None:
    """Until the live page says so, without a reload."""
    wait(window, "document.querySelector(arguments[0]).textContent.includes(arguments[1])", selector, words)


def is_for_all(window: webdriver.Chrome, *widths: int) -> None:
    """axe has nothing to say, it fits, also with large type and wide spacing, and every target is large."""
    window.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = faults(window, widths or (320,))
    resize(window, 360, 740)
    assert found == []


def quiet(window: webdriver.Chrome, served: ServedSetup) -> None:
    """At the end of a test: no complaint in the console, and every request went to the hub."""
    asked = requests(window)
    assert all(url.startswith(served.address) for url in asked), asked
    said = [entry for entry in complaints(window) if "status of 422" not in entry]
    assert not said, said
