"""Events: technical facts, told once when they begin and not with every retry."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Final, Literal, Protocol

from wardgate.clock import Clock
from wardgate.contract.messages import Event

log: Final = logging.getLogger(__name__)

Severity = Literal["info", "attention", "problem"]
Detail = dict[str, float | str | bool | None]
_LEVEL: Final = {"info": logging.INFO, "attention": logging.WARNING, "problem": logging.ERROR}


class PutEvent(Protocol):
    """Whatever keeps an event; the store."""

    def __call__(self, event: Event) -> asyncio.Future[int]: ...


class Journal:
    """Publishes events and remembers which conditions stand, so that each is told once until it is over."""

    def __init__(self, hub: str, clock: Clock, put: PutEvent, changed: Callable[[str], None]) -> None:
        self._hub = hub
        self._clock = clock
        self._put = put
        self._changed = changed
        self.sparing = False
        """Whether the disk has so little room left that only what needs attention is kept; the log has the rest."""
        self.on_event: list[Callable[[Event], None]] = []
        """Called with every event, also those that are not kept."""
        self._standing: dict[tuple[str, str | None], str] = {}

    def tell(
        self,
        code: str,
        severity: Severity,
        sentence: str,
        *,
        what_to_do: str = "",
        device: str | None = None,
        detail: Detail | None = None,
    ) -> None:
        """Publish one event."""
        event = Event(
            id=uuid.uuid4().hex,
            hub=self._hub,
            code=code,
            severity=severity,
            device=device,
            sentence=sentence[:500],
            what_to_do=what_to_do,
            detail=detail or {},
            at=self._clock.utc(),
        )
        log.log(_LEVEL[severity], "%s%s: %s", code, f" ({device})" if device else "", event.sentence)
        self.keep(event)

    def keep(self, event: Event) -> None:
        """Store an event that is already made. It is also in the log, should the disk refuse it."""
        for listener in self.on_event:
            listener(event)
        if self.sparing and event.severity == "info":
            return
        try:
            self._put(event).add_done_callback(_log_failure)
        except Exception as error:  # noqa: BLE001 - the boundary: an event that cannot be kept stops nobody
            log.error("event %s was not stored: %s", event.code, error)
        self._changed("events")

    def begin(
        self,
        code: str,
        severity: Severity,
        sentence: str,
        *,
        what_to_do: str = "",
        device: str | None = None,
        detail: Detail | None = None,
    ) -> None:
        """Publish an event unless the same condition stands already, for the same reason."""
        if self._standing.get((code, device)) == sentence:
            return
        self._standing[code, device] = sentence
        self.tell(code, severity, sentence, what_to_do=what_to_do, device=device, detail=detail)

    def over(self, code: str, device: str | None = None, sentence: str = "") -> bool:
        """The condition is over. Publish `<code>-over` if it stood and there is a sentence for it."""
        stood = self._standing.pop((code, device), None) is not None
        if stood and sentence:
            self.tell(f"{code}-over", "info", sentence, device=device)
        return stood

    def stands(self, code: str, device: str | None = None) -> bool:
        """Whether this condition has begun and is not over."""
        return (code, device) in self._standing


def _log_failure(future: asyncio.Future[int]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("an event was not stored: %s", error)
