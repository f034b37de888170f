"""Colour is never alone: each state can be told from the others by its shape and its word, whatever an eye or a screen
makes of colours.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.served_setup import ServedSetup
from tests.support.setup_hub import WELL, installation
from tests.support.steps_window import at, phone_window, sign_in
from wardgate.control.provisioning import Check, Tick

pytestmark = pytest.mark.browser
TONES: Final[tuple[Tick, ...]] = ("good", "waiting", "problem", "unknown")
CHECKS: Final = tuple(
    Check(key=well.key, tick=tone, sentence=f"It is {tone}.", what_to_do="" if tone == "good" else "Look at it.")
    for well, tone in zip(WELL, TONES, strict=True)
)
LEAST_CONTRAST: Final = 3.0
"""WCAG 1.4.11, for what carries meaning."""
LEAST_UNLIKE: Final = 0.03
"""Of the picture's points: about 5 by 5 of 28 by 28. Dots and a dash in the same ring are the most alike."""
_LIGHT: Final = """
const [png, done] = arguments, image = new Image();
image.onload = () => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height), light = [];
  const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  for (let i = 0; i < data.length; i += 4)
    light.push(0.2126 * linear(data[i]) + 0.7152 * linear(data[i + 1]) + 0.0722 * linear(data[i + 2]));
  done(light);
};
image.src = 'data:image/png;base64,' + png;
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    directory = tmp_path_factory.mktemp("colour")
    served = ServedSetup(Path(directory), installation("claimed", checks=CHECKS))
    served.start()
    try:
        with phone_window(directory / "profile") as window:
            sign_in(window, served)
            yield at(window, served, "check")
    finally:
        served.stop()


def seen_as(window: webdriver.Chrome, eye: str) -> None:
    """Through such an eye, or on a screen with colours of its own."""
    forced = [{"name": "forced-colors", "value": "active"}] if eye == "forced" else []
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": forced})
    window.execute_cdp_cmd("Emulation.setEmulatedVisionDeficiency", {"type": "none" if forced else eye})


def shapes(window: webdriver.Chrome) -> list[list[float]]:
    """How light each point of each tick's shape is, 0 to 1."""
    found: list[list[float]] = []
    for shape in window.find_elements(By.CSS_SELECTOR, "#ticks li > svg"):
        box: dict[str, Any] = window.execute_script(
            "const b = arguments[0].getBoundingClientRect();"
            "return {x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height, scale: 1}",
            shape,
        )
        shot = window.execute_cdp_cmd("Page.captureScreenshot", {"clip": box, "captureBeyondViewport": True})
        assert base64.b64decode(shot["data"])
        found.append(window.execute_async_script(_LIGHT, shot["data"]))
    return found


@pytest.mark.parametrize("eye", ["none", "deuteranopia", "protanopia", "tritanopia", "achromatopsia", "forced"])
def test_each_state_has_a_shape_of_its_own(window: webdriver.Chrome, eye: str) -> None:
    seen_as(window, eye)
    drawn = shapes(window)
    assert len(drawn) == len(TONES)
    for tone, points in zip(TONES, drawn, strict=True):
        assert (max(points) + 0.05) / (min(points) + 0.05) >= LEAST_CONTRAST, f"{tone} cannot be seen"
    for (one, first), (other, second) in combinations(zip(TONES, drawn, strict=True), 2):
        middles = [(max(points) + min(points)) / 2 for points in (first, second)]
        unlike = sum((a > middles[0]) != (b > middles[1]) for a, b in zip(first, second, strict=True))
        assert unlike >= LEAST_UNLIKE * len(first), f"{one} looks like {other}"


def test_each_state_has_words(window: webdriver.Chrome) -> None:
    rows = [row.text for row in window.find_elements(By.CSS_SELECTOR, "#ticks li")]
    assert len(set(rows)) == len(TONES)
    assert all(f"It is {tone}." in row for tone, row in zip(TONES, rows, strict=True))
