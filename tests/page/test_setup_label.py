"""The label: what stands on it, what its code says to a phone, and that it fits its paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.axe import judge
from tests.support.browser import chromium, resize
from tests.support.half_set_up import FINGERPRINT, added, installation
from tests.support.paper import Paper, paper_server, sheets
from tests.support.qr import modules, read
from wardgate.page.setup.label import QUIET_ZONE, LabelView, ends_of, groups, label_view

ADDRESS = "https://192.168.100.200:8443"
CODE = "X7QK-4M2P-9RTA"
CSS_PX_PER_MM = 96 / 25.4


def label(code: str = "") -> LabelView:
    return label_view(installation(devices=(added(),)), ADDRESS, FINGERPRINT, code)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with paper_server(tmp_path_factory.mktemp("paper")) as paper:
        yield paper


def opened(window: webdriver.Chrome, paper: Paper, size: str, code: str = "") -> webdriver.Chrome:
    resize(window, 360)
    window.get(paper.put("setup/label.html", label=label(code), size=size, back="/setup/6"))
    return window


def test_a_code_is_on_it_only_when_it_was_just_made() -> None:
    assert label().code == ()
    assert label(CODE).code == ("X7QK", "4M2P", "9RTA")
    assert groups("x7qk 4m2p9") == ("x7qk", "4m2p", "9")


def test_a_page_without_an_address_has_no_code_that_leads_nowhere() -> None:
    assert label_view(installation(), "").qr is None


def test_the_fingerprints_ends_are_what_a_browser_shows_at_its_ends() -> None:
    assert ends_of(FINGERPRINT) == ("1a2b3c4d", "9e8f7a6b")
    assert ends_of("") is None


@pytest.mark.browser
@pytest.mark.parametrize("code", ["", CODE])
def test_a_phone_reads_the_address_off_it(window: webdriver.Chrome, paper: Paper, code: str) -> None:
    opened(window, paper, "small", code)
    drawn = modules(window)
    quiet = QUIET_ZONE
    around = [
        dark
        for r, row in enumerate(drawn)
        for c, dark in enumerate(row)
        if min(r, c) < quiet or max(r, c) >= len(drawn) - quiet
    ]
    assert not any(around)
    assert read([row[quiet:-quiet] for row in drawn[quiet:-quiet]]) == f"{ADDRESS}/" + (f"#{CODE}" if code else "")


@pytest.mark.browser
@pytest.mark.parametrize(("size", "millimetres"), [("small", (62, 29)), ("large", (105, 148))])
def test_it_is_one_sheet_of_its_size(
    window: webdriver.Chrome, paper: Paper, size: str, millimetres: tuple[int, int]
) -> None:
    opened(window, paper, size, CODE)
    (sheet,) = sheets(window)
    assert sheet == pytest.approx(millimetres, abs=0.5)


@pytest.mark.browser
@pytest.mark.parametrize("size", ["small", "large"])
def test_everything_is_on_it_and_nothing_is_cut(window: webdriver.Chrome, paper: Paper, size: str) -> None:
    opened(window, paper, size, CODE)
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        box = window.find_element(By.CSS_SELECTOR, ".label")
        for words in (
            "WG-7F3K",
            ADDRESS,
            "X7QK 4M2P 9RTA",
            "1a2b3c4d",
            "9e8f7a6b",
            "Leave me switched on",
            "0116 000 0000",
        ):
            assert words in box.text
        assert "Copper" not in window.page_source
        cut = "const e = arguments[0]; return [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
        assert max(window.execute_script(cut, box)) <= 0
        code = window.find_element(By.CSS_SELECTOR, "svg.qr").rect
        assert min(code["width"], code["height"]) >= 25 * CSS_PX_PER_MM
        shown = [e.text for e in window.find_elements(By.CSS_SELECTOR, "body > header, .not-on-paper, .button")]
        assert "".join(shown) == ""
    finally:
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("size", ["small", "large"])
def test_on_the_screen_it_is_for_all(window: webdriver.Chrome, paper: Paper, size: str, width: int) -> None:
    opened(window, paper, size, CODE)
    resize(window, width)
    assert judge(window) == ([], [])
    assert window.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.browser
def test_it_is_printed_by_a_button_and_without_a_script_by_the_browser_s_menu(
    window: webdriver.Chrome, paper: Paper
) -> None:
    opened(window, paper, "small", CODE)
    window.execute_script("window.print = () => { window.printed = true; }")
    window.find_element(By.ID, "print").click()
    assert window.execute_script("return window.printed")
    page = paper.put("setup/label.html", label=label(CODE), size="small", back="/setup/6")
    window.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        window.get(page)
        assert not window.find_element(By.ID, "print").is_displayed()
        assert "Print this page with your browser" in window.find_element(By.TAG_NAME, "main").text
    finally:
        window.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
