"""The power goes at every write of every act: afterwards the stage is the old one or the new one, and the act, asked
for again, is done to its end, once."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.authority import Ward
from tests.support.power_cuts import CUT
from wardgate import installation
from wardgate.contract.pseudonym import Pseudonym
from wardgate.enrol.identity import Identity, directory
from wardgate.installation import Leaving
from wardgate.store.audit import verify
from wardgate.ward.referrals import Referrals

HUB = "kitchen-7"
HERON = Pseudonym("copper", "heron")
MOST = 80
"""Writes of one act; more would be a fault."""


class Bench:
    """A hub's directory that can be put back as it was, and a process that acts on it."""

    def __init__(self, directory: Path, ward: Ward, port: int) -> None:
        self.here, self.before = directory / "hub", directory / "before"
        self.ward = ward
        self.here.mkdir()
        self.data, self.file, self.boot = self.here / "data", self.here / "wardgate.toml", self.here / "boot.toml"
        self.data.mkdir()
        self.file.write_text(
            f'[hub]\ndata_dir = "{self.data}"\ncontrol_socket = "{directory}/c.sock"\n'
            f'[enrol]\nurl = "https://localhost:{port}"\nca_file = "{ward.ca}"\n'
            f'[broker]\nhost = "localhost"\nca_file = "{ward.ca}"\n',
            encoding="utf-8",
        )
        self._process: asyncio.subprocess.Process

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        words = (sys.executable, "-m", "tests.support.power_cuts")
        self._process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def do(self, method: str, params: Mapping[str, Any], cut: int = 0) -> int:
        asked = {"file": str(self.file), "method": method, "params": params, "cut": cut}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        return int(await self._process.stdout.readline())

    def remember(self) -> None:
        shutil.rmtree(self.before, ignore_errors=True)
        shutil.copytree(self.here, self.before, symlinks=True)

    def as_before(self) -> None:
        shutil.rmtree(self.here)
        shutil.copytree(self.before, self.here, symlinks=True)

    def stage(self) -> str:
        return installation.read(self.data).stage

    def acts(self) -> list[str]:
        """What the audit says, oldest first; it is whole."""
        assert verify(self.data / "wardgate.db") == []
        with closing(sqlite3.connect(self.data / "wardgate.db")) as connection:
            lines = connection.execute("SELECT line FROM audit ORDER BY number").fetchall()
        return [json.loads(line)["what"] for (line,) in lines]

    async def cut_everywhere(
        self, method: str, params: Callable[[], Mapping[str, Any]], old: str, new: str, what: str
    ) -> int:
        """At every write; the hub is left as the whole act leaves it. How many writes there were."""
        self.remember()
        for cut in range(1, MOST):
            self.as_before()
            asked = params()
            status = await self.do(method, asked, cut)
            assert status in (0, CUT), f"write {cut}"
            assert self.stage() in (old, new), f"write {cut}"
            if status == 0:
                return cut
            assert await self.do(method, asked) == 0, f"again after write {cut}"
            assert self.stage() == new, f"again after write {cut}"
            assert self.acts().count(what) == 1, f"write {cut}: {self.acts()}"
        raise AssertionError("it never ended")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    ward = Ward(tmp_path / "ward")
    Referrals(ward.authority.register).add(HERON, pathways=["heart-failure"], kinds=("scale",), phone="")
    async with ward.endpoint() as port:
        made = Bench(tmp_path, ward, port)
        await made.start()
        yield made
        await made.stop()


def pair_works(data: Path) -> bool:
    return Identity(directory(data)).has_current()


async def test_every_act_of_a_hubs_life(bench: Bench) -> None:
    assigning = {"words": HERON.words, "digits": HERON.digits}
    claims = await bench.cut_everywhere(
        "claim", lambda: {"hub": HUB, "code": bench.ward.code(HUB)}, "factory", "claimed", "claimed"
    )
    assert claims > 8, "key, certificate, record, links, audit"
    assert pair_works(bench.data)
    await bench.cut_everywhere("assign", lambda: assigning, "claimed", "assigned", "assigned")

    ready = msgspec.structs.replace(installation.read(bench.data), limits_read_back=installation.read(bench.data).since)
    ready = msgspec.structs.replace(ready, kinds=(), device=(_scale(),), tested={"scale": ready.since})
    installation.keep(bench.data, ready)
    await bench.cut_everywhere("lock", dict, "assigned", "locked", "locked")
    assert await bench.do("unlock", {}) == 0
    await bench.cut_everywhere("release", dict, "assigned", "claimed", "released")
    (leaving,) = installation.read(bench.data).leaving
    assert isinstance(leaving, Leaving)
    assert leaving.bonds == ("F0:00:00:00:00:01",)
    await bench.cut_everywhere("clear", dict, "claimed", "claimed", "released")
    assert installation.read(bench.data).leaving == ()
    await bench.cut_everywhere("forget", dict, "claimed", "factory", "forgotten")
    assert not pair_works(bench.data)


async def test_the_boot_partitions_file(bench: Bench) -> None:
    text = f'timezone = "Europe/Dublin"\n[claim]\nhub = "{HUB}"\ncode = "0000-0000-0000-0000"\n'
    text += '[broker]\nhost = "broker.example.org"\nusername = "u"\npassword = "Xyzzy-17"\n'
    bench.boot.write_text(text, encoding="utf-8")
    bench.remember()
    for cut in range(1, MOST):
        bench.as_before()
        params = {"file": str(bench.boot), "data": str(bench.data)}
        status = await bench.do("import", params, cut)
        record = installation.read(bench.data)
        assert record.timezone in (None, "Europe/Dublin")
        assert record.timezone or bench.boot.read_text(encoding="utf-8") == text, "nothing is erased before it is kept"
        if bench.boot.exists():
            assert await bench.do("import", params) == 0, f"again after write {cut}"
        assert not bench.boot.exists()
        record = installation.read(bench.data)
        assert (record.timezone, record.broker.username, record.revision) == ("Europe/Dublin", "u", 1)
        assert (bench.data / "broker-password").read_text(encoding="utf-8") == "Xyzzy-17"
        if status == 0:
            assert cut > 10
            return
    raise AssertionError("it never ended")


def _scale() -> installation.KeptDevice:
    return installation.KeptDevice(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:01")
