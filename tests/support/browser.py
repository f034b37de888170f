"""Debian's own Chromium, driven for real, and what it noticed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

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
        window.set_page_load_timeout(30)
        yield window
    finally:
        window.quit()


def resize(window: webdriver.Chrome, width: int, height: int = 900) -> None:
    """A viewport of exactly this size in CSS pixels; windows have a least width, viewports have none."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def complaints(window: webdriver.Chrome) -> list[str]:
    """What stands in the console since the last look: script errors, refused content, failed loads."""
    return [str(entry["message"]) for entry in _log(window, "browser")]


def requests(window: webdriver.Chrome) -> list[str]:
    """Every address that pages asked for since the last look."""
    messages: list[dict[str, Any]] = [json.loads(e["message"])["message"] for e in _log(window, "performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in sent if urlsplit(url).scheme not in ("data", "chrome", "about")]


def _log(window: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = window.execute("getLog", {"type": kind})["value"]
    return entries
