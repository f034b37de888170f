"""Some hubs, a broker and a ward, with a network before each of them: everything that one schedule troubles."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from tests.faults.hub import Eye, LightHub
from tests.faults.plan import HUBS, LASTS_S, Plan, Step
from tests.support.certificates import Certificates
from tests.support.mischief import Mischief, misbehaving
from tests.support.mosquitto import Mosquitto
from tests.support.proxy import Proxy, Way
from tests.support.rabbitmq import RabbitMQ
from wardgate.contract.messages import Alert, Event, Reading, State
from wardgate.ward import Ward

PATIENCE_S = 240.0


class Street:
    """What runs. `handed_on` counts what the ward has shown to people."""

    def __init__(self, plan: Plan, directory: Path, broker: Mosquitto | RabbitMQ, eye: Eye) -> None:
        rng = random.Random(f"street {plan.seed}")
        self.plan = plan
        self.eye = eye
        self.mischief = Mischief(rng)
        self.handed_on: Counter[tuple[str | int, ...]] = Counter()
        self.ward_db = directory / "ward.db"
        self.ward_crashes = 0
        self._broker = broker
        self._settings = broker.settings(
            heartbeat_s=1.0, **({"protocol": "3.1.1"} if plan.broker == "mosquitto-3.1.1" else {})
        )
        self._ward_network = Proxy(broker.port, random.Random(rng.random()))
        self.hubs = [
            LightHub(
                f"wg-{plan.seed}-{n}",
                directory,
                self._settings,
                Proxy(broker.port, random.Random(rng.random())),
                random.Random(rng.random()),
                self._is_at_ward,
                eye,
            )
            for n in range(HUBS)
        ]
        self._ward: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()

    async def live(self) -> None:
        """Let the schedule happen, then put everything right and wait until all is with the ward."""
        await self._ward_network.start()
        self._begin_ward()
        for hub in self.hubs:
            await hub.network.start()
            hub.start()
        async with asyncio.TaskGroup() as faults:
            for step in self.plan.steps:
                faults.create_task(self._at(step))
            faults.create_task(asyncio.sleep(LASTS_S))
        self.mischief.way = None
        for network in self._networks():
            network.heal()
            network.cut()
        async with asyncio.timeout(PATIENCE_S):
            for hub in self.hubs:
                await hub.rest()

    async def end(self) -> None:
        """Take all of it down."""
        for hub in self.hubs:
            await hub.stop()
        await self._end_ward()
        for network in self._networks():
            await network.stop()

    def _networks(self) -> list[Proxy]:
        return [self._ward_network, *(hub.network for hub in self.hubs)]

    # Faults

    async def _at(self, step: Step) -> None:
        await asyncio.sleep(step.at_s)
        match step.what:
            case "hub-crash" | "hub-stop" | "clock":
                await self._hub_fault(step, self.hubs[max(0, step.whom)])
            case "ward-crash":
                async with self._busy:
                    await self._end_ward()
                    await asyncio.sleep(step.lasts_s)
                    self._begin_ward()
            case "ward-misbehaves":
                self.mischief.way = step.how  # type: ignore[assignment] # the plan draws it from `WAYS`
                await asyncio.sleep(step.lasts_s)
                self.mischief.way = None
            case "broker-kill" | "broker-restart":
                await self._broker_fault(step)
            case _:
                network = self._ward_network if step.whom < 0 else self.hubs[step.whom].network
                await self._network_fault(step, network)

    async def _hub_fault(self, step: Step, hub: LightHub) -> None:
        if step.what == "clock":
            hub.jump(step.by_s)
            return
        async with hub.restarting:
            await (hub.crash() if step.what == "hub-crash" else hub.stop())
            await asyncio.sleep(step.lasts_s / 2)
            hub.start()

    async def _broker_fault(self, step: Step) -> None:
        assert isinstance(self._broker, Mosquitto)
        async with self._busy:
            self._broker.kill() if step.what == "broker-kill" else await asyncio.to_thread(self._broker.stop)
            await asyncio.sleep(step.lasts_s / 2)
            await asyncio.to_thread(self._broker.start)

    async def _network_fault(self, step: Step, network: Proxy) -> None:
        way: Way = "up" if step.how == "up" else "down"
        match step.what:
            case "cut":
                network.cut(reset=step.lasts_s < 0.5)
                return
            case "corrupt":
                network.corrupt(way, pieces=3)
            case "refuse":
                network.refuse()
                network.cut()
            case "stall":
                network.stall(way)
            case "half-open":
                network.half_open()
            case "slow":
                network.slow(way, pause_s=0.01, piece_bytes=200)
        await asyncio.sleep(step.lasts_s)
        network.heal()

    # The ward

    def _begin_ward(self) -> None:
        settings = msgspec.structs.replace(self._settings, port=self._ward_network.port)
        ward = Ward(settings, self.ward_db, self._handed_on, name=f"ward-{self.plan.seed}")
        with misbehaving(self.mischief):
            self._ward = asyncio.create_task(ward.run())

    async def _end_ward(self) -> None:
        """Without a goodbye, between a commit and its answer if it so happens."""
        ward, self._ward = self._ward, None
        if ward is None:
            return
        self.ward_crashes += 1
        self._ward_network.cut()
        ward.cancel()
        with suppress(asyncio.CancelledError):
            await ward

    def _handed_on(self, message: Reading | Alert | Event | State) -> None:
        if isinstance(message, Reading | Alert):
            self.handed_on[_key(message)] += 1

    def _is_at_ward(self, message: Reading | Alert) -> bool:
        """Whether the ward has committed it; a ward that crashed right behind its commit has shown it to nobody."""
        key = _key(message)
        if self.handed_on[key]:
            return True
        table, more = ("readings", "") if isinstance(message, Reading) else ("alerts", " AND revision = ?")
        with contextlib.closing(sqlite3.connect(f"{self.ward_db.as_uri()}?mode=ro", uri=True)) as ward:
            sql = f"SELECT 1 FROM {table} WHERE hub = ? AND id = ?{more}"
            return ward.execute(sql, key).fetchone() is not None


def _key(message: Reading | Alert) -> tuple[str | int, ...]:
    key = message.hub, message.id
    return key if isinstance(message, Reading) else (*key, message.revision)


@asynccontextmanager
async def street(
    plan: Plan, directory: Path, certificates: Certificates, rabbitmq: RabbitMQ | None, eye: Eye
) -> AsyncIterator[Street]:
    """A street that has lived through its plan."""
    broker: Mosquitto | RabbitMQ
    if plan.broker == "rabbitmq" and rabbitmq is not None:
        broker = rabbitmq
    else:
        tls = certificates if plan.broker == "mosquitto-tls" else None
        broker = Mosquitto(directory / "broker", persistent=plan.persistent, certificates=tls)
        await asyncio.to_thread(broker.start)
    made = Street(plan, directory, broker, eye)
    try:
        try:
            await made.live()
        finally:
            await made.end()
        yield made
    finally:
        if isinstance(broker, Mosquitto):
            broker.kill()
