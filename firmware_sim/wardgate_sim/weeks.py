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
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
from wardgate_drivers.model.declaration import History
from wardgate_drivers.model.lookup import by_id
from wardgate_sim.backend import open_hub
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.and_medical import AndDevice
from wardgate_sim.firmware.device import Taken
from wardgate_sim.home import Home, Use
from wardgate_sim.interference import Interference, NoisyLink
from wardgate_sim.patient import Profile
from wardgate_sim.scenario import DeviceSpec, FaultSpec, Scenario
from wardgate_sim.virtual_time import VirtualClock, running_loop

MONDAY: Final = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
TAIL_DAYS: Final = 2
"""Lived through after the week and not counted: what a device kept on the last evening comes with its next uses."""
CLASH_SHARE: Final = 0.25
"""Uses that begin within seconds of another device's."""
CLASH_S: Final = 8.0
NEW_BATTERY: Final = Civil(2016, 1, 1, 0, 0, 0)
"""Where a clock starts over."""
Options = dict[str, float | int | bool | str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A device as it may stand in a home."""

    model: str
    uses: tuple[str, ...]
    options: Options = field(default_factory=dict)
    user_index: int | None = None

    @property
    def keeps(self) -> bool:
        """Whether it keeps what it could not send."""
        model = by_id(self.model)
        return model is not None and model.history is not History.NONE and not self.options.get("streams")

    @property
    def word(self) -> str:
        """What the figures call it."""
        return f"{self.model} (stream)" if self.options.get("streams") else self.model


KINDS: Final = (
    Kind("and-uc-352ble", ("07",)),
    Kind("and-ua-651ble", ("07", "19")),
    Kind("nonin-3230", ("07", "13", "20")),
    Kind("plx-oximeter", ("08", "20")),
    Kind("plx-oximeter", ("08", "14", "21"), {"streams": True, "air_s": 40.0}),
    Kind("xiaomi-scale", ("07",), {"generation": 1}),
    Kind("xiaomi-scale", ("07",), {"generation": 2, "repeat_s": 8.0}),
    Kind("and-ut-201ble", ("08",)),
    Kind("beurer-bm77", ("07", "19"), user_index=1),
    Kind("beurer-bf720", ("07",), user_index=1),
    Kind("beurer-ft95", ("08",)),
    Kind("beurer-po60", ("08", "20")),
    Kind("medisana-bs444", ("07",), user_index=1),
    Kind("renpho-es-wbe28", ("07",)),
    Kind("detecto-scale", ("07",)),
    Kind("qn-scale", ("07",)),
    Kind("choicemmed-md300", ("08", "20")),
    Kind("heart-rate-belt", ("09",)),
    Kind("contec-cms50d-bt", ("08", "20")),
    Kind("jumper-jpd-500", ("08", "20")),
)
"""What is left out: serial lines (a pty is a real file, and real files know no virtual time), devices that show a code
to be typed, the BP2 (its users have numbers of its own making) and the cuffs whose stamps have no seconds."""


@dataclass(frozen=True, slots=True)
class Flat:
    """A battery too weak for the radio, until it is changed and the clock starts over."""

    device: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Jump:
    """A clock that somebody moves, or that lost its power for a moment."""

    device: str
    at: datetime
    by_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A home and what will happen in it."""

    seed: int
    days: int
    home: Scenario
    neighbour: Scenario
    kinds: dict[str, Kind]
    interference: Interference
    flat: tuple[Flat, ...]
    jumps: tuple[Jump, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Something that was measured, and when in truth."""

    device: str
    at: datetime
    values: dict[str, float]
    device_time: str
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


def plan(
    seed: int, *, days: int = 7, interference: Interference | None = None, devices: Sequence[Kind] | None = None
) -> Plan:
    """The home of a seed. Without `interference` its air is as bad as the seed says, up to 30 %; without `devices` it
    has what the seed says."""
    die = random.Random(seed)
    chosen = [die.choice(KINDS) for _ in range(die.randint(3, 8))] if devices is None else devices
    kinds = {f"device-{n}": kind for n, kind in enumerate(chosen, 1)}
    home = _scenario(f"home-{seed}", seed, die, kinds, "C1")
    others = {f"neighbour-{n}": kind for n, kind in enumerate(die.sample(list(kinds.values()), min(3, len(kinds))), 1)}
    neighbour = _scenario(f"neighbour-{seed}", seed + 500_000, die, others, "D7")
    if interference is None:
        level = die.choice((0.0, 0.1, 0.2, 0.3))
        interference = Interference(level, level, level, level)
    flat = tuple(_flat(die, name, days) for name in kinds if die.random() < 0.15)
    jumps = tuple(_jump(die, name, days) for name in kinds if die.random() < 0.2)
    return Plan(seed, days, home, neighbour, kinds, interference, flat, jumps)


def _scenario(name: str, seed: int, die: random.Random, kinds: dict[str, Kind], prefix: str) -> Scenario:
    faults = []
    for device, kind in kinds.items():
        if kind.model.startswith("and-") and die.random() < 0.2:
            faults.append(FaultSpec(device=device, day=die.randint(1, 5), kind="resend-all"))
    return Scenario(
        name=name,
        hub=name,
        patient_pseudonym="Copper Heron 42",
        assignment="a-1",
        seed=seed,
        # Nobody is turned away for a weight: whose it is is intake's question, and has tests of its own.
        patient=Profile(weight_kg=60.0 + die.random() * 40.0, spo2_sd_pct=1.5),
        device=tuple(_device(die, device, kind, prefix, n) for n, (device, kind) in enumerate(kinds.items(), 1)),
        fault=tuple(faults),
    )


def _device(die: random.Random, name: str, kind: Kind, prefix: str, number: int) -> DeviceSpec:
    return DeviceSpec(
        id=name,
        model=kind.model,
        address=f"{prefix}:00:00:00:{die.randrange(256):02X}:{number:02X}",
        times=tuple(f"{hour}:{die.randrange(60):02d}" for hour in kind.uses),
        history_days=die.choice((0, 3, 20)) if kind.keeps else 0,
        clock_offset_s=_wrong_s(die) if die.random() < 0.5 else float(die.randint(-40, 5)),
        options=kind.options,
        user_index=kind.user_index,
    )


def _wrong_s(die: random.Random) -> float:
    """Minutes, an hour of summer time, days, or years behind; or ahead."""
    return die.choice((-240.0, 900.0, -3600.0, 3600.0, -3 * 86400.0, 2 * 86400.0, -10 * 365 * 86400.0))


def _flat(die: random.Random, device: str, days: int) -> Flat:
    since = MONDAY + timedelta(days=die.uniform(1.0, max(1.0, days - 2.0)))
    return Flat(device, since, since + timedelta(days=die.uniform(0.5, 1.5)))


def _jump(die: random.Random, device: str, days: int) -> Jump:
    return Jump(device, MONDAY + timedelta(days=die.uniform(0.5, max(1.0, days - 1.0))), _wrong_s(die))


async def live(plan: Plan, directory: Path) -> Week:
    """Live through the week, on a loop in virtual time. The database is made in `directory`."""
    loop = running_loop()
    clock = VirtualClock(loop, MONDAY)
    link = NoisyLink(plan.interference, plan.seed)
    week = Week(plan, link, MONDAY, addresses={d.id: d.address or "" for d in plan.home.device})
    home, neighbour = Home(plan.home, link, clock.utc), Home(plan.neighbour, link, clock.utc)
    await home.start()
    await neighbour.start()
    week.measured += _history(home)
    async with _hub(home, link, clock, directory, plan.seed) as (store, devices, told):
        # Next door somebody holds the pairing key at the same moment.
        for device in neighbour.devices.values():
            if isinstance(device, AndDevice):
                await device.press_pairing_key()
        await home.pair(timeout_s=3600.0)
        await asyncio.gather(
            _live_at(home, clock, plan, week.measured),
            _live_at(neighbour, clock, plan, week.neighbours),
            *(_live_without(flat, home, clock, link, week.addresses[flat.device]) for flat in plan.flat),
            *(_jump_at(jump, home, clock, devices) for jump in plan.jumps),
        )
        await asyncio.sleep(600.0)
        week.readings = store.readings(None, MONDAY.replace(year=1970))
        week.neighbours_bonded = await _bonded(neighbour)
    week.events = told
    await home.stop()
    await neighbour.stop()
    return week


@contextlib.asynccontextmanager
async def _hub(
    home: Home, link: NoisyLink, clock: VirtualClock, directory: Path, seed: int
) -> AsyncIterator[tuple[Store, Devices, list[Event]]]:
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
            settings, backend, devices, journal, clock, intake.sink, nobody_looks, random.Random(f"{seed}/jitter")
        )
        tasks = Supervisor(journal)
        for name, run in capture.tasks().items():
            tasks.keep(name, run)
        try:
            yield store, devices, told
        finally:
            await tasks.stop()
            await capture.stop()
            devices.flush()
            await store.close()


async def _bonded(home: Home) -> int:
    return sum([len(await d.bonded_hosts()) for d in home.devices.values() if isinstance(d, AndDevice)])


def _history(home: Home) -> list[Measured]:
    """What lay in the memories at the start, with the time at which it was measured."""
    kept = []
    for spec in home.scenario.device:
        moments = [home.moment(day, time) for day in range(-spec.history_days, 0) for time in spec.times]
        for at, taken in zip(moments, home.books[spec.id].taken, strict=True):
            kept.append(_measured(spec.id, at, taken, counts=True))
    return kept


def _measured(device: str, at: datetime, taken: Taken, *, counts: bool) -> Measured:
    return Measured(device, at, dict(taken.values), str(taken.device_time), counts)


async def _live_at(home: Home, clock: VirtualClock, plan: Plan, measured: list[Measured]) -> None:
    ends = MONDAY + timedelta(days=plan.days)
    using: set[asyncio.Task[None]] = set()

    async def use_it(use: Use) -> None:
        # Somebody who weighs himself again waits until the display is dark.
        at = clock.utc()
        measured.append(_measured(use.device, at, await home.use(use), counts=at < ends))

    for at, use in _moments(home, plan):
        await asyncio.sleep((at - clock.utc()).total_seconds())
        using.add(asyncio.create_task(use_it(use)))
    await asyncio.gather(*using)


def _moments(home: Home, plan: Plan) -> Iterator[tuple[datetime, Use]]:
    """When each device is used: to the second, and some just after another."""
    die = random.Random(f"{plan.seed}/{home.scenario.name}")
    before: tuple[datetime, str] | None = None
    for use in home.plan(plan.days + TAIL_DAYS, since=MONDAY + timedelta(hours=2)):
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
    link.silence(address)
    await asyncio.sleep((flat.until - clock.utc()).total_seconds())
    link.silenced.discard(address)
    home.devices[flat.device].clock.set(NEW_BATTERY)


async def _jump_at(jump: Jump, home: Home, clock: VirtualClock, devices: Devices) -> None:
    """Move a clock, if the hub has seen it: what was stamped by a clock that was moved before, nobody can date."""
    await asyncio.sleep((jump.at - clock.utc()).total_seconds())
    if devices.row(jump.device).clock_offset_s is not None:
        home.devices[jump.device].clock.offset_s += jump.by_s
