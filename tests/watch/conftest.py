"""The fixture of the watch's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.watching import Home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path / "wardgate.db")
    await made.watcher.start()
    yield made
    await made.store.close()
