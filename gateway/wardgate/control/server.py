"""The hub's end of the control socket."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate.contract.messages import UNREADABLE
from wardgate.control.messages import Problem
from wardgate.control.protocol import MAX_REQUEST, Answer, ControlError, Request

log: Final = logging.getLogger(__name__)

PUSH_EVERY_S: Final = 0.25
"""At most four pushes a second: a dump of a device's memory is one change to whoever looks."""
WRITE_DEADLINE_S: Final = 10.0
"""Whoever reads no answers for so long is let go."""
ANSWERS_S: Final = 1.0
"""For answers that are on their way when the hub stops."""

Handler = Callable[[dict[str, Any]], Awaitable[object]]


class ControlServer:
    """Answers requests and pushes what changed.

    The socket gets its mode before anybody can connect to it: being able to open it is the permission to use it. It is
    0600, and 0660 where its directory lets its group in and nobody else (the service's 0750 /run/wardgate).
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._talks: set[_Talk] = set()

    async def start(self) -> None:
        """Listen. A socket that a dead hub left behind is replaced; the database's lock keeps a living one away.

        Raises:
            OSError: the directory is missing or forbidden.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self._path))
            group_is_meant = self._path.parent.stat().st_mode & 0o017 == 0o010
            self._path.chmod(0o660 if group_is_meant else 0o600)
            self._server = await asyncio.start_unix_server(self._talk, sock=listener, limit=MAX_REQUEST)
        except BaseException:
            listener.close()
            raise

    async def stop(self) -> None:
        """Let everybody go."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.gather(*(talk.answered() for talk in self._talks))
        for talk in tuple(self._talks):
            talk.close()
        await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    def changed(self, room: str) -> None:
        """Something changed in a room; those who watch are told soon."""
        for talk in self._talks:
            talk.changed(room)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Talk(self._handlers, writer)
        self._talks.add(talk)
        try:
            await talk.run(reader)
        except (ConnectionError, TimeoutError):
            pass  # it has gone; nothing of ours depends on it
        finally:
            self._talks.discard(talk)
            talk.close()


class _Talk:
    """One connection."""

    def __init__(self, handlers: Mapping[str, Handler], writer: asyncio.StreamWriter) -> None:
        self._handlers = {**handlers, "watch": self._watch}
        self._writer = writer
        self._tasks: set[asyncio.Task[None]] = set()
        self._rooms: set[str] = set()
        self._something = asyncio.Event()
        self._watching = False
        self._pusher: asyncio.Task[None] | None = None

    async def run(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # longer than the limit: there is no telling where the next one begins
                await self._send(Answer(error=Problem(key="too-long", sentence="That request is too long.")))
                return
            if not line:
                return
            self._spawn(self._answer(line))

    async def answered(self) -> None:
        """Whoever is just being answered hears the answer: it may be why the hub stops."""
        answers = {task for task in self._tasks if task is not self._pusher}
        if answers:
            await asyncio.wait(answers, timeout=ANSWERS_S)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    def changed(self, room: str) -> None:
        if self._watching:
            self._rooms.add(room)
            self._something.set()

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, line: bytes) -> None:
        try:
            request = msgspec.json.decode(line, type=Request)
        except UNREADABLE as error:
            await self._send(Answer(id=0, error=Problem(key="not-understood", sentence=f"No request: {error}.")))
            return
        try:
            result = msgspec.Raw(msgspec.json.encode(await self._do(request)))
            answer = Answer(id=request.id, result=result)
        except ControlError as error:
            problem = Problem(key=error.key, sentence=error.sentence, what_to_do=error.what_to_do)
            answer = Answer(id=request.id, error=problem)
        except Exception:  # the boundary: whatever it is, the hub goes on and the asker is told
            log.exception("control request %s failed", request.method)
            problem = Problem(key="failed", sentence="That did not work.", what_to_do="The hub's log says why.")
            answer = Answer(id=request.id, error=problem)
        await self._send(answer)

    async def _do(self, request: Request) -> object:
        handler = self._handlers.get(request.method)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            raise ControlError("unknown-method", f"The hub does not know `{request.method}`.", f"It knows: {known}.")
        return await handler(request.params)

    async def _watch(self, _: dict[str, Any]) -> object:
        if not self._watching:
            self._watching = True
            self._pusher = self._spawn(self._push())
        return True

    async def _push(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(PUSH_EVERY_S)
            rooms, self._rooms = tuple(sorted(self._rooms)), set()
            self._something.clear()
            await self._send(Answer(push="changed", rooms=rooms))

    async def _send(self, answer: Answer) -> None:
        try:
            async with asyncio.timeout(WRITE_DEADLINE_S):
                self._writer.write(msgspec.json.encode(answer) + b"\n")
                await self._writer.drain()
        except (ConnectionError, TimeoutError):
            self._writer.close()
