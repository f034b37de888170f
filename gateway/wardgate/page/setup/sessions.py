"""Who is signed in. Kept in memory alone: a page that starts anew knows nobody, and no disk tells a cookie."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wardgate.control.client import HubAway

COOKIE: Final = "__Host-wardgate"
IDLE_S: Final = 15 * 60.0
"""A phone that was put down is signed out."""
_MOST_ACTS: Final = 64
"""Keys of acts that are remembered: a press is repeated within seconds, not within dozens of acts."""
_MOST_SESSIONS: Final = 8


class Stolen(Exception):
    """A cookie came from another place than it was given to. Its session is over."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address
        """Where it came from."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose browser it is, as far as that can be seen from here."""

    address: str
    agent: str


@dataclass(eq=False, slots=True)
class Session:
    """One technician's visit."""

    place: Place
    begun: datetime
    """By the hub's clock."""
    used_s: float
    waiting: bool
    """Signed in, but somebody else is setting up this hub: nothing can be done before taking over."""
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    draft: dict[str, str] = field(default_factory=dict)
    """What was chosen but not done yet; it never stands in an address."""
    said: str = ""
    """What the last act said; shown once, on the next page."""
    acts: OrderedDict[str, asyncio.Future[str]] = field(default_factory=OrderedDict)

    async def once(self, key: str, act: Callable[[], Awaitable[str]]) -> str:
        """Do an act once for its key; a second press gets what the first one gets, also when it was refused.

        Where no hub answered, nobody knows what was done: the same press, sent again, is asked again.
        """
        running = self.acts.get(key)
        if running is None:
            running = self.acts[key] = asyncio.ensure_future(act())
            running.add_done_callback(lambda done: self._settle(key, done))
            while len(self.acts) > _MOST_ACTS:
                self.acts.popitem(last=False)
        return await asyncio.shield(running)

    def _settle(self, key: str, done: asyncio.Future[str]) -> None:
        """Nobody may wait for it any more; that it was refused is no news for the log."""
        if done.cancelled() or isinstance(done.exception(), HubAway):
            self.acts.pop(key, None)


class Sessions:
    """Everybody who is signed in; one of them at a time sets the hub up."""

    def __init__(self, idle_s: float = IDLE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_s, self._clock = idle_s, clock
        self._all: OrderedDict[str, Session] = OrderedDict()
        self._over: OrderedDict[str, str] = OrderedDict()
        """Why a session ended, for whoever still has its cookie."""

    def begin(self, place: Place, begun: datetime) -> tuple[str, Session]:
        """A new session, and the cookie that only this browser gets."""
        cookie = secrets.token_urlsafe(32)
        session = Session(place, begun, self._clock(), waiting=self._active() is not None)
        self._all[_hashed(cookie)] = session
        while len(self._all) > _MOST_SESSIONS:
            first = next((s for s in self._all.values() if s.waiting), session)
            self._all.pop(next(key for key, s in self._all.items() if s is first))
        return cookie, session

    def find(self, cookie: str, place: Place, *, touch: bool = True) -> Session | None:
        """Whose cookie it is; None for nobody's, and for one that was left alone for too long.

        Raises:
            Stolen: it is somebody's, and comes from elsewhere.
        """
        self._forget_idle()
        key = _hashed(cookie)
        session = self._all.get(key)
        if session is None:
            return None
        if session.place != place:
            self._end(lambda s: s is session, "stolen-cookie")
            raise Stolen(place.address)
        if touch:
            session.used_s = self._clock()
        return session

    def other(self, session: Session) -> Session | None:
        """Who sets the hub up, when it is somebody else."""
        active = self._active()
        return active if active is not session else None

    def take_over(self, session: Session) -> None:
        """From now on this one sets the hub up, and nobody else is signed in."""
        self._end(lambda s: s is not session, "taken-over")
        session.waiting = False

    def end(self, session: Session) -> None:
        """Sign out."""
        self._end(lambda s: s is session, "")

    def end_all(self) -> None:
        """The pages have closed."""
        self._end(lambda _: True, "signed-out")

    def why_over(self, cookie: str) -> str:
        """The key of the reason for which a cookie is good no longer; empty for one that its owner signed out."""
        return self._over.get(_hashed(cookie), "signed-out")

    def _active(self) -> Session | None:
        self._forget_idle()
        return next((s for s in self._all.values() if not s.waiting), None)

    def _forget_idle(self) -> None:
        oldest_s = self._clock() - self._idle_s
        self._end(lambda s: s.used_s <= oldest_s, "signed-out")

    def _end(self, whose: Callable[[Session], bool], why: str) -> None:
        for key in [key for key, session in self._all.items() if whose(session)]:
            del self._all[key]
            self._over[key] = why
        while len(self._over) > _MOST_SESSIONS:
            self._over.popitem(last=False)


def _hashed(cookie: str) -> str:
    """So that how long a look-up takes says nothing about a cookie."""
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()
