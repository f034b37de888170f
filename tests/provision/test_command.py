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
from wardgate.ward.referrals import Referrals

HERON = Pseudonym("copper", "heron")


@pytest.fixture
async def boxed(tmp_path: Path) -> AsyncIterator[Boxed]:
    ward = Ward(tmp_path / "ward")
    Referrals(ward.authority.register).add(HERON, pathways=["heart-failure"], kinds=("scale",), phone="")
    async with ward.endpoint() as port:
        one = Boxed(tmp_path, ward, port, f'[broker]\nhost = "localhost"\nport = 1\nca_file = "{ward.ca}"\n')
        async with one.running():
            yield one


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
    (one,) = await told("patients")
    assert one["words"] == "Copper Heron"
    status, out, err = await run("assign", "Copper", "Heron", "01", "--json")
    assert (status, json.loads(out)["key"]) == (1, "wrong-digits")
    assert HERON.digits not in out + err, "the right ones are never told"
    await told("assign", "Copper", "Heron", HERON.digits)
    await boxed.until("assigned")
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
