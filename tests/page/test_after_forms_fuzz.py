"""Forms that no page of ours made, to every address that takes one: a clear answer, nothing done, no fault of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.half_set_up import BODY_SCALE
from tests.support.home import TROUBLED
from tests.support.served_setup import Phone, ServedSetup
from tests.support.setup_hub import CUFF, OXIMETER, SCALE, added, installation, nearby
from wardgate.page.setup.guide import REASONS

EXAMPLES = int(os.environ.get("WARDGATE_FORM_EXAMPLES", "60"))
DEVICES = (added(SCALE), added(CUFF), added(OXIMETER))
ADDRESSES = (
    "/sign-in", "/sign-out", "/take-over", "/keep-open", "/report", "/setup/check", "/setup/patient",
    "/setup/patient/digits", "/setup/patient/confirm", "/setup/patient/pathways", "/setup/patient/release",
    "/setup/devices", "/setup/devices/cuff", "/setup/devices/cuff/remove", "/setup/devices/add/near-c0-ff-ee-00-00-09",
    "/setup/test", "/setup/limits", "/setup/finish", "/setup/status", "/setup/device/cuff", "/setup/device/cuff/test",
    "/setup/device/cuff/pair", "/setup/device/cuff/remove", "/setup/device/scale/replace/near-c0-ff-ee-00-00-09",
    "/setup/hub", "/setup/hub/unlock", "/setup/hub/lock", "/setup/hub/forget", "/setup/hub/new-code", "/setup/audit",
)  # fmt: skip
ACTS = (
    "again", "blink", "claim", "choose", "digits", "assign", "pathways", "release", "seal", "look", "add", "pair",
    "passkey", "no-number", "remove", "begin", "end", "leave-out", "read-back", "lock", "unlock", "new-code", "test",
    "replace", "forget", "report", "",
)  # fmt: skip
NAMES = ("code", "words", "digits", "passkey", "device", "reason", "near", "model", "user", "consent", "back", "hub")
bounded = settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
stages = st.sampled_from(("factory", "claimed", "assigned", "locked"))
words = st.one_of(
    st.text(max_size=40), st.integers().map(str), st.sampled_from(("scale", "cuff", "Copper Heron", "42"))
)
fields = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=12), words, max_size=6)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("forms"))
    home.start()
    home.hub.status = TROUBLED
    home.hub.nearby = (nearby(BODY_SCALE, wanted=False),)
    yield home
    home.stop()


def visitor(served: ServedSetup, stage: str) -> Phone:
    """A technician's phone, at a hub of this stage."""
    devices = DEVICES if stage in ("assigned", "locked") else ()
    served.set(installation(stage, devices=devices))
    served.hub.tries_left = served.hub.tries_left or 5
    served.hub.wait_s = 0
    return served.signed_in()


def clear(status: int, html: str) -> None:
    """An answer that says what happened: a page of ours, or the way to one."""
    assert status in {303, 200, 400, 401, 403, 404, 409, 413, 415, 422, 429}, html
    assert status == 303 or "<h1" in html or status == 200


@given(stage=stages, address=st.sampled_from(ADDRESSES), act=st.sampled_from(ACTS), filled=fields)
@bounded
def test_our_own_form_filled_in_with_anything(
    served: ServedSetup, stage: str, address: str, act: str, filled: dict[str, str]
) -> None:
    phone = visitor(served, stage)
    session = next(iter(served.frame.sessions._all.values()))
    known = {"csrf": session.csrf, "key": act + address, "revision": str(served.hub.seen.revision), "act": act}
    answer = phone.post(address, {**filled, **known})
    clear(answer.status, answer.text)


@given(stage=stages, address=st.sampled_from(ADDRESSES), body=st.binary(max_size=400))
@bounded
def test_bytes_that_are_no_form(served: ServedSetup, stage: str, address: str, body: bytes) -> None:
    phone = visitor(served, stage)
    before = len(served.hub.asked)
    answer = phone.ask(address, "POST", body)
    clear(answer.status, answer.text)
    looks = {"installation", "window", "sign_in", "note_audit"}
    assert {name for name, _ in served.hub.asked[before:]} <= looks, "nothing is done without the page's own token"


@given(
    below=st.sampled_from(("/setup/", "/setup/device/", "/setup/audit?before=", "/setup/status?days=", "/")),
    path=st.text(max_size=60),
    query=st.dictionaries(words, words, max_size=3),
    stage=stages,
)
@bounded
def test_any_address_is_answered(served: ServedSetup, below: str, path: str, query: dict[str, str], stage: str) -> None:
    phone = visitor(served, stage)
    safe = urlencode({"": path})[1:].replace("%2F", "/")
    answer = phone.ask(f"{below}{safe}{'&' if '?' in below else '?'}{urlencode(query)}")
    clear(answer.status, answer.text)


def test_what_is_said_is_in_the_guide(served: ServedSetup) -> None:
    phone = visitor(served, "locked")
    answer = phone.post("/setup/hub/lock", {"act": "lock"})
    assert answer.status == 403
    assert REASONS["not-from-there"].sentence in answer.text
