"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wardgate.clock import SystemClock
from wardgate.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "wardgate.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = Store.open(path, SystemClock())
    yield opened
    await opened.close()
