"""The API of the technician's door over a real hub: from the box to a patient and back, and who is let in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.boxed import HUB
from tests.support.boxed_door import HERON, SCALE, BoxedDoor
from tests.support.web import Answer
from wardgate.contract.assigning import Offered
from wardgate.contract.pseudonym import Pseudonym
from wardgate.control.provisioning import Added, Audit, Installation, Nearby, Window
from wardgate.page.api import acts, bodies, errors
from wardgate.page.api.app import bare_api
from wardgate.page.api.document import document
from wardgate.page.setup.guide import REASONS

DOCUMENT = Path(__file__).parents[2] / "docs/api/openapi.json"
OTHER = Pseudonym("silver", "otter")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoxedDoor]:
    one = BoxedDoor(tmp_path_factory.mktemp("door"))
    one.start()
    yield one
    one.stop()


def told(answer: Answer, to: Any) -> Any:
    """What was answered, as what it has to be."""
    assert answer.status == 200, answer.text
    return msgspec.json.decode(answer.body, type=to)


def why(answer: Answer) -> tuple[int, str]:
    """Why it was not done. Every refusal has a sentence and a next step."""
    said = json.loads(answer.body)
    assert set(said) == {"key", "sentence", "what_to_do"}
    assert said["sentence"]
    assert said["what_to_do"]
    return answer.status, said["key"]


# Written down


def test_the_document_in_the_repository_is_that_of_the_hub() -> None:
    made = json.loads(json.dumps(document(bare_api())))
    assert json.loads(DOCUMENT.read_text(encoding="utf-8")) == made, "run: make contract"


def test_the_hub_gives_its_own_document_to_who_is_signed_in(door: BoxedDoor) -> None:
    assert why(door.ask("/openapi.json", token="")) == (401, "sign-in-first")
    assert json.loads(door.ask("/openapi.json").body) == json.loads(DOCUMENT.read_text(encoding="utf-8"))


def test_everything_that_the_document_names_is_there() -> None:
    made = document(bare_api())
    assert made["openapi"].startswith("3.1")
    operations = [one for path in made["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) == len(acts.ACTS) + 5
    references = {part.split('"')[0] for part in json.dumps(made).split('"#/components/')[1:]}
    for kind, name in (reference.split("/") for reference in references):
        assert name in made["components"][kind]


def test_what_a_program_is_told_stands_in_the_guide() -> None:
    assert set(errors._STATUS) | set(errors._OF_STATE) | set(errors._BY_STATUS.values()) <= set(REASONS)


# From the box to a patient


def test_from_the_box_to_a_patient_and_back(door: BoxedDoor) -> None:
    def hub() -> Installation:
        return told(door.ask("/installation"), Installation)  # type: ignore[no-any-return]

    def act(path: str, **body: object) -> Answer:
        return door.ask(path, body)

    assert hub().stage == "factory"
    assert why(act("/assign", words=HERON.words, digits=HERON.digits)) == (409, "not-claimed")
    assert why(door.ask("/status")) == (409, "no-patient-yet")
    assert why(act("/claim", hub=HUB, code="AAAA-BBBB-CCCC-DDDD")) == (422, "refused-by-ward")

    async def give() -> str:
        return door.ward.code(HUB)

    assert act("/claim", hub=HUB, code=door.do(give())).status == 200
    assert hub().stage == "claimed"
    (offered,) = told(door.ask("/patients"), tuple[Offered, ...])
    assert offered.words == "Copper Heron"
    assert HERON.digits not in door.ask("/patients").text
    wrong = f"{(int(HERON.digits) + 1) % 97:02}"
    assert why(act("/choose", words="Copper Heron", digits=wrong)) == (422, "wrong-digits")
    stale = hub().revision - 1
    assert why(act("/assign", words="Copper Heron", digits=HERON.digits, revision=stale)) == (409, "stale")
    assert act("/assign", words="Copper Heron", digits=HERON.digits, revision=stale + 1).status == 200
    seen = hub()
    assert (seen.stage, seen.patient) == ("assigned", "Copper Heron")

    door.do(door.scale_is_heard())
    near = told(door.ask("/nearby"), tuple[Nearby, ...])
    (scale,) = [one for one in near if one.address == SCALE]
    added = told(act("/devices", model=scale.models[0].id, address=SCALE), Added)
    assert [device.id for device in hub().devices] == [added.id]
    assert act(f"/devices/{added.id}/pair").status == 200
    assert act(f"/devices/{added.id}/test").status == 200
    assert act("/test/end").status == 200
    assert why(act(f"/devices/{added.id}/passkey", passkey=123456)) == (409, "no-pairing-waits")
    assert why(act("/devices/nobody/pair")) == (404, "no-such-device")
    assert act(f"/devices/{added.id}/leave-out", reason="nobody-can").status == 200
    assert act("/read-back").status == 200
    assert why(act("/lock")) == (409, "not-yet")  # there is no cuff

    status = json.loads(door.ask("/status").body)
    assert [device["id"] for device in status["devices"]] == [added.id]
    assert status["devices"][0]["unsent"] == 0
    assert json.loads(door.ask("/series?channel=weight&days=30").body)["readings"] == []

    assert act(f"/devices/{added.id}/remove").status == 200
    assert hub().devices == ()
    assert act("/release", seal=True).status == 200
    assert hub().stage == "claimed"
    log = told(door.ask("/audit?limit=1000"), Audit)
    done = [entry.what for entry in reversed(log.entries)]
    assert log.broken_at is None
    order = ["claimed", "assigned", "device-added", "test-begun", "limits-read-back", "device-removed", "released"]
    assert [what for what in done if what in order] == order
    assert {entry.by for entry in log.entries if entry.what in order} == {"page"}
    older = told(door.ask(f"/audit?limit=2&before={log.entries[-1].number + 3}"), Audit)
    assert [entry.number for entry in older.entries] == [log.entries[-1].number + n for n in (2, 1)]


# Who is let in


def test_the_code_on_the_label_signs_a_program_in(door: BoxedDoor) -> None:
    assert why(door.ask("/sign-in", {"code": "WRNG-CODE"}, token="")) == (403, "wrong-code")
    assert why(door.ask("/sign-in", {"code": 7}, token="")) == (422, "bad-request")
    visit = told(door.ask("/sign-in", {"code": door.code}, token=""), bodies.Visit)
    assert visit.window.open
    assert door.ask("/window", token=visit.token).status == (409 if visit.someone_else else 200)
    door.ask("/take-over", {}, token=visit.token)
    assert told(door.ask("/window", token=visit.token), Window).open
    assert door.ask("/sign-out", {}, token=visit.token).status == 200
    assert why(door.ask("/window", token=visit.token)) == (401, "signed-out")


def test_too_many_wrong_codes_wait(door: BoxedDoor) -> None:
    for _ in range(6):
        answer = door.ask("/sign-in", {"code": "WRNG-CODE"}, token="")
    assert why(answer) == (429, "wait")
    assert int(answer.headers["retry-after"]) > 0
    assert why(door.ask("/sign-in", {"code": door.code}, token="")) == (429, "wait")


def test_a_cookie_of_the_pages_is_no_token_and_a_token_no_cookie(door: BoxedDoor) -> None:
    token = door.token()
    phone = door.phone()
    assert phone.ask("/api/1/window", Cookie=f"__Host-wardgate={token}").status == 401
    assert "Setup code" in phone.ask("/", Cookie=f"__Host-wardgate={token}").text
    assert why(door.ask("/window", token=token)) == (401, "stolen-cookie"), "a token that was tried elsewhere is over"


def test_a_token_is_good_for_the_program_that_got_it(door: BoxedDoor) -> None:
    token = door.token()
    stolen = door.phone().ask("/api/1/window", Authorization=f"Bearer {token}", User_Agent="Another/2")
    assert why(stolen) == (401, "stolen-cookie")
    assert why(door.ask("/window", token=token))[0] == 401


def test_two_programs_take_turns(door: BoxedDoor) -> None:
    first = door.token()

    async def comes() -> str:
        sessions = door.frame.sessions
        session = sessions.find(first, door.place)
        assert session is not None
        return sessions.begin(door.place, session.begun)[0]

    second = door.do(comes())
    assert why(door.ask("/window", token=second)) == (409, "someone-else")
    assert why(door.ask("/unlock", {}, token=second)) == (409, "someone-else")
    assert door.ask("/take-over", {}, token=second).status == 200
    assert why(door.ask("/window", token=first)) == (401, "taken-over")
    assert door.ask("/window", token=second).status == 200


def test_when_the_pages_close_the_api_does(door: BoxedDoor) -> None:
    token = door.token()
    assert not told(door.ask("/window/close", {}, token=token), Window).open
    assert why(door.ask("/window", token=token)) == (403, "closed")
    assert door.ask("/window").status == 200  # opened anew by command


# What is sent


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"{", {}, (400, "not-understood")),
        (b"\xff", {}, (400, "not-understood")),
        (b'{"revision": ' + b"[" * 30_000, {}, (422, "bad-request")),
        (b"[]", {}, (422, "bad-request")),
        (b'{"revision": 1, "by": "ward"}', {}, (422, "bad-request")),
        (b'{"revision": true}', {}, (422, "bad-request")),
        (b"{}", {"Content_Type": "application/x-www-form-urlencoded"}, (415, "not-json")),
        (b"{}", {"Content_Type": None}, (415, "not-json")),
        (b" " * 70_000, {}, (413, "too-large")),
        (b"{}", {"Origin": "https://evil.example"}, (403, "not-from-there")),
        (b"{}", {"Sec_Fetch_Site": "cross-site"}, (403, "not-from-there")),
        (b"{}", {"Host": "evil.example"}, (421, "not-this-address")),
    ],
)
def test_what_cannot_be_used_is_said_in_json(
    door: BoxedDoor, body: bytes, headers: dict[str, Any], expected: tuple[int, str]
) -> None:
    sent = {"Authorization": f"Bearer {door.token()}", "Content_Type": "application/json", "Origin": None, **headers}
    answer = door.phone().ask("/api/1/unlock", "POST", body, **sent)
    assert why(answer) == expected
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1&limit=2", "before=null", "limit=true", "x=1"])
def test_what_stands_behind_an_address_is_taken_strictly(door: BoxedDoor, query: str) -> None:
    assert why(door.ask(f"/audit?{query}")) == (422, "bad-request")


def test_a_hub_that_is_away_is_said(door: BoxedDoor) -> None:
    assert errors.status_of("hub-away") == 503
    assert errors.of_reason(503, "hub-away").headers["retry-after"] == "5"
