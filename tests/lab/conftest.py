"""One guest for all tests of the radio lab."""

from __future__ import annotations

import pytest

from wardgate_sim.lab.host import Played, play


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The whole scenario, played once: about 200 s, and once some minutes more when the kernel has to be built."""
    return play(tmp_path_factory.mktemp("lab"))
