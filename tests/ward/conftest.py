"""A ward's database of each kind. PostgreSQL (tests.support.postgres) is started once."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres
from wardgate.ward.store import WardStore

_COUNT = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A ward's database that does not exist yet."""
    if request.param == "sqlite":
        return tmp_path / "ward.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database(f"ward_{next(_COUNT)}")


@pytest.fixture
async def store(where: Path | str) -> AsyncIterator[WardStore]:
    opened = WardStore(where)
    yield opened
    await opened.close()
