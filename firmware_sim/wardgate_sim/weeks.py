"""A week in a home where everything happens that happens in homes, lived through in virtual time.

A seed makes a home: three to eight devices of the models that have firmware, a neighbour with devices of the same
models, bad air, clashes, empty batteries, clocks that are wrong or jump, memories full of older measurements. The hub
is its real store, intake and capture with bleak's interface to a simulated radio; delivery and watch are not part of
it. What counts is what the store holds at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from wardgate import config
from wardgate.capture.capture import Capture
from wardgate.capture.devices import Devices, known_devices
from wardgate.capture.journal import Journal
from wardgate.contract.messages import Event, Reading
from wardgate.intake.intake import Intake
from wardgate.store.store import Store
from wardgate.supervise import Supervisor
from wardgate_drivers.model.declaration import Serial
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Taken
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.home import Home, Use
from wardgate_sim.interference import NoisyLink
from wardgate_sim.line import Cable
from wardgate_sim.provision import press_pairing_keys, provision
from wardgate_sim.virtual_time import VirtualClock, running_loop
from wardgate_sim.weeks_kinds import Kind
from wardgate_sim.weeks_plan import Flat, Jump, Plan

TAIL_DAYS: Final = 2
"""Lived through after the week and not counted: what a device kept on the last evening comes with its next uses."""
CLASH_SHARE: Final = 0.25
"""Uses that begin within seconds of another device's."""
CLASH_S: Final = 8.0
NEW_BATTERY: Final = Civil(2016, 1, 1, 0, 0, 0)
"""Where a clock starts over."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Something that was measured, and when in truth."""

    device: str
    at: datetime
    values: dict[str, float]
    device_time: str
    kind: Kind
    counts: bool
    """Whether it belongs to the week, and not to the day after."""


@dataclass(slots=True)
class Week:
    """What was measured, and what the hub made of it."""

    plan: Plan
    link: NoisyLink
    began: datetime
    measured: list[Measured] = field(default_factory=list)
    neighbours: list[Measured] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    neighbours_bonded: int = 0
    """Devices next door that this hub has paired with."""


async def live(plan: Plan, directory: Path) -> Week:
    """Live through the week, on a loop in virtual time. The database is made in `directory`."""
    loop = running_loop()
    clock = VirtualClock(loop, plan.began)
    link = NoisyLink(plan.interference, plan.seed)
    week = Week(plan, link, plan.began, addresses={d.id: d.address or "" for d in plan.home.device})
    home, neighbour = (Home(s, link, clock.utc, line=Cable) for s in (plan.home, plan.neighbour))
    await home.start()
    await neighbour.start()
    week.measured += _history(home, plan)
    async with _hub(home, link, clock, directory, plan.seed) as (store, devices, capture, told):
        # Next door somebody holds the pairing key at the same moment.
        await press_pairing_keys(neighbour)
        await provision(home, capture, devices, random.Random(f"{plan.seed}/technician"))
        await asyncio.gather(
            _live_at(home, clock, plan, week.measured),
            _live_at(neighbour, clock, plan, week.neighbours),
            *(_live_without(flat, home, clock, link, week.addresses[flat.device]) for flat in plan.flat),
            *(_jump_at(jump, home, clock, devices) for jump in plan.jumps),
        )
        await asyncio.sleep(600.0)
        week.readings = store.readings(None, plan.began.replace(year=1970))
        week.neighbours_bonded = await _bonded(neighbour)
    week.events = told
    await home.stop()
    await neighbour.stop()
    return week


@contextlib.asynccontextmanager
async def _hub(
    home: Home, link: NoisyLink, clock: VirtualClock, directory: Path, seed: int
) -> AsyncIterator[tuple[Store, Devices, Capture, list[Event]]]:
    settings = config.Config(
        hub=config.Hub(
            id=home.scenario.hub,
            patient=home.scenario.patient_pseudonym,
            assignment=home.scenario.assignment,
            timezone=home.scenario.timezone,
        ),
        broker=config.Broker(host="nowhere"),
        device=home.device_config(),
    )
    told: list[Event] = []
    store = Store.open(directory / "wardgate.db", clock)
    running_loop().heed(lambda: store.is_at_work)

    async def nobody_watches(_: Reading) -> None: ...

    def nobody_looks(_: str) -> None: ...

    def put_event(event: Event) -> asyncio.Future[int]:
        told.append(event)
        return store.put_event(event)

    async with open_hub(link) as backend:
        journal = Journal(settings.hub.id, clock, put_event, nobody_looks)
        devices = Devices(store, known_devices(settings.device), nobody_looks)
        intake = Intake(settings, store, clock, devices, journal, nobody_watches, nobody_looks)
        capture = Capture(
            settings,
            backend,
            devices,
            journal,
            clock,
            intake.sink,
            nobody_looks,
            random.Random(f"{seed}/jitter"),
            _open,
        )
        tasks = Supervisor(journal)
        for name, run in capture.tasks().items():
            tasks.keep(name, run)
        try:
            yield store, devices, capture, told
        finally:
            await tasks.stop()
            await capture.stop()
            devices.flush()
            await store.close()


async def _open(path: str, _: Serial) -> socket.socket:
    return Cable.open(path)


async def _bonded(home: Home) -> int:
    return sum([len(await d.bonded_hosts()) for d in home.devices.values() if isinstance(d, Peripheral)])


def _history(home: Home, plan: Plan) -> list[Measured]:
    """What lay in the memories at the start, with the time at which it was measured."""
    kept = []
    for spec in home.scenario.device:
        moments = [home.moment(day, time) for day in range(-spec.history_days, 0) for time in spec.times]
        for at, taken in zip(moments, home.books[spec.id].taken, strict=True):
            kept.append(_measured(plan, spec.id, at, taken, counts=True))
    return kept


def _measured(plan: Plan, device: str, at: datetime, taken: Taken, *, counts: bool) -> Measured:
    kind = {**plan.kinds, **plan.neighbours_kinds}[device]
    return Measured(device, at, dict(taken.values), str(taken.device_time), kind, counts)


async def _live_at(home: Home, clock: VirtualClock, plan: Plan, measured: list[Measured]) -> None:
    ends = plan.began + timedelta(days=plan.days)
    using: set[asyncio.Task[None]] = set()

    async def use_it(use: Use) -> None:
        # Somebody who weighs himself again waits until the display is dark. A cuff has measured when it is done.
        taken = await home.use(use)
        at = clock.utc()
        measured.append(_measured(plan, use.device, at, taken, counts=at < ends))

    for at, use in _moments(home, plan):
        await asyncio.sleep((at - clock.utc()).total_seconds())
        using.add(asyncio.create_task(use_it(use)))
    await asyncio.gather(*using)


def _moments(home: Home, plan: Plan) -> Iterator[tuple[datetime, Use]]:
    """When each device is used: to the second, and some just after another."""
    die = random.Random(f"{plan.seed}/{home.scenario.name}")
    before: tuple[datetime, str] | None = None
    for use in home.plan(plan.days + TAIL_DAYS, since=plan.began + timedelta(hours=2)):
        at = use.at + timedelta(seconds=die.uniform(0.0, 50.0))
        if before is not None:
            clashes = die.random() < CLASH_SHARE and before[1] != use.device
            soon = before[0] + timedelta(seconds=die.uniform(0.0, CLASH_S))
            at = soon if clashes and at - soon < timedelta(minutes=60) else max(at, soon)
        before = (at, use.device)
        yield at, use


async def _live_without(flat: Flat, home: Home, clock: VirtualClock, link: NoisyLink, address: str) -> None:
    """Until somebody changes the battery."""
    await asyncio.sleep((flat.since - clock.utc()).total_seconds())
    device = home.devices[flat.device]
    line = getattr(device, "line", None)
    if isinstance(line, Cable):
        line.powered = False
    else:
        link.silence(address)
    await asyncio.sleep((flat.until - clock.utc()).total_seconds())
    if isinstance(line, Cable):
        line.powered = True
    link.silenced.discard(address)
    device.clock.set(NEW_BATTERY)


async def _jump_at(jump: Jump, home: Home, clock: VirtualClock, devices: Devices) -> None:
    """Move a clock, if the hub has seen it: what was stamped by a clock that was moved before, nobody can date."""
    await asyncio.sleep((jump.at - clock.utc()).total_seconds())
    if devices.row(jump.device).clock_offset_s is not None:
        home.devices[jump.device].clock.offset_s += jump.by_s
