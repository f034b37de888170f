"""The checklist: one sheet that says what was done, with which devices, and what to do if."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.axe import judge
from tests.support.browser import chromium, resize
from tests.support.half_set_up import (
    CUFF,
    NOW,
    OXIMETER,
    SCALE,
    TIMES,
    added,
    done,
    installation,
    limits,
    way,
)  # fmt: skip
from tests.support.paper import Paper, paper_server, sheets
from tests.support.qr import scanned
from wardgate.control.provisioning import TestWay
from wardgate.page.setup.checklist import Sheet, sheet
from wardgate.page.setup.label import qr_svg
from wardgate.page.setup.lock_step import ScreenView

ACTS = (
    ("window-opened", "The page was opened for 30 minutes."),
    ("claimed", "The hub was claimed as WG-7F3K."),
    ("assigned", "Copper Heron was chosen and read back."),
    ("device-added", "The scale was added."),
    ("device-added", "The cuff was added."),
    ("paired", "The cuff was paired."),
    ("paired", "The cuff was paired."),
    ("test-read", "A test reading of the scale reached the ward."),
    ("limits-read-back", "The limits were read back."),
    ("locked", "The hub was locked."),
)


def kept_way(ward_s: float) -> TestWay:
    """Of a reading that was at the ward so many seconds after it was seen."""
    stored, broker, ward = (NOW + timedelta(seconds=s) for s in (0.02, 1.2, ward_s))
    return TestWay(seen=NOW, stored=stored, broker=broker, ward=ward)


HOME = installation(
    stage="locked",
    devices=(
        added(SCALE, tested=NOW, way=kept_way(12)),
        added(CUFF, serial="", address="C0:FF:EE:00:00:02", tested=NOW, way=kept_way(48)),
        added(OXIMETER),
    ),
    test=way((0, 0.02, 0.3), device="oximeter"),
    limits_read_back=NOW,
)


TABLET = "https://192.168.100.200:8078/k3m9x7pqr2s4tv6w/"
SCREEN = ScreenView(TABLET, qr_svg(TABLET))


def full(lines: int = 2) -> Sheet:
    return sheet(HOME, limits(sentences=limits().sentences * (lines // 2)), done(*ACTS), TIMES)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with paper_server(tmp_path_factory.mktemp("paper")) as paper:
        yield paper


def test_acts_come_in_their_order_and_once() -> None:
    lines = [line.sentence for line in full().done]
    assert lines[:2] == ["The hub was claimed as WG-7F3K.", "Copper Heron was chosen and read back."]
    assert lines.count("The cuff was paired.") == 1
    assert lines[-1] == "The hub was locked."
    assert not any("opened" in line for line in lines)
    assert full().done[0].when == "9:17:12am"


def test_devices_are_told_by_their_serial_number_or_address() -> None:
    assert [device.serial for device in full().devices] == ["5181200417", "C0:FF:EE:00:00:02", "5181200417"]
    assert [device.tested for device in full().devices] == ["9:15am", "9:15am", "none"]


def test_the_four_times_of_the_test_reading_of_every_device() -> None:
    scale, cuff, oximeter = (device.way for device in full().devices)
    assert scale == (
        ("Seen", "9:15:12am"), ("Stored", "9:15:12am"), ("Broker", "9:15:13am"), ("Ward", "9:15:24am"),
    )  # fmt: skip
    assert cuff[-1] == ("Ward", "9:16:00am")
    assert oximeter[-1] == ("Ward", "Not yet"), "the one that is on its way"
    assert sheet(installation(devices=(added(SCALE),)), limits(), (), TIMES).devices[0].way == ()


def test_what_no_ward_confirmed_is_not_said_to_be_there() -> None:
    devices = (added(SCALE, tested=NOW, way=TestWay(seen=NOW, stored=NOW, broker=NOW)),)
    silent = sheet(installation(devices=devices, ward_can_confirm=False), limits(), (), TIMES)
    assert silent.devices[0].way[-1] == ("Ward", "No answer from this ward")
    assert not silent.ward_can_confirm


@pytest.mark.browser
@pytest.mark.parametrize("lines", [2, 12])
def test_it_is_one_sheet_of_a4(window: webdriver.Chrome, paper: Paper, lines: int) -> None:
    resize(window, 360)
    window.get(paper.put("setup/checklist.html", sheet=full(lines), screen=SCREEN, back="/setup/6"))
    assert sheets(window) == [pytest.approx((210, 297), abs=0.5)]


@pytest.mark.browser
def test_a_long_morning_is_one_sheet_too(window: webdriver.Chrome, paper: Paper) -> None:
    """Every device was given up once and added again, and no name is longer."""
    again = tuple(
        (what, f"{sentence} Mulberry Kingfisher was there at ten past {n}.")
        for n, (what, sentence) in enumerate(ACTS * 3)
        if what != "window-opened"
    )
    morning = sheet(HOME, limits(sentences=limits().sentences * 6), done(*again), TIMES)
    assert len(morning.done) == 14
    resize(window, 360)
    window.get(paper.put("setup/checklist.html", sheet=morning, screen=SCREEN, back="/setup/6"))
    assert sheets(window) == [pytest.approx((210, 297), abs=0.5)]


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_on_the_screen_it_is_for_all(window: webdriver.Chrome, paper: Paper, width: int) -> None:
    resize(window, width)
    window.get(paper.put("setup/checklist.html", sheet=full(), screen=SCREEN, back="/setup/6"))
    assert judge(window) == ([], [])
    assert window.execute_script("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    text = window.find_element(By.CSS_SELECTOR, ".sheet").text
    for words in (
        "Technician, date",
        "Patient or carer, date",
        "0116 000 0000",
        "What to do if",
        "version 3",
    ):
        assert words in text
    assert "Test reading at the ward: 9:15am" in text
    assert TABLET in text
    assert scanned(window) == TABLET
