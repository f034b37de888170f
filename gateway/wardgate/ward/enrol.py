"""The enrolment endpoint: where a hub gets its certificate and the next one (`est`), and then its patient
(`patient_list`).

`/.well-known/est/cacerts` gives the authority's root. `/simpleenroll` takes a signing request with the hub's id and a
claim code, good for one hub once, as HTTP Basic credentials. `/simplereenroll` takes one over a connection on which the
hub has shown the certificate it has, and so do the routes of `contract.assigning`. Each connection is one request;
whatever is refused is in the audit.
"""

from __future__ import annotations

import asyncio
import contextlib
import http
import ssl
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from wardgate.contract import assigning
from wardgate.ward import est
from wardgate.ward.asked import HEAD_BYTES, Answer, Asked, Refused, read_body, read_head, refusal
from wardgate.ward.ca import HUB_LASTS, Authority
from wardgate.ward.patient_list import PatientList, too_often

REQUEST_S: Final = 15.0
"""For a whole request: whoever is slower is let go."""
HANDSHAKE_S: Final = 10.0
AT_ONCE: Final = 64
REFUSALS: Final = 10
"""Refused requests of one address, or of one hub, within `WINDOW_S`; then it waits."""
WINDOW_S: Final = 600.0
ADDRESSES: Final = 10_000
"""Remembered at once; the ones longest not heard of are forgotten."""
CRL_EVERY_S: Final = 86400.0


class Attempts:
    """Refused requests by address or hub, so that nobody can try codes as fast as the network carries them."""

    def __init__(self) -> None:
        self._of: dict[str, deque[float]] = {}

    def wait_s(self, address: str, now_s: float) -> float:
        """How long this address or hub has to wait before it is listened to."""
        times = self._of.get(address, deque())
        while times and now_s - times[0] >= WINDOW_S:
            times.popleft()
        return times[0] + WINDOW_S - now_s if len(times) >= REFUSALS else 0.0

    def failed(self, address: str, now_s: float) -> None:
        """Remember one more."""
        times = self._of.pop(address, deque(maxlen=REFUSALS))
        times.append(now_s)
        self._of[address] = times
        if len(self._of) > ADDRESSES:
            del self._of[next(iter(self._of))]


class Enrolment:
    """The endpoint.

    Args:
        authority: signs.
        cert_file, key_file: this server's own certificate, signed by the same authority or another that hubs trust.
        lasts: how long a hub's certificate holds.
    """

    def __init__(
        self,
        authority: Authority,
        cert_file: Path,
        key_file: Path,
        *,
        lasts: timedelta = HUB_LASTS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authority = authority
        self._monotonic = monotonic
        self._attempts = Attempts()
        self._est = est.Est(authority, lasts)
        self._list = PatientList(
            authority.register, lambda hub: self._attempts.wait_s(_tried_by(hub), self._monotonic())
        )
        self._at_once = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(cert_file, key_file)
        self._context.load_verify_locations(authority.directory / "ca.pem")
        self._context.verify_mode = ssl.CERT_OPTIONAL

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen.

        Raises:
            OSError: the port cannot be had.
        """
        return await asyncio.start_server(
            self._serve, host, port, limit=HEAD_BYTES, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
        )

    async def run(self, host: str, port: int) -> None:
        """Serve until cancelled, and write the list of what was withdrawn anew every day."""
        async with await self.start(host, port):
            while True:
                self._authority.write_crl()
                await asyncio.sleep(CRL_EVERY_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        try:
            async with asyncio.timeout(REQUEST_S):
                await self._answer(reader, writer)
        except (OSError, EOFError, ssl.SSLError):
            pass  # it has gone, or was too slow (TimeoutError is an OSError)
        finally:
            self._at_once -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, path = str(writer.get_extra_info("peername")[0]), ""
        try:
            if self._at_once > AT_ONCE:
                busy = http.HTTPStatus.SERVICE_UNAVAILABLE
                raise Refused(busy, "Too many at once.", key="busy", counts=False)
            head = await read_head(reader)
            path = head.path
            wait_s = self._attempts.wait_s(address, self._monotonic())
            if wait_s > 0:
                raise too_often(wait_s)
            shown = writer.get_extra_info("ssl_object").getpeercert() or {}
            body = await read_body(reader, head)
            answer = self._do(Asked(head.method, path, head.headers, body, address, shown))
        except Refused as refused:
            answer = refusal(refused, path)
            if refused.counts:
                who = _tried_by(refused.by) if refused.by else address
                self._attempts.failed(who, self._monotonic())
                self._authority.register.note("refused", refused.by, address=address, why=refused.why)
        writer.write(answer.wire())
        await writer.drain()

    def _do(self, asked: Asked) -> Answer:
        if asked.path.startswith(f"{est.BASE}/"):
            return self._est.answer(asked)
        if asked.path.startswith(f"{assigning.BASE}/"):
            return self._list.answer(asked)
        raise est.nothing_here(asked)


def _tried_by(hub: str) -> str:
    """A hub's own tries are its own, wherever it is; no address is written so."""
    return f"hub {hub}"
