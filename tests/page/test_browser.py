"""The page in a real Chromium: it fits, it lives, it stays still, it keeps to itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.support.axe import judge
from tests.support.browser import away, chromium, complaints, follow, requests, resize, text, wait
from tests.support.home import EVENTS, NOW, alert, device, event, status
from tests.support.served_page import Home

pytestmark = pytest.mark.browser
WIDTHS = (320, 360, 800, 1280)
_WATCH_SHIFTS = """
window.same = true; window.shifts = []; window.from = 0;
const moved = s => !s.hadRecentInput && s.startTime >= window.from;
new PerformanceObserver(list => { for (const s of list.getEntries().filter(moved))
  window.shifts.push([s.value, s.sources.map(x => x.node && (x.node.id || x.node.className || x.node.textContent))]);
}).observe({type: 'layout-shift', buffered: true});
"""
_DRAWN = """
const done = arguments[0];
requestAnimationFrame(() => requestAnimationFrame(() => { window.from = performance.now(); done(); }));
"""
LIVE = "document.getElementById('live').textContent.startsWith('Live.')"


@pytest.fixture(scope="module")
def _window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def window(_window: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """The browser, which at the end of every test has had nothing to complain about."""
    away(_window)
    yield _window
    _window.get("about:blank")
    assert complaints(_window) == []


def opened(window: webdriver.Chrome, home: Home, width: int = 1280, path: str = "") -> webdriver.Chrome:
    """The page, live, with everything that moves noted from now on."""
    resize(window, width)
    window.get(home.address + path)
    window.execute_script(_WATCH_SHIFTS)
    wait(window, LIVE)
    return window


def shifts(window: webdriver.Chrome) -> object:
    return window.execute_script("return window.shifts")


def opened_by_key(window: webdriver.Chrome, details: str) -> WebElement:
    """Its summary. What moves by that is meant to, however late it is drawn: it is no shift."""
    summary = window.find_element(By.CSS_SELECTOR, f"{details} summary")
    summary.send_keys(Keys.ENTER)
    wait(window, f"document.querySelector('{details} details').open")
    window.execute_async_script(_DRAWN)
    return summary


def fits(window: webdriver.Chrome) -> None:
    room = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    needs, has = window.execute_script(room)
    assert needs <= has


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_asks_nobody_else(window: webdriver.Chrome, home: Home, width: int) -> None:
    opened(window, home, width)
    fits(window)
    asked = requests(window)
    assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{home.port}"}
    assert len(asked) <= 6
    assert shifts(window) == []


def test_it_fits_with_large_type_and_wide_spacing(window: webdriver.Chrome, home: Home) -> None:
    opened(window, home, 640)
    window.execute_script("document.documentElement.style.fontSize = '200%'")
    fits(window)
    opened(window, home, 320)
    window.execute_script(
        "for (const e of document.querySelectorAll('body *')) Object.assign(e.style,"
        "{lineHeight: 1.5, letterSpacing: '.12em', wordSpacing: '.16em'})"
    )
    fits(window)


@pytest.mark.parametrize("width", [320, 360, 960, 1280])
@pytest.mark.parametrize("days", [7, 90])
def test_axis_words_do_not_touch(window: webdriver.Chrome, home: Home, width: int, days: int) -> None:
    opened(window, home, width, f"?days={days}")
    boxes = window.execute_script(
        "return [...document.querySelectorAll('svg.chart')].map(c => [...c.querySelectorAll('.day')]"
        ".map(t => t.getBoundingClientRect()).filter(r => r.width).map(r => [r.left, r.right])"
        ".sort((a, b) => a[0] - b[0]))"
    )
    assert len(boxes) == 4
    for chart in boxes:
        assert len(chart) >= 2
        assert all(a[1] + 4 <= b[0] for a, b in pairwise(chart))
        assert chart[-1][1] <= width


@pytest.mark.parametrize("width", [360, 1280])
def test_a_change_arrives_without_a_reload_and_moves_nothing(window: webdriver.Chrome, home: Home, width: int) -> None:
    home.change(**status_fields(open_alerts=()))
    opened(window, home, width)
    assert "Nothing to do." in text(window, "[role=status]")
    window.execute_script(
        "window.changed = 0; new MutationObserver(() => window.changed++).observe("
        "document.querySelector('[role=status]'), {subtree: true, characterData: true, childList: true})"
    )
    home.change("alerts", open_alerts=(alert(),))
    wait(window, "document.querySelector('[role=status]').textContent.startsWith('Weight went up 2.3 kg')")
    assert window.execute_script("return window.same && window.changed > 0")
    assert text(window, "#verdict h1") == "1 thing needs attention"
    assert shifts(window) == []


def status_fields(**changes: object) -> dict[str, object]:
    fresh = status(events=EVENTS, **changes)
    return {name: getattr(fresh, name) for name in fresh.__struct_fields__}


def test_what_would_push_the_page_waits_for_a_press(window: webdriver.Chrome, home: Home) -> None:
    opened(window, home, 360)
    summary = opened_by_key(window, "#device-scale")
    more = (alert(), alert(2, sentence="Oxygen is 84 %. Target 88 to 92 %.", priority="high"))
    home.change("alerts", open_alerts=more)
    wait(window, "!document.getElementById('show').hidden")
    wait(window, "document.querySelector('[role=status]').textContent === 'Oxygen is 84 %.'")
    assert "Target 88 to 92 %" not in text(window, "#alerts")
    assert window.switch_to.active_element == summary
    assert window.execute_script("return document.querySelector('#device-scale details').open")
    assert shifts(window) == []
    window.find_element(By.ID, "show").click()
    assert "Target 88 to 92 %" in text(window, "#alerts")
    assert window.execute_script("return document.getElementById('show').hidden && window.same")


def test_ages_go_on_where_the_focus_is(window: webdriver.Chrome, home: Home) -> None:
    opened(window, home)
    summary = opened_by_key(window, "#device-scale")
    home.change(devices=(device("scale", battery_percent=71), *home.hub.status.devices[1:]))
    wait(window, "document.querySelector('#device-scale').textContent.includes('Good, 71 %')")
    assert window.switch_to.active_element == summary
    assert window.execute_script("return document.querySelector('#device-scale details').open")
    assert shifts(window) == []


def test_a_new_event_is_shown_in_place(window: webdriver.Chrome, home: Home) -> None:
    opened(window, home)
    home.change("events", events=(event(0, "x", "The scale was heard."), *EVENTS[:3]))
    wait(window, "document.getElementById('events').textContent.includes('The scale was heard.')"
                 " || !document.getElementById('show').hidden")  # fmt: skip
    assert shifts(window) == []


def test_a_hub_that_goes_away_is_told_and_its_return_too(window: webdriver.Chrome, home: Home) -> None:
    opened(window, home)
    home.silence()
    try:
        wait(window, "document.getElementById('live').textContent === 'Not live since 9:15am. Trying again'")
        wait(window, "document.querySelector('#verdict h1').textContent === 'The hub does not answer'")
        window.refresh()
        assert window.execute_script("return 'away' in document.body.dataset")
        assert "Is it running?" in text(window, "#verdict")
    finally:
        home.wake()
    wait(window, f"!('away' in document.body.dataset) && {LIVE}")  # it loads itself anew
    assert "2 things need attention" in text(window, "#verdict")
    for entry in complaints(window):
        assert "503" in entry  # the answer of the page while its hub was away


def test_it_works_without_script(tmp_path: Path, home: Home) -> None:
    with chromium(tmp_path, script=False) as window:
        resize(window, 360)
        window.get(home.address)
        assert text(window, "#live") == "Updated 9:15:12am"
        assert "2 things need attention" in text(window, "#verdict")
        assert window.execute_script("return document.querySelector('noscript').offsetHeight")
        follow(window, window.find_element(By.LINK_TEXT, "30 days"))
        assert "Weight, last 30 days" in text(window, "#chart-weight")
        home.change(open_alerts=())
        window.refresh()
        assert "No alert is open." in text(window, "#alerts")
        assert complaints(window) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_every_control_is_large_and_shows_that_it_has_the_focus(
    window: webdriver.Chrome, home: Home, width: int
) -> None:
    opened(window, home, width)
    window.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    stops = []
    body = window.find_element(By.TAG_NAME, "body")
    for _ in range(60):
        (window.switch_to.active_element or body).send_keys(Keys.TAB)
        stop = window.execute_script(
            "const e = document.activeElement, s = getComputedStyle(e); if (e === document.body) return null;"
            "const r = e.getBoundingClientRect(), x = r.left + Math.min(r.width, innerWidth) / 2;"
            "const at = document.elementFromPoint(x, Math.min(r.top + r.height / 2, innerHeight - 1));"
            "return [e.id || e.textContent.trim().slice(0, 30), parseFloat(s.outlineWidth), s.outlineStyle, r.height,"
            "  r.width, e.contains(at)]"
        )
        if stop is None:
            break
        stops.append(stop)
    names = [stop[0] for stop in stops]
    assert names[0] == "Skip to main content"
    assert {"7 days", "90 days", "More about the cuff", "Weight as a table"} <= set(names)
    for name, outline, style, height, wide, own in stops:
        assert (outline >= 3, style) == (True, "solid"), name
        assert min(height, wide) >= 44, name
        assert own, name


STATES = {
    "troubled": {},
    "well": status_fields(open_alerts=()),
    "waiting": status_fields(
        delivery_connected=False,
        delivery_problem="The ward's address is not found. Check the network cable.",
        delivery_waiting=14,
        delivery_oldest_waiting=NOW,
        delivery_oldest_waiting_age_s=60.0,
        way=None,
        open_alerts=(alert(priority="high"), alert(2, priority="low")),
    ),
    "more": status_fields(devices=(device("thermometer", state="not-heard"), device("heart-belt"))),
    "bare": status_fields(devices=(), way=None, radio_state="no-adapter"),
}


@pytest.mark.parametrize(
    ("state", "width"),
    [
        *(("troubled", width) for width in WIDTHS),
        *((s, w) for s in ("well", "waiting", "more", "bare") for w in (320, 1280)),
    ],
)
def test_axe_finds_nothing(window: webdriver.Chrome, home: Home, state: str, width: int) -> None:
    home.change(**STATES[state])
    opened(window, home, width)
    fits(window)
    window.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    window.execute_script("document.querySelectorAll('.scroll').forEach(e => e.style.maxBlockSize = 'none')")
    assert judge(window) == ([], [])


def test_axe_finds_nothing_when_the_hub_is_away(window: webdriver.Chrome, home: Home) -> None:
    home.silence()
    try:
        resize(window, 360)
        window.get(home.address)
        assert judge(window) == ([], [])
        fits(window)
    finally:
        away(window)
        home.wake()
