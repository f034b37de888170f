"""The patient's screen in a real Chromium: it fits, it lives, everybody can use it, and it keeps to itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.screen.conftest import STATES, Served, view
from tests.support.axe import judge
from tests.support.browser import arrived, away, chromium, complaints, follow, leaving, requests, resize, text, wait
from wardgate.contract.assigning import Kind
from wardgate.indicate.moment import HomeView, Tile
from wardgate.screen.catalogue import ORDER, languages
from wardgate.screen.said import sentences

pytestmark = pytest.mark.browser

PHONE, TABLET, WIDE = (360, 740), (800, 800), (1280, 800)
GROWS = frozenset({"ur"})
"""Nastaliq needs its height: on a phone its panels may grow (UX.md section 7)."""
LONGEST = ("snug", "value")
FACES = ("due", "value", "snug", "warm", "who", "call", "done", "free", "night")
"""One of each ground and picture."""
_ROOM = """
const e = document.documentElement, p = document.getElementById('panel').getBoundingClientRect();
return [e.scrollWidth <= e.clientWidth, e.scrollHeight, innerHeight, p.height,
  [...document.querySelectorAll('h1,p,b,#tiles span,a,button')].filter(x => x.scrollWidth > x.clientWidth + 1 &&
    getComputedStyle(x).display !== 'inline').map(x => x.textContent)];
"""
_TARGETS = """
return [...document.querySelectorAll('a, button')].map(x => [x.textContent.trim(), x.closest('footer') ? 72 : 56,
  x.getBoundingClientRect().width, x.getBoundingClientRect().height]);
"""


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


def opened(
    window: webdriver.Chrome, screen: Served, now: HomeView, language: str = "en", size: tuple[int, int] = WIDE
) -> None:
    """The screen in this state and language, and live."""
    screen.show(now)
    resize(window, *size)
    if not window.current_url.startswith(screen.address):
        window.get(f"{screen.address}languages")
    window.add_cookie({"name": "language", "value": language})
    window.get(screen.address)
    says(window, now, language)


def says(window: webdriver.Chrome, now: HomeView, language: str) -> None:
    """Wait until this stands large."""
    headline, lines = sentences(now, languages()[language])
    wait(window, f"document.getElementById('said').textContent === {json.dumps(headline + ''.join(lines))}")


@pytest.mark.parametrize("language", ORDER)
def test_nobody_has_to_scroll(window: webdriver.Chrome, screen: Served, language: str) -> None:
    opened(window, screen, STATES["due"], language)
    for state in LONGEST:
        screen.show(STATES[state])
        says(window, STATES[state], language)
        for size in (PHONE, TABLET, WIDE):
            resize(window, *size)
            wide_enough, needs, has, panel, cut = window.execute_script(_ROOM)
            where = f"{language}, {size}, {state}"
            assert wide_enough, where
            assert cut == [], where
            assert panel >= 0.45 * has - 1, where
            assert needs <= has or (language in GROWS and size == PHONE), f"{where}: {needs} px"


@pytest.mark.parametrize("size", [(800, 480), (1024, 600)])
@pytest.mark.parametrize("language", ["en", "cy", "ur"])
def test_help_is_in_view_on_a_small_display_that_lies_down(
    window: webdriver.Chrome, screen: Served, language: str, size: tuple[int, int]
) -> None:
    kinds: tuple[Kind, ...] = ("scale", "cuff", "oximeter", "thermometer", "heart-belt")
    for many in (3, 4, 5):
        tiles = tuple(Tile(kind=kind, state="later", when="another-day") for kind in kinds[:many])
        opened(window, screen, view("nothing", tiles=tiles, next="another-day"), language, size)
        wide_enough, needs, has, _, cut = window.execute_script(_ROOM)
        assert (wide_enough, cut, needs <= has) == (True, [], True), f"{many} devices need {needs} px"


def test_an_icon_does_not_look_like_a_button(window: webdriver.Chrome, screen: Served) -> None:
    """Its class may be called like one."""
    for name in FACES:
        opened(window, screen, STATES[name])
        grounds = window.execute_script(
            "return [...document.querySelectorAll('svg')].map(e => getComputedStyle(e).backgroundColor)"
        )
        assert set(grounds) == {"rgba(0, 0, 0, 0)"}, name


@pytest.mark.parametrize("language", ["en", "ur", "pl"])
def test_everybody_can_use_it(window: webdriver.Chrome, screen: Served, language: str) -> None:
    """axe finds nothing wrong in any state, and is in doubt about nothing."""
    opened(window, screen, STATES["due"], language, PHONE)
    for name in FACES:
        screen.show(STATES[name])
        says(window, STATES[name], language)
        assert judge(window) == ([], []), name


@pytest.mark.parametrize("language", ["en", "ar"])
def test_everybody_can_choose_a_language(window: webdriver.Chrome, screen: Served, language: str) -> None:
    opened(window, screen, STATES["due"], language, PHONE)
    follow(window, window.find_element(By.CSS_SELECTOR, "header a"))
    assert judge(window) == ([], [])
    assert all(w >= 56 and h >= 72 for _, _, w, h in window.execute_script(_TARGETS))
    leaving(window)
    window.find_element(By.CSS_SELECTOR, "button[value=gu]").send_keys(Keys.ENTER)
    arrived(window)
    assert window.execute_script("return document.documentElement.lang") == "gu"
    assert text(window, "h1") == languages()["gu"].headlines["due-cuff"]


@pytest.mark.parametrize("size", [PHONE, TABLET, WIDE])
def test_fingers_find_the_buttons(window: webdriver.Chrome, screen: Served, size: tuple[int, int]) -> None:
    opened(window, screen, STATES["due"], size=size)
    targets = window.execute_script(_TARGETS)
    assert len(targets) == 3
    assert [t for t in targets if t[2] < 56 or t[3] < t[1]] == []
    ringing = window.find_element(By.CSS_SELECTOR, "a.ring")
    assert ringing.get_attribute("href") == "tel:01160000000"


@pytest.mark.parametrize("language", ["en", "ur", "pl"])
def test_it_reflows(window: webdriver.Chrome, screen: Served, language: str) -> None:
    fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    opened(window, screen, STATES["value"], language, (320, 640))
    assert window.execute_script(fits)
    window.execute_script(
        "for (const e of document.querySelectorAll('body *')) Object.assign(e.style,"
        "{lineHeight: 1.5, letterSpacing: '.12em', wordSpacing: '.16em'})"
    )
    assert window.execute_script(fits)
    opened(window, screen, STATES["value"], language, (640, 640))
    window.execute_script("document.documentElement.style.fontSize = '200%'")
    assert window.execute_script(fits)


def test_right_to_left_is_right_to_left(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"], "ur", TABLET)
    first, last, picture, said, number = window.execute_script(
        "const x = s => document.querySelector(s).getBoundingClientRect().left;"
        "return [x('#tiles li'), x('#tiles li:last-child'), x('#picture'), x('#said'), "
        "getComputedStyle(document.querySelector('bdi')).direction]"
    )
    assert first > last
    assert picture > said
    assert number == "ltr"


def test_a_measurement_shows_without_a_reload_and_is_announced(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"], size=PHONE)
    window.execute_script(
        "window.same = true; window.told = []; new MutationObserver(() => window.told.push("
        "document.querySelector('[role=status]').textContent)).observe(document.getElementById('said'),"
        "{childList: true, subtree: true, characterData: true})"
    )
    listen = window.find_element(By.ID, "listen")
    listen.send_keys("")
    screen.show(STATES["got"])
    wait(window, "document.querySelector('h1').textContent === 'Got it. Thank you.'")
    assert window.find_element(By.TAG_NAME, "body").get_attribute("class") == "good"
    screen.show(STATES["has"])
    wait(window, "document.querySelector('#said p').textContent === 'Your team has it.'")
    told = window.execute_script("return window.told")
    assert told == ["Got it. Thank you.We are sending it to your team.", "Got it. Thank you.Your team has it."]
    assert window.execute_script("return window.same")
    assert window.switch_to.active_element == listen


def test_a_change_of_the_tiles_alone_announces_nothing(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"], size=PHONE)
    window.execute_script(
        "window.told = 0; new MutationObserver(() => window.told++).observe(document.getElementById('said'),"
        "{childList: true, subtree: true, characterData: true})"
    )
    screen.show(view(tiles=STATES["free"].tiles))
    wait(window, "document.querySelectorAll('#tiles li').length === 1")
    assert window.execute_script("return window.told") == 0


def test_the_box_that_does_not_answer(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"])
    screen.silence()
    wait(window, "document.querySelector('h1').textContent === 'The box is not answering'")
    assert window.find_element(By.TAG_NAME, "body").get_attribute("class") == "plain"
    assert judge(window) == ([], [])
    screen.wake()
    wait(window, "document.querySelector('h1').textContent === 'Now: blood pressure'")


def test_even_without_a_box_the_screen_says_so(window: webdriver.Chrome, screen: Served) -> None:
    """The page itself knows what to say when nobody sends anything: the whole box has no power."""
    opened(window, screen, STATES["due"])
    gone = "const g = gone.content; return [g.querySelector('h1').textContent, g.childElementCount]"
    assert window.execute_script(gone) == ["The box is not answering", 2]


def test_by_keyboard_the_focus_is_seen(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"], size=PHONE)
    body = window.find_element(By.TAG_NAME, "body")
    stops = []
    for _ in range(3):
        body.send_keys(Keys.TAB)
        focused = window.switch_to.active_element
        stops.append(" ".join(focused.text.split()))
        outline, hit = window.execute_script(
            "const e = document.activeElement, r = e.getBoundingClientRect(), m = document.elementFromPoint("
            "r.left + r.width / 2, r.top + r.height / 2); return [parseFloat(getComputedStyle(e).outlineWidth),"
            "e === m || e.contains(m)]"
        )
        assert outline >= 3
        assert hit
    assert stops == ["English", "Ring your team 0116 000 0000", "Listen"]


def test_it_asks_nobody_else_and_little(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"])
    requests(window)
    window.get(screen.address)
    asked = requests(window)
    assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{screen.port}"}
    assert len(asked) <= 6


def test_listening_takes_a_press(window: webdriver.Chrome, screen: Served) -> None:
    opened(window, screen, STATES["due"])
    assert not any(url.endswith("/listen") for url in requests(window))
    window.execute_script("window.Audio = function (src) { window.played = src; return {play() {}, pause() {}}; }")
    window.find_element(By.ID, "listen").click()
    assert window.execute_script("return window.played") == f"{screen.address}listen"
    assert window.current_url == screen.address


def test_without_script_it_is_there(tmp_path_factory: pytest.TempPathFactory, screen: Served) -> None:
    screen.show(STATES["due"])
    with chromium(tmp_path_factory.mktemp("plain"), script=False) as plain:
        plain.get(screen.address)
        assert text(plain, "h1") == "Now: blood pressure"
        follow(plain, plain.find_element(By.CSS_SELECTOR, "header a"))
        follow(plain, plain.find_element(By.CSS_SELECTOR, "button[value=ur]"))
        assert plain.execute_script("return document.documentElement.lang") == "ur"


def test_a_tablet_that_slept_shows_the_truth_again(window: webdriver.Chrome, screen: Served) -> None:
    """Its clock ran on while nothing was heard, its connection lived on, and nothing at home has changed since."""
    opened(window, screen, STATES["due"])
    kept = (
        "const real = setTimeout; window.setTimeout = (f, ms) => (ms === 30000 && (window.overslept = f), real(f, ms));"
    )
    script = window.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": kept})
    try:
        window.get(screen.address)
        says(window, STATES["due"], "en")
        shown = window.execute_script("overslept(); return document.getElementById('said').textContent")
        assert "The box is not answering" in shown
        says(window, STATES["due"], "en")
        assert window.execute_script("return document.body.className") == "due"
    finally:
        window.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
