"""The four checks of a hub before it has a patient, and after: network, clock, ward reached, ward accepts.

Each has a reason that stays the same, a sentence, and what to do. A check that is good never waits for one that is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from wardgate.clock import Clock
from wardgate.config import Bare, Broker, Config
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.mqtt import Link, LinkError
from wardgate.mqtt.errors import explained
from wardgate.mqtt.link import SESSION_EXPIRY_S

ORDER: Final = ("network", "clock", "ward-reached", "ward-accepts")
SOON_S: Final = 5.0
"""Between two looks while something is not good."""
LATER_S: Final = 60.0
CONNECT_S: Final = 10.0
_NOBODY: Final = ("192.0.2.1", 9)
"""RFC 5737: an address of documentation. Choosing a way to it sends nothing."""


class Finding(Struct, frozen=True, kw_only=True):
    """What one look found."""

    key: str
    tick: Literal["good", "waiting", "problem", "unknown"]
    sentence: str
    reason: str = ""
    what_to_do: str = ""


class Checks:
    """Looks again and again; `found` is what it saw last.

    Args:
        accepts: who knows whether the ward accepts this hub without asking it: a sender. None: nobody, it is asked.
        is_claimed: whether there is a certificate or credentials to ask with.
    """

    def __init__(
        self,
        config: Config | Bare,
        clock: Clock,
        hub: Callable[[], str | None],
        is_claimed: Callable[[], bool],
        changed: Callable[[], None],
        accepts: Callable[[], Finding] | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._hub = hub
        self._is_claimed = is_claimed
        self._changed = changed
        self._accepts = accepts
        self._again = asyncio.Event()
        self._found = {key: Finding(key=key, tick="waiting", sentence="Looking.", reason="looking") for key in ORDER}

    def found(self) -> tuple[Finding, ...]:
        """The last look, in the order in which a technician reads it. What costs nothing to know is always fresh."""
        self._found["clock"] = clock_check(self._clock)
        if self._accepts is not None:
            self._found["ward-accepts"] = self._accepts()
        return tuple(self._found[key] for key in ORDER)

    def look_again(self) -> None:
        """A person has changed something: look at once."""
        self._again.set()

    async def run(self) -> None:
        """Never returns."""
        while True:
            self._again.clear()
            await asyncio.gather(*(self._look(key, look) for key, look in self._looks().items()))
            well = all(finding.tick == "good" for finding in self.found())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LATER_S if well else SOON_S):
                    await self._again.wait()

    def _looks(self) -> Mapping[str, Callable[[], Awaitable[Finding]]]:
        looks: dict[str, Callable[[], Awaitable[Finding]]] = {"network": self._network, "ward-reached": self._reached}
        return looks if self._accepts is not None else {**looks, "ward-accepts": self._accepted}

    async def _look(self, key: str, look: Callable[[], Awaitable[Finding]]) -> None:
        finding = await look()
        if finding != self._found[key]:
            self._found[key] = finding
            self._changed()

    async def _network(self) -> Finding:
        return await asyncio.to_thread(network_check, self._config)

    async def _reached(self) -> Finding:
        return await asyncio.to_thread(reached_check, self._config, claimed=self._is_claimed())

    async def _accepted(self) -> Finding:
        hub, broker = self._hub(), self._config.broker
        if not self._is_claimed() or hub is None:
            return Finding(
                key="ward-accepts",
                tick="waiting",
                reason="not-claimed",
                sentence="This hub is not claimed yet.",
                what_to_do="Scan or type the claim code from the ward.",
            )
        if broker is None:
            return _no_ward("ward-accepts")
        return await accepted_check(broker, hub)


def network_check(config: Config | Bare) -> Finding:
    """Whether there is a way out of this house. Blocking."""
    place = _place(config)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_NOBODY)
    except OSError:
        if place is None or not _is_reachable_here(*place):
            return Finding(
                key="network",
                tick="problem",
                reason="no-network",
                sentence="The hub has no network.",
                what_to_do="Check the network cable, or the Wi-Fi. Then press Try again.",
            )
    return Finding(key="network", tick="good", sentence="The hub is on the network.")


def clock_check(clock: Clock) -> Finding:
    """Whether the time of readings can be trusted."""
    if clock.synchronised():
        return Finding(key="clock", tick="good", sentence="The hub knows the time.")
    return Finding(
        key="clock",
        tick="waiting",
        reason="clock-not-synchronised",
        sentence="The hub does not know the time yet. Readings are kept and dated later.",
        what_to_do="You can carry on. If it stays so, the network may block time servers (NTP, UDP port 123).",
    )


def reached_check(config: Config | Bare, *, claimed: bool) -> Finding:
    """Whether something answers there that is the ward's: over TLS, with a certificate that this hub trusts. Blocking.

    Before the claim that is the enrolment endpoint, where there is one; afterwards the broker.
    """
    broker, url = config.broker, config.enrol.url
    if url is not None and (broker is None or not claimed):
        try:
            Endpoint(url, config.enrol.ca_file or (broker.ca_file if broker is not None else None)).reach()
        except EnrolError as error:
            return _not_reached("enrolment-unreached", error.sentence, error.what_to_do)
    elif broker is not None:
        try:
            _reach(broker)
        except OSError as error:
            said = explained(error, broker)
            return _not_reached(said.key, said.sentence, said.what_to_do)
    else:
        return _no_ward("ward-reached")
    encrypted = url is not None or (broker is not None and broker.tls)
    how = "encrypted, and its certificate is trusted" if encrypted else "not encrypted"
    return Finding(key="ward-reached", tick="good", sentence=f"The ward is reached ({how}).")


async def accepted_check(broker: Broker, client: str, *, session_expiry_s: int = SESSION_EXPIRY_S) -> Finding:
    """Whether the ward's broker lets this hub in as `client`; a client that is nobody's own leaves no session there."""
    link = Link(broker, client, on_message=lambda *_: None, session_expiry_s=session_expiry_s)
    try:
        await link.open()
    except LinkError as error:
        return not_accepted(error.key, error.sentence, error.what_to_do)
    link.close()
    return accepted()


def accepted() -> Finding:
    """The ward has let this hub in."""
    return Finding(key="ward-accepts", tick="good", sentence="The ward accepts this hub.")


def not_accepted(reason: str, sentence: str, what_to_do: str) -> Finding:
    """It has not."""
    return Finding(
        key="ward-accepts", tick="problem", reason=reason, sentence=sentence, what_to_do=what_to_do or "Ring the ward."
    )


def _not_reached(reason: str, sentence: str, what_to_do: str) -> Finding:
    return Finding(key="ward-reached", tick="problem", reason=reason, sentence=sentence, what_to_do=what_to_do)


def _no_ward(key: str) -> Finding:
    return Finding(
        key=key,
        tick="problem",
        reason="no-ward",
        sentence="This hub does not know its ward.",
        what_to_do="Put the ward's wardgate.toml on the hub's boot partition, or name the broker in the hub's file.",
    )


def _place(config: Config | Bare) -> tuple[str, int] | None:
    return None if config.broker is None else (config.broker.host, config.broker.port)


def _is_reachable_here(host: str, port: int) -> bool:
    """A ward on this very machine or in this very house needs no way out."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S):
            return True
    except OSError:
        return False


def _reach(broker: Broker) -> None:
    """Raises OSError: nobody answers, or not whom this hub trusts."""
    with socket.create_connection((broker.host, broker.port), timeout=CONNECT_S) as plain:
        if broker.tls:
            context = ssl.create_default_context(cafile=broker.ca_file)
            with context.wrap_socket(plain, server_hostname=broker.host):
                return
