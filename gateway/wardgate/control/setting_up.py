"""Setting up a hub that has a patient: its devices, tests, limits and lock, and leaving the patient again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from wardgate import installation
from wardgate.capture.bonds import forget_bonds
from wardgate.capture.radio import RadioBackend
from wardgate.clock import SteadyClock
from wardgate.control.adding import Adding
from wardgate.control.desk import Desk, told
from wardgate.control.here import Here
from wardgate.control.installing import Installing, Seen
from wardgate.control.pairings import PairingActs, Pairings
from wardgate.control.protocol import ControlError
from wardgate.control.reading_back import ReadingBack
from wardgate.control.server import Handler
from wardgate.control.signing_in import WayIn
from wardgate.control.trying import TryingOut
from wardgate.control.view import View
from wardgate.deliver.sender import Sender
from wardgate.overlay import Overlay
from wardgate.provision.checks import Checks, Finding, accepted, not_accepted
from wardgate.provision.since import dated
from wardgate.provision.test_reading import TestMode

log: Final = logging.getLogger(__name__)

CLEAR_S: Final = 60.0


class SettingUp:
    """`begin` before the first request, and keep `checks.run` and `clear` running."""

    def __init__(
        self,
        view: View,
        backend: RadioBackend,
        way_in: WayIn,
        overlay: Overlay,
        tests: TestMode,
        apply: Callable[[], object],
        changed: Callable[[str], None],
    ) -> None:
        self._backend, self._way_in = backend, way_in
        config, record = view.config, installation.read_beside(view.config.data_dir)
        self.desk: Final = Desk(
            config,
            record,
            view.store,
            view.clock,
            by_file=record.patient != config.hub.patient or record.assignment != config.hub.assignment,
            apply=apply,
            changed=changed,
        )
        self.checks: Final = Checks(
            config,
            view.clock,
            lambda: config.hub.id,
            lambda: True,
            lambda: changed("hub"),
            lambda: _accepts(view.sender),
        )
        self.desk.on_kept.append(tests.heard)
        here = Here(self.desk, view)
        self._pairings = Pairings(view.capture, changed)
        self._adding = Adding(self.desk, view, here, tests, self._pairings, overlay.names)
        self._pairing = PairingActs(here, self._pairings)
        self._trying = TryingOut(self.desk, view, here, tests)
        self._reading_back = ReadingBack(self.desk, here, view.watcher.plan, overlay, config.hub.since)
        seen = Seen(checks=self.checks, devices=self._adding.devices, test=self._trying.test, window=way_in.view)
        self.installing: Final = Installing(self.desk, seen)

    def being_set_up(self) -> bool:
        """Whether the technician's page is open at a hub that was never locked with this patient."""
        desk = self.desk
        if desk.by_file or desk.record.handed_over or not self._way_in.view().open:
            return False  # asked for every reading: the stage, which looks at the disk, is asked last
        return desk.stage == "assigned"

    async def begin(self) -> None:
        """Go on where a power cut came between two writes.

        Raises:
            StoreError, OSError: the disk refuses.
        """
        await self.installing.settle()
        await self._reading_back.settle()

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        mine = (self._adding, self._pairing, self._trying, self._reading_back)
        acts = {name: told(handler) for part in mine for name, handler in part.handlers().items()}
        return self.installing.handlers() | acts

    async def stop(self) -> None:
        """What goes on behind the pages ends."""
        await self._pairings.stop()
        await self._trying.stop()

    async def date_assignment(self, clock: SteadyClock) -> bool:
        """Note when the assignment began, if only now the time is known. Whether the hub has to start anew with it."""
        desk = self.desk
        async with desk.one_at_a_time:
            known = dated(desk.record, clock)
            if known is None:
                return False
            try:
                await desk.keep_quietly(known)
            except ControlError as error:
                log.warning("when the assignment began is noted later: %s", error)
                return False
        return True

    async def clear(self) -> None:
        """Until nothing of an earlier patient is left; then there is nothing more to do. What this very hub still
        writes of the one who was just released is cleared away by the next."""
        while True:
            desk = self.desk
            if desk.record.leaving and (desk.by_file or desk.record.assignment == desk.config.hub.assignment):
                await self.installing.releasing.clear(
                    lambda bonds: forget_bonds(self._backend, self.desk.config.radio.adapter, bonds)
                )
            await asyncio.sleep(CLEAR_S)


def _accepts(sender: Sender) -> Finding:
    view = sender.view()
    if view.problem:
        return not_accepted("ward-away", view.problem, view.what_to_do)
    if view.connected:
        return accepted()
    return Finding(key="ward-accepts", tick="waiting", reason="connecting", sentence="The hub is connecting.")
