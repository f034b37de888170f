"""Debian's own Chromium, driven for real, and what it noticed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE_S: Final = 120.0
"""For whatever a browser waits for, on a machine with much other work."""
_LOOK_S: Final = 0.05

_FLAGS: Final = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--hide-scrollbars",
)  # fmt: skip


@contextmanager
def chromium(profile: Path, *, script: bool = True) -> Iterator[webdriver.Chrome]:
    """A browser with a fresh profile. Fails, naming the packages, where there is none."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.fail("Browser tests need Chromium and its driver: apt install chromium chromium-driver", pytrace=False)
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*_FLAGS, f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(flag)
    if not script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.accept_insecure_certs = True  # a hub's page has a certificate of its own; tests look at its fingerprint
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options=options, service=Service(driver))
    try:
        window.set_page_load_timeout(PATIENCE_S)
        window.set_script_timeout(PATIENCE_S)
        yield window
    finally:
        window.quit()


def resize(window: webdriver.Chrome, width: int, height: int = 900) -> None:
    """A viewport of exactly this size in CSS pixels; windows have a least width, viewports have none."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def wait(window: webdriver.Chrome, script: str, *arguments: object) -> None:
    """Until this expression holds on a page that is there. While one page gives way to the next, the driver finds
    neither, and a script finds no element."""
    whole = f"return document.readyState === 'complete' && !window.left && Boolean({script})"
    waiting = WebDriverWait(window, PATIENCE_S, _LOOK_S, ignored_exceptions=(WebDriverException,))
    waiting.until(lambda w: w.execute_script(whole, *arguments), f"{script} {arguments or ''}")


def text(window: webdriver.Chrome, selector: str = "main") -> str:
    """What can be read there now. A page that is kept live may change between a look and the next one."""
    while True:
        with suppress(StaleElementReferenceException):
            return str(window.find_element(By.CSS_SELECTOR, selector).text)


def follow(window: webdriver.Chrome, element: WebElement) -> None:
    """Press what leads to another page, and wait until that is there."""
    leaving(window)
    element.click()
    arrived(window)


def leaving(window: webdriver.Chrome) -> None:
    """What is done next leads to another page: from now on, `wait` and `arrived` wait for that."""
    window.execute_script("window.left = true")


def arrived(window: webdriver.Chrome) -> None:
    """Wait until the page is another one, and whole."""
    wait(window, "true")


def away(window: webdriver.Chrome) -> None:
    """Leave the page: nothing asks, or complains, any more; and what was asked and complained of is forgotten."""
    window.get("about:blank")
    complaints(window), requests(window)


def prefers(window: webdriver.Chrome, scheme: str) -> None:
    """What the person at the browser has asked all sites for: `light` or `dark`."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def complaints(window: webdriver.Chrome) -> list[str]:
    """What stands in the console since the last look: script errors, refused content, failed loads. Not what it notes
    beside them: that a field was not given the focus, for one, because somebody had been quicker."""
    return [str(entry["message"]) for entry in _log(window, "browser") if entry["level"] in ("WARNING", "SEVERE")]


def requests(window: webdriver.Chrome) -> list[str]:
    """Every address that pages asked for since the last look."""
    messages: list[dict[str, Any]] = [json.loads(e["message"])["message"] for e in _log(window, "performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in sent if urlsplit(url).scheme not in ("data", "chrome", "about")]


def _log(window: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = window.execute("getLog", {"type": kind})["value"]
    return entries
