"""What the ward tells this hub: admitted, remembered, done at most once, answered.

A command is on the disk before it is done, and its answer is before it is sent. A hub that dies in between says so
afterwards and does not do it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from wardgate.capture.journal import Detail, Journal
from wardgate.clock import Clock
from wardgate.contract import topics
from wardgate.contract.commands import Command, CommandAnswer, Configuration, Result, kind_of
from wardgate.deliver.admission import Admitted, Gate, Refused
from wardgate.deliver.beside import Beside
from wardgate.mqtt import Link
from wardgate.mqtt.request import Request
from wardgate.store.commands import CommandLog, CommandRow
from wardgate.store.errors import StoreError

log: Final = logging.getLogger(__name__)

WAITING: Final = 100
"""Requests between the connection and the disk. More than that is no ward."""
AT_ONCE: Final = 8
LOOK_S: Final = 15.0
"""How often to look whether the hub knows the time by now: from then on it can remember."""
EVENTS_AN_HOUR: Final = 20
"""Refusals that are told as events; who floods a hub must not fill its disk."""
CONFIG: Final = "configuration"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command."""

    sentence: str
    result: Result = "done"
    reason: str = ""
    detail: Detail = field(default_factory=dict)
    then: Callable[[], object] | None = None
    """Called when the answer is on the disk."""


Do = Callable[[Admitted], Awaitable[Outcome]]
Finished = Callable[[str], Outcome | None]
"""What became of a configuration with this nonce while the hub went down; None when nobody knows."""


class Downlink:
    """Route a connection here, say when it stands and when it is gone, and keep `run` running."""

    def __init__(
        self,
        hub: str,
        commands: CommandLog,
        gate: Callable[[], Gate],
        do: Do,
        finished: Finished,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self._hub = hub
        self._commands = commands
        self._gate = gate
        self._do = do
        self._finished = finished
        self._clock = clock
        self._journal = journal
        self._topic: dict[str, type[Command] | type[Configuration]] = {
            topics.down(hub, "command"): Command,
            topics.down(hub, "config"): Configuration,
        }
        self._answers = topics.up(hub, "answer")
        self._came: asyncio.Queue[Request] = asyncio.Queue(WAITING)
        self._doing: set[asyncio.Task[None]] = set()
        self._going: set[asyncio.Future[None]] = set()
        self._gone: set[str] = set()
        """Nonces whose answers are on their way to the broker, or there and not yet noted as sent."""
        self._told_s: deque[float] = deque()
        self._untold = 0
        self.beside: Final = Beside()

    # The connection

    def route(self, link: Link) -> None:
        """Before the connection is opened."""
        for topic in self._topic:
            link.route(topic, self._take)

    def connect(self, link: Link) -> None:
        """The connection stands: ask for commands, and send what has not been answered yet."""
        self.beside.connect(link)
        for topic in self._topic:
            link.subscribe(topic, tell_retained=True)
        for row in self._commands.rows():
            if row.answer and not row.sent:
                self._send(row)

    def disconnect(self) -> None:
        """It is gone."""
        self.beside.disconnect()

    def _take(self, request: Request) -> None:
        if not request.payload:
            return  # that is how a retained message is taken back
        try:
            self._came.put_nowait(request)
        except asyncio.QueueFull:
            log.warning("a command was dropped: too many at once")

    async def answered(self) -> None:
        """Until the broker has every answer that is on its way."""
        while self._going:
            await asyncio.wait(self._going)

    # The way of a command

    async def run(self) -> None:
        """Do what comes, until cancelled."""
        await self._tell_of_interrupted()
        try:
            while True:
                request = await self._next()
                if request is None:
                    continue
                try:
                    await self._one(request)
                except Refused as refusal:
                    self._refuse(request, refusal)
                except StoreError as error:
                    log.warning("a command waits until its ward repeats it, for the disk refuses: %s", error)
        finally:
            for task in self._doing:
                task.cancel()
            if self._doing:
                await asyncio.wait(self._doing)

    async def _next(self) -> Request | None:
        """None from time to time."""
        with contextlib.suppress(StoreError):
            await self._commands.begin()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                return await self._came.get()
        return None

    async def _one(self, request: Request) -> None:
        to = self._topic[request.topic]
        admitted = self._gate().admit(request.payload, to)
        asked = admitted.asked
        refusal = self._too_old(asked)
        if request.retained and to is Command:
            refusal = "retained", "A command must not be retained: it is for now, and once."
        elif len(self._doing) >= AT_ONCE:
            refusal = "busy", f"The hub is doing {AT_ONCE} things already. Send it again."
        if refusal is not None:
            raise Refused(*refusal, nonce=asked.nonce, kind=kind_of(asked))
        row = CommandRow(
            nonce=asked.nonce,
            kind=kind_of(asked),
            expires_s=asked.expires.timestamp(),
            response_topic=self._response_topic(request),
            correlation=request.correlation,
        )
        taken = await self._commands.take(row)
        if taken == "full":
            raise Refused("too-many", "Too many commands are still valid. Wait until some expire.", row.nonce, row.kind)
        if taken == "known":
            self._again(request, row)
            return
        task = asyncio.create_task(self._do_once(admitted, row))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def _too_old(self, asked: Command | Configuration) -> tuple[str, str] | None:
        if self._commands.is_forgotten(asked.expires.timestamp()):
            return "expired", "What expired then is no longer remembered here and cannot be told from a repetition."
        if self._commands.is_before(asked.issued.timestamp()):
            return "before-memory", "It was issued before this hub's memory began. Issue it anew."
        return None

    async def _do_once(self, admitted: Admitted, row: CommandRow) -> None:
        try:
            outcome = await self._do(admitted)
        except StoreError as error:
            outcome = Outcome(f"The disk refuses: {error}"[:500], "failed", "not-kept")
        except Exception as error:
            log.exception("%s fell", row.kind)
            outcome = Outcome(f"A fault of the hub: {type(error).__name__}.", "failed", "fault")
        self._tell(row.kind, row.nonce, outcome)
        try:
            await self._answer(row, outcome)
        except StoreError as error:
            log.error("the answer to %s could not be kept: %s", row.kind, error)
        if outcome.then is not None:
            outcome.then()

    async def _tell_of_interrupted(self) -> None:
        """What was being done when the hub ended."""
        for row in self._commands.rows():
            if not row.answer:
                unknown = Outcome(
                    "The hub ended while it did this. It may be done; it is not done again.", "failed", "interrupted"
                )
                await self._answer(row, (self._finished(row.nonce) if row.kind == CONFIG else None) or unknown)

    # Answers

    async def _answer(self, row: CommandRow, outcome: Outcome) -> None:
        answer = self._worded(row.nonce, row.kind, outcome)
        answered = msgspec.structs.replace(row, answer=msgspec.json.encode(answer))
        await self._commands.put(answered)
        self._send(answered)

    def _worded(self, nonce: str, kind: str, outcome: Outcome) -> CommandAnswer:
        return CommandAnswer(
            hub=self._hub,
            nonce=nonce,
            kind=kind,
            result=outcome.result,
            reason=outcome.reason,
            sentence=outcome.sentence[:500],
            detail=outcome.detail,
            at=self._clock.utc(),
        )

    def _send(self, row: CommandRow) -> None:
        """Once: who has just written it and the connection that has just been made both find it unsent."""
        if row.nonce in self._gone:
            return
        self._gone.add(row.nonce)
        sent = self.beside.publish(row.response_topic, row.answer, row.correlation)

        def done(future: asyncio.Future[None]) -> None:
            self._going.discard(future)
            if future.cancelled() or future.exception() is not None:
                self._gone.discard(row.nonce)
                return
            noted = self._commands.put(msgspec.structs.replace(row, sent=True))
            noted.add_done_callback(_quietly)
            noted.add_done_callback(lambda _: self._gone.discard(row.nonce))

        self._going.add(sent)
        sent.add_done_callback(done)

    def _again(self, request: Request, row: CommandRow) -> None:
        """It was taken before, and is not done again: the same answer, when there is one."""
        before = self._commands.row(row.nonce)
        if before is None or not before.answer or request.retained:
            return
        answer = msgspec.json.decode(before.answer, type=CommandAnswer)
        repeated = msgspec.structs.replace(answer, repeated=True)
        self.beside.publish(row.response_topic, msgspec.json.encode(repeated), row.correlation)
        self._tell(row.kind, row.nonce, Outcome("It was taken before and is not done again.", "refused", "replayed"))

    def _refuse(self, request: Request, refusal: Refused) -> None:
        """Its ward is told, but nothing is remembered of it: it may come again and be right then."""
        outcome = Outcome(refusal.sentence, "refused", refusal.reason)
        answer = self._worded(refusal.nonce, refusal.kind, outcome)
        self.beside.publish(self._response_topic(request), msgspec.json.encode(answer), request.correlation)
        kind = refusal.kind or (CONFIG if self._topic[request.topic] is Configuration else "")
        self._tell(kind, refusal.nonce, outcome)

    def _response_topic(self, request: Request) -> str:
        """Nobody has signed it: it counts only where this hub's own answers belong."""
        asked = request.response_topic or ""
        return asked if asked.startswith(f"{self._answers}/") else self._answers

    # Events

    def _tell(self, kind: str, nonce: str, outcome: Outcome) -> None:
        """What became of it. A configuration that is applied speaks for itself once it holds."""
        subject = CONFIG if kind == CONFIG else "command"
        detail: Detail = {"kind": kind, "nonce": nonce, "reason": outcome.reason}
        if outcome.result == "done":
            if kind != CONFIG:
                self._journal.tell("command-done", "info", f"Done on the ward's word: {kind}.", detail=detail)
            return
        if not self._may_tell():
            return
        if self._untold:
            detail["untold"], self._untold = self._untold, 0
        self._journal.tell(
            f"{subject}-{outcome.result}",
            "info" if outcome.reason == "replayed" else "attention",
            f"A {kind or 'command'} from the ward was not done ({outcome.reason}): {outcome.sentence}",
            detail=detail,
        )

    def _may_tell(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        while self._told_s and self._told_s[0] < now_s - 3600.0:
            self._told_s.popleft()
        if len(self._told_s) >= EVENTS_AN_HOUR:
            self._untold += 1
            return False
        self._told_s.append(now_s)
        return True


def _quietly(future: asyncio.Future[None]) -> None:
    """An answer whose sending could not be noted is sent again; its ward knows it by the nonce."""
    with contextlib.suppress(StoreError, asyncio.CancelledError):
        future.result()
