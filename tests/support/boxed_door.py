"""A real hub out of its box, its ward's endpoint, a scale in the air and the technician's door, in their own thread.

Nothing of the hub is stood in for: claims are signed, the ward's list gives patients, the window opens and closes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.support.authority import Ward
from tests.support.boxed import HUB, Boxed
from tests.support.mosquitto import free_port
from tests.support.served_setup import AGENT, QUICK, Phone
from tests.support.web import Answer
from wardgate.contract.pseudonym import Pseudonym
from wardgate.control.client import connect
from wardgate.control.provisioning import Nearby, SetupCode, Window
from wardgate.page.setup.certificate import own_pair
from wardgate.page.setup.frame import Frame
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.server import serving
from wardgate.page.setup.sessions import Place
from wardgate.page.setup.steps import all_steps
from wardgate.ward.referrals import Referrals
from wardgate_sim.firmware.and_medical import AndScale
from wardgate_sim.firmware.device import DeviceClock

T = TypeVar("T")
HERON: Final = Pseudonym("copper", "heron")
SCALE: Final = "F0:00:00:00:00:01"
_JSON: Final = {"Content_Type": "application/json", "Origin": None, "Sec_Fetch_Site": None}


class BoxedDoor:
    """Everything runs from `start` to `stop`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self.boxed: Boxed
        self.ward: Ward
        self.door: Door
        self.frame: Frame
        self.certificate: Path
        self.code = ""
        self.place: Final = Place("127.0.0.1", f"api: {AGENT}")
        self._token = ""
        self._scale: AndScale

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()
        assert not self._thread.is_alive()

    @property
    def api(self) -> str:
        """Where programs ask."""
        return f"https://127.0.0.1:{self.door.port}/api/1"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done in the hub's thread, and wait."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    # Who asks

    def phone(self) -> Phone:
        """A browser that has not been here."""
        return Phone(self.door.port)

    def token(self) -> str:
        """Of a program that is signed in, alone and while the pages are open: what ended before begins anew."""
        return self.do(self._signed_in())

    def ask(self, path: str, body: Mapping[str, object] | None = None, token: str | None = None) -> Answer:
        """One request of a program: GET without a body."""
        headers: dict[str, Any] = {} if token == "" else {"Authorization": f"Bearer {token or self.token()}"}
        if body is None:
            return self.phone().ask(f"/api/1{path}", **headers)
        return self.phone().ask(f"/api/1{path}", "POST", json.dumps(body).encode(), **{**_JSON, **headers})

    async def scale_is_heard(self) -> None:
        """Somebody steps on it, and the hub has it in the air."""
        await self._scale.take({"weight": 71.4})
        async with asyncio.timeout(60), connect(self.boxed.socket) as hub:
            await hub.ask("watch", bool)  # from here on nothing is missed
            changes = hub.watch()
            while not any(near.address == SCALE for near in await hub.ask("nearby", tuple[Nearby, ...])):
                await anext(changes)

    # The stages

    def claim(self) -> None:
        """By the hub's own socket."""

        async def claimed() -> None:
            await self.boxed.do("claim", code=f"{HUB} {self.ward.code(HUB)}")
            await self.boxed.until("claimed")

        self.do(claimed())

    def assign(self) -> None:
        """With a scale that was heard."""

        async def assigned() -> None:
            await self.boxed.do("assign", words=HERON.words, digits=HERON.digits)
            await self.boxed.until("assigned")

        self.do(assigned())

    async def _signed_in(self) -> str:
        window = await self.boxed.ask("window", Window)
        if not window.open or (window.left_s or 0) < 60:
            await self.boxed.ask("open_window", Window, by="command")
        sessions = self.frame.sessions
        session = sessions.find(self._token, self.place) if self._token else None
        if session is None or session.waiting:
            sessions.end_all()
            self._token, session = sessions.begin(self.place, self.boxed.clock.utc())
        return self._token

    async def _run(self) -> None:
        self.ward = Ward(self._directory / "ward")
        Referrals(self.ward.authority.register).add(
            HERON, pathways=["heart-failure"], kinds=("scale", "cuff"), phone="0116 000 0000"
        )
        async with self.ward.endpoint() as port:
            way = f'[broker]\nhost = "localhost"\nport = {free_port()}\nca_file = "{self.ward.ca}"\n'
            self.boxed = Boxed(self._directory, self.ward, port, way)
            async with self.boxed.running():
                clock = DeviceClock(lambda: self.boxed.clock.utc().timestamp())
                self._scale = AndScale(self.boxed.link, SCALE, clock, battery_percent=66)
                await self._scale.start()
                try:
                    await self._serve()
                finally:
                    await self._scale.stop()
        self.ward.authority.close()

    async def _serve(self) -> None:
        self.code = (await self.boxed.ask("new_setup_code", SetupCode, by="command")).code
        await self.boxed.ask("open_window", Window, by="command")
        pair = own_pair(self._directory / "page", ["127.0.0.1"])
        self.certificate = pair.certificate
        self.door = Door(frozenset({"kitchen-7.local"}), 0, fingerprint=pair.fingerprint)
        hub = Hub(self.boxed.socket)
        async with serving(hub, self.door, pair, "127.0.0.1", 0, all_steps(), pace=QUICK) as server:
            self.frame = server.frame
            self._ready.set()
            await self._stop.wait()
