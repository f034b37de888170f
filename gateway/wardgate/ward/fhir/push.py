"""From the ward's database to a FHIR server, each message once."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from wardgate.contract.messages import Alert, Event, Reading
from wardgate.mqtt import Backoff
from wardgate.ward.database import Database, DatabaseError
from wardgate.ward.fhir import due as outbox
from wardgate.ward.fhir.bundle import bundle, halves
from wardgate.ward.fhir.due import Key
from wardgate.ward.fhir.extension import Json
from wardgate.ward.fhir.server import TIMEOUT_S, NotNow, Refused, Server

Messages = dict[Key, Reading | Alert | Event]
MANY: Final = 50
"""Messages in one transaction."""
LOOK_S: Final = 1.0
_CONFLICTS: Final = 5
"""So often a message may meet somebody else's transaction at the server before it is set aside."""
_LEASE_S: Final = 2 * TIMEOUT_S


class Push:
    """Sends what is due. What was sent and not noted is sent again, and the server finds that it has it."""

    def __init__(self, database: Database, server: Server, on_trouble: Callable[[str], object]) -> None:
        self._database = database
        self._server = server
        self._on_trouble = on_trouble
        self._holder = uuid.uuid4().hex
        self._most = sys.maxsize
        """Resources that the server takes in one transaction, by what it has refused."""
        self._conflicts: Counter[Key] = Counter()
        self.sent = 0

    async def begin(self) -> None:
        """From now on this server is owed everything."""
        await self._database.run(lambda tx: outbox.register(tx, self._server.url))

    async def run(self, *, once: bool = False) -> None:
        """Send until cancelled; with `once` until nothing is due."""
        backoff = Backoff(longest_s=300.0)
        while True:
            wait_s = LOOK_S
            try:
                many = await self.step()
                backoff.reset()
                if many:
                    continue
                if once and many == 0:
                    return
            except (NotNow, DatabaseError) as error:
                self._on_trouble(f"{error} What is due is kept and tried again.")
                wait_s = backoff.next_s()
            await asyncio.sleep(wait_s)

    async def step(self) -> int | None:
        """Send one transaction. How many messages were dealt with; None when another process is sending.

        Raises:
            NotNow: the server; all is still due.
            DatabaseError: the ward's database.
        """
        if not await self._may_send():
            return None
        messages = await self._database.run(lambda tx: outbox.due(tx, self._server.url, MANY))
        if messages:
            await self._send(messages)
        return len(messages)

    async def _may_send(self) -> bool:
        now_s, url = time.time(), self._server.url
        return await self._database.run(lambda tx: outbox.lease(tx, url, self._holder, now_s, now_s + _LEASE_S))

    async def _send(self, messages: Messages) -> None:
        """Together, or else in halves. What the server refuses by itself is set aside."""
        try:
            await self._deliver(_bundle(messages.values()), in_parts=len(messages) == 1)
        except Refused as error:
            if len(messages) == 1:
                await self._refused(next(iter(messages)), error)
                return
            for half in _halves(messages):
                if not await self._may_send():  # it takes longer than one transaction
                    raise NotNow("Another process has begun to send.") from error
                await self._send(half)
            return
        await self._database.run(lambda tx: outbox.sent(tx, self._server.url, messages))
        self.sent += len(messages)

    async def _deliver(self, made: Json, *, in_parts: bool) -> None:
        """As one transaction. What one message says goes in parts where the server takes no more at once.

        Raises:
            NotNow, Refused: as `Server.send`.
        """
        many = len(made["entry"])
        parts = halves(made) if in_parts else []
        if many <= self._most or (in_parts and not parts):
            try:
                await self._server.send(made)
            except Refused as error:
                if error.perhaps_too_much:
                    self._most = min(self._most, many - 1)
                if not (error.perhaps_too_much and parts):
                    raise
            else:
                return
        elif not in_parts:
            raise Refused("it is more than the server takes at once")
        for part in parts:
            await self._deliver(part, in_parts=True)

    async def _refused(self, key: Key, error: Refused) -> None:
        if error.is_conflict and self._conflicts[key] < _CONFLICTS:
            self._conflicts[key] += 1
            raise NotNow(f"{error}.") from error
        kind, hub, id_, _ = key
        why = str(error)
        await self._database.run(lambda tx: outbox.refused(tx, self._server.url, key, why))
        self._most = sys.maxsize  # it may have been this one each time, and no matter of their number
        self._on_trouble(f"The server refuses the {kind} {id_} of {hub} ({why}). It is set aside.")


def _halves(messages: Messages) -> list[Messages]:
    pairs = list(messages.items())
    middle = len(pairs) // 2
    return [dict(pairs[:middle]), dict(pairs[middle:])]


def _bundle(messages: Iterable[Reading | Alert | Event]) -> Json:
    try:
        return bundle(messages)
    except OverflowError as error:  # of a time when such dates were let in
        raise Refused(f"it has a date that in UTC is none ({error})") from error
