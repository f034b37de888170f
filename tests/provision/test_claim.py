"""The ward's ticket, however it was typed or scanned."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.authority import Ward
from wardgate.config import load_bare
from wardgate.enrol.identity import Identity, directory
from wardgate.provision.claim import Ticket, claim, take, ticket
from wardgate.provision.refused import Refused
from wardgate.ward.register import new_code

GOOD = Ticket(hub="hub-17", code="ABCD-EFGH-JKMN-PQRS")


@pytest.mark.parametrize(
    ("hub", "code"),
    [
        ("hub-17", "ABCD-EFGH-JKMN-PQRS"),
        ("hub-17", "abcdefghjkmnpqrs"),
        (" HUB-17 ", "ABCD EFGH JKMN PQRS"),
        ("", "hub-17 ABCD-EFGH-JKMN-PQRS"),
        ("hub-17 ABCD-EFGH-JKMN-PQRS", ""),
        ("hub-17", "hub-17 ABCD-EFGH-JKMN-PQRS"),
        ("", "hub-17\tABCD-EFGH-JKMN-PQRS\n"),
        ("", "hub\u201317  ABCD\u2013EFGH\u2014JKMN\u2212PQRS"),
    ],
)
def test_one_ticket_in_many_hands(hub: str, code: str) -> None:
    assert ticket(hub, code) == GOOD


def test_letters_that_look_like_figures() -> None:
    assert ticket("hub-17", "O0IL-1111-0000-oooo").code == "0011-1111-0000-0000"


@pytest.mark.parametrize(
    ("hub", "code", "key"),
    [
        ("", "", "hub-id"),
        ("hub_17", "ABCD-EFGH-JKMN-PQRS", "hub-id"),
        ("../etc", "ABCD-EFGH-JKMN-PQRS", "hub-id"),
        ("hub-17", "ABCD-EFGH-JKMN", "code-shape"),
        ("hub-17", "ABCD-EFGH-JKMN-PQRU", "code-shape"),
        ("hub-17", "ABCD-EFGH-JKMN-PQRS-7", "code-shape"),
    ],
)
def test_what_is_no_ticket_says_so(hub: str, code: str, key: str) -> None:
    with pytest.raises(Refused) as caught:
        ticket(hub, code)
    assert caught.value.key == key
    assert caught.value.what_to_do


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ABCD-EFGH-JKMN-PQRS", "The hub's id is missing."),
        ("abcd efgh jkmn pqrs", "The hub's id is missing."),
        ("hub-17", "The claim code is missing."),
        ("hub-17 ABCD-EFGH", "This has 8."),
        ("hub-17 ABCD-EFGH-JKMN-PQRU", "There is no U in a claim code."),
        ("hub-17 ABCD-EFGH-JKMN-PQR\u0663", "There is no \u0663 in a claim code."),
    ],
)
def test_half_a_ticket_says_which_half_is_missing(line: str, says: str) -> None:
    for hub, code in ((line, ""), ("", line)):
        with pytest.raises(Refused) as caught:
            ticket(hub, code)
        assert says in caught.value.sentence


@given(st.text(max_size=60), st.text(max_size=60))
def test_anything_at_all_is_a_ticket_or_refused(hub: str, code: str) -> None:
    try:
        found = ticket(hub, code)
    except Refused:
        return
    assert ticket(found.hub, found.code) == found


def test_every_code_that_the_ward_prints_is_taken_as_it_is() -> None:
    for _ in range(50):
        code = new_code()
        assert ticket("hub-17", code.lower().replace("-", " ")).code == code


async def test_the_certificate_comes_and_is_taken_once(tmp_path: Path) -> None:
    ward = Ward(tmp_path / "ward")
    async with ward.endpoint() as port:
        file = tmp_path / "wardgate.toml"
        file.write_text(
            f'[hub]\ndata_dir = "{tmp_path}"\n[enrol]\nurl = "https://localhost:{port}"\nca_file = "{ward.ca}"\n',
            encoding="utf-8",
        )
        bare, identity = load_bare(file), Identity(directory(tmp_path))
        with pytest.raises(Refused) as wrong:
            await asyncio.to_thread(claim, bare, identity, GOOD)
        assert wrong.value.key == "refused-by-ward"
        asked = ticket("", f"hub-17 {ward.code('hub-17')}")
        await asyncio.to_thread(claim, bare, identity, asked)
        await asyncio.to_thread(claim, bare, identity, asked)
        assert not identity.has_current(), "it is the record that says that the hub is claimed"
        take(identity)
        take(identity)
        assert identity.has_current()


def test_nobody_to_ask_and_another_hubs_ticket(tmp_path: Path) -> None:
    file = tmp_path / "wardgate.toml"
    identity = Identity(directory(tmp_path))
    file.write_text(f'[hub]\ndata_dir = "{tmp_path}"\n', encoding="utf-8")
    with pytest.raises(Refused) as caught:
        claim(load_bare(file), identity, GOOD)
    assert caught.value.key == "no-endpoint"
    way = f'[hub]\nid = "hub-18"\ndata_dir = "{tmp_path}"\n[enrol]\nurl = "https://localhost:1"\n'
    file.write_text(way, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        claim(load_bare(file), identity, GOOD)
    assert caught.value.key == "other-hub"
    file.write_text(way.replace("hub-18", "hub-17"), encoding="utf-8")
    with pytest.raises(Refused) as caught:
        claim(load_bare(file), identity, GOOD)
    assert caught.value.key == "ward-away"
