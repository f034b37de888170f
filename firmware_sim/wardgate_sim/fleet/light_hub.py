"""A hub without a home: the contract, the window and the acknowledgements of a real one, its outbox in memory."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.messages import Ack, DeviceBlock, Quality, Quantity, Reading, State, TimeBlock
from wardgate.mqtt import Backoff, Link, LinkError, Will

IN_FLIGHT: Final = 100
UNANSWERED: Final = 1000
"""As the hub's own sender: so many without a PUBACK, so many without the ward's answer."""
STEADY_S: Final = 30.0
HEARTBEAT_S: Final = 60.0
AGAIN_S: Final = 60.0
"""A ward that was away when a reading was sent, and does not say that it is back, gets it again after so long."""
_ENCODER: Final = msgspec.json.Encoder()
_ACK: Final = msgspec.json.Decoder(Ack)


@dataclass(slots=True)
class Ledger:
    """What happened to the whole fleet."""

    made: int = 0
    sent: int = 0
    answered: int = 0
    connects: int = 0
    failed_connects: int = 0
    refusal: str = ""
    """Why the last of those did not work."""
    connected: int = 0
    latency_s: list[float] = field(default_factory=list)
    """From a reading's making to the ward's word that it has it."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Waiting:
    payload: bytes
    made_s: float


class LightHub:
    """One of many. `run` serves until it is cancelled; `make` adds a reading whether it is connected or not."""

    def __init__(self, hub: str, broker: Broker, ledger: Ledger, die: random.Random) -> None:
        self.hub: Final = hub
        self._broker = broker
        self._ledger = ledger
        self._die = die
        self._epoch = f"{die.getrandbits(64):016x}"
        self._seq = 0
        self._waiting: dict[int, _Waiting] = {}
        """By number, in their order: what the ward has not said it has."""
        self._unsent: deque[int] = deque()
        self._in_flight: set[int] = set()
        self._answered_s = 0.0
        self._topic: Final = topics.up(hub, "reading")
        self._link: Link | None = None
        self._reading: Final = _template(hub, die)

    @property
    def waiting(self) -> int:
        """Readings that the ward has not said it has."""
        return len(self._waiting)

    async def measure(self, every_s: float) -> None:
        """Make a reading every so often, at no hour that another hub keeps. Never returns."""
        while True:
            await asyncio.sleep(self._die.expovariate(1.0 / every_s))
            self.make()

    def make(self) -> None:
        """A reading, into the outbox."""
        now = datetime.now(UTC)
        self._seq += 1
        reading = msgspec.structs.replace(
            self._reading,
            seq=self._seq,
            epoch=self._epoch,
            id=f"{self.hub}-{self._seq}",
            time=msgspec.structs.replace(self._reading.time, taken=now, received=now),
        )
        loop = asyncio.get_running_loop()
        self._waiting[self._seq] = _Waiting(_ENCODER.encode(reading), loop.time())
        self._unsent.append(self._seq)
        self._ledger.made += 1
        self._pump()

    async def run(self, may_connect: asyncio.Event) -> None:
        """Connect, deliver, connect again. Never returns."""
        loop, backoff = asyncio.get_running_loop(), Backoff()
        while True:
            await may_connect.wait()
            link = self._new_link()
            try:
                await link.open()
            except LinkError as error:
                self._ledger.failed_connects += 1
                self._ledger.refusal = str(error)
                await asyncio.sleep(backoff.next_s())
                continue
            began_s = loop.time()
            await self._serve(link)
            if loop.time() - began_s > STEADY_S:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())

    def drop(self) -> None:
        """Lose the connection without a word."""
        if self._link is not None and not self._link.closed.done():
            self._link.close()

    def _new_link(self) -> Link:
        self._in_flight = set()
        will = Will(topics.up(self.hub, "state"), _ENCODER.encode(State(hub=self.hub, online=False, epoch=self._epoch)))
        return Link(self._broker, self.hub, will=will, on_message=self._answer, on_puback=self._taken)

    async def _serve(self, link: Link) -> None:
        ledger = self._ledger
        ledger.connects += 1
        ledger.connected += 1
        ledger.changed.set()
        self._link, self._unsent = link, deque(self._waiting)
        self._answered_s = asyncio.get_running_loop().time()
        try:
            link.subscribe(topics.down(self.hub, "ack"))
            beat = 0
            while not link.closed.done():
                beat += 1
                state = State(
                    hub=self.hub, online=True, epoch=self._epoch, heartbeat=beat, heartbeat_every_s=HEARTBEAT_S
                )
                link.publish(topics.up(self.hub, "state"), _ENCODER.encode(state), retain=True)
                if asyncio.get_running_loop().time() - self._answered_s >= AGAIN_S:
                    self._unsent = deque(self._waiting)
                self._pump()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await asyncio.shield(link.closed)
        finally:
            self._link = None
            ledger.connected -= 1
            ledger.changed.set()
            link.close()

    def _pump(self) -> None:
        link = self._link
        if link is None or link.closed.done():
            return
        most = min(IN_FLIGHT, link.receive_maximum)
        while self._unsent and len(self._in_flight) < most:
            seq = self._unsent[0]
            if seq >= next(iter(self._waiting), seq) + UNANSWERED:
                return
            self._unsent.popleft()
            if (waiting := self._waiting.get(seq)) is None:
                continue
            mid = link.publish(self._topic, waiting.payload)
            if mid is None:
                return
            self._in_flight.add(mid)
            self._ledger.sent += 1

    def _taken(self, mid: int, _reason: int) -> None:
        self._in_flight.discard(mid)
        self._pump()

    def _answer(self, _topic: str, payload: bytes) -> None:
        ack = _ACK.decode(payload)
        if ack.epoch != self._epoch:
            return
        now_s = asyncio.get_running_loop().time()
        self._answered_s = now_s
        done = [seq for seq in self._waiting if seq <= ack.cumulative or seq in ack.selective]
        for seq in done:
            self._ledger.latency_s.append(now_s - self._waiting.pop(seq).made_s)
        self._ledger.answered += len(done)
        if ack.resume:
            self._unsent = deque(self._waiting)
        if done:
            self._ledger.changed.set()
        self._pump()


def names(hubs: int) -> list[str]:
    """The ids of a fleet's hubs."""
    return [f"fleet-{number:05d}" for number in range(hubs)]


def _template(hub: str, die: random.Random) -> Reading:
    """What every reading of a hub has in common."""
    now, kg = datetime.now(UTC), round(die.uniform(50.0, 110.0), 1)
    return Reading(
        id="",
        hub=hub,
        assignment=f"assignment-{hub}",
        patient=f"patient-{hub}",
        attribution="assigned",
        channel="weight",
        quantities=(
            Quantity(
                name="weight",
                value=kg,
                unit="kg",
                original_value=kg,
                original_unit="kg",
                loinc="29463-7",
                mdc=188736,
            ),
        ),
        time=TimeBlock(
            taken=now,
            uncertainty_s=2.0,
            basis="arrival",
            received=now,
            boot_id="fleet",
            boottime_s=0.0,
            synchronised=True,
        ),
        device=DeviceBlock(id="scale", model="and-uc-352ble", address="00:00:00:00:00:01"),
        quality=Quality(),
        backfill=False,
        frame="02e8030e07e8030e07e803",
    )
