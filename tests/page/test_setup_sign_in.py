"""Signing in with the setup code: typed, scanned, wrong, wrong too often."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.served_setup import ServedSetup
from tests.support.setup_hub import CODE, installation
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Window


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("setup"))
    home.start()
    yield home
    home.stop()


@pytest.fixture
def served(_served: ServedSetup) -> ServedSetup:
    """A hub out of its box; every test finds it so."""
    _served.begin_anew(installation("factory"))
    return _served


def test_the_code_opens_the_task_list(served: ServedSetup) -> None:
    phone = served.phone()
    assert "Setup code" in phone.ask("/").text
    assert phone.sign_in().headers["location"] == "/"
    assert "0 of 6 steps completed." in phone.ask("/").text
    assert served.hub.acts("sign_in") == [{"code": CODE, "address": "127.0.0.1"}]


def test_a_wrong_code_says_how_many_tries_are_left_and_is_not_shown(served: ServedSetup) -> None:
    phone = served.phone()
    answer = phone.sign_in("AAAA-BBBB")
    assert answer.status == 403
    assert ">Error: Sign in – Wardgate hub</title>" in answer.text
    assert answer.text.count("That code is not right. 4 tries left.") == 2, "in the summary and at the field"
    assert 'href="#code"' in answer.text
    assert 'href="/guide#wrong-code"' in answer.text
    assert "AAAA-BBBB" not in answer.text
    assert "set-cookie" not in answer.headers


def test_too_many_wrong_codes_are_told_to_wait(served: ServedSetup) -> None:
    phone = served.phone()
    for _ in range(5):
        phone.sign_in("AAAA-BBBB")
    answer = phone.sign_in()
    assert answer.status == 429
    assert "Wait 5 minutes. This is to keep the patient safe." in answer.text
    assert "set-cookie" not in answer.headers
    assert phone.ask("/setup/check").status == 303


@pytest.mark.parametrize("code", ["", " " * 30, "ä" * 20, "' or 1=1 --", "x" * 200])
def test_whatever_is_typed_is_judged_by_the_hub_alone(served: ServedSetup, code: str) -> None:
    assert served.phone().sign_in(code).status == 403
    assert served.hub.acts("sign_in")[0]["code"] == code.strip()


def test_a_hub_that_is_away_lets_nobody_in(served: ServedSetup) -> None:
    served.silence()
    try:
        answer = served.phone().sign_in()
    finally:
        served.wake()
    assert answer.status == 503
    assert "set-cookie" not in answer.headers


def test_a_hub_whose_window_has_closed_lets_nobody_in(served: ServedSetup) -> None:
    served.hub.refuse["sign_in"] = ControlError("closed", "The page is closed.", "Press the hub's button.")
    answer = served.phone().sign_in()
    assert "The page is closed." in answer.text
    assert "set-cookie" not in answer.headers


def test_a_form_from_another_site_signs_nobody_in(served: ServedSetup) -> None:
    answer = served.phone().post("/sign-in", {"code": CODE}, Origin="https://evil.example")
    assert answer.status == 403
    assert served.hub.acts("sign_in") == []


def test_what_the_page_says_of_a_new_visit_is_the_hubs_word(served: ServedSetup) -> None:
    phone = served.phone()
    phone.sign_in()
    served.change(window=Window(open=True, left_s=59.0))
    assert "This page closes in less than a minute." in phone.ask("/").text
