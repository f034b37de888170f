"""A ward that behaves badly on command: it commits what it gets, and answers as no ward should.

The ward itself is the real one; only what it publishes passes through here. `misbehaving(mischief)` has to be entered
before the ward's `run` is made a task: the task keeps it.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, get_args

import msgspec

from wardgate.contract import topics
from wardgate.contract.messages import Ack
from wardgate.mqtt import Link

Way = Literal["silent", "late", "twice", "disorder", "foreign", "garbage", "future", "epoch"]
"""How it answers: not at all, late, twice, the older after the newer; or rightly, and also with garbage, with numbers
that were never sent, and, before anything is committed, for another hub or another epoch."""
WAYS: Final[tuple[Way, ...]] = get_args(Way)
_ACK: Final = msgspec.json.Decoder(Ack)
_FAR: Final = 1_000_000
_current: contextvars.ContextVar[Mischief | None] = contextvars.ContextVar("mischief", default=None)


class _Numbered(msgspec.Struct):
    hub: str
    epoch: str
    seq: int


class Mischief:
    """What one ward does with its answers from now on; None is what it should do."""

    def __init__(self, rng: random.Random, late_s: float = 0.3) -> None:
        self.way: Way | None = None
        self.arrivals: list[tuple[str, bytes]] = []
        """Every message as it came from the broker, before the ward has looked at it."""
        self.withheld = 0
        self.lies = 0
        self._rng = rng
        self._late_s = late_s
        self._kept: tuple[str, bytes] | None = None

    def answer(self, link: _Link, topic: str, payload: bytes) -> None:
        """Publish an answer, or what this ward makes of it."""
        match self.way:
            case None:
                link.really(topic, payload)
            case "silent":
                self.withheld += 1
            case "late":
                self.withheld += 1
                asyncio.get_running_loop().call_later(self._late_s, link.really, topic, payload)
            case "twice":
                link.really(topic, payload)
                link.really(topic, payload)
            case "disorder":
                link.really(topic, payload)
                if self._kept:
                    link.really(*self._kept)
                self._kept = (topic, payload)
            case lie:
                link.really(topic, payload)
                if lie in ("garbage", "future"):
                    self._lie(link, lie, topic, _ACK.decode(payload))

    def arrived(self, link: _Link, topic: str, payload: bytes) -> None:
        """Note it; some wards answer at once, when nothing is committed, in the name of another hub or epoch."""
        self.arrivals.append((topic, payload))
        if self.way not in ("foreign", "epoch") or topic.endswith("/state"):
            return
        self.lies += 1
        said = msgspec.json.decode(payload, type=_Numbered)
        ack = Ack(hub=said.hub, epoch=said.epoch, cumulative=said.seq, selective=(said.seq,))
        if self.way == "epoch":
            wrong = msgspec.structs.replace(ack, epoch="0" * 16)
        else:
            wrong = msgspec.structs.replace(ack, hub=f"{said.hub}-next")
        for hub in {said.hub, wrong.hub}:
            link.really(topics.down(hub, "ack"), msgspec.json.encode(wrong))

    def _lie(self, link: _Link, lie: Way, topic: str, ack: Ack) -> None:
        self.lies += 1
        if lie == "garbage":
            link.really(topic, self._rng.randbytes(self._rng.randrange(200)))
            link.really(topic, msgspec.json.encode(ack)[: self._rng.randrange(80)])
        else:
            far = ack.cumulative + _FAR
            link.really(topic, msgspec.json.encode(msgspec.structs.replace(ack, cumulative=far)))
            link.really(topic, msgspec.json.encode(msgspec.structs.replace(ack, selective=(far,))))


class _Link(Link):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._mischief = _current.get()
        if self._mischief is not None:
            arrived, on_message = self._mischief.arrived, named["on_message"]

            def note(topic: str, payload: bytes) -> None:
                arrived(self, topic, payload)
                on_message(topic, payload)

            named["on_message"] = note
        super().__init__(*arguments, **named)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        if self._mischief is None or not topic.endswith("/down/ack"):
            return super().publish(topic, payload, retain=retain)
        self._mischief.answer(self, topic, payload)
        return None

    def really(self, topic: str, payload: bytes) -> None:
        if not self.closed.done():
            super().publish(topic, payload)


def install(monkeypatch: Any) -> None:
    """Give every ward that is made a connection through which it may misbehave."""
    monkeypatch.setattr("wardgate.ward.ward.Link", _Link)


@contextmanager
def misbehaving(mischief: Mischief) -> Iterator[Mischief]:
    """Wards whose tasks are made here answer as `mischief` says."""
    token = _current.set(mischief)
    try:
        yield mischief
    finally:
        _current.reset(token)
