"""Servers in a thread of their own, so that a test can drive a browser, and what they answer to one request."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import threading
from collections.abc import Coroutine, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Answer:
    """One HTTP answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    port: int,
    path: str,
    method: str,
    body: str | bytes | None,
    headers: Mapping[str, str],
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """One request on loopback; header names with `_` for `-`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=tls)
    with closing(connection):
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        return answered(connection)


def answered(connection: http.client.HTTPConnection) -> Answer:
    """What comes to a request that was sent."""
    answer = connection.getresponse()
    return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


class Threaded:
    """Something that is served for as long as a test needs it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()
        assert not self._thread.is_alive()

    def await_(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the servers' thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _run(self) -> None:
        """Serve until `_until_stopped` is over."""
        raise NotImplementedError

    async def _until_stopped(self) -> None:
        self._ready.set()
        await self._stop.wait()
