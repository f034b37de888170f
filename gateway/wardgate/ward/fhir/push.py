"""From the ward's database to a FHIR server, each message once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Final

from wardgate.contract.messages import Alert, Event, Reading
from wardgate.mqtt import Backoff
from wardgate.ward.database import Database, DatabaseError
from wardgate.ward.fhir import due as outbox
from wardgate.ward.fhir.bundle import bundle
from wardgate.ward.fhir.due import Key
from wardgate.ward.fhir.extension import Json
from wardgate.ward.fhir.server import TIMEOUT_S, NotNow, Refused, Server

MANY: Final = 50
"""Messages in one transaction."""
LOOK_S: Final = 1.0
_LEASE_S: Final = 2 * TIMEOUT_S


class Push:
    """Sends what is due. What was sent and not noted is sent again, and the server finds that it has it."""

    def __init__(self, database: Database, server: Server, on_trouble: Callable[[str], object]) -> None:
        self._database = database
        self._server = server
        self._on_trouble = on_trouble
        self._holder = uuid.uuid4().hex
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
        now_s = time.time()
        url = self._server.url
        if not await self._database.run(lambda tx: outbox.lease(tx, url, self._holder, now_s, now_s + _LEASE_S)):
            return None
        messages = await self._database.run(lambda tx: outbox.due(tx, url, MANY))
        if messages:
            await self._send(messages)
        return len(messages)

    async def _send(self, messages: dict[Key, Reading | Alert | Event]) -> None:
        try:
            await self._server.send(_bundle(messages.values()))
        except Refused as error:
            if len(messages) == 1:
                await self._set_aside(next(iter(messages)), str(error))
                return
            for key, message in messages.items():  # one of them is not wanted: the others need not wait for it
                await self._send({key: message})
            return
        await self._database.run(lambda tx: outbox.sent(tx, self._server.url, messages))
        self.sent += len(messages)

    async def _set_aside(self, key: Key, why: str) -> None:
        kind, hub, id_, _ = key
        await self._database.run(lambda tx: outbox.refused(tx, self._server.url, key, why))
        self._on_trouble(f"The server refuses the {kind} {id_} of {hub} ({why}). It is set aside.")


def _bundle(messages: Iterable[Reading | Alert | Event]) -> Json:
    try:
        return bundle(messages)
    except OverflowError as error:  # of a time when such dates were let in
        raise Refused(f"it has a date that in UTC is none ({error})") from error
