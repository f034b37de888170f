"""`wardgate provision`: the whole way by command line, as somebody who scripts goes it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.authority import Ward
from tests.support.boxed import HUB, Boxed
from wardgate.cli.config import check
from wardgate.cli.provision import main
from wardgate.contract.pseudonym import Pseudonym
from wardgate.control.client import HubAway, connect
from wardgate.control.protocol import Done
from wardgate.leaving import Leaving
from wardgate.unassigned import Unassigned
from wardgate.ward.referrals import Referrals

HERON, DOLPHIN = Pseudonym("copper", "heron"), Pseudonym("silver", "dolphin")


@pytest.fixture
async def boxed(tmp_path: Path) -> AsyncIterator[Boxed]:
    ward = Ward(tmp_path / "ward")
    for one in (HERON, DOLPHIN):
        Referrals(ward.authority.register).add(one, pathways=["heart-failure"], kinds=("scale",), phone="")
    async with ward.endpoint() as port:
        box = Boxed(tmp_path, ward, port, f'[broker]\nhost = "localhost"\nport = 1\nca_file = "{ward.ca}"\n')
        async with box.running():
            yield box


async def test_from_the_box_to_a_patient_and_back(
    boxed: Boxed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*words: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, [*words, "--config", str(boxed.file)])
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    async def told(*words: str) -> Any:
        status, out, err = await run(*words, "--json")
        assert status == 0, err
        return json.loads(out)

    assert check(boxed.file, as_json=False) == 0, "a file without a patient is a good one"
    assert "No patient" in capsys.readouterr().out
    assert (await told("status"))["stage"] == "factory"
    status, out, _ = await run("status")
    assert out.startswith("This hub is not claimed.")
    assert "Missing (step 1): The hub is not claimed." in out

    assert boxed.ward is not None
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{HUB} {boxed.ward.code(HUB)}\n"))
    assert (await told("claim", "--code", "-"))["sentence"] == f"The hub is claimed as {HUB}."
    await boxed.until("claimed")
    assert [one["words"] for one in await told("patients")] == ["Copper Heron", "Silver Dolphin"]
    status, out, err = await run("assign", "Copper", "Heron", "01", "--json")
    assert (status, json.loads(out)["key"]) == (1, "wrong-digits")
    assert HERON.digits not in out + err, "the right ones are never told"
    await told("assign", "Copper", "Heron", HERON.digits)
    await boxed.until("assigned")
    status, _, err = await run("assign", "Copper", "Heron", "01")
    assert (status, "Those digits are not Copper Heron's." in err) == (1, True), "also when it is theirs already"
    assert (await run("assign", "Copper", "Heron", HERON.digits))[0] == 0
    status, _, err = await run("lock")
    assert status == 1
    assert "The scale was not added." in err
    assert (await run("unlock"))[0] == 0, "it is not locked, and that was wanted"

    code = (await told("code", "--new"))["code"]
    assert len(code.replace("-", "")) >= 8
    assert (await told("open", "--minutes", "5"))["open"] is True
    await told("release", "--seal")
    await boxed.until("claimed")

    acts = [entry["what"] for entry in (await told("audit"))["entries"]]
    assert {"claimed", "assigned", "released"} <= set(acts)
    assert acts.index("released") < acts.index("assigned") < acts.index("claimed"), "newest first"
    status, out, _ = await run("audit")
    assert "The hub was given to Copper Heron." in out
    assert (await told("audit", "--verify"))["whole"] is True


async def test_the_next_patient_right_behind_a_release(boxed: Boxed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program that served the one before gives the hub to nobody: the command waits for the next program."""
    assert boxed.ward is not None
    may_go, leave = asyncio.Event(), Leaving._leave

    async def reads_a_device(leaving: Leaving) -> None:
        await may_go.wait()
        await leave(leaving)

    monkeypatch.setattr(Leaving, "_leave", reads_a_device)
    await boxed.do("claim", hub=HUB, code=boxed.ward.code(HUB))
    await boxed.do("assign", words=HERON.words, digits=HERON.digits)
    await boxed.until("assigned")
    await boxed.do("release", seal=True)
    async with connect(boxed.socket) as hub:
        with pytest.raises(HubAway, match="it starts anew"):
            await hub.ask("assign", Done, words=DOLPHIN.words, digits=DOLPHIN.digits)
    assert Referrals(boxed.ward.authority.register).of(DOLPHIN.slug).state == "waiting"
    words = ("assign", "Silver", "Dolphin", DOLPHIN.digits, "--config", str(boxed.file))
    giving = asyncio.create_task(asyncio.to_thread(main, [*words]))
    may_go.set()
    assert await giving == 0
    assert (await boxed.until("assigned")).patient == "Silver Dolphin"


async def test_every_act_right_behind_an_assignment_waits_for_the_hub(
    boxed: Boxed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that had no patient answers until it is gone; what it cannot do is asked of the next."""
    assert boxed.ward is not None
    may_go, asked, until_anew, later = asyncio.Event(), asyncio.Semaphore(0), Unassigned._until_anew, Unassigned._later

    async def takes_long(hub: Unassigned) -> None:
        await until_anew(hub)
        if hub.desk.stage == "assigned":
            await may_go.wait()

    async def is_asked(hub: Unassigned, params: dict[str, Any]) -> object:
        asked.release()
        return await later(hub, params)

    monkeypatch.setattr(Unassigned, "_until_anew", takes_long)
    monkeypatch.setattr(Unassigned, "_later", is_asked)
    await boxed.do("claim", hub=HUB, code=boxed.ward.code(HUB))
    await boxed.do("assign", words=HERON.words, digits=HERON.digits)
    acts = (("nearby",), ("limits",), ("limits", "--read-back"), ("test", "scale"))
    running = [asyncio.create_task(asyncio.to_thread(main, [*words, "--config", str(boxed.file)])) for words in acts]
    for _ in acts:
        await asked.acquire()
    may_go.set()
    assert await asyncio.gather(*running) == [0, 0, 0, 1]
    said = capsys.readouterr()
    assert "The limits were read back." in said.out
    assert "This home has no such device." in said.err, "the next program knows; nothing else was in the way"


def test_where_nobody_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wardgate.cli.provision_words.LOOKS", 1)
    boxed = Boxed(tmp_path)
    assert main(["status", "--config", str(boxed.file)]) == 69
    assert "Is it running?" in capsys.readouterr().err
    assert main(["status", "--config", str(tmp_path / "none.toml")]) == 78
    assert main(["audit", "--verify", "--config", str(boxed.file)]) == 1
    with pytest.raises(SystemExit) as wrong:
        main(["dance"])
    assert wrong.value.code == 2
