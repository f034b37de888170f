"""The reference ward: take, check, commit, and only then acknowledge."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.messages import Alert, AlertAck, Event, Reading, State
from wardgate.mqtt import Backoff, Link, LinkError, Will
from wardgate.ward.check import checked
from wardgate.ward.database import DatabaseError
from wardgate.ward.received import Received, Refused
from wardgate.ward.silence import DEAF_AFTER_S, HEARTBEATS, Silence
from wardgate.ward.store import WardStore

ACK_EVERY_S: Final = 0.05
"""At most one acknowledgement to a hub in this time: it covers all that came meanwhile, with one fsync."""
MANY: Final = 250
"""So many messages do not wait for it: a hub sends no more than 1000 ahead."""
STEADY_S: Final = 30.0
WATCH_S: Final = 1.0
"""How often it is looked for silence."""
LOOK_S: Final = 1.0
"""How often the database is asked what people have seen."""
AGAIN_FIRST_S: Final = 60.0
AGAIN_LONGEST_S: Final = 3600.0
"""A hub that is away finds at most some dozens of repetitions when it comes back."""


@dataclass(frozen=True, slots=True)
class _Retelling:
    """What a hub was told that somebody has seen, and when it is told again."""

    alerts: tuple[AlertAck, ...]
    due_s: float
    again_s: float


@dataclass(slots=True)
class Counts:
    """What a ward has seen since it started."""

    received: int = 0
    new: int = 0
    duplicates: int = 0
    refused: int = 0
    foreign: int = 0
    """Messages on our topics that no hub of ours would send."""


class Ward:
    """Serves all hubs of a broker, until `run` is cancelled.

    `database` is a path (SQLite) or a URL `postgresql://...`. Several wards share the work of one broker when they
    have the same `group` and the same database, and each a `name` of its own.

    `on_message` gets every message once, after it is safe on the disk. `on_link` gets a sentence when the connection
    comes or goes. `on_silence` gets each silence as it begins and as it ends, and at the start those that last: a hub
    unheard for `heartbeats` of its heartbeats, or this ward itself, when it has no broker for `deaf_after_s`.
    """

    def __init__(
        self,
        broker: Broker,
        database: Path | str,
        on_message: Callable[[Reading | Alert | Event | State], object] | None = None,
        *,
        name: str = "ward",
        group: str | None = None,
        on_link: Callable[[str], object] | None = None,
        on_silence: Callable[[Silence], object] | None = None,
        heartbeats: float = HEARTBEATS,
        deaf_after_s: float = DEAF_AFTER_S,
    ) -> None:
        self._broker = broker
        self._store = WardStore(database)
        self._on_message = on_message
        self._on_link = on_link
        self._on_silence = on_silence
        self._heartbeats = heartbeats
        self._deaf_after_s = deaf_after_s
        self._name = name
        self._group = group
        self._waiting: list[tuple[str, bytes]] = []
        self._greeted: set[str] = set()
        """Hubs that have had an answer over this connection. The first one makes a hub send again what it waits for."""
        self._many = asyncio.Event()
        self._arrived = asyncio.Event()
        self._seen = asyncio.Event()
        self._gone = asyncio.Event()
        """Another ward of the group is gone."""
        self.connected = asyncio.Event()
        self.counts = Counts()

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff()
        watching = asyncio.create_task(self._watch_for_ever())
        try:
            while True:
                began_s = loop.time()
                try:
                    await self._connection()
                except LinkError as error:
                    self._tell(str(error))
                except DatabaseError as error:
                    self._tell(f"The ward's database refuses ({error}): nothing is acknowledged until it is mended.")
                if loop.time() - began_s > STEADY_S:
                    backoff.reset()
                await asyncio.sleep(backoff.next_s())
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self._store.close()

    async def _watch_for_ever(self) -> None:
        """Look for silence, connected or not."""
        told: list[Silence] | None = None
        while True:
            try:
                if told is None:
                    told = await self._store.silences()
                    self._tell_silences(told)
                self._tell_silences(
                    await self._store.look(
                        datetime.now(UTC),
                        connected=self.connected.is_set(),
                        heartbeats=self._heartbeats,
                        deaf_after_s=self._deaf_after_s,
                    )
                )
            except DatabaseError:
                pass  # whoever commits says so, and nothing that is silent is forgotten by it
            await asyncio.sleep(WATCH_S)

    def _tell_silences(self, silences: list[Silence]) -> None:
        if self._on_silence:
            for silence in silences:
                self._on_silence(silence)

    async def _connection(self) -> None:
        self._greeted.clear()
        self._waiting.clear()  # of a connection that is gone: the hubs send again what has no acknowledgement
        link = self._link()
        await link.open()
        self._subscribe(link)
        await link.listening()
        self._tell(f"Connected to {self._broker.host}:{self._broker.port}.")
        self.connected.set()
        tasks = [asyncio.create_task(work) for work in self._works(link)]
        try:
            either: list[asyncio.Future[Any]] = [link.closed, *tasks]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            self._tell(f"The connection was lost: {link.closed.result()}.")
        finally:
            self.connected.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._group and not link.closed.done():
                link.publish(self._gone_topic(), msgspec.json.encode(self._name), retain=True)
            link.close()

    def _works(self, link: Link) -> tuple[Coroutine[Any, Any, None], ...]:
        return self._commit_for_ever(link), self._answer_for_ever(link), self._ask_for_ever(link)

    async def _ask_for_ever(self, link: Link) -> None:
        """When another ward is gone, let the hubs send again now what it had and did not acknowledge."""
        while True:
            await self._gone.wait()
            self._gone.clear()
            for known in await self._store.present():
                ack = msgspec.structs.replace(known, resume=True)
                link.publish(topics.down(ack.hub, "ack"), msgspec.json.encode(ack))

    def _link(self) -> Link:
        if not self._group:
            return Link(self._broker, self._name, on_message=self._take)
        # No session outlives its connection, or the broker would go on giving a share to one that is away. What such a
        # one had and did not commit is lost to the group: its last will has the others ask the hubs for it.
        will = Will(self._gone_topic(), msgspec.json.encode(self._name))
        return Link(self._broker, self._name, on_message=self._take, will=will, session_expiry_s=0)

    def _subscribe(self, link: Link) -> None:
        if not self._group:
            link.subscribe(topics.up("+", "+"))
            return
        for what in ("reading", "test", "alert", "event"):
            link.subscribe(f"$share/{self._group}/{topics.up('+', what)}")
        link.subscribe(topics.up("+", "state"))  # each of us: what is retained is not given to a share
        link.subscribe(self._gone_topic())

    def _gone_topic(self) -> str:
        return f"wardgate/wards/{self._group}/gone"

    def _take(self, topic: str, payload: bytes) -> None:
        if self._group and topic == self._gone_topic():
            self._gone.set()
            return
        self._waiting.append((topic, payload))
        self._arrived.set()
        if len(self._waiting) == MANY:
            self._many.set()

    async def _commit_for_ever(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            began_s = loop.time()
            self._arrived.clear()
            taken, self._waiting = self._waiting, []
            await self._commit(link, taken)
            if len(self._waiting) < MANY:
                self._many.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ACK_EVERY_S - (loop.time() - began_s)):
                        await self._many.wait()

    async def _commit(self, link: Link, taken: list[tuple[str, bytes]]) -> None:
        received: list[Received] = []
        refused: list[Refused] = []
        for topic, payload in taken:
            match checked(topic, payload):
                case Received() as good:
                    received.append(good)
                case Refused() as bad:
                    refused.append(bad)
                case None:
                    self.counts.foreign += 1
        batch = await self._store.commit(received, refused)
        for due in batch.acks:
            ack = due if due.hub in self._greeted else msgspec.structs.replace(due, resume=True)
            self._greeted.add(due.hub)
            link.publish(topics.down(ack.hub, "ack"), msgspec.json.encode(ack))
        self.counts.received += len(received)
        self.counts.new += len(batch.new)
        self.counts.duplicates += batch.duplicates
        self.counts.refused += len(refused)
        if self._on_message:
            for message in batch.new:
                self._on_message(message)

    # What people have seen

    async def acknowledge(
        self, hub: str, alert_id: str, *, by: str, note: str = "", revision: int | None = None
    ) -> AlertAck:
        """Somebody has seen an alert: keep it, and tell the hub until it answers. Not every delivery is an answer.

        Args:
            hub: whose alert it is.
            alert_id: which one.
            by: the person's role, in small letters: nurse, doctor. Never a name.
            note: stays in the ward's database.
            revision: what was seen; the last one here when none is named.

        Raises:
            SeenError: there is no such alert, it is over, or the role is none.
        """
        ack = await self._store.see(hub, alert_id, by=by, at=datetime.now(UTC), note=note, revision=revision)
        self._seen.set()
        return ack

    async def open_alerts(self) -> list[Alert]:
        """The last revision of every alert that is not over, worst first, then oldest."""
        return await self._store.open_alerts()

    async def _answer_for_ever(self, link: Link) -> None:
        """Tell hubs what has been seen: at once, and again, ever more rarely, while they do not answer.

        `wardgate ward acknowledge` writes into the same database from another process: hence the looking.
        """
        loop = asyncio.get_running_loop()
        told: dict[str, _Retelling] = {}
        while True:
            waiting = await self._store.unanswered()
            for hub, ack in waiting.items():
                before = told.get(hub)
                if before is None or before.alerts != ack.alerts:
                    told[hub] = _Retelling(ack.alerts, loop.time() + AGAIN_FIRST_S, AGAIN_FIRST_S)
                elif loop.time() >= before.due_s:
                    again_s = min(AGAIN_LONGEST_S, 2 * before.again_s)
                    told[hub] = _Retelling(ack.alerts, loop.time() + again_s, again_s)
                else:
                    continue
                link.publish(topics.down(hub, "ack"), msgspec.json.encode(ack))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._seen.wait()
            self._seen.clear()

    def _tell(self, sentence: str) -> None:
        if self._on_link:
            self._on_link(sentence)
