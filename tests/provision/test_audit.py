"""The audit: it only grows, and whoever changes it is found out, and where."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.living import RebootingClock
from tests.support.watching import MORNING
from wardgate.cli import provision
from wardgate.store import Store, StoreCorrupt
from wardgate.store.audit import MOST_CHARACTERS, Audit, verify

LINES = 6
NONE = bytes(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wardgate.db"


async def _written(path: Path) -> list[tuple[int, bytes, bytes]]:
    """Six lines, and the hub stopped. The rows as they lie on the disk."""
    clock = RebootingClock()
    store = Store.open(path, clock)
    for n in range(1, LINES + 1):
        await Audit(store, clock).note("paired", "hub", f"Device {n} is paired.", device=f"d-{n}")
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT number, line, seal FROM audit ORDER BY number").fetchall()


def _vandalise(path: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    """What somebody with the card in hand can do: no trigger stands in the way of a file."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement, values in statements:
            connection.execute(statement, values)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def _places(path: Path) -> list[int]:
    return [b.number for b in verify(path)]


async def test_a_line_is_there_when_it_was_noted_and_tells_who_did_what(path: Path) -> None:
    clock = RebootingClock()
    clock.knows_the_time = False
    store = Store.open(path, clock)
    audit = Audit(store, clock)
    await audit.note("claimed", "page", "The hub was claimed.", hub="kitchen-7", tries=2)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as beside:
        assert beside.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    await audit.note("locked", "command", "The hub was locked.")
    newest, first = audit.entries(10)
    assert (newest.number, newest.what, newest.by) == (2, "locked", "command")
    assert (first.number, first.at, first.synchronised) == (1, MORNING, False)
    assert first.detail == {"hub": "kitchen-7", "tries": 2}
    assert [row.number for row in audit.entries(1)] == [2]
    assert audit.broken_at() is None
    await store.close()


async def test_each_line_is_sealed_onto_the_one_before(path: Path) -> None:
    before = NONE
    for number, line, seal in await _written(path):
        assert f'"number":{number},'.encode() in line
        assert seal == hashlib.sha256(before + line).digest()
        before = seal


async def test_sqlite_itself_refuses_to_change_or_remove_a_line(path: Path) -> None:
    await _written(path)
    with closing(sqlite3.connect(path)) as connection:
        for statement in (
            "UPDATE audit SET line = 'x' WHERE number = 3",
            "DELETE FROM audit WHERE number = 6",
            "INSERT OR REPLACE INTO audit VALUES (3, 'x', 'y')",
            "INSERT INTO audit VALUES (0, 'x', 'y')",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(statement)


async def test_a_changed_line_is_found(path: Path) -> None:
    rows = await _written(path)
    _vandalise(path, ("UPDATE audit SET line = ? WHERE number = 3", (rows[2][1].replace(b"Device 3", b"Device 9"),)))
    assert _places(path) == [3]
    assert "Line 3 " in verify(path)[0].sentence


async def test_a_changed_line_with_a_seal_that_fits_does_not_fit_the_next(path: Path) -> None:
    rows = await _written(path)
    line = rows[2][1].replace(b"Device 3", b"Device 9")
    seal = hashlib.sha256(rows[1][2] + line).digest()
    _vandalise(path, ("UPDATE audit SET line = ?, seal = ? WHERE number = 3", (line, seal)))
    assert _places(path) == [4]


async def test_a_removed_line_is_found(path: Path) -> None:
    await _written(path)
    _vandalise(path, ("DELETE FROM audit WHERE number = 3", ()))
    assert [(b.number, b.sentence) for b in verify(path)] == [(3, "Line 3 is missing.")]


async def test_a_removed_line_whose_number_another_takes_is_found(path: Path) -> None:
    await _written(path)
    _vandalise(
        path,
        ("DELETE FROM audit WHERE number = 3", ()),
        ("UPDATE audit SET number = number - 1 WHERE number > 3", ()),
    )
    assert _places(path) == [3, 6]


async def test_swapped_lines_are_found(path: Path) -> None:
    rows = await _written(path)
    _vandalise(
        path,
        ("UPDATE audit SET line = ?, seal = ? WHERE number = 2", rows[3][1:]),
        ("UPDATE audit SET line = ?, seal = ? WHERE number = 4", rows[1][1:]),
    )
    assert {2, 4} <= set(_places(path))
    assert 1 not in _places(path)
    assert 6 not in _places(path)


async def test_a_cut_off_end_is_found_and_stays_found(path: Path) -> None:
    await _written(path)
    _vandalise(path, ("DELETE FROM audit WHERE number > 4", ()))
    assert [(b.number, b.sentence) for b in verify(path)] == [(5, "Lines 5 to 6 are missing.")]
    clock = RebootingClock()
    store = Store.open(path, clock)
    assert (await Audit(store, clock).note("locked", "page", "The hub was locked.")).number == 7
    assert Audit(store, clock).broken_at() == 5
    await store.close()
    assert _places(path) == [5]


async def test_a_line_that_somebody_else_added_is_found(path: Path) -> None:
    rows = await _written(path)
    line = rows[5][1].replace(b'"number":6', b'"number":7')
    _vandalise(path, ("INSERT INTO audit VALUES (7, ?, ?)", (line, hashlib.sha256(rows[5][2] + line).digest())))
    assert _places(path) == [7]


@pytest.mark.parametrize("head", ["", "x", '{"number":6,"seal":"zz"}', '{"number":-1}'])
async def test_a_spoilt_head_is_found_and_the_audit_goes_on(path: Path, head: str) -> None:
    await _written(path)
    _vandalise(path, ("UPDATE meta SET value = ? WHERE key = 'audit_head'", (head,)))
    assert _places(path)
    clock = RebootingClock()
    store = Store.open(path, clock)
    assert (await Audit(store, clock).note("locked", "page", "The hub was locked.")).number == LINES + 1
    await store.close()


async def test_a_chain_that_was_made_anew_does_not_fit_what_the_ward_was_told(path: Path) -> None:
    rows = await _written(path)
    told = {LINES: rows[-1][2].hex()}
    assert verify(path, told) == []
    clock, forged = RebootingClock(), path.with_name("forged.db")
    store = Store.open(forged, clock)
    for n in range(1, LINES + 2):
        await Audit(store, clock).note("paired", "hub", f"Device {n + 10} is paired.")
    await store.close()
    assert verify(forged) == []  # nobody can see that from the hub alone
    assert [b.number for b in verify(forged, told)] == [LINES]
    assert [b.number for b in verify(path, {LINES + 1: told[LINES]})] == [LINES + 1]


async def test_without_its_triggers_the_database_is_set_aside_and_the_lines_go_along(path: Path) -> None:
    rows = await _written(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER audit_kept")
    clock = RebootingClock()
    with pytest.raises(StoreCorrupt):
        Store.open(path, clock)
    store, quarantine = Store.open_or_quarantine(path, clock)
    assert quarantine is not None
    assert (await Audit(store, clock).note("locked", "page", "The hub was locked.")).number == LINES + 1
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT number, line, seal FROM audit ORDER BY number").fetchall()
    assert kept[:LINES] == rows
    assert verify(path) == []


async def test_what_is_broken_stays_broken_when_the_database_is_salvaged(path: Path) -> None:
    await _written(path)
    _vandalise(path, ("DELETE FROM audit WHERE number = 3", ()), ("DELETE FROM audit WHERE number = 6", ()))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER audit_kept")
    store, _ = Store.open_or_quarantine(path, RebootingClock())
    await store.close()
    assert _places(path) == [3, 6]


async def test_what_comes_from_outside_fills_no_disk(path: Path) -> None:
    clock = RebootingClock()
    store = Store.open(path, clock)
    row = await Audit(store, clock).note("note", "home", "x" * 100_000, text="y" * 100_000)
    assert (len(row.sentence), len(str(row.detail["text"]))) == (MOST_CHARACTERS, MOST_CHARACTERS)
    await store.close()


@pytest.mark.parametrize("spoil", [lambda line: line[:-5], lambda _: b"\xff\xfe", lambda _: "text"])
async def test_a_line_that_cannot_be_read_is_shown_as_such(path: Path, spoil: Callable[[bytes], bytes | str]) -> None:
    rows = await _written(path)
    _vandalise(path, ("UPDATE audit SET line = ? WHERE number = 3", (spoil(rows[2][1]),)))
    store = Store.open(path, RebootingClock())
    shown = {row.number: row.sentence for row in Audit(store, RebootingClock()).entries(LINES)}
    assert shown[3].startswith("This line cannot be read")
    assert shown[4] == "Device 4 is paired."
    await store.close()
    assert _places(path) == [3]


def _verified(path: Path, *words: str) -> int:
    """`wardgate provision audit --verify`, on a hub that does not run."""
    config = path.with_name("wardgate.toml")
    config.write_text(f'[hub]\ndata_dir = "{path.parent}"\n', encoding="utf-8")
    return provision.main(["audit", "--verify", "--config", str(config), *words])


async def test_the_command_names_every_broken_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = await _written(path)
    told = f"{LINES}:{rows[-1][2].hex()}"
    assert await asyncio.to_thread(_verified, path, "--told", told) == 0
    assert "Every line" in capsys.readouterr().out
    _vandalise(
        path,
        ("UPDATE audit SET line = x'00' WHERE number = 2", ()),
        ("DELETE FROM audit WHERE number = 4", ()),
        ("DELETE FROM audit WHERE number = 6", ()),
    )
    assert await asyncio.to_thread(_verified, path) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in said] == [
        "Line 2 is not what was written",
        "Line 4 is missing.",
        "Line 6 is missing.",
    ]
    assert await asyncio.to_thread(_verified, path, "--json", "--told", f"5:{NONE.hex()}") == 1
    assert json.loads(capsys.readouterr().out) == {"whole": False, "broken_at": [2, 4, 5, 6]}
