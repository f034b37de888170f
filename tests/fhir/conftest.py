"""A ward's database of each kind and a FHIR server. PostgreSQL is that of `tests.support.postgres`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.fhir_server import FhirServer
from tests.support.postgres import Postgres
from wardgate.ward.store import WardStore


@pytest.fixture
def server() -> Iterator[FhirServer]:
    one = FhirServer()
    yield one
    one.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[WardStore]:
    opened = WardStore(tmp_path / "ward.db")
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    cluster = Postgres()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
