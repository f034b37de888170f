"""What a file of tests shares: a served home, a hub that is being set up, a browser. Each test finds them the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.support.home import EVENTS, LOST_CUFF, alert, device, status
from tests.support.served_page import Home
from tests.support.served_setup import ServedSetup
from tests.support.steps_window import phone_window, served_steps


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    served = Home(tmp_path_factory.mktemp("home"))
    served.start()
    try:
        yield served
    finally:
        served.stop()


@pytest.fixture
def home(_served: Home) -> Home:
    """A home in which the cuff has gone quiet and an alert is open; every test finds it so."""
    troubled = (device("scale"), LOST_CUFF, device("oximeter"))
    fresh = status(devices=troubled, open_alerts=(alert(),), events=EVENTS)
    _served.change(**{name: getattr(fresh, name) for name in fresh.__struct_fields__})
    return _served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    with served_steps(tmp_path_factory.mktemp("setup")) as served:
        yield served


@pytest.fixture(scope="module")
def _window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with phone_window(tmp_path_factory.mktemp("profile")) as window:
        yield window
