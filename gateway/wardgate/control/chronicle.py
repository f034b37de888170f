"""What happens to a hub with nobody at its page goes into the audit, too, and the ward is told how far the audit goes.

Nothing here may hold up or fill anything: a line that the disk refuses is in the log, and what comes again and again is
written a few times an hour at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from wardgate.capture.journal import Journal
from wardgate.clock import Clock
from wardgate.contract.commands import Command, kind_of
from wardgate.contract.messages import AlertAck, Event, Utc
from wardgate.counted import count
from wardgate.store.audit import Audit, AuditRow, By, Head, Value
from wardgate.store.errors import StoreError
from wardgate.store.store import Store

if TYPE_CHECKING:  # loaded later than this, which the hub needs before it listens
    from wardgate.deliver.admission import Admitted
    from wardgate.deliver.downlink import Outcome

log: Final = logging.getLogger(__name__)

FACTS: Final = frozenset(
    {
        "paired",
        "pairing-lost",
        "bonds-missing",
        "device-taken",
        "clock-synchronised",
        "clock-moved",
        "certificate-renewed",
        "certificate-refused",
        "configuration-applied",
        "configuration-proven",
        "configuration-refused",
        "configuration-rolled-back",
        "database-damaged",
        "therapy-note",
        "unclean-restart",
    }
)
"""Events that are lines of the audit as well."""
AN_HOUR: Final = 20
"""Lines of one kind in an hour. A device that pairs and forgets, or a hub that starts and falls, fills no card."""
TOLD_EVERY: Final = timedelta(days=1)
_TOLD: Final = "provision/audit-told"


class _Told(Struct, frozen=True, kw_only=True):
    """The head that the ward was told last."""

    head: Head
    at: Utc


class Chronicle:
    """Writes what other rooms tell. Called from the event loop; nobody waits for the disk."""

    def __init__(self, audit: Audit, store: Store, clock: Clock, journal: Journal) -> None:
        self._audit = audit
        self._store = store
        self._clock = clock
        self._journal = journal
        self._times_s: dict[str, deque[float]] = {}

    def heard(self, event: Event) -> None:
        """An event is being told."""
        if event.code in FACTS:
            self._line(event.code, "hub", event.sentence, **({"device": event.device} if event.device else {}))

    def acknowledged(self, ack: AlertAck) -> None:
        """The ward has seen an alert, and the alert says so now."""
        sentence = f"The ward has seen an alert: a {ack.by}."
        self._line("alert-seen", "ward", sentence, alert=ack.id, revision=ack.revision)

    async def commanded(self, admitted: Admitted, outcome: Outcome) -> None:
        """A command of the ward was done, or was not. It is on the disk before the ward has the answer."""
        asked, kind = admitted.asked, kind_of(admitted.asked)
        what = f"command-{outcome.result}" if isinstance(asked, Command) else f"configuration-{outcome.result}"
        detail: dict[str, Value] = {"kind": kind, "key": admitted.key.id, "nonce": asked.nonce}
        if outcome.reason:
            detail["reason"] = outcome.reason
        try:
            await self._audit.note(what, "ward", f"On the ward's word ({kind}): {outcome.sentence}", **detail)
        except StoreError as error:
            log.error("the audit has no line %s: %s", what, error)

    def started(self, version: str) -> None:
        """The hub's program runs. A hub that falls again and again starts more often than it is written down."""
        hour_ago = self._clock.utc() - timedelta(hours=1)
        recent = [row for row in self._audit.entries(2 * AN_HOUR) if row.what == "hub-started" and row.at > hour_ago]
        if len(recent) < AN_HOUR:
            self._put("hub-started", "hub", f"The hub's program started, version {version}.")

    async def stopped(self) -> None:
        """The hub's program is being stopped in order."""
        try:
            await self._audit.note("hub-stopped", "hub", "The hub's program was stopped.")
        except StoreError as error:
            log.warning("the audit has no line hub-stopped: %s", error)

    async def tell_head(self) -> None:
        """Once a day the ward is told how far the audit goes: a chain that was made anew from its start would not fit.
        Call it from time to time.
        """
        try:
            await self._tell_head()
        except StoreError as error:
            log.warning("the ward is told later how far the audit goes: %s", error)

    async def _tell_head(self) -> None:
        head, now = self._audit.head(), self._clock.utc()
        raw = self._store.detector_state(_TOLD)
        told = None if raw is None else msgspec.json.decode(raw, type=_Told)
        if not head.number or not self._clock.synchronised():
            return
        if told is not None and (told.head == head or abs(now - told.at) < TOLD_EVERY):
            return
        await self._store.put_detector_state(_TOLD, msgspec.json.encode(_Told(head=head, at=now)))
        self._journal.tell(
            "audit-head",
            "info",
            f"The hub's audit has {count(head.number, 'line')}.",
            detail={"number": head.number, "seal": head.seal},
        )

    def _line(self, what: str, by: By, sentence: str, **detail: Value) -> None:
        if self._has_room(what):
            self._put(what, by, sentence, **detail)

    def _put(self, what: str, by: By, sentence: str, **detail: Value) -> None:
        try:
            self._audit.put(what, by, sentence, **detail).add_done_callback(_quietly)
        except StoreError as error:
            log.error("the audit has no line %s: %s", what, error)

    def _has_room(self, what: str) -> bool:
        times_s, now_s = self._times_s.setdefault(what, deque()), self._clock.boottime_s()
        while times_s and times_s[0] < now_s - 3600.0:
            times_s.popleft()
        if len(times_s) >= AN_HOUR:
            return False
        times_s.append(now_s)
        return True


def _quietly(future: asyncio.Future[AuditRow]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("a line of the audit was not written: %s", error)
