"""One served home for a file of tests; each test finds it in the same state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.home import EVENTS, LOST_CUFF, alert, device, status
from tests.support.served_page import Home


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
