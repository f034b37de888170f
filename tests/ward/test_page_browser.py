"""The nurse's page in a real Chromium: accessible, still while the list changes, and used by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.axe import judge
from tests.support.browser import (
    arrived,
    away,
    chromium,
    complaints,
    follow,
    leaving,
    prefers,
    requests,
    resize,
    text,
    wait,
)
from tests.support.ward_page import HUB, PASSWORD, WardPage, recent, weight_gain
from wardgate.contract.messages import State

pytestmark = pytest.mark.browser
ALERT = f"/alerts/{HUB}/alert-1"
LOW = {"spo2_pct": 86.0, "before_pct": 88.0, "target_low_pct": 88.0, "target_high_pct": 92.0, "very_low_pct": 83.0}


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WardPage]:
    served = WardPage(tmp_path_factory.mktemp("ward") / "ward.db")
    served.start()
    try:
        served.account("nurse-a")
        served.take(*recent(), State(hub="still-hub", online=True, epoch="one", heartbeat_every_s=60))
        yield served
    finally:
        served.stop()


@pytest.fixture
def ward(_served: WardPage) -> WardPage:
    """An alert is open, and one hub has been still for three hours."""
    _served.forget()
    _served.take(weight_gain())
    _served.listening()
    still_s = (datetime.now(UTC) - timedelta(hours=3)).timestamp()
    _served.do(lambda tx: tx.change("UPDATE listening SET since_s = $1", still_s - 3600))
    _served.do(lambda tx: tx.change("UPDATE hubs SET heard_s = $1 WHERE hub = 'still-hub'", still_s))
    _served.listening()
    return _served


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
    refused = ("403", "404", "409")  # answers that a test asked for
    assert [c for c in complaints(_window) if not any(f"status of {code}" in c for code in refused)] == []


def signed_in(window: webdriver.Chrome, ward: WardPage, path: str = "/", width: int = 1280) -> None:
    resize(window, width)
    window.get(f"{ward.address}/sign-in")
    window.add_cookie({"name": "wardgate-ward", "value": ward.session(), "path": "/", "sameSite": "Strict"})
    window.get(ward.address + path)


def live(window: webdriver.Chrome) -> None:
    wait(window, "document.getElementById('live').textContent.startsWith('Live.')")


def well_made(window: webdriver.Chrome) -> None:
    """axe has nothing to say, nothing sticks out, what is pressed is large enough, no two links are called the same."""
    assert judge(window) == ([], [])
    assert window.execute_script(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    ), window.current_url
    small = window.execute_script(
        "return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, summary')]"
        ".filter(e => !e.classList.contains('skip') && getComputedStyle(e).visibility === 'visible')"
        ".map(e => [e.textContent || e.name, e.getBoundingClientRect()])"
        ".filter(([_, r]) => r.width && (r.height < 43.5 || r.width < 43.5)).map(([t, r]) => [t, r.width, r.height])"
    )
    assert small == []
    names = window.execute_script(
        "return [...document.querySelectorAll('a[href]')].map(a => [a.textContent.trim(), a.getAttribute('href')])"
    )
    assert len({n for n, _ in names}) == len({tuple(n) for n in names})


def states(ward: WardPage) -> list[str]:
    """Every page, in a state in which much is on it."""
    now = datetime.now(UTC)
    ward.take(
        weight_gain(
            2, kind="low-saturation", priority="high", sentence="Oxygen saturation was 88 % and then 86 %.", inputs=LOW
        ),
        weight_gain(3, priority="low", raised=now - timedelta(days=2), raised_count=4, sentence="A low one. " * 12),
    )
    token = ward.session()
    assert ward.post(f"/alerts/{HUB}/alert-2/seen", token, revision="1", note="Rung " * 40, rang="yes").status == 303
    assert ward.post(f"/alerts/{HUB}/alert-2/close", token, revision="1", note="Visit at noon").status == 303
    return [
        "/",
        ALERT,
        f"/alerts/{HUB}/alert-2?days=90",
        f"{ALERT}/seen",
        f"{ALERT}/close",
        "/hubs",
        "/sign-in",
        "/none",
        "/hubs/still-hub",
    ]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (360, "dark"), (800, "dark"), (1280, "light")])
def test_every_page_is_accessible_and_fits(window: webdriver.Chrome, ward: WardPage, width: int, scheme: str) -> None:
    prefers(window, scheme)
    pages = states(ward) if width == 320 else states(ward)[:4]
    signed_in(window, ward, width=width)
    for path in pages:
        window.get(ward.address + path)
        if path == "/":
            live(window)
        well_made(window)
    window.get(f"{ward.address}{ALERT}/close")
    window.execute_script(
        "window.left = true; document.querySelector('textarea').value = 'x'; document.forms[1].submit()"
    )
    arrived(window)
    assert "Nobody has seen this alert yet." in text(window, "#problem")
    well_made(window)


def test_it_holds_large_type_and_wide_spacing(window: webdriver.Chrome, ward: WardPage) -> None:
    for path in states(ward):
        signed_in(window, ward, path, 640)
        window.execute_script("document.documentElement.style.fontSize = '200%'")
        assert window.execute_script(
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path


def test_it_asks_nobody_else_and_not_often(window: webdriver.Chrome, ward: WardPage) -> None:
    signed_in(window, ward)
    requests(window)
    window.get(ward.address + ALERT)
    asked = requests(window)
    assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{ward.port}"}
    assert len(asked) <= 6


def press(window: webdriver.Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(window).send_keys(key).perform()


def enter(window: webdriver.Chrome, path: str) -> None:
    """Press what has the focus, which leads there."""
    leaving(window)
    press(window, Keys.ENTER)
    arrived(window)
    assert urlsplit(window.current_url).path == path


def to(window: webdriver.Chrome, name: str) -> None:
    """Tab on until what is so called has the focus; the focus is seen, and nothing covers it."""
    for _ in range(60):
        press(window, Keys.TAB)
        found, ring, covered = window.execute_script(
            "const e = document.activeElement, r = e.getBoundingClientRect(),"
            " top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);"
            "return [e.textContent || e.id, parseFloat(getComputedStyle(e).outlineWidth), !(e.contains(top))]"
        )
        if name in found:
            assert (ring >= 3, covered) == (True, False), found
            return
    pytest.fail(f"{name} is not reached by Tab")


def test_seen_by_the_keyboard_alone(window: webdriver.Chrome, ward: WardPage) -> None:
    resize(window, 1280)
    window.get(f"{ward.address}/sign-in")
    window.delete_all_cookies()
    window.get(ward.address)
    to(window, "name")
    press(window, *"nurse-a", Keys.TAB, *PASSWORD)
    enter(window, "/")
    assert "open" in window.title
    to(window, "Weight went up")
    enter(window, ALERT)
    to(window, "I have seen this")
    enter(window, f"{ALERT}/seen")
    to(window, "rang")
    press(window, Keys.SPACE, Keys.TAB, *"Rung", Keys.TAB)
    enter(window, ALERT)
    assert "Seen by you at" in text(window, "#seen-1")
    assert "It stays open until it is better." in text(window, "#seen-1")
    (kept,) = ward.do(lambda tx: tx.rows("SELECT role, note FROM seen"))
    assert tuple(kept) == ("nurse", "Rung")
    to(window, "Close")


def rows(window: webdriver.Chrome) -> list[str]:
    found = window.execute_script("return [...document.querySelectorAll('.alerts li')].map(e => e.innerText)")
    return [[line for line in row.splitlines() if line.strip()][2] for row in found]


@pytest.mark.parametrize("width", [360, 1280])
def test_a_new_alert_does_not_push_the_list(window: webdriver.Chrome, ward: WardPage, width: int) -> None:
    signed_in(window, ward, width=width)
    live(window)
    window.execute_script(
        "window.same = true; window.shifts = []; new PerformanceObserver(list => { for (const s of list.getEntries())"
        " window.shifts.push(s.value); }).observe({type: 'layout-shift'})"
    )
    before, title = rows(window), window.title
    assert title.startswith("2 open")
    ward.take(
        weight_gain(7, priority="high", sentence="Oxygen is 84 %."),
        weight_gain(8, priority="high", sentence="Another."),
    )
    wait(window, "document.getElementById('news').textContent.includes('2 new alerts.')")
    assert rows(window) == before
    assert window.title.startswith("(2 new) 4 open")
    assert window.execute_script("return window.shifts") == []
    assert window.execute_script("return window.same"), "no reload"
    assert "4" not in text(window, "[role=status]")
    follow(window, window.find_element(By.LINK_TEXT, "Show them"))
    live(window)
    assert rows(window)[:2] == ["Oxygen is 84 %.", "Another."]
    shown = rows(window)
    window.refresh()
    assert rows(window) == shown
    assert window.title.startswith("4 open")


def test_what_is_over_says_so_in_its_place(window: webdriver.Chrome, ward: WardPage) -> None:
    signed_in(window, ward)
    live(window)
    ward.take(weight_gain(revision=2, state="resolved", sentence="Weight is 78.5 kg."))
    wait(window, "[...document.querySelectorAll('.alerts .priority')].some(e => e.textContent.includes('Over'))")
    assert any("Weight went up" in row for row in rows(window)), "it stays where it was"


def test_a_session_that_ends_is_told_above_the_list(window: webdriver.Chrome, ward: WardPage) -> None:
    signed_in(window, ward)
    live(window)
    ward.do(lambda tx: tx.change("DELETE FROM sessions"))
    wait(window, "document.getElementById('news').textContent.includes('You are signed out.')")
    wait(window, "document.getElementById('live').textContent.startsWith('Not live')")
    away(window)  # with it the stream that is refused now
