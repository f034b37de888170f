"""Fixtures of the drivers' tests."""

from __future__ import annotations

import pytest

from tests.support.ear import Ear


@pytest.fixture
def ear() -> Ear:
    """A hub's ear; make it inside the running loop."""
    return Ear()
