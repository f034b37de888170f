"""The ward's list at the enrolment endpoint, asked with real certificates by curl and OpenSSL."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.support.authority import Ward
from wardgate.contract.assigning import ASSIGNMENTS, END, PATIENTS
from wardgate.contract.pseudonym import Pseudonym
from wardgate.ward import asked, enrol
from wardgate.ward.referrals import Referrals

HERON = Pseudonym("copper", "heron")
RIGHT = {"words": "Copper Heron", "digits": "93"}
WRONG = {"words": "Copper Heron", "digits": "39"}

NO_REQUESTS = (
    b"",
    b"{",
    b"[]",
    b"[" * 5000,
    b"\xff\xfe",
    b'{"words": "Copper Heron"}',
    b'{"words": 1, "digits": "93"}',
    b'{"words": "' + b"a" * 9000 + b'", "digits": "93"}',
)


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    """With Copper Heron on its list."""
    made = Ward(tmp_path)
    Referrals(made.authority.register).add(
        HERON,
        pathways=["heart-failure"],
        kinds=["scale", "cuff"],
        phone="0116 000 0000",
        limits={"gain_1_day_kg": 1},
    )
    return made


async def ask(
    ward: Ward, port: int, path: str, said: object = None, shown: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and what came; `said` is posted, as it is when it is bytes. 0: there was no answer."""
    words = ["--cert", shown["cert_file"], "--key", shown["key_file"]] if shown else []
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    if said is not None:
        words += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--cacert", str(ward.ca), "-w", "\n%{http_code} %{content_type}", *words,
        f"https://localhost:{port}{path}",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(body)
    answer, _, last = out.rpartition(b"\n")
    status, kind = int(last.split()[0]), last.partition(b" ")[2].strip()
    if status == 0:
        return 0, None
    assert kind == b"application/json", answer
    return status, json.loads(answer)


def noted(ward: Ward, what: str) -> list[tuple[str | None, dict[str, object]]]:
    assert ward.authority.register.broken_at() is None
    return [(row.name, json.loads(row.detail)) for row in ward.authority.register.audit() if row.what == what]


async def test_a_patient_is_chosen_and_let_go(ward: Ward) -> None:
    mine, other = ward.hub("hub-17"), ward.hub("hub-18")
    listed = {
        "words": "Copper Heron",
        "pathways": ["heart-failure"],
        "kinds": ["scale", "cuff"],
        "phone": "0116 000 0000",
    }
    async with ward.endpoint() as port:
        assert await ask(ward, port, PATIENTS, shown=mine) == (200, [listed])
        status, given = await ask(ward, port, ASSIGNMENTS, RIGHT, mine)
        told = {**listed, "patient": "copper-heron-93", "limits": {"gain_1_day_kg": 1.0}, "words": None}
        assert (status, {**given, "words": None, "assignment": ""}) == (200, {**told, "assignment": ""})
        assert await ask(ward, port, ASSIGNMENTS, RIGHT, mine) == (200, given), "an answer that was lost"
        status, refusal = await ask(ward, port, ASSIGNMENTS, RIGHT, other)
        assert (status, refusal["key"]) == (409, "taken")
        assert refusal["sentence"] == "Copper Heron has another hub already."
        assert await ask(ward, port, PATIENTS, shown=other) == (200, [])

        assignment = {"assignment": given["assignment"]}
        assert (await ask(ward, port, END, assignment, other))[0] == 404, "another hub's assignment"
        assert await ask(ward, port, END, assignment, mine) == (200, assignment)
        assert await ask(ward, port, END, assignment, mine) == (200, assignment)
        assert await ask(ward, port, PATIENTS, shown=mine) == (200, [])
    assert noted(ward, "assigned") == [
        ("hub-17", {"patient": HERON.slug, "pathways": ["heart-failure"], **assignment}),
    ]
    assert noted(ward, "ended") == [("hub-17", {"patient": HERON.slug, "by": "hub", **assignment})]
    assert [(name, detail["why"]) for name, detail in noted(ward, "refused")] == [("hub-18", "hub-18: not-yours")]


async def test_who_is_not_listened_to(ward: Ward, tmp_path: Path) -> None:
    gone, stranger = ward.hub("hub-9"), Ward(tmp_path / "stranger")
    ward.authority.revoke("hub-9", reason="lost")
    async with ward.endpoint() as port:
        for path, said in ((PATIENTS, None), (ASSIGNMENTS, RIGHT), (END, {"assignment": "a-1"})):
            status, refusal = await ask(ward, port, path, said)
            assert (status, refusal["key"]) == (401, "no-certificate")
            status, refusal = await ask(ward, port, path, said, gone)
            assert (status, refusal["key"]) == (403, "withdrawn")
            assert refusal["what_to_do"] == "Ask the ward for a claim code."
        status, refusal = await ask(ward, port, PATIENTS, shown=ward.account("ward.consumer"))
        assert (status, refusal["key"]) == (403, "not-a-hub")
        assert (await ask(ward, port, PATIENTS, shown=stranger.hub("hub-17")))[0] == 0, "TLS refuses it"
    assert noted(ward, "assigned") == []
    assert len(noted(ward, "refused")) == 7


async def test_guessing_digits_is_slow_for_the_hub_that_guesses_and_for_no_other(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrol, "REFUSALS", 3)
    now = [0.0]
    endpoint = enrol.Enrolment(ward.authority, ward.server, ward.server_key, monotonic=lambda: now[0])
    mine, other = ward.hub("hub-17"), ward.hub("hub-18")
    server = await endpoint.start("127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for said in (WRONG, {"words": "Silver Heron", "digits": "20"}, WRONG):
            status, refusal = await ask(ward, port, ASSIGNMENTS, said, mine)
            assert status in (404, 422)
            assert "93" not in json.dumps(refusal)
        status, refusal = await ask(ward, port, ASSIGNMENTS, RIGHT, mine)
        assert (status, refusal["key"]) == (429, "wait")
        assert (await ask(ward, port, PATIENTS, shown=mine))[0] == 429
        assert (await ask(ward, port, PATIENTS, shown=other))[0] == 200, "from the same address"
        now[0] = enrol.WINDOW_S
        assert (await ask(ward, port, ASSIGNMENTS, RIGHT, mine))[0] == 200


async def test_what_is_no_request(ward: Ward) -> None:
    """Each gets an answer in JSON and changes nothing."""
    mine = ward.hub("hub-17")
    async with ward.endpoint() as port:
        for said in NO_REQUESTS:
            status, refusal = await ask(ward, port, ASSIGNMENTS, said, mine)
            assert (status, refusal["key"]) == (400, "malformed"), said[:20]
    async with ward.endpoint() as port:
        large = b'{"words": "' + b"a" * asked.BODY_BYTES + b'"}'
        status, refusal = await ask(ward, port, ASSIGNMENTS, large, mine)
        assert (status, refusal["key"]) == (413, "too-large")
        for path in ("/wardgate/1/nothing", "/wardgate/1/patients/../assignments", "/wardgate/1/patients?all=1"):
            status, refusal = await ask(ward, port, path.replace("..", "%2e%2e"), RIGHT, mine)
            assert (status, refusal["key"]) == (404, "nothing-here")
        assert (await ask(ward, port, ASSIGNMENTS, shown=mine))[0] == 404, "GET where one posts"
        assert (await ask(ward, port, PATIENTS, shown=mine))[0] == 200
    assert noted(ward, "assigned") == []


async def test_a_hub_that_goes_in_the_middle_leaves_nothing_half_done(ward: Ward) -> None:
    mine = ward.hub("hub-17")
    context = ssl.create_default_context(cafile=str(ward.ca))
    context.load_cert_chain(mine["cert_file"], mine["key_file"])
    body = json.dumps(RIGHT).encode()
    async with ward.endpoint() as port:
        _, writer = await asyncio.open_connection("localhost", port, ssl=context)
        head = f"POST {ASSIGNMENTS} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body[:-1])
        await writer.drain()
        writer.close()
        status, offered = await ask(ward, port, PATIENTS, shown=mine)
        assert (status, len(offered)) == (200, 1)
    assert noted(ward, "assigned") == []
