"""What the enrolment endpoint reads and answers: as much HTTP/1.1 as one request a connection needs."""

from __future__ import annotations

import asyncio
import http
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from wardgate.contract.assigning import BASE, Refusal

HEAD_BYTES: Final = 8 * 1024
BODY_BYTES: Final = 16 * 1024
"""A signing request of P-256 has 300."""


class Refused(Exception):
    """A request that is not done: the status of HTTP, and words for whoever asked."""

    def __init__(
        self,
        status: http.HTTPStatus,
        sentence: str,
        what_to_do: str = "",
        *,
        key: str = "malformed",
        why: str = "",
        counts: bool = True,
        by: str | None = None,
        wait_s: float = 0.0,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.what_to_do = what_to_do
        self.key = key
        self.why = why or sentence
        """For the audit alone."""
        self.counts = counts
        """Whether it is an attempt at something that one may not do."""
        self.by = by
        """The hub that tried, when its certificate says so; else the address is held to have."""
        self.wait_s = wait_s
        """When to come again, if that helps."""


class Head(Struct, frozen=True):
    """The head of a request."""

    method: str
    path: str
    headers: Mapping[str, str]


class Asked(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    address: str
    shown: Mapping[str, Any]
    """The certificate of the connection as `ssl` tells it; empty when none was shown."""


class Answer(Struct, frozen=True):
    """What is sent back."""

    body: bytes
    kind: str
    status: http.HTTPStatus = http.HTTPStatus.OK
    headers: Mapping[str, str] = {}

    def wire(self) -> bytes:
        """As bytes; the connection ends with it."""
        said = {"Content-Type": self.kind, "Content-Length": str(len(self.body)), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**self.headers, **said}.items())
        return f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n{head}\r\n".encode() + self.body


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The head of a request.

    Raises:
        Refused: it is none, or too large.
        EOFError: it has gone.
    """
    bad = http.HTTPStatus.BAD_REQUEST
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.LimitOverrunError, ValueError):
        status = http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        raise Refused(status, "That head is too large.", key="too-large") from None
    first, *lines = head.split("\r\n")
    try:
        method, path, version = first.split(" ")
    except ValueError:
        raise Refused(bad, "That is no request.") from None
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(bad, "Speak HTTP/1.1.")
    headers = {n.strip().lower(): v.strip() for n, colon, v in (line.partition(":") for line in lines) if colon}
    return Head(method, path, headers)


async def read_body(reader: asyncio.StreamReader, head: Head) -> bytes:
    """What follows the head.

    Raises:
        Refused: it is too large, or of no length.
        EOFError: it has gone.
    """
    length = head.headers.get("content-length", "0")
    if "transfer-encoding" in head.headers or not length.isascii() or not length.isdigit():
        raise Refused(http.HTTPStatus.LENGTH_REQUIRED, "Say how long the body is.")
    if len(length) > 9 or int(length) > BODY_BYTES:
        raise Refused(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That body is too large.", key="too-large")
    return await reader.readexactly(int(length))


def refusal(refused: Refused, path: str) -> Answer:
    """A refusal as whoever asked reads it: JSON for the ward's list, a line of text for EST."""
    headers = {"Retry-After": str(int(refused.wait_s) + 1)} if refused.wait_s > 0 else {}
    if path.startswith(f"{BASE}/"):
        said = Refusal(key=refused.key, sentence=refused.sentence, what_to_do=refused.what_to_do)
        return Answer(msgspec.json.encode(said), "application/json", refused.status, headers)
    if refused.status is http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="claim code"'
    words = " ".join(filter(None, (refused.sentence, refused.what_to_do)))
    return Answer(f"{words}\n".encode(), "text/plain; charset=utf-8", refused.status, headers)
