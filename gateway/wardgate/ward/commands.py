"""The ward's word to a hub: made, signed, sent, and repeated until the hub answers."""

from __future__ import annotations

import asyncio
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate.config import Broker
from wardgate.contract import topics
from wardgate.contract.commands import Command, CommandAnswer, Configuration, Do, Downward
from wardgate.contract.messages import UNREADABLE
from wardgate.contract.signing import PrivateKey
from wardgate.mqtt import Link, LinkError
from wardgate.mqtt.request import Request

VALID: Final = timedelta(hours=1)
AGAIN_S: Final = 15.0
"""The same envelope is sent again after so long without an answer: a hub does it once all the same."""


class NoAnswer(Exception):
    """The hub has not answered. It may do the command as long as that is valid."""


def command(hub: str, assignment: str, do: Do, *, valid: timedelta = VALID) -> Command:
    """A new command, from now on."""
    now = datetime.now(UTC)
    return Command(
        schema="wardgate/command/1",
        hub=hub,
        assignment=assignment,
        nonce=new_nonce(),
        issued=now,
        expires=now + valid,
        do=do,
    )


def configuration(hub: str, assignment: str, version: int | None = None, **parts: object) -> Configuration:
    """A new configuration, from now on. Without a version, the seconds since 1970: it only grows.

    Raises:
        msgspec.ValidationError: a part is none.
    """
    now = datetime.now(UTC)
    header = {
        "schema": "wardgate/configuration/1",
        "hub": hub,
        "assignment": assignment,
        "nonce": new_nonce(),
        "issued": now,
        "expires": now + VALID,
        "version": int(now.timestamp()) if version is None else version,
    }
    return msgspec.convert(header | parts, Configuration)


def new_nonce() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def write_new_key(path: Path, key_id: str) -> PrivateKey:
    """Make a key, in a file that nobody else may read.

    Raises:
        OSError: there is a file already, or none can be made.
        ValueError: the id is none.
    """
    key = PrivateKey.new(key_id)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(key.text() + "\n")
    return key


def read_key(path: Path) -> PrivateKey:
    """The key of a file.

    Raises:
        OSError: it cannot be read.
        ValueError: others can read it too, or it is no key.
    """
    if path.stat().st_mode & 0o077:
        raise ValueError(f"others can read {path}. Run: chmod 600 {path}")
    return PrivateKey.of(path.read_text(encoding="ascii"))


async def ask(
    broker: Broker, key: PrivateKey, what: Downward, *, wait_s: float = 60.0, name: str = "ward-command"
) -> CommandAnswer:
    """Send a command or a configuration and wait for what becomes of it.

    Args:
        broker: where the hub's messages go through.
        key: one of the hub's.
        what: made by `command` or `configuration`.
        wait_s: how long to wait. Pairing takes up to two minutes.
        name: the beginning of the MQTT client id.

    Raises:
        LinkError: the broker cannot be reached.
        NoAnswer: not within that time.
    """
    return await send(broker, what.hub, _topic(what), key.envelope(what), what.nonce, wait_s=wait_s, name=name)


async def send(
    broker: Broker, hub: str, topic: str, envelope: bytes, nonce: str, *, wait_s: float, name: str = "ward-command"
) -> CommandAnswer:
    """As `ask`, for an envelope that is made already. `topic` is command or config."""
    answered: asyncio.Future[CommandAnswer] = asyncio.get_running_loop().create_future()
    tag = nonce.encode()

    def came(request: Request) -> None:
        try:
            answer = msgspec.json.decode(request.payload, type=CommandAnswer)
        except UNREADABLE:
            return  # no hub of ours says such a thing
        if not answered.done() and (answer.nonce == nonce or request.correlation == tag):
            answered.set_result(answer)

    answers = topics.up(hub, "answer")
    link = Link(broker, f"{name}-{secrets.token_hex(4)}", on_message=lambda _topic, _payload: None, session_expiry_s=0)
    link.route(answers, came)
    await link.open()
    try:
        link.subscribe(answers)
        async with asyncio.timeout(wait_s):
            while not answered.done():
                link.publish_with(topics.down(hub, topic), envelope, response_topic=answers, correlation=tag)
                waited: list[asyncio.Future[Any]] = [answered, link.closed]
                await asyncio.wait(waited, timeout=AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
                if link.closed.done():
                    raise LinkError("broker-lost", f"The connection was lost: {link.closed.result()}.", "Try again.")
        return answered.result()
    except TimeoutError:
        raise NoAnswer(f"{hub} has not answered within {wait_s:g} s.") from None
    finally:
        link.close()


def _topic(what: Downward) -> str:
    return "config" if isinstance(what, Configuration) else "command"
