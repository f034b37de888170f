"""The hub comes to know the time: what came before is dated, and looked at with what is known now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from wardgate import installation
from wardgate.capture.devices import Devices
from wardgate.capture.journal import Journal
from wardgate.clock import SteadyClock
from wardgate.config import Config
from wardgate.intake.corrections import Corrections
from wardgate.intake.intake import Intake
from wardgate.provision.since import dated
from wardgate.store.errors import StoreError
from wardgate.store.store import Store

if TYPE_CHECKING:  # made later than this, which the hub needs before it listens
    from wardgate.watch.shadow import Shadows
    from wardgate.watch.watcher import Watcher

log: Final = logging.getLogger(__name__)


class LateTime:
    """Looks from time to time whether there is something that can be dated now."""

    def __init__(self, config: Config, store: Store, clock: SteadyClock, devices: Devices, journal: Journal) -> None:
        self._data_dir = config.data_dir
        self._clock = clock
        self._corrections = Corrections(config, store, clock, devices, journal)

    def dates_assignment(self) -> bool:
        """Whether the time is known and the assignment's beginning was not: the hub starts anew with it then. Reads a
        file.
        """
        return dated(installation.read_beside(self._data_dir), self._clock) is not None

    async def correct(self) -> bool:
        """Date the readings that can be dated now. Whether there were any."""
        try:
            return bool(await self._corrections.run())
        except StoreError as error:
            log.warning("what came before the hub knew the time is dated later: %s", error)
            return False

    async def come(self, watcher: Watcher, shadows: Shadows, intake: Intake) -> bool:
        """Date readings and notes, and let everybody who judges them look anew. Whether there were any."""
        noted = await watcher.date_notes()
        if not (await self.correct() or noted):
            return False
        intake.learn()
        await watcher.corrected()
        shadows.corrected()
        return True
