"""Renewing the hub's certificate before it ends, and saying so when that does not work.

The next pair is fetched after two thirds of the present one's life and tried at the broker. Only when the broker has
let the hub in with it does it take the place of the present one, which is used for as long as it holds.
"""

from __future__ import annotations

import asyncio
import logging
import random
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.config import Broker, Config
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.enrol.identity import CERTIFICATE, KEY, Identity, directory
from wardgate.enrol.validity import Validity, validity
from wardgate.mqtt import Backoff, LinkError

log: Final = logging.getLogger(__name__)

RENEW_AFTER: Final = 2 / 3
"""Of its life. What is left is for a broker, a ward or a home that is away for long."""
JITTER: Final = 0.05
"""Of its life: a ward's hubs, all set up in one week, do not come at one hour."""
WARN_AFTER: Final = 5 / 6
WARN_BEFORE: Final = timedelta(days=30)
"""And no sooner than this before the end."""
LOOK_S: Final = 3600.0
FIRST_RETRY_S: Final = 300.0
LONGEST_RETRY_S: Final = 6 * 3600.0
_REFUSED: Final = ("certificate-", "broker-login", "broker-refused")
"""The broker has looked at the new pair and does not want it. Any other failure says nothing about the pair."""
TryWith = Callable[[Broker], Awaitable[LinkError | None]]


@dataclass(frozen=True, slots=True)
class CertificateState:
    """The certificate in use. `days_left` is None while this hub does not know the time."""

    not_after: datetime
    days_left: float | None
    renews_itself: bool
    problem: str = ""


class Renewal:
    """Looks after the certificate of the [broker] section.

    Args:
        try_with: connects to the broker with other settings and says why not.
    """

    def __init__(self, config: Config, clock: Clock, journal: Journal, try_with: TryWith) -> None:
        self._config = config
        self._clock = clock
        self._journal = journal
        self._try_with = try_with
        self._identity = Identity(directory(config.data_dir))
        self._backoff = Backoff(FIRST_RETRY_S, LONGEST_RETRY_S)
        self._problem = ""

    async def run(self) -> None:
        """Never returns."""
        if self._enrols:
            self._identity.tidy()
        while True:
            well = await self.check()
            if well:
                self._backoff.reset()
            await asyncio.sleep(LOOK_S * random.uniform(0.5, 1.0) if well else self._backoff.next_s())  # noqa: S311 - jitter

    def state(self) -> CertificateState | None:
        """How it stands; None where no certificate is used, or none can be read."""
        held = self._held()
        if held is None:
            return None
        left = held.not_after - self._clock.utc()
        return CertificateState(
            not_after=held.not_after,
            days_left=left.total_seconds() / 86400.0 if self._clock.synchronised() else None,
            renews_itself=self._enrols,
            problem=self._problem,
        )

    async def check(self) -> bool:
        """Do what is due now. False when something failed that is worth another attempt soon."""
        held = self._held()
        if held is None:
            return True  # without a certificate there is no connection, and delivery says so
        if self._enrols and self._identity.has_next():
            return await self._try_next()
        if not self._clock.synchronised():
            return True  # a wrong clock is no reason to change anything
        if self._enrols and self._clock.utc() >= due(held):
            well = await self._renew()
            if well:
                return well
        self._warn(held)
        return not self._problem

    @property
    def _enrols(self) -> bool:
        return self._config.enrol.url is not None

    def _held(self) -> Validity | None:
        name = self._config.broker.cert_file
        if name is None:
            return None
        try:
            return validity(Path(name))
        except (OSError, ValueError) as error:
            log.debug("no dates of %s: %s", name, error)
            return None

    async def _renew(self) -> bool:
        url = self._config.enrol.url
        if url is None:
            raise ValueError("there is no endpoint to renew at")
        endpoint = Endpoint(url, self._config.enrol.ca_file or self._config.broker.ca_file, self._clock)
        try:
            await asyncio.to_thread(endpoint.renew, self._identity, self._config.hub.id)
            self._identity.offer()
        except EnrolError as error:
            self._problem = error.sentence
            self._not_renewed(error)
            return False
        except OSError as error:
            self._problem = f"The disk refuses the new certificate: {error}."
            log.error(self._problem)
            return False
        return await self._try_next()

    def _not_renewed(self, error: EnrolError) -> None:
        """What is away may come back in time. Any other answer is one that a person has to look at."""
        log.warning("certificate not renewed: %s", error)
        if not error.away:
            self._journal.begin(
                "certificate-not-renewed",
                "attention",
                f"This hub's certificate could not be renewed. The one that it has stays in use. {error.sentence}",
                what_to_do=error.what_to_do,
            )

    async def _try_next(self) -> bool:
        place = self._identity.next
        new = msgspec.structs.replace(
            self._config.broker, cert_file=str(place / CERTIFICATE), key_file=str(place / KEY)
        )
        error = await self._try_with(new)
        if error is None:
            self._identity.take_next()
            self._renewed()
            return True
        self._problem = f"The new certificate was not tried yet: {error.sentence}"
        if error.key.startswith(_REFUSED):
            self._identity.drop_next()
            self._problem = f"The broker refuses the new certificate: {error.sentence}"
            self._journal.begin(
                "certificate-refused",
                "problem",
                "The broker refuses this hub's new certificate. The one before it stays in use.",
                what_to_do="Tell your ward: its broker may not know the authority that signs certificates now.",
                detail={"why": error.sentence[:300]},
            )
        return False

    def _renewed(self) -> None:
        self._problem = ""
        held = self._held()
        until = f"{held.not_after:%d %B %Y}" if held else ""
        self._journal.over("certificate-not-renewed")
        self._journal.over("certificate-refused")
        self._journal.over("certificate-expiring")
        self._journal.tell(
            "certificate-renewed",
            "info",
            f"This hub's certificate was renewed and works. It holds until {until}.",
            detail={"serial": held.serial if held else "", "until": until},
        )

    def _warn(self, held: Validity) -> None:
        now = self._clock.utc()
        if now < warned_from(held):
            return
        ended = now >= held.not_after
        why = f" It could not be renewed: {self._problem}" if self._problem else ""
        self._journal.begin(
            "certificate-expiring",
            "problem" if ended or self._problem else "attention",
            f"This hub's certificate {'ended' if ended else 'ends'} on {held.not_after:%d %B %Y}."
            f"{'' if not ended else ' Nothing reaches the ward without a new one.'}{why}",
            what_to_do="Ask the ward for a claim code and run: wardgate enrol --code CODE"
            if self._enrols
            else "Put a new certificate and key in place of broker.cert_file and broker.key_file.",
            detail={"days_left": round((held.not_after - now).total_seconds() / 86400.0, 1)},
        )


def due(held: Validity) -> datetime:
    """From when on a certificate is renewed: the same after every restart, another for every certificate."""
    share = RENEW_AFTER + JITTER * zlib.crc32(held.serial.encode()) / 2**32
    return held.not_before + (held.not_after - held.not_before) * share


def warned_from(held: Validity) -> datetime:
    """From when on a person is told that it ends."""
    return max(held.not_before + (held.not_after - held.not_before) * WARN_AFTER, held.not_after - WARN_BEFORE)
