"""The hub: it alone knows all rooms. It wires them, keeps their tasks running, and takes them down in order."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wardgate import __version__
from wardgate.capture.capture import Capture
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.capture.radio import BLUEZ, RadioBackend
from wardgate.clock import Clock, SystemClock, steady
from wardgate.config import Config
from wardgate.contract.messages import Reading
from wardgate.control.chronicle import Chronicle
from wardgate.housekeeping import Housekeeping
from wardgate.intake.corrections import kept_lines
from wardgate.intake.intake import Intake
from wardgate.late_time import LateTime
from wardgate.leaving import Leaving
from wardgate.notify import notify
from wardgate.overlay import Overlay
from wardgate.provision.test_reading import TestMode
from wardgate.store.audit import Audit
from wardgate.store.commands import CommandLog
from wardgate.store.errors import StoreError
from wardgate.store.rows import Quarantine
from wardgate.store.store import Store
from wardgate.supervise import Supervisor

if TYPE_CHECKING:  # loaded by `_furnish`
    from wardgate import rooms

log: Final = logging.getLogger(__name__)

TICK_S: Final = 15.0
"""How often the slow things are looked at: overdue devices, the disk, what the disk refused before."""
DRAIN_S: Final = 5.0
"""For the watch to look at the last readings."""


class Hub:
    """One hub, from its database to its tasks.

    Args:
        config: a checked configuration. What the ward has configured is laid over it: `Hub.config` is what holds.
        clock: the time.
        backend: the radio; BlueZ unless something stands in for it.
        progress: called whenever loop, writer and sender have made progress; systemd's watchdog is fed in any case.
        report: writes a report for support into a file, in a thread; None where there is no such program.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        backend: RadioBackend = BLUEZ,
        progress: Callable[[], None] | None = None,
        report: Callable[[Path], None] | None = None,
    ) -> None:
        self.clock: Final = steady(SystemClock() if clock is None else clock)
        self.overlay: Final = Overlay(config, self.clock.boot_id())
        self.config: Final = self.overlay.config
        self._leaving: Final = Leaving(lambda: self.downlink.answered(), lambda: self.capture.view()[0])
        self.anew: Final = self._leaving.done
        """Set when the hub has to be stopped and another one started: a new configuration, or the ward's word."""
        self._backend = backend
        self._progress = progress
        self._report = report
        self._server: rooms.ControlServer | None = None

    async def run(self) -> None:
        """Start, serve until cancelled or until another one has to be started (`anew`), stop.

        Raises:
            StoreError: the database cannot be used (in use, of a later version, the disk refuses).
            OSError: the control socket cannot be made.
        """
        await self.start()
        try:
            await self.anew.wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Bring everything up; see `run` for what is raised."""
        self.config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.overlay.begin()
        try:
            self.store, quarantine = Store.open_or_quarantine(self.config.database, self.clock)
            async with contextlib.AsyncExitStack() as undo:
                undo.push_async_callback(self.store.close)
                await self._listen(quarantine)
                undo.push_async_callback(self.capture.stop)
                undo.push_async_callback(self._radio_tasks.stop)
                undo.push_async_callback(self._stop_server)
                await self._furnish()
                undo.pop_all()
        except (StoreError, OSError):
            self.overlay.end()  # a disk that refuses is not the configuration's doing
            raise
        notify(f"READY=1\nSTATUS=Hub {self.config.hub.id} is running.")

    async def stop(self) -> None:
        """Take everything down: no new readings, then what was committed is assessed, then delivery, then the disk."""
        notify("STOPPING=1")
        self.overlay.end()
        self._leaving.stop()
        await self._radio_tasks.stop()
        await self.capture.stop()
        try:
            async with asyncio.timeout(DRAIN_S):
                await self.intake.drained()
        except TimeoutError:
            log.warning("not everything was assessed; it will be after the next start")
        await self._tasks.stop()
        await self._delivery.stop()
        await self._stop_server()
        await self.setting_up.stop()
        self.devices.flush()
        await self.chronicle.stopped()
        try:
            await self._house.note_life(clean=True)
        except StoreError as error:
            log.warning("the stop could not be noted: %s", error)
        await self.store.close()

    async def drained(self) -> None:
        """Wait until every reading committed so far has been assessed, and all that came of it is at the ward."""
        await self.intake.drained()
        await self.sender.wait_drained()

    async def _stop_server(self) -> None:
        if self._server is not None:
            await self._server.stop()

    async def _listen(self, quarantine: Quarantine | None) -> None:
        """From the store to the radio. It hears who is on the air; nobody is called before all rooms stand."""
        config, clock, store = self.config, self.clock, self.store
        clock.recall(kept_lines(store))
        self.journal = journal = Journal(config.hub.id, clock, store.put_event, self._changed)
        self._house = Housekeeping(config, store, clock, journal)
        self.chronicle = Chronicle(Audit(store, clock), store, clock, journal)
        journal.on_event.append(self.chronicle.heard)
        self.chronicle.started(__version__)
        self._house.tell_how_it_ended(quarantine)
        await self._house.note_life(clean=False)
        self.devices = Devices(store, known_devices(config.device), self._changed)
        self._late_time = LateTime(config, store, clock, self.devices, journal)
        if not await asyncio.to_thread(self._late_time.dates_assignment):
            await self._late_time.correct()
        self._tests = TestMode(
            store,
            clock,
            config.hub.assignment,
            self.devices,
            lambda: self.setting_up.desk.stage,
            self._changed,
            lambda: self.setting_up.being_set_up(),
        )
        self.intake = Intake(
            config,
            store,
            clock,
            self.devices,
            journal,
            self._look,
            self._changed,
            self._tests,
            lambda known, status: self.home.nothing(known, status),
        )
        self.capture = Capture(config, self._backend, self.devices, journal, clock, self.intake.sink, self._changed)
        self.capture.only_listen(only=True)
        self._radio_tasks = Supervisor(journal)
        for name, run in self.capture.radio_tasks().items():
            self._radio_tasks.keep(name, run)

    async def _furnish(self) -> None:
        """All the other rooms; then what the radio has heard is called."""
        # In a thread, so that the radio gets its scan meanwhile: it takes a second or more on a small board.
        await asyncio.to_thread(importlib.import_module, "wardgate.rooms")
        from wardgate import rooms

        config, clock, store, journal = self.config, self.clock, self.store, self.journal
        self.watcher = rooms.Watcher(config, store, clock, journal, self._changed)
        self.life = rooms.Life(config, store, clock, journal, self.watcher, self.chronicle.acknowledged)
        self.canary = rooms.Canary(config.hub, store, clock, journal, rooms.rules(config.watch))
        self.adherence = rooms.Adherence(config.hub, store, clock, journal, self.devices, self.watcher.plan)
        self.shadows = rooms.Shadows(config, self.watcher.plan, store, clock, journal, self.watcher.therapy.notes)
        self.commands = CommandLog(store, clock)
        configuring = rooms.Configuring(self.overlay, self.commands, clock, self._leaving.begin)
        self.downlink = rooms.Downlink(
            config.hub.id, self.commands, self._gate, self._obey, configuring.finished, clock, journal
        )
        self.sender = rooms.Sender(
            config.broker,
            config.hub.id,
            store,
            clock,
            journal.keep,
            version=__version__,
            config_hash=config.fingerprint(),
            on_seen=self.life.acknowledge,
            downlink=self.downlink,
        )
        self.renewal = rooms.Renewal(config, clock, journal, self.sender.try_with)
        self.home = rooms.Home(
            config,
            store,
            clock,
            self.devices,
            self.watcher.plan,
            self.watcher.gate,
            lambda: self.sender.view().connected,
            self._changed,
        )
        self.home.indicators = rooms.indicators(config, journal)
        view = rooms.View(
            config=config,
            version=__version__,
            clock=clock,
            store=store,
            devices=self.devices,
            capture=self.capture,
            journal=journal,
            watcher=self.watcher,
            adherence=self.adherence,
            canary=self.canary,
            shadows=self.shadows,
            sender=self.sender,
            renewal=self.renewal,
            home=self.home,
            overlay=self.overlay,
            started_boottime_s=clock.boottime_s(),
        )
        self.way_in = rooms.WayIn(store, clock, Path(config.hub.control_socket), self._changed, self.home.identify)
        await self.way_in.begin()
        self.setting_up = rooms.SettingUp(
            view, self._backend, self.way_in, self.overlay, self._tests, self._leaving.begin, self._changed
        )
        await self.setting_up.begin()
        self.orders = rooms.Orders(
            view,
            configuring,
            self.life.acknowledge,
            self.downlink.beside,
            self._leaving.begin,
            self._report,
            self.chronicle,
            self.way_in,
        )
        await rooms.tell_what_holds(self.overlay, self.commands, journal)
        server = rooms.ControlServer(
            Path(config.hub.control_socket),
            rooms.Methods(view).handlers()
            | self.way_in.handlers()
            | self.setting_up.handlers()
            | rooms.Reporting(view, self._report).handlers(),
        )
        await server.start()
        self._server = server
        await self.watcher.start()
        await self.shadows.start()
        store.listen(lambda: self._changed("delivery"))
        self._tasks, self._delivery = Supervisor(journal), Supervisor(journal)
        self._delivery.keep("delivery", self.sender.run)
        self._tasks.keep("intake", self.intake.run)
        self._tasks.keep("alerts", self.life.run)
        self._tasks.keep("downlink", self.downlink.run)
        self._tasks.keep("housekeeping", self._keep_house)
        self._tasks.keep("watchdog", rooms.Watchdog(store, self.sender, config.broker.heartbeat_s, self._progress).feed)
        self._tasks.keep("certificate", self.renewal.run)
        self._tasks.keep("home", self.home.run)
        self._tasks.keep("page window", self.way_in.run)
        if config.page.button is not None:
            self._tasks.keep("button", rooms.Button(Path(config.page.button), self.way_in.pressed, journal).run)
        self._tasks.keep("probation", self._proving().run)
        self._tasks.keep("ward checks", self.setting_up.checks.run)
        self._tasks.keep("clearing", self.setting_up.clear)
        for indicator in self.home.indicators:
            self._tasks.keep(indicator.name, indicator.run)
        for name, run in self.capture.serial_tasks().items():
            self._radio_tasks.keep(name, run)
        self.capture.only_listen(only=False)

    async def _look(self, reading: Reading) -> None:
        """The home sees that it is kept; then the ward's alerts, then what is only on trial."""
        self.home.took(reading)
        await self.watcher.on_reading(reading)
        await self.shadows.on_reading(reading)

    def _changed(self, room: str) -> None:
        if self._server is not None:
            self._server.changed(room)

    # The ward's word

    def _gate(self) -> rooms.Gate:
        from wardgate import rooms

        hub, clock = self.config.hub, self.clock
        return rooms.Gate(hub.id, hub.assignment, self.overlay.keys(), clock.utc(), clock.synchronised())

    async def _obey(self, admitted: rooms.Admitted) -> rooms.Outcome:
        return await self.orders.do(admitted)

    def _proving(self) -> rooms.Proving:
        from wardgate import rooms

        own = (self._tasks, self._delivery)
        return rooms.Proving(
            self.overlay,
            self.clock,
            self.journal,
            self.canary.state,
            lambda: sum(supervisor.falls for supervisor in own),
            self._leaving.begin,
        )

    # What has to be looked at from time to time

    async def _keep_house(self) -> None:
        while True:
            if self._house.has_lost_files():
                self._leaving.begin()
            self.adherence.check()
            await self.watcher.retry()
            await self.canary.check()
            await self.shadows.report()
            self._house.flush(self.devices)
            self._house.check_disk()
            self._house.check_clock()
            await self._date_anew()
            await self.chronicle.tell_head()
            await self._house.trim()
            await self._house.check_database()
            self._changed("hub")
            self._changed("devices")
            await asyncio.sleep(TICK_S)

    async def _date_anew(self) -> None:
        if await asyncio.to_thread(self._late_time.dates_assignment):
            if await self.setting_up.date_assignment(self.clock):
                self._leaving.begin()
        elif not self._leaving.begun and await self._late_time.come(self.watcher, self.shadows, self.intake):
            self._changed("readings")
