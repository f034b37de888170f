"""A weekly letter on its way through the ward's FHIR server: the enabled ones, once each, and without a name."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.documentreference import DocumentReference

from tests.support import home
from tests.support.fhir_server import FhirServer
from tests.support.ward_page import said
from wardgate.cli import ward as ward_command
from wardgate.ward import audit
from wardgate.ward.store import WardStore

HERON, FINCH, WREN = "copper-heron-93", "copper-finch-12", "silent-wren-31"
WEEK = ("--week", "2026-11-20")


@pytest.fixture
def server() -> Iterator[FhirServer]:
    one = FhirServer()
    yield one
    one.close()


class Letters:
    """The command, over a ward that knows two patients' readings."""

    def __init__(self, where: Path | str) -> None:
        self._where = str(where)

    async def __call__(self, *words: str) -> int:
        return await asyncio.to_thread(ward_command.main, ["letter", *words, "--database", self._where])

    async def enable(self, patient: str) -> None:
        assert await self(patient, "--enable", "--phone", "0116 000 0000", "--hours", "8am to 8pm") == 0


@pytest.fixture
async def letters(where: Path | str, store: WardStore) -> Letters:
    made = []
    for patient in (HERON, FINCH):
        for day in range(14, 21):
            one = home.reading("weight", datetime(2026, 11, day, 8, tzinfo=UTC), weight=78.0)
            made.append(msgspec.structs.replace(one, patient=patient, hub=f"hub-of-{patient}"))
    await store.commit([said(m, n) for n, m in enumerate(made, 1)], [])
    return Letters(where)


def kept(server: FhirServer) -> dict[str, dict[str, Any]]:
    """The letters at the server, by patient."""
    return {one["subject"]["identifier"]["value"]: one for one in server.of_kind("DocumentReference")}


def text(letter: dict[str, Any]) -> str:
    return base64.b64decode(letter["content"][0]["attachment"]["data"]).decode()


async def acts(store: WardStore) -> list[tuple[str, object]]:
    found = await store.database.run(audit.newest)
    return [(a.what, a.detail["patient"]) for a in found if a.what != "letter-enabled"]


async def test_it_is_sent_once_and_without_a_name(
    letters: Letters, store: WardStore, server: FhirServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert await letters(HERON, *WEEK, "--send-to", server.url) == 1, "the ward has not enabled it"
    assert not server.requests
    await letters.enable(HERON)
    token = tmp_path / "token"
    token.write_text("secret\n", encoding="utf-8")
    before = sorted(await asyncio.to_thread(os.listdir, tmp_path))
    to = ("--send-to", server.url, "--token-file", str(token), "--name", "Jane Smith")
    assert await letters("Copper Heron 93", *WEEK, *to) == 0
    assert await letters(HERON, *WEEK, *to) == 0
    assert server.tokens == ["Bearer secret"] * 2
    assert (server.created, server.updated) == (2, 1), "the patient, by a pseudonym, and the letter"
    (letter,) = kept(server).values()
    DocumentReference.model_validate(letter)
    assert "In your target" in text(letter)
    assert "Smith" not in text(letter)
    assert await acts(store) == [("letter-sent", HERON)] * 2
    assert sorted(await asyncio.to_thread(os.listdir, tmp_path)) == before, "nothing stays behind"


async def test_everybodys_goes_out_at_once_and_no_one_keeps_another_back(
    letters: Letters, store: WardStore, server: FhirServer, capsys: pytest.CaptureFixture[str]
) -> None:
    send = ("--all", *WEEK, "--send-to", server.url)
    assert await letters(*send) == 0
    assert "No patient may get letters." in capsys.readouterr().out
    for patient in (HERON, FINCH, WREN):
        await letters.enable(patient)
    assert await letters(*send) == 0, "that somebody measured nothing is no problem of the sending"
    assert set(kept(server)) == {HERON, FINCH}
    assert f"no readings of {WREN}" in capsys.readouterr().err
    assert set(await acts(store)) == {("letter-sent", HERON), ("letter-sent", FINCH)}

    server.kept.clear()
    server.mood = lambda bundle: 422 if HERON in str(bundle) else None
    assert await letters(*send) == 1
    assert set(kept(server)) == {FINCH}
    assert f"does not take the letter of {HERON}" in capsys.readouterr().err


@pytest.mark.parametrize("mood", [503, -1], ids=["trouble", "hangs up"])
async def test_what_was_not_sent_is_not_said_to_be(
    letters: Letters, store: WardStore, server: FhirServer, capsys: pytest.CaptureFixture[str], mood: int
) -> None:
    await letters.enable(HERON)
    server.mood = lambda _: mood
    assert await letters(HERON, *WEEK, "--send-to", server.url) == 1
    assert f"The letter of {HERON} was not sent." in capsys.readouterr().err
    assert await acts(store) == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        (HERON, "--all", "--send-to", "http://127.0.0.1:9/"),
        ("--all",),
        ("--all", "--send-to", "http://127.0.0.1:9/", "--name", "Jane"),
        ("--all", "--send-to", "http://127.0.0.1:9/", "--disable"),
    ],
)
async def test_an_order_that_is_not_clear_is_not_guessed(letters: Letters, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        await letters(*words)


async def test_a_letter_does_not_travel_in_the_clear(letters: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    await letters.enable(HERON)
    assert await letters(HERON, *WEEK, "--send-to", "http://ward.example/fhir") == 1
    assert "https" in capsys.readouterr().err
