"""What is done at the nurse's page, on SQLite and PostgreSQL alike: kept once, audited, never on an old look."""

from __future__ import annotations

import asyncio
import functools
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support import home
from tests.support.messages import alert
from tests.support.ward_page import PASSWORD, said
from wardgate.cli import ward as ward_command
from wardgate.ward import accounts, audit
from wardgate.ward.accounts import Account
from wardgate.ward.page import chart_data, desk
from wardgate.ward.page.board import Board, Open, Silent, board
from wardgate.ward.store import WardStore

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NURSE, DOCTOR = Account("nurse-a", "nurse"), Account("doctor-b", "doctor")


@pytest.fixture
async def ward(store: WardStore) -> WardStore:
    first = msgspec.structs.replace(alert(1), worse_revision=1)
    await store.commit([said(first, 1), said(msgspec.structs.replace(alert(2), priority="medium"), 2)], [])
    return store


async def see(ward: WardStore, who: Account = NURSE, revision: int = 1, note: str = "", rang: bool = False) -> None:
    await ward.database.run(lambda tx: desk.see(tx, "hub-1", "alert-1", revision, who, note, rang=rang, at=NOW))


async def close(ward: WardStore, note: str = "Visit at noon", revision: int = 1) -> None:
    await ward.database.run(lambda tx: desk.close(tx, "hub-1", "alert-1", revision, NURSE, note, NOW))


async def acts(ward: WardStore) -> list[tuple[str, str]]:
    return [(a.what, a.account) for a in reversed(await ward.database.run(audit.newest))]


async def looked(ward: WardStore) -> Board:
    return await ward.database.run(lambda tx: board(tx, NOW))


def open_ids(found: Board) -> list[str]:
    return [i.alert.id for i in found.items if isinstance(i, Open)]


async def worse(ward: WardStore) -> None:
    again = msgspec.structs.replace(alert(1, revision=2), worse_revision=2)
    await ward.commit([said(again, 3)], [])


async def test_seen_goes_to_the_hub_as_a_role_and_stays_open(ward: WardStore) -> None:
    await see(ward, note="Rung, will rest", rang=True)
    ((hub, ack),) = (await ward.unanswered()).items()
    assert hub == "hub-1"
    assert [(a.id, a.revision, a.by) for a in ack.alerts] == [("alert-1", 1, "nurse")]
    assert b"rest" not in msgspec.json.encode(ack)
    assert open_ids(await looked(ward)) == ["alert-1", "alert-2"]
    (act,) = await ward.database.run(audit.newest)
    assert (act.what, act.account, act.alert, act.detail["note"]) == ("seen", "nurse-a", "alert-1", "Rung, will rest")


async def test_a_double_press_is_one_act(ward: WardStore) -> None:
    await see(ward)
    await see(ward)
    await see(ward, who=DOCTOR)
    assert await acts(ward) == [("seen", "nurse-a"), ("seen", "doctor-b")]


async def test_an_old_page_does_nothing(ward: WardStore) -> None:
    await worse(ward)
    with pytest.raises(desk.DeskError, match="became worse"):
        await see(ward, revision=1)
    assert await ward.unanswered() == {}
    assert await acts(ward) == []


async def test_close_wants_a_look_and_a_reason_and_ends_when_it_is_worse(ward: WardStore) -> None:
    with pytest.raises(desk.DeskError, match="Nobody has seen"):
        await close(ward)
    await see(ward)
    with pytest.raises(desk.DeskError, match="what is being done"):
        await close(ward, note="  ")
    await close(ward)
    await close(ward)
    found = await looked(ward)
    assert open_ids(found) == ["alert-2"]
    assert [o.alert.id for o in found.closed] == ["alert-1"]
    assert [a.state for a in await ward.open_alerts()] == ["raised", "raised"], "closing says nothing of the patient"
    await worse(ward)
    found = await looked(ward)
    assert (open_ids(found), found.closed) == (["alert-1", "alert-2"], ())
    (first, *_) = found.items
    assert isinstance(first, Open)
    assert first.seen is None, "what was seen was not this"
    assert await acts(ward) == [("seen", "nurse-a"), ("closed", "nurse-a")]


@pytest.mark.parametrize("revision", [0, 2, 10**8])
async def test_a_revision_that_never_was_is_refused(ward: WardStore, revision: int) -> None:
    with pytest.raises(desk.DeskError):
        await see(ward, revision=revision)
    assert await acts(ward) == []


async def test_what_is_over_is_left_alone(ward: WardStore) -> None:
    await ward.commit([said(alert(1, revision=2, state="resolved"), 3)], [])
    with pytest.raises(desk.DeskError, match="over"):
        await see(ward)


async def test_a_changed_line_of_the_audit_is_found(ward: WardStore) -> None:
    await see(ward)
    await see(ward, who=DOCTOR)
    await close(ward)
    assert await ward.database.run(audit.broken_at) is None
    await ward.database.run(lambda tx: tx.change("UPDATE acts SET account = 'nurse-c' WHERE number = 2"))
    assert await ward.database.run(audit.broken_at) == 2
    await ward.database.run(lambda tx: tx.change("UPDATE acts SET account = 'doctor-b' WHERE number = 2"))
    assert await ward.database.run(audit.broken_at) is None
    await ward.database.run(lambda tx: tx.change("DELETE FROM acts WHERE number = 2"))
    assert await ward.database.run(audit.broken_at) == 3


async def test_silence_stands_among_the_alerts_and_deafness_above_them(ward: WardStore) -> None:
    await ward.look(NOW - timedelta(hours=4), connected=True)
    await ward.database.run(
        lambda tx: tx.change("UPDATE hubs SET heard_s = $1", (NOW - timedelta(hours=3)).timestamp())
    )
    await ward.look(NOW, connected=True, deaf_after_s=5 * 3600)  # it has listened all the time
    found = await looked(ward)
    assert [type(i) for i in found.items] == [Open, Silent, Open], "worst first, then oldest"
    assert found.deaf_since is None
    later = await ward.database.run(lambda tx: board(tx, NOW + timedelta(minutes=5)))
    assert later.deaf_since == NOW


async def test_accounts_come_by_the_command_and_never_in_its_words(
    where: Path | str, store: WardStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def page(*words: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return await asyncio.to_thread(ward_command.main, ["page", *words, "--database", str(where)])

    await store.silences()
    assert await page("--add-account", "nurse-a", "--role", "nurse", typed="short\n") == 1
    assert "10 to 256" in capsys.readouterr().err
    assert await page("--add-account", "Jane Smith", typed=f"{PASSWORD}\n") == 1
    assert await page("--add-account", "nurse-a", "--role", "nurse", typed=f"{PASSWORD}\n") == 0
    assert await page("--accounts") == 0
    assert "nurse-a  nurse" in capsys.readouterr().out
    kept = await store.database.run(lambda tx: accounts.password_of(tx, "nurse-a", NOW))
    assert kept.startswith("scrypt$")
    assert PASSWORD not in kept
    assert accounts.fits(PASSWORD, kept)
    assert not accounts.fits(PASSWORD + "x", kept)
    assert not accounts.fits("", accounts.NOBODYS)
    token = await store.database.run(lambda tx: accounts.begin(tx, "nurse-a", kept, NOW))
    assert token
    assert await store.database.run(lambda tx: accounts.who(tx, token, NOW)) == NURSE
    assert await store.database.run(lambda tx: accounts.who(tx, token, NOW + accounts.SHIFT)) is None
    rows = await store.database.run(lambda tx: tx.rows("SELECT token FROM sessions"))
    assert token not in rows[0][0]
    assert await page("--remove-account", "nurse-a") == 0
    assert await store.database.run(lambda tx: accounts.who(tx, token, NOW)) is None
    assert await page("--audit") == 0
    assert "Every line is whole." in capsys.readouterr().out
    await store.database.run(lambda tx: tx.change("UPDATE acts SET what = 'x' WHERE number = 1"))
    assert await page("--audit") == 1


async def test_the_wait_grows_and_a_right_password_ends_it(store: WardStore) -> None:
    run = store.database.run
    await run(lambda tx: accounts.add(tx, "nurse-a", "nurse", "kept", NOW))
    left = [await run(lambda tx: accounts.failed(tx, "nurse-a", NOW)) for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(accounts.Wait) as wait:
        await run(lambda tx: accounts.password_of(tx, "nurse-a", NOW))
    assert wait.value.seconds == 60
    after = NOW + timedelta(seconds=61)
    assert await run(lambda tx: accounts.password_of(tx, "nurse-a", after)) == "kept"
    await run(lambda tx: accounts.failed(tx, "nurse-a", after))
    with pytest.raises(accounts.Wait) as wait:
        await run(lambda tx: accounts.password_of(tx, "nurse-a", after))
    assert wait.value.seconds == 120
    assert await run(lambda tx: accounts.begin(tx, "nurse-a", "kept", after))
    assert await run(lambda tx: accounts.password_of(tx, "nurse-a", after)) == "kept"
    for name in ("root", "admin", "nurse-b"):
        await run(functools.partial(accounts.failed, name=name, now=NOW))
    assert [tuple(row) for row in await run(lambda tx: tx.rows("SELECT account, failed FROM attempts"))] == [("", 3)]


async def test_a_busy_channel_takes_no_other_off_its_chart(store: WardStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_data, "MOST", 20)
    night = [home.reading("saturation", NOW - timedelta(minutes=n), spo2=94, pulse=60) for n in range(30)]
    weights = [home.reading("weight", NOW - timedelta(days=n), weight=78.0) for n in range(1, 8)]
    await store.commit([said(m, n) for n, m in enumerate([*weights, *night], 1)], [])
    found = await store.database.run(lambda tx: chart_data.home(tx, "wg-7f3k", None, 14, NOW))
    assert found
    kept = [r.channel for r in found.readings]
    assert (kept.count("weight"), kept.count("saturation")) == (7, 20)
    assert found.readings[-1].time.taken == NOW, "the newest stay"
    assert [r.time.taken for r in found.readings] == sorted(r.time.taken for r in found.readings)
