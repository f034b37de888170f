"""A technician: reads the page, presses, types. With a finger, by keyboard alone, or without script."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.support import browser

PATIENCE_S: Final = 120.0
"""A hub that starts anew, a device that is waited for, a ward that answers; on a machine with other work."""
LOOK_S: Final = 0.05
MOST_STOPS: Final = 60
_CALLED: Final = """
return [...document.querySelectorAll(arguments[1])].find(
    e => e.innerText.trim() === arguments[0] && e.getBoundingClientRect().width) || null
"""
_LOOK_AGAIN: Final = """
const show = document.getElementById('show');
if (show && !show.hidden) show.click();
if (document.querySelector('a[href="/guide#hub-away"]')) location.reload();
"""
"""What waits to be shown is shown; a hub that took longer to start anew than the page had patience is asked again."""
_DOORS: Final = "button, a, summary, label"
_STOP: Final = """
const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
const y = Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1);
const there = document.elementFromPoint(x, y);
const label = e.labels && e.labels.length ? e.labels[0].innerText.trim() : '';
return {id: e.id, words: e.innerText ? e.innerText.trim() : label, type: e.type || '', html: e.outerHTML.slice(0, 90),
    ring: parseFloat(style.outlineWidth), drawn: style.outlineStyle, seen: e === there || e.contains(there)};
"""


class Technician:
    """With a finger on a screen.

    Args:
        window: in front of it.
        address: of the technician's door, without a path.
        on_page: called on every page, once it is there.
    """

    def __init__(
        self, window: webdriver.Chrome, address: str, on_page: Callable[[webdriver.Chrome], None] | None = None
    ) -> None:
        self.window = window
        self.address = address
        self._on_page = on_page or (lambda _: None)

    # What is there

    def text(self, selector: str = "main") -> str:
        """What can be read there now."""
        return browser.text(self.window, selector)

    @property
    def path(self) -> str:
        """Of the page, without the door."""
        return self.window.current_url.removeprefix(self.address)

    def wait(self, words: str, selector: str = "main") -> None:
        """Until the page says so. What waits to be shown is asked for."""
        until_s = time.monotonic() + PATIENCE_S
        while words not in self._now(selector):
            assert time.monotonic() < until_s, f"nobody said {words!r}: {self._now('body')!r}"
            self.look_again()

    def look_again(self) -> None:
        """As the page itself offers it."""
        time.sleep(LOOK_S)
        with suppress(WebDriverException):
            self.window.execute_script(_LOOK_AGAIN)

    # What is done

    def go(self, path: str) -> None:
        """Type the address, or scan it."""
        self.window.get(self.address + path)
        self._on_page(self.window)

    def press(self, words: str) -> None:
        """A button or a link by its words, and the page it leads to."""
        self._called(words)  # a page that is looked at again until it is there is not the one it leads to
        browser.leaving(self.window)
        self.activate(words)
        browser.arrived(self.window)
        self._on_page(self.window)

    def activate(self, words: str) -> None:
        """The same, where the page stays. A live page may draw it anew before it is pressed."""
        while True:
            with suppress(StaleElementReferenceException):
                return self._called(words).click()

    def choose(self, words: str) -> None:
        """One of several, by its label."""
        self.activate(words)

    def type(self, field: str, what: str) -> None:
        """Into a field that may have something in it."""
        while True:
            with suppress(StaleElementReferenceException):
                found = self._field(field)
                found.clear()
                return found.send_keys(what)

    def _field(self, field: str) -> WebElement:
        until_s = time.monotonic() + PATIENCE_S
        while not (there := self.window.find_elements(By.ID, field)):
            assert time.monotonic() < until_s, f"there is no field {field!r}: {self._now('body')!r}"
            self.look_again()
        return there[0]

    def _called(self, words: str) -> WebElement:
        until_s = time.monotonic() + PATIENCE_S
        while True:
            with suppress(WebDriverException):
                found = self.window.execute_script(_CALLED, words, _DOORS)
                if isinstance(found, WebElement):
                    return found
            assert time.monotonic() < until_s, f"there is no {words!r}: {self._now('body')!r}"
            self.look_again()

    def _now(self, selector: str) -> str:
        """Empty while there is no such page."""
        script = "return (document.querySelector(arguments[0]) || {innerText: ''}).innerText"
        try:
            return str(self.window.execute_script(script, selector))
        except WebDriverException:
            return ""


class WithoutScript(Technician):
    """JavaScript is off: the page is asked for again."""

    def look_again(self) -> None:
        time.sleep(0.5)
        self.window.refresh()


class ByKeyboard(Technician):
    """Tab, Space, Enter, letters and digits. Where the focus is can always be seen."""

    def look_again(self) -> None:
        time.sleep(LOOK_S)
        with suppress(WebDriverException):
            if self.window.execute_script("const b = document.getElementById('show'); return b && !b.hidden"):
                self._tab_to(lambda stop: stop["id"] == "show")
                self._keys(Keys.ENTER)
            elif "hub-away" in self.window.page_source:
                self.window.refresh()

    def activate(self, words: str) -> None:
        """Enter does it, on buttons, links and summaries."""
        self._called(words)
        self._tab_to(lambda stop: stop["words"] == words)
        self._keys(Keys.ENTER)

    def choose(self, words: str) -> None:
        """A group of choices is one stop; the arrows go on within."""
        self._tab_to(lambda stop: stop["type"] == "radio")
        self._keys(Keys.SPACE)
        for _ in range(MOST_STOPS):
            if self._stop()["words"].splitlines()[0] == words:
                return
            self._keys(Keys.ARROW_DOWN)
        raise AssertionError(f"there is no {words!r}")

    def type(self, field: str, what: str) -> None:
        """What stood there is selected by Tab, and gives way."""
        self._field(field)
        self._tab_to(lambda stop: stop["id"] == field)
        self._keys(what)

    def _tab_to(self, is_it: Callable[[dict[str, str]], bool]) -> None:
        stops = []
        for _ in range(MOST_STOPS):
            stop = self._stop()
            if is_it(stop):
                return
            stops.append(stop["html"])
            self._keys(Keys.TAB)
        raise AssertionError(f"Tab does not lead there: {stops}")

    def _stop(self) -> dict[str, str]:
        stop = self.window.execute_script(_STOP)
        if stop["html"].startswith(("<body", "<html")):
            return dict(stop)
        assert stop["ring"] >= 3 or stop["type"] in ("radio", "checkbox"), stop
        assert stop["drawn"] != "none", stop
        assert stop["seen"], stop
        return dict(stop)

    def _keys(self, keys: str) -> None:
        ActionChains(self.window).send_keys(keys).perform()
