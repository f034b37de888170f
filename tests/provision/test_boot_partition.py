"""The ward's file on the boot partition: checked whole, imported, erased; or left with a text that helps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.authority import Ward
from tests.support.boxed import HUB, Boxed
from wardgate import installation
from wardgate.cli.provision import main
from wardgate.config import bare_over
from wardgate.control.provisioning import Audit
from wardgate.provision.boot_partition import BESIDE, import_file, ticket_kept
from wardgate.provision.refused import Refused

SECRET = "Xyzzy-broker-17"
TICKET = "ABCD-EFGH-JKMN-PQRS"


def boot(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "boot" / "wardgate.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir(exist_ok=True, mode=0o700)
    return path


def whole(ward: Ward) -> str:
    return f"""
timezone = "Europe/Dublin"
[claim]
hub = "{HUB}"
code = "{TICKET}"
[enrol]
url = "https://localhost:8085"
ca_pem = '''
{ward.ca.read_text(encoding="ascii")}'''
[broker]
host = "broker.example.org"
port = 8884
username = "{HUB}"
password = "{SECRET}"
"""


def test_everything_is_taken_over_and_the_file_is_gone(tmp_path: Path) -> None:
    ward = Ward(tmp_path / "ward")
    path = boot(tmp_path, whole(ward))
    held = os.open(path, os.O_RDONLY)
    import_file(path, data(tmp_path))
    assert list(path.parent.iterdir()) == []
    assert os.pread(held, 10_000, 0) == b"", "what was in the file is not in its blocks any more"
    os.close(held)
    kept = ticket_kept(data(tmp_path))
    assert kept is not None
    assert (kept.hub, kept.code) == (HUB, TICKET)
    file = tmp_path / "wardgate.toml"
    file.write_text(f'[hub]\ndata_dir = "{data(tmp_path)}"\n', encoding="utf-8")
    bare = bare_over(file, installation.read(data(tmp_path)))
    assert bare.hub.timezone == "Europe/Dublin"
    assert bare.broker is not None
    assert (bare.broker.host, bare.broker.port, bare.broker.username) == ("broker.example.org", 8884, HUB)
    assert bare.broker.ca_file is not None
    assert Path(bare.broker.ca_file).read_text(encoding="ascii").strip() == ward.ca.read_text(encoding="ascii").strip()
    assert bare.broker.password_file is not None
    assert Path(bare.broker.password_file).read_text(encoding="utf-8") == SECRET
    for secret in data(tmp_path).iterdir():
        assert secret.stat().st_mode & 0o077 == 0, secret
    record = (data(tmp_path) / installation.NAME).read_text(encoding="utf-8")
    assert SECRET not in record
    assert TICKET not in record


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[claim\n", "no TOML"),
        ("# a file without a word\n", "says nothing"),
        ('[claim]\nhub = "hub-1"\ncode = "ABCD"\n', "claim"),
        ('[clam]\nhub = "hub-1"\n', "Did you mean `claim`"),
        ('[broker]\nusername = "u"\n', "go together"),
        ("[broker]\nport = 8883\n", "needs a host"),
        ('timezone = "Europe/Lodnon"\n', "time zone"),
        ('[enrol]\nurl = "http://x"\n', "enrol.url"),
        ('[enrol]\nca_pem = "hello"\n', "certificate"),
        ("[broker]\nhost = 7\n", "broker.host"),
        (f"# {'x' * 70_000}\n", "too long"),
    ],
)
def test_what_cannot_be_used_stays_and_says_why(tmp_path: Path, text: str, names: str) -> None:
    path = boot(tmp_path, text)
    with pytest.raises(Refused) as caught:
        import_file(path, data(tmp_path))
    assert names in caught.value.sentence
    assert path.read_text(encoding="utf-8") == text
    beside = path.with_name(path.name + BESIDE).read_text(encoding="utf-8")
    assert names in beside
    assert caught.value.what_to_do in beside
    assert installation.read(data(tmp_path)) == installation.Record()
    assert [p.name for p in data(tmp_path).iterdir()] == []
    boot(tmp_path, 'timezone = "Europe/Dublin"\n')
    import_file(path, data(tmp_path))
    assert list(path.parent.iterdir()) == [], "the text goes with what it was about"


def test_a_second_file_of_another_hub_is_refused_once_the_hub_is_claimed(tmp_path: Path) -> None:
    record = installation.Record(stage="claimed", hub="hub-1")
    installation.keep(data(tmp_path), record)
    path = boot(tmp_path, 'timezone = "Europe/Dublin"\n')
    with pytest.raises(Refused) as caught:
        import_file(path, data(tmp_path))
    assert caught.value.key == "claimed-already"
    assert path.exists()
    assert installation.read(data(tmp_path)) == record


def test_the_same_file_again_is_only_erased(tmp_path: Path) -> None:
    text = 'timezone = "Europe/Dublin"\n'
    import_file(boot(tmp_path, text), data(tmp_path))
    first = installation.read(data(tmp_path))
    path = boot(tmp_path, text)
    assert "before" in import_file(path, data(tmp_path))
    assert not path.exists()
    assert installation.read(data(tmp_path)) == first


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_at_all_break_it(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "wardgate.toml"
        path.write_bytes(content)
        data(Path(name))
        with contextlib.suppress(Refused):
            import_file(path, data(Path(name)))
        assert not path.exists() or path.read_bytes() == content
        assert path.exists() == path.with_name(path.name + BESIDE).exists(), "what stays is explained"


def test_by_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wardgate.toml"
    file.write_text(f'[hub]\ndata_dir = "{data(tmp_path)}"\n', encoding="utf-8")
    path = boot(tmp_path, 'timezone = "Europe/Dublin"\n')
    words = ["import", "--config", str(file), str(path)]
    assert main(words) == 0
    assert "Imported" in capsys.readouterr().out
    assert main(words) == 1
    assert main([*words, "--if-there"]) == 0
    boot(tmp_path, "[broken")
    assert main(words) == 1
    assert "Mend the file" in capsys.readouterr().err


async def test_a_running_hub_notices_and_claims_by_itself(tmp_path: Path) -> None:
    ward = Ward(tmp_path / "ward")
    async with ward.endpoint() as port:
        boxed = Boxed(tmp_path)
        async with boxed.running():
            text = whole(ward).replace("8085", str(port)).replace(TICKET, ward.code(HUB))
            text = text.partition("[broker]")[0] + '[broker]\nhost = "localhost"\nport = 1\n'
            await asyncio.to_thread(import_file, boot(tmp_path, text), boxed.data)
            found = await boxed.until("claimed")
            assert (found.hub, found.timezone) == (HUB, "Europe/Dublin")
            await boxed.do("claim", hub=HUB, code="0000-0000-0000-0000")  # answered once the first claim is all done
            audit = await boxed.ask("audit", Audit, limit=50)
            acts = [(entry.what, entry.by) for entry in audit.entries if entry.what in ("imported", "claimed")]
            assert acts == [("claimed", "hub"), ("imported", "command")]
            assert ticket_kept(boxed.data) is None
