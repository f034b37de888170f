"""Somebody deletes or replaces the database's files while the hub runs: nothing is promised that is not kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.messages import BEGIN, alert, event, reading
from wardgate.clock import SystemClock
from wardgate.store import Lane, Store, StoreBroken
from wardgate.store.presence import mishap


def _delete(*files: Path) -> None:
    for file in files:
        file.unlink()


def _beside(path: Path, *suffixes: str) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in suffixes]


def _is_private(path: Path) -> bool:
    return not path.stat().st_mode & 0o077


def _ids(store: Store) -> list[str]:
    return [one.id for one in store.readings("weight", BEGIN)]


@pytest.mark.parametrize("suffixes", [("",), ("-wal",), ("", "-wal", "-shm"), ("-wal", "-shm")], ids="+".join)
async def test_what_was_promised_is_put_back_and_nothing_more_is_promised(
    path: Path, suffixes: tuple[str, ...]
) -> None:
    store = Store.open(path, SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    await store.put_alert(alert(1))
    assert _ids(store) == [reading(1).id]
    epoch = store.epoch
    _delete(*_beside(path, *suffixes))
    for refused in (store.put_reading(reading(2), arrival_s=1.0), store.put_alert(alert(2)), store.put_event(event(1))):
        with pytest.raises(StoreBroken, match=r"was deleted while the hub ran\. Restart the hub"):
            await refused
    assert _ids(store) == [reading(1).id], "nothing of it was kept"
    await store.close()
    store = Store.open(path, SystemClock())
    assert (store.is_copy, store.epoch, store.last_seq) == (False, epoch, 2)
    assert _ids(store) == [reading(1).id]
    assert [row.seq for row in store.next_rows(Lane.ALERT, 0, 9)] == [2]
    assert not await store.check()
    found = mishap(path)
    assert found is not None
    assert found[0].endswith("was deleted while the hub ran")
    assert not found[1], "it is in its place"
    assert mishap(path) is None, "told once"
    assert (await store.put_reading(reading(2), arrival_s=1.0)).new
    assert _is_private(path)
    await store.close()


async def test_a_database_that_was_put_in_its_place_is_taken_and_ours_is_kept(tmp_path: Path, path: Path) -> None:
    """Its log is not taken for that of the other one."""
    other = Store.open(tmp_path / "other" / "wardgate.db", SystemClock())
    await other.put_reading(reading(7), arrival_s=1.0)
    await other.close()
    with_its_log = tmp_path / "other" / "wardgate.db"
    store = Store.open(with_its_log, SystemClock())
    await store.write(lambda c: c.execute("PRAGMA user_version"))
    await store.close()
    store = Store.open(path, SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    with_its_log.replace(path)
    with pytest.raises(StoreBroken, match="was replaced"):
        await store.put_reading(reading(2), arrival_s=1.0)
    await store.close()
    fault, kept = mishap(path) or ("", "")
    assert "was replaced" in fault
    taken, quarantine = Store.open_or_quarantine(path, SystemClock())
    assert quarantine is None
    assert reading(1).id not in _ids(taken)
    assert taken.is_copy, "it is not the one that was here last"
    assert not taken.was_lost or taken.last_seq == 0
    await taken.close()
    ours = Store.open(Path(kept), SystemClock())
    assert _ids(ours) == [reading(1).id]
    await ours.close()


async def test_a_mark_that_is_gone_or_another_costs_nothing(path: Path) -> None:
    mark = path.with_suffix(".mark")
    for change in (mark.unlink, lambda: mark.write_bytes(b"\xff" * 64)):
        store = Store.open(path, SystemClock())
        n = store.last_seq + 1
        change()
        assert (await store.put_reading(reading(n), arrival_s=1.0)).new
        await store.close()
        store = Store.open(path, SystemClock())
        assert (store.is_copy, len(_ids(store))) == (False, n)
        await store.close()


async def test_one_that_was_deleted_while_nobody_looked_is_known_to_be_lost(path: Path) -> None:
    store = Store.open(path, SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    epoch = store.epoch
    await store.close()
    _delete(*(file for file in _beside(path, "", "-wal", "-shm") if file.exists()))
    store = Store.open(path, SystemClock())
    assert store.was_lost
    assert store.epoch != epoch
    await store.close()
    store = Store.open(path, SystemClock())
    assert not store.was_lost, "once"
    await store.close()


async def test_a_directory_that_is_gone_stops_nothing_but_storing(tmp_path: Path) -> None:
    path = tmp_path / "card" / "wardgate.db"
    store = Store.open(path, SystemClock())
    await store.put_reading(reading(1), arrival_s=1.0)
    shutil.rmtree(path.parent)
    with pytest.raises(StoreBroken, match="was deleted"):
        await store.put_reading(reading(2), arrival_s=1.0)
    await store.close()
