"""Every reason that a page can meet has a stable key, a sentence, a next step and a place in the guide."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError
from wardgate.faces.assets import Assets
from wardgate.page.setup.guide import ALL, REASONS, Reason
from wardgate.page.setup.pages import Pages
from wardgate.page.setup.reasons import told

_WARDGATE = Path(str(files("wardgate")))
_RAISED_IN = ("control", "provision", "page/setup", "unassigned.py", "contract/pseudonym.py", "ward/patient_list.py",
              "ward/est.py", "ward/referrals.py", "ward/enrol.py", "ward/asked.py")  # fmt: skip
_RAISED = {"ControlError", "Refused", "NotAPseudonym", "Refusal", "Problem", "NotDone"}
_CLERKS = {"listed", "none-left", "unknown-limit"}
"""Told to the ward's clerk alone, on the ward's own machine."""
_BANNED = ("error", "invalid", "oops", "failed to", "please wait", "illegal", "abort")


def _literals(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))


def _keys_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _RAISED:
            by_name = next((k.value for k in node.keywords if k.arg == "key"), None)
            yield from _literals(by_name or (node.args[0] if node.args else None))


def raised() -> set[str]:
    """Every key that stands in the code of the hub, the ward's list and these pages."""
    sources = [_WARDGATE / place for place in _RAISED_IN]
    every = [f for s in sources for f in (s.rglob("*.py") if s.is_dir() else [s])]
    found = {key for file in every for key in _keys_in(file.read_text(encoding="utf-8"))}
    return {key for key in found if re.fullmatch(r"[a-z]+(-[a-z]+)*", key)}


def test_the_search_finds_keys_however_they_are_raised() -> None:
    source = """
raise Refused("one", "s", "w")
raise ControlError(key="two", sentence="s")
raise Refused("three" if x else "four", "s", "w")
raise Refused(status, "s", key="five")
"""
    assert set(_keys_in(source)) == {"one", "two", "three", "four", "five"}
    assert {"wrong-digits", "stale", "refused-by-ward", "ward-away", "not-yet", "closed", "hub-id"} <= raised()


def test_every_reason_that_can_be_met_is_in_the_guide() -> None:
    missing = {*raised(), HubAway(Path("s"), "w").key} - set(REASONS) - _CLERKS
    assert missing == set(), "write a sentence and a next step for these in page/setup/guide"


def test_no_key_is_there_twice() -> None:
    keys = [reason.key for reason in ALL]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("reason", ALL, ids=lambda r: r.key)
def test_a_reason_is_whole_and_plain(reason: Reason) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason.key)
    assert reason.guide == f"/guide#{reason.key}"
    for said in (reason.sentence, reason.what_to_do):
        assert re.search(r"[a-z0-9]", said)
        assert len(re.split(r"(?<=[.?!:]) ", said)) <= 3
    for said in (reason.sentence, reason.what_to_do, reason.safe):
        assert said == "" or said[0].isupper()
        assert not any(re.search(rf"\b{word}\b", said.lower()) for word in _BANNED), said
        assert max(len(s.split()) for s in re.split(r"[.?!:]", said)) <= 20, "at most 20 words"
    assert reason.sentence[-1] in ".?"


def test_the_guide_has_a_place_for_each() -> None:
    html = Pages(Assets("wardgate.page")).guide()
    places = re.findall(r'id="([a-z-]+)"', html)
    assert set(REASONS) <= set(places)
    assert len(places) == len(set(places))


def test_the_hubs_own_sentence_goes_first() -> None:
    said = told(ControlError("unsent", "12 messages are not at the ward yet.", "Send them first."))
    assert (said.sentence, said.what_to_do, said.guide) == (
        "12 messages are not at the ward yet.", "Send them first.", "/guide#unsent",
    )  # fmt: skip


def test_no_socket_and_no_command_are_told_on_a_page() -> None:
    said = told(HubAway(Path("/run/wardgate/control.sock"), "No such file or directory"))
    assert "/" not in said.sentence + said.what_to_do
    assert "`" not in said.sentence + said.what_to_do
    assert said.sentence == "The hub does not answer."


def test_a_reason_that_nobody_knows_still_says_what_to_do() -> None:
    said = told(ControlError("never-heard-of", "", ""))
    assert said.sentence
    assert said.what_to_do
    assert said.guide == "/guide#failed"
