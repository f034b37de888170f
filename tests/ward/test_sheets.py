"""The ward's command line for its list and its sheets, and that what it writes makes a hub the ward's."""

from __future__ import annotations

import asyncio
import json
import re
import stat
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.authority import Ward
from tests.support.axe import judge
from tests.support.browser import chromium, complaints, requests, resize
from wardgate.cli import ward as command
from wardgate.contract.assigning import Ask
from wardgate.contract.pseudonym import parse
from wardgate.enrol.est import Endpoint
from wardgate.enrol.identity import Identity, directory
from wardgate.pathways.known import LIMITS
from wardgate.provision.boot_partition import import_file, ticket_kept
from wardgate.provision.ward_list import WardList
from wardgate.ward import sheets
from wardgate.ward.ca import Authority
from wardgate.ward.referrals import Referrals

HERON = (
    *("add", "--words", "copper heron", "--pathway", "heart-failure", "--kind", "scale", "--kind", "heart-belt"),
    *("--phone", "0116 000 0000", "--limit", "gain_3_days_kg=1.5"),
)
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


@pytest.fixture
def patients(ward: Ward, capsys: pytest.CaptureFixture[str]) -> Say:
    """`wardgate ward patients ...`: the exit status, and all that was printed."""

    def say(*words: str) -> tuple[int, str]:
        try:
            status = command.main(["patients", "--directory", str(ward.directory / "ca"), *words])
        except SystemExit as end:
            status = int(end.code or 0)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return say


def test_add_list_sheet_end(patients: Say, ward: Ward, tmp_path: Path) -> None:
    assert patients("list") == (0, "Nobody is on the list.\n")
    assert patients(*HERON)[1].startswith("Copper Heron 93\n")
    status, said = patients("add", "--new", "--hub", "hub-3")
    assert status == 0
    other = parse(said.splitlines()[0])
    _, said = patients("list")
    assert re.search(r"copper-heron-93 +waiting +for any hub ", said)
    assert re.search(rf"{other.slug} +waiting +for hub-3 ", said)

    status, said = patients("sheet", "Copper Heron 93", "--html", str(tmp_path / "sheet.html"))
    assert status == 0
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    for fact in ("Copper Heron", "93", "Heart failure", "scale, heart belt", "0116 000 0000", "1.5 kg"):
        assert fact in said
        assert f"<dd>{fact}</dd>" in page
    assert "<figure>" not in page, "there is nothing to scan"

    assert patients("end", "copper-heron-93") == (0, "Copper Heron is off the list.\n")
    assert "copper-heron" not in patients("list")[1]
    (one,) = [r for r in json.loads(patients("list", "--all", "--json")[1]) if r["patient"] == "copper-heron-93"]
    assert one["state"] == "ended"
    assert ward.authority.register.broken_at() is None


def test_the_end_of_a_patient_whom_a_hub_serves_says_what_is_left_to_do(patients: Say, ward: Ward) -> None:
    patients(*HERON)
    from_hub = Referrals(ward.authority.register)
    from_hub.assign("hub-17", Ask(words="Copper Heron", digits="93"))
    assert "hub-17" in patients("list")[1]
    assert "release the patient on its page" in patients("end", "copper-heron-93")[1]


def test_a_hub_that_is_withdrawn_leaves_its_patient_to_the_ward(
    patients: Say, ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    patients(*HERON)
    ward.hub("hub-17")
    Referrals(ward.authority.register).assign("hub-17", Ask(words="Copper Heron", digits="93"))
    assert command.main(["ca", "--directory", str(ward.directory / "ca"), "revoke", "hub-17", "--reason", "lost"]) == 0
    assert "wardgate ward patients end copper-heron-93" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("sheet", "copper-heron-39"), 2, "Those digits are not Copper Heron's."),
        (("sheet", "silver-heron-20"), 2, "Those digits"),
        (("end", "copper heron"), 2, "two words and two digits"),
        (("add", "--words", "coper heron"), 2, "Does the referral sheet say Copper?"),
        (("add", "--new", "--pathway", "hearts"), 2, "heart-failure"),
        (("add", "--new", "--limit", "gain_3_days_kg"), 2, "does not look like"),
        (("add", "--new", "--limit", "gain_3_days_kg=90"), 1, "gain_3_days_kg can be 0.2 to 20 kg."),
        (("add", "--new", "--phone", "0" * 41), 2, "40 signs"),
        (("add", "--new", "--hub", "Hub 3"), 2, "is no hub's id"),
        (("add",), 2, "--new"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(patients: Say, words: tuple[str, ...], status: int, said: str) -> None:
    found = patients(*words)
    assert found[0] == status
    assert said in found[1]
    assert patients("list") == (0, "Nobody is on the list.\n")


def test_somebody_who_is_not_on_the_list_has_no_sheet(patients: Say) -> None:
    status, said = patients("sheet", "copper-heron-93")
    assert (status, said) == (1, "Nobody is called copper-heron-93.\nSee: wardgate ward patients list\n")
    patients(*HERON)
    assert "on the list already" in patients(*HERON)[1]


def test_every_limit_has_words() -> None:
    assert set(sheets.LIMIT_WORDS) == set(LIMITS)


async def test_from_the_claim_sheet_to_the_patient(
    ward: Ward, patients: Say, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the ward writes is what a hub reads: imported, claimed with, and a patient chosen, over TLS."""
    data = tmp_path / "data"
    data.mkdir()
    patients(*HERON)
    async with ward.endpoint() as port:
        words = ["claim-sheet", "hub-17", "--directory", str(tmp_path / "ca"), "--out", str(tmp_path / "card")]
        url = f"https://localhost:{port}"
        words += ["--endpoint", url, "--broker", "broker.example:8884"]
        assert command.main(words) == 0
        said = capsys.readouterr().out
        file = tmp_path / "card" / "wardgate.toml"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert command.main(words) == 1, "nothing is written over"
        content = file.read_text(encoding="utf-8")
        assert 'host = "broker.example"\nport = 8884\n' in content

        import_file(file, data)
        assert not file.exists()
        ticket = ticket_kept(data)
        assert ticket is not None
        for fact in (ticket.hub, ticket.code, url, ward.authority.root.fingerprint(SHA256()).hex()):
            assert re.search(rf"  {re.escape(fact)}$", said, re.MULTILINE), fact
        assert ticket.code in content
        (authority,) = data.glob("ward-ca-*.pem")
        identity = Identity(directory(data))
        await asyncio.to_thread(Endpoint(url, str(authority)).claim, identity, ticket.hub, ticket.code)
        identity.take()
        asked = WardList(url, str(authority), identity)
        (offered,) = await asyncio.to_thread(asked.patients)
        given = await asyncio.to_thread(asked.assign, offered.words, "93", None)
        assert (given.patient, given.kinds) == ("copper-heron-93", ("scale", "heart-belt"))
        await asyncio.to_thread(asked.end, given.assignment)
    opened = Authority(tmp_path / "ca")
    assert Referrals(opened.register).of("copper-heron-93").state == "ended"
    opened.close()


def test_a_sheet_can_be_read_by_all_and_asks_for_nothing(tmp_path: Path, ward: Ward) -> None:
    """At a phone's width; on paper there is more room."""
    one = Referrals(ward.authority.register).add(
        None, pathways=["heart-failure", "copd"], kinds=["scale", "cuff"], phone="0116 000 0000"
    )
    ticket = "hub-17 VEJW-EKCV-X0BV-SQJ0"
    sheet = sheets.referral_sheet(one, datetime(2026, 11, 22, 9, 30, tzinfo=UTC), ticket)
    drawn = ET.fromstring(re.findall(r"<svg.*</svg>", sheet.page())[0])
    assert drawn.findtext("{*}title") == ticket
    (tmp_path / "sheet.html").write_text(sheet.page(), encoding="utf-8")
    with chromium(tmp_path / "profile") as window:
        resize(window, 320)
        window.get((tmp_path / "sheet.html").as_uri())
        assert judge(window) == ([], [])
        assert window.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert complaints(window) == []
        assert [url for url in requests(window) if not url.startswith("file:")] == []
