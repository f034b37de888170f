"""Signing in with the setup code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.served_setup import ServedSetup
from tests.support.setup_hub import installation


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("setup"))
    home.start()
    yield home
    home.stop()


def test_the_code_opens_the_task_list(served: ServedSetup) -> None:
    served.set(installation("factory"))
    phone = served.phone()
    assert "Setup code" in phone.ask("/").text
    assert phone.sign_in("wrong").status == 403
    assert phone.sign_in().headers["location"] == "/"
    assert "0 of 6 steps completed." in phone.ask("/").text
    assert "Step 1 of 6" in phone.ask("/setup/check").text
