"""The nurse's page over a real database, served for real on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from tests.support import home
from tests.support.web import Answer, T, Threaded, ask
from wardgate.contract.messages import Alert, Event, Reading, State
from wardgate.ward import accounts
from wardgate.ward.database import Transaction
from wardgate.ward.page.live import Pace
from wardgate.ward.page.server import Place, listen, serving
from wardgate.ward.received import Received
from wardgate.ward.store import WardStore

PASSWORD = "three quiet words"
HUB = "wg-7f3k"
LONDON = ZoneInfo("Europe/London")
QUICK = Pace(refresh_s=0.1, again_s=0.2)
_KEPT = accounts.hashed(PASSWORD)


def said(message: Reading | Alert | Event | State, seq: int) -> Received:
    """A message as it comes from a hub's outbox."""
    numbered = message if isinstance(message, State) else msgspec.structs.replace(message, seq=seq, epoch="one")
    return Received(numbered, msgspec.json.encode(numbered))


def recent(days: int = 40) -> list[Reading]:
    """What a home has measured, up to now."""
    shift = datetime.now(UTC) - home.NOW
    found = []
    for reading in (r for channel in home.history(days).values() for r in channel):
        at = reading.time.taken + shift
        found.append(
            msgspec.structs.replace(reading, time=msgspec.structs.replace(reading.time, taken=at, received=at))
        )
    return found


def weight_gain(n: int = 1, **changes: Any) -> Alert:
    """An alert as the hub's rule words it, raised twelve minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=12)
    usual: dict[str, Any] = {
        "kind": "weight-gain",
        "rule": "weight.guideline_esc",
        "raised": at,
        "changed": at,
        "worse_revision": 1,
        "pathways": ("heart-failure",),
        "inputs": {"from_kg": 78.2, "to_kg": 80.5, "gain_kg": 2.3, "limit_kg": 2.0, "window_days": 3.0, "usual": 78.4},
    }
    return home.alert(n, **{**usual, **changes})


class WardPage(Threaded):
    """A database and its page."""

    def __init__(self, where: Path | str, place: Place | None = None) -> None:
        super().__init__()
        self.where = where
        self._place = place or Place(port=0)
        self._seq = 0
        self.trust: Path | None = None
        self.store: WardStore

    @property
    def address(self) -> str:
        return self._place.origins(self.port)[0]

    def do(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Something in the ward's database, as another process would."""
        return self.await_(self.store.database.run(work))

    def take(self, *messages: Reading | Alert | Event | State) -> None:
        """As if hubs had sent them."""
        batch = []
        for message in messages:
            self._seq += 1
            batch.append(said(message, self._seq))
        self.await_(self.store.commit(batch, []))

    def listening(self) -> None:
        """As a ward does every second: the hubs are listened to."""
        self.await_(self.store.look(datetime.now(UTC), connected=True))

    def forget(
        self, tables: Iterable[str] = ("alerts", "seen", "closings", "calls", "silences", "attempts", "acts")
    ) -> None:
        """Nothing is open, nothing was said."""

        async def work(tx: Transaction) -> None:
            for table in tables:
                await tx.change(f"DELETE FROM {table}")

        self.do(work)

    def account(self, name: str, role: str = "nurse") -> None:
        self.do(lambda tx: accounts.add(tx, name, role, _KEPT, datetime.now(UTC)))

    def session(self, name: str = "nurse-a") -> str:
        """A session's token, as if the password had been typed."""
        token = self.do(lambda tx: accounts.begin(tx, name, _KEPT, datetime.now(UTC)))
        assert token
        return token

    def ask(self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request; header names with `_` for `-`."""
        tls = ssl.create_default_context(cafile=str(self.trust)) if self._place.cert else None
        return ask(self.port, path, method, body, headers, tls)

    def get(self, path: str = "/", token: str = "", **headers: str) -> Answer:
        return self.ask(path, "GET", None, Cookie=f"wardgate-ward={token}", **headers)

    def post(self, path: str, token: str = "", /, *, origin: str | None = "own", **fields: str) -> Answer:
        """A form. The session's key is in it unless another is given."""
        own = {"key": accounts.form_key(token)} if token else {}
        headers = {"Content_Type": "application/x-www-form-urlencoded", "Cookie": f"wardgate-ward={token}"}
        if origin is not None:
            headers["Origin"] = self.address if origin == "own" else origin
        return self.ask(path, "POST", urlencode({**own, **fields}).encode(), **headers)

    async def _run(self) -> None:
        self.store = WardStore(self.where)
        await self.store.silences()
        self._place.check()
        with listen(self._place) as listener:
            self.port = listener.getsockname()[1]
            origins = self._place.origins(self.port)
            server, live = serving(self.where, LONDON, self._place, origins, QUICK)
            serve = asyncio.create_task(server.serve([listener]))
            await self._until_stopped()
            live.close()
            server.should_exit = True
            await serve
        await self.store.close()
