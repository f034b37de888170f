"""The hub before it has a patient: it answers on the control socket, and listens to no device.

What an earlier patient left for the ward is delivered from here, and cleared away when the ward has it.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, Final

from wardgate import __version__, installation
from wardgate.capture.bonds import forget_bonds
from wardgate.capture.journal import Journal
from wardgate.capture.radio import BLUEZ, RadioBackend
from wardgate.checked import Unusable
from wardgate.clock import Clock, SystemClock, steady
from wardgate.config import bare_over, load_bare, load_over
from wardgate.contract.messages import Event
from wardgate.control import installing
from wardgate.control.desk import Desk
from wardgate.control.protocol import ControlError, Pong, starts_anew
from wardgate.control.server import ControlServer
from wardgate.control.signing_in import WayIn
from wardgate.deliver.sender import Sender
from wardgate.indicate.button import Button
from wardgate.indicate.configured import indicators
from wardgate.notify import beat_s, notify
from wardgate.overlay import leave_patient
from wardgate.provision import boot_partition
from wardgate.provision.checks import Checks
from wardgate.provision.refused import Refused
from wardgate.store.errors import StoreError
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

LOOK_S: Final = 2.0
"""How often the hub looks whether something was imported beside it."""
CLAIM_S: Final = 15.0
"""Between two attempts to use a ticket that was imported."""
CLEAR_S: Final = 3.0
_LATER: Final = (
    "status",
    "series",
    "readings",
    "events",
    "alerts",
    "pair",
    "passkey",
    "note",
    "parked",
    "parked_retry",
    "nearby",
    "add_device",
    "remove_device",
    "replace_device",
    "pair_start",
    "no_number",
    "test_begin",
    "test_end",
    "leave_out",
    "limits",
    "report",
    "read_back",
)
"""What a hub with a patient can be asked, too."""


class Unassigned:
    """A hub without a patient.

    Args:
        path: its configuration file.

    Raises:
        ConfigError: the file cannot be used.
        Unusable, OSError: what was set up on this hub cannot be read.
    """

    def __init__(self, path: Path, *, clock: Clock | None = None, backend: RadioBackend = BLUEZ) -> None:
        self._path = path
        self._record = installation.read(load_bare(path).data_dir)
        self.config: Final = bare_over(path, self._record)
        self.anew: Final = asyncio.Event()
        """Set when another hub has to be started: it has a patient now, or was set up beside this one."""
        self.clock: Final = steady(SystemClock() if clock is None else clock)
        self._backend = backend
        self._server: ControlServer | None = None

    async def run(self) -> None:
        """Serve until cancelled or until another one has to be started (`anew`), then stop.

        Raises:
            StoreError: the database cannot be used.
            OSError: the control socket cannot be made.
        """
        self.config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        store, _ = Store.open_or_quarantine(self.config.database, self.clock)
        try:
            await self._serve(store)
        finally:
            notify("STOPPING=1")
            if self._server is not None:
                await self._server.stop()
            await store.close()

    async def _serve(self, store: Store) -> None:
        self.desk = desk = Desk(
            self.config,
            self._record,
            store,
            self.clock,
            by_file=False,
            apply=self.anew.set,
            changed=self._changed,
            try_on=lambda record: load_over(self._path, record),
        )
        self.checks = Checks(
            self.config, self.clock, lambda: desk.hub, lambda: desk.stage != "factory", lambda: self._changed("hub")
        )
        journal = Journal(desk.hub or "", self.clock, _in_the_log_alone, self._changed)
        self._indicators = indicators(self.config, journal)
        self.way_in = WayIn(store, self.clock, self.config.control_socket, self._changed, self._identify)
        await self.way_in.begin()
        self._installing = installing.Installing(desk, installing.Seen(checks=self.checks, window=self.way_in.view))
        await self._installing.settle()
        await asyncio.to_thread(_leave_configuration, self.config.data_dir)
        handlers = self._installing.handlers() | self.way_in.handlers() | {"ping": self._ping}
        self._server = ControlServer(self.config.control_socket, dict.fromkeys(_LATER, self._later) | handlers)
        await self._server.start()
        notify("READY=1\nSTATUS=This hub has no patient yet.")
        await self._until_anew()

    async def _until_anew(self) -> None:
        """What falls takes the program down, and systemd starts it again: there is nothing here to lose."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work())
                for work in (
                    self.checks.run,
                    self.way_in.run,
                    self._watch_record,
                    self._use_ticket,
                    self._clear,
                    self._feed_watchdog,
                )
            ]
            tasks += [group.create_task(sender.run()) for sender in self._senders()]
            tasks += [group.create_task(indicator.run()) for indicator in self._indicators]
            if self.config.page.button is not None:
                tasks.append(group.create_task(Button(Path(self.config.page.button), self.way_in.pressed).run()))
            await self.anew.wait()
            for task in tasks:
                task.cancel()

    def _identify(self) -> bool:
        """Show which box this is; False where the hub has neither light nor sound."""
        for indicator in self._indicators:
            indicator.identify(quiet=False)
        return bool(self._indicators)

    def _senders(self) -> list[Sender]:
        """An earlier patient's messages that are not at the ward yet are delivered as what they are."""
        desk, broker, hub = self.desk, self.config.broker, self.desk.hub
        if desk.stage != "claimed" or broker is None or hub is None or desk.store.drained():
            return []
        return [Sender(broker, hub, desk.store, self.clock, lambda _: None, version=__version__)]

    def _changed(self, room: str) -> None:
        if self._server is not None:
            self._server.changed(room)

    async def _ping(self, _: dict[str, Any]) -> Pong:
        return Pong(hub=self.desk.hub or "", version=__version__)

    async def _later(self, _: dict[str, Any]) -> object:
        if self.anew.is_set():
            raise starts_anew()
        raise ControlError(
            "no-patient-yet",
            "This hub has no patient yet.",
            "Set it up on the technician's page, or with: wardgate provision status",
        )

    async def _watch_record(self) -> None:
        """The command line, or the boot partition, may have set something up beside this program."""
        while True:
            await asyncio.sleep(LOOK_S)
            kept = await asyncio.to_thread(installation.read, self.config.data_dir)
            if kept.revision > self.desk.record.revision:
                self.anew.set()

    async def _use_ticket(self) -> None:
        """The claim code of the boot partition, as soon as the ward can be reached."""
        while self.desk.stage == "factory":
            ticket = await asyncio.to_thread(boot_partition.ticket_kept, self.config.data_dir)
            if ticket is None:
                return
            try:
                await self._installing.claim_with(ticket, None, "hub")
            except Refused as refused:
                log.warning("the claim code of the boot partition: %s", refused)
                if refused.key == "refused-by-ward":
                    await self.desk.audit.note("claim-refused", "hub", f"{refused.sentence} {refused.what_to_do}")
                    await asyncio.to_thread(boot_partition.drop_ticket, self.config.data_dir)
                    return
            except (StoreError, OSError, ControlError) as error:
                log.warning("the claim code of the boot partition: %s", error)
            await asyncio.sleep(CLAIM_S)

    async def _clear(self) -> None:
        """Until nothing of an earlier patient is left."""
        while self.desk.record.leaving:
            try:
                await self._installing.releasing.clear(
                    lambda bonds: forget_bonds(self._backend, self.config.radio.adapter, bonds)
                )
            except (StoreError, ControlError) as error:
                log.warning("what an earlier patient left is cleared away later: %s", error)
            await asyncio.sleep(CLEAR_S)

    async def _feed_watchdog(self) -> None:
        while True:
            notify("WATCHDOG=1")
            await asyncio.sleep(beat_s())


def _in_the_log_alone(event: Event) -> asyncio.Future[int]:
    """A hub without a patient has nobody to send an event to."""
    del event
    kept: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    kept.set_result(0)
    return kept


def _leave_configuration(data_dir: Path) -> None:
    """What a ward configured was for a patient; a hub that has none has no limits either."""
    try:
        leave_patient(data_dir)
    except (Unusable, OSError) as error:
        log.warning("what was configured for an earlier patient stays, and holds for nobody: %s", error)
