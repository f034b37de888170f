"""A new configuration shows that the hub can live with it, or what held before holds again.

The program that falls is noticed at its next start (`wardgate.probation`). What can go wrong in one that runs is
noticed here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.counted import count
from wardgate.overlay import Overlay
from wardgate.watch.canary import CanaryState

log: Final = logging.getLogger(__name__)

LOOK_S: Final = 5.0
LIVES_S: Final = 600.0
"""So long on end it has to run. The watchdog ends a hub that hangs after one minute."""
FALLS: Final = 3
"""Of the hub's own tasks, in one life. A task may fall once or twice for another reason."""


@dataclass(frozen=True, slots=True)
class Proving:
    """Keep `run` running."""

    overlay: Overlay
    clock: Clock
    journal: Journal
    canary: Callable[[], CanaryState]
    falls: Callable[[], int]
    """How often the hub's own tasks have fallen since it started; those of the radio are not the ward's doing."""
    start_anew: Callable[[], object]

    async def run(self) -> None:
        """Look on until the configuration is proven or taken back; then there is nothing more to do."""
        begun_s = self.clock.boottime_s()
        while self.overlay.proving:
            await asyncio.sleep(LOOK_S)
            try:
                self._look(self.clock.boottime_s() - begun_s)
            except OSError as error:
                log.warning("what the probation has come to cannot be kept yet: %s", error)
        await asyncio.Event().wait()

    def _look(self, lived_s: float) -> None:
        """Raises OSError: the disk refuses."""
        if not self.overlay.proving:
            return  # another one was kept meanwhile, and does not run yet
        canary, why = self.canary(), ""
        if self.falls() >= FALLS:
            why = f"Parts of the hub fell {count(self.falls(), 'time')} with it."
        elif canary.stage == "rules":
            why = "With it the hub's own test readings raised no alert."
        if why:
            self.overlay.go_back(why)
            self.start_anew()
        elif lived_s >= LIVES_S and canary.last_age_s is not None:
            self.overlay.prove()
            self.journal.tell(
                "configuration-proven",
                "info",
                f"The hub runs well with the ward's configuration, version {self.overlay.version}.",
                detail={"version": self.overlay.version},
            )
