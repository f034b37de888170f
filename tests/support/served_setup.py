"""The technician's door of a hub that a test holds in its hand, served for real: TLS on loopback, own certificate."""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.support.setup_hub import CODE, SetupHub
from tests.support.web import Answer, Threaded, answered
from wardgate.control.provisioning import Installation
from wardgate.page.setup.certificate import own_pair
from wardgate.page.setup.frame import Frame
from wardgate.page.setup.guard import Door
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.live import Pace
from wardgate.page.setup.server import Serving, serving
from wardgate.page.setup.step import Step
from wardgate.page.setup.steps import all_steps

QUICK = Pace(refresh_s=0.2, least_s=0.05, comment_s=0.2, again_s=0.2)
AGENT = "Test/1.0"


class Phone:
    """A browser without a screen: keeps its cookie, sends what a browser sends."""

    def __init__(self, port: int, agent: str = AGENT, name: str = "127.0.0.1") -> None:
        self.port, self.agent, self.name = port, agent, name
        self.cookie = ""

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str | None) -> Answer:
        """One request. Headers by name with `_` for `-`; None leaves one out."""
        host = f"{self.name}:{self.port}"
        sent: dict[str, str | None] = {"User-Agent": self.agent, "Host": host, "Cookie": self.cookie or None}
        if method == "POST":
            sent |= {
                "Origin": f"https://{host}",
                "Sec-Fetch-Site": "same-origin",
                "Content-Type": "application/x-www-form-urlencoded",
            }
        sent |= {k.replace("_", "-"): v for k, v in headers.items()}
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=unchecked())
        with closing(connection):
            real = {k: v for k, v in sent.items() if v is not None}
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in real.items():
                connection.putheader(name, value)
            if body is not None and "Content-Length" not in real and "Transfer-Encoding" not in real:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            got = answered(connection)
        if "set-cookie" in got.headers:
            self.cookie = got.headers["set-cookie"].partition(";")[0]
        return got

    def post(self, path: str, fields: Mapping[str, str], **headers: str | None) -> Answer:
        """Send a form."""
        return self.ask(path, "POST", urlencode(fields).encode(), **headers)

    def sign_in(self, code: str = CODE) -> Answer:
        return self.post("/sign-in", {"code": code})

    def form(self, path: str, act: str, **fields: str) -> dict[str, str]:
        """The form for an act as the page at `path` has it, filled in."""
        return {**hidden(self.ask(path).text, act), **fields}

    def press(self, path: str, act: str, **fields: str) -> Answer:
        """Open the page, fill the form in, press its button."""
        return self.post(path, self.form(path, act, **fields))


def hidden(html: str, act: str) -> dict[str, str]:
    """The hidden fields of the form for an act."""
    for form in re.findall(r"(?s)<form.*?</form>", html):
        found = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', form))
        if found.get("act") == act:
            return found
    raise AssertionError(f"no form for {act}")


def unchecked() -> ssl.SSLContext:
    """The certificate is self-signed; tests of it look at its fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class ServedSetup(Threaded):
    """Hub and door."""

    def __init__(self, directory: Path, seen: Installation | None = None, steps: Sequence[Step] | None = None) -> None:
        super().__init__()
        self._directory, self._seen, self._steps = directory, seen, steps
        self.hub: SetupHub
        self.door: Door
        self.frame: Frame

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}/"

    def phone(self, agent: str = AGENT) -> Phone:
        """A browser that has not been here."""
        return Phone(self.port, agent)

    def signed_in(self, agent: str = AGENT) -> Phone:
        """A technician's, who is the only one."""
        self.call(self.frame.sessions.end_all)
        phone = self.phone(agent)
        assert phone.sign_in().status == 303
        return phone

    def set(self, seen: Installation) -> None:
        """The hub is in this state now."""
        changes = {name: getattr(seen, name) for name in seen.__struct_fields__}
        self.call(lambda: self.hub.change(**changes))

    def begin_anew(self, seen: Installation) -> None:
        """The hub is in this state, has been asked nothing, refuses nothing, and nobody is signed in."""
        self.set(seen)
        self.call(self.hub.asked.clear)
        self.call(self.frame.sessions.end_all)
        self.hub.refuse.clear()
        self.hub.tries_left, self.hub.wait_s = 5, 0

    def change(self, *rooms: str, **changes: Any) -> None:
        """Something changes at the hub; whoever watches is told."""
        self.call(lambda: self.hub.change(*rooms, **changes))

    def silence(self) -> None:
        """The hub stops answering."""
        self.await_(self.hub.server.stop())

    def wake(self) -> None:
        """The hub answers again."""
        self.await_(self.hub.server.start())

    def call(self, act: Any) -> Any:
        """Do something in the servers' thread, and wait for it."""

        async def done() -> Any:
            return act()

        return self.await_(done())

    async def _run(self) -> None:
        self.hub = SetupHub(self._directory / "control.sock", self._seen)
        await self.hub.server.start()
        pair = own_pair(self._directory / "page", ["127.0.0.1", "kitchen-7.local"])
        self.door = Door(frozenset({"kitchen-7.local"}), 0, fingerprint=pair.fingerprint)
        hub = Hub(self.hub.path, patience_s=1.0)
        steps = all_steps() if self._steps is None else self._steps
        server: Serving
        async with serving(hub, self.door, pair, "127.0.0.1", 0, steps, pace=QUICK) as server:
            self.frame, self.port = server.frame, self.door.port
            await self._until_stopped()
        await self.hub.server.stop()
