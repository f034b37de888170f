"""The first thing that a request meets at the technician's door, alone."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from wardgate.page.setup.guard import Door, Guard


def test_a_form_that_breaks_off_is_no_fault_of_the_hub() -> None:
    """A phone that leaves the Wi-Fi, or a chunk that is none: told if anybody is there, and no trace in the log."""

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    messages = iter(({"type": "http.request", "body": b"code=", "more_body": True}, {"type": "http.disconnect"}))

    async def receive() -> Message:
        return next(messages)

    async def send(_: Message) -> None: ...

    headers = [(b"host", b"hub"), (b"origin", b"https://hub")]
    scope = {"type": "http", "method": "POST", "path": "/sign-in", "headers": headers, "server": ("192.0.2.1", 443)}
    guard = Guard(reads, Door(frozenset({"hub"}), 443), lambda path, status, key: Response(key, status))
    with pytest.raises(HTTPException) as broken:
        asyncio.run(guard(scope, receive, send))
    assert broken.value.status_code == 400
