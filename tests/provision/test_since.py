"""A hub that does not know the time when it is given to a patient: what was measured before stays nobody's (H02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.boxed import HUB, Boxed, Knows
from wardgate import hub, installation
from wardgate.clock import steady
from wardgate.config import load
from wardgate.contract.pseudonym import Pseudonym
from wardgate.installation import Record
from wardgate.provision.since import dated

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HERON = Pseudonym("copper", "heron")


class LateClock(Knows):
    """Shows 1970 until somebody tells it the time."""

    def __init__(self, boot_id: str = "boot-1", boottime_s: float | None = None) -> None:
        self._boot_id, self._boottime_s = boot_id, boottime_s
        self.knows = False

    def utc(self) -> datetime:
        return NOW if self.knows else datetime(1970, 1, 1, tzinfo=UTC)

    def boottime_s(self) -> float:
        return super().boottime_s() if self._boottime_s is None else self._boottime_s

    def boot_id(self) -> str:
        return self._boot_id

    def synchronised(self) -> bool:
        return self.knows


@pytest.mark.parametrize(
    ("boot_id", "since"),
    [("boot-1", NOW - timedelta(seconds=400)), ("boot-2", NOW - timedelta(seconds=500))],
    ids=["in this boot", "before this boot"],
)
def test_it_is_told_once_the_time_is_known(boot_id: str, since: datetime) -> None:
    record = Record(stage="assigned", since=datetime(1970, 1, 1, tzinfo=UTC), since_at=("boot-1", 100.0))
    machine = LateClock(boot_id, 500.0)
    clock = steady(machine)
    assert dated(record, clock) is None
    machine.knows = True
    known = dated(record, clock)
    assert known is not None
    assert (known.since, known.since_at) == (since, None)
    assert dated(known, clock) is None


async def test_the_hub_goes_on_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "TICK_S", 0.05)
    password = tmp_path / "password"
    password.touch(mode=0o600)
    way = f'[broker]\nhost = "127.0.0.1"\nport = 1\ntls = false\nusername = "{HUB}"\npassword_file = "{password}"\n'
    boxed = Boxed(tmp_path, broker=way)
    boxed.file.write_text(boxed.file.read_text(encoding="utf-8").replace("[hub]", f'[hub]\nid = "{HUB}"'))
    machine = LateClock()
    boxed.clock = machine
    async with boxed.running():
        await boxed.do("assign", words="Copper Heron", digits=HERON.digits)
        before = await boxed.until("assigned")
        assert installation.read(boxed.data).since_at is not None
        machine.knows = True
        after = await boxed.until_it(lambda _: boxed.starts == 3)  # without a patient, with one, with the time
    assert after.revision == before.revision, "nobody did anything: no page is older for it"
    since = load(boxed.file).hub.since
    assert since is not None
    assert timedelta() < NOW - since < timedelta(minutes=2)
