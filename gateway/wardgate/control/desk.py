"""The desk at which every act of setting up is done: one at a time, kept, written into the audit, and then answered.

An act goes like this:

    async with desk.one_at_a_time:
        if it is done already: return the same answer
        desk.refuse_stale(asked.revision)
        record = ...                          # a function of `wardgate.provision`, which may refuse
        await desk.keep(record, "assigned", asked.by, "The hub was given to Copper Heron.")
    desk.apply()                              # only where the hub has to start anew with it
    return Done(sentence=...)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from wardgate import installation
from wardgate.clock import Clock
from wardgate.config import Bare, Config
from wardgate.control.protocol import ControlError
from wardgate.control.server import Handler
from wardgate.enrol.identity import Identity, directory
from wardgate.installation import Act, Record, Stage
from wardgate.provision.refused import Refused
from wardgate.provision.stages import stage_of
from wardgate.provision.ward_list import WardList
from wardgate.store.audit import Audit, Value
from wardgate.store.errors import StoreError
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)
T = TypeVar("T", bound=Struct)
By = Literal["page", "command", "ward", "hub", "button", "home"]
_LOOKED_BACK: Final = 1000
"""Audit lines among which the last act is looked for after a power cut."""


class ActParams(Struct, kw_only=True, forbid_unknown_fields=True):
    """What every act may say."""

    revision: Annotated[int, Meta(ge=0)] | None = None
    """That of the page from which it was asked; not given: not compared."""
    by: By = "page"


class Desk:
    """What is set up on this hub, and how it is changed.

    Args:
        config: what holds: of a hub with a patient, or as far as it is known before.
        by_file: the hub's own file names the patient.
        record: what was set up, as it was read when the hub started.
        apply: starts the hub anew, with what is set up then.
        changed: tells whoever watches that something of a room changed.
        try_on: raises ConfigError where no hub could run with a record.
    """

    def __init__(
        self,
        config: Config | Bare,
        record: Record,
        store: Store,
        clock: Clock,
        *,
        by_file: bool,
        apply: Callable[[], object],
        changed: Callable[[str], None],
        try_on: Callable[[Record], object] = lambda _: None,
    ) -> None:
        self.config: Final = config
        self.record = record
        self.store: Final = store
        self.clock: Final = clock
        self.audit: Final = Audit(store, clock)
        self.by_file: Final = by_file
        self.apply: Final = apply
        self.changed: Final = changed
        self.try_on: Final = try_on
        self.on_kept: Final[list[Callable[[Record], None]]] = []
        """Called with every record as soon as it holds."""
        self.one_at_a_time: Final = asyncio.Lock()
        self.identity: Final = Identity(directory(config.data_dir))

    @property
    def data_dir(self) -> Path:
        """Where the record is."""
        return self.config.data_dir

    @property
    def hub(self) -> str | None:
        """The hub's id, from its file or the claim."""
        return self.record.hub or self.config.hub.id

    @property
    def stage(self) -> Stage:
        """Where the hub stands."""
        return stage_of(self.record, by_file=self.by_file, has_identity=self.hub is not None and self._has_way_in())

    @property
    def is_leaving(self) -> bool:
        """Whether this program still serves a patient who was released: the hub is on its way to start anew."""
        return not self.by_file and self.record.patient is None and self.config.hub.patient is not None

    def ward_list(self) -> WardList | None:
        """The ward's list of patients, where it keeps one for this hub."""
        config = self.config
        if config.enrol.url is None or self.by_file:
            return None
        ca_file = config.enrol.ca_file or (config.broker.ca_file if config.broker is not None else None)
        return WardList(config.enrol.url, ca_file, self.identity)

    def unsent(self) -> int:
        """How many messages the ward does not have yet."""
        counts = self.store.outbox_counts()
        return counts.waiting + counts.parked

    def _has_way_in(self) -> bool:
        """Whether there is something to show the broker."""
        broker = self.config.broker
        if self.config.enrol.url is not None:
            return self.identity.has_current()
        return broker is not None and bool(broker.username or broker.cert_file)

    def refuse_stale(self, revision: int | None) -> None:
        """Raises ControlError: whoever asks has seen an earlier state than this."""
        if revision is not None and revision != self.record.revision:
            raise ControlError(
                "stale", "This page is older than the hub's state.", "Look at the newest, then do it again if you must."
            )

    async def keep(self, record: Record, what: str, by: By, sentence: str, **detail: Value) -> None:
        """Keep a changed record as the next revision, and write the act into the audit. After that it may be answered.

        Raises:
            ControlError: the disk refuses, and nothing was changed.
        """
        number = self.record.revision + 1
        act = Act(what=what, by=by, sentence=sentence, detail=detail)
        new = msgspec.structs.replace(record, revision=number, act=act)
        await self._write(new)
        try:
            await self._note(new, act)
        except StoreError as error:
            log.error("the act %s is done, and goes into the audit at the next start: %s", what, error)
        self.changed("hub")

    async def keep_quietly(self, record: Record) -> None:
        """Keep what is no act of anybody's: the revision stays, pages need not notice.

        Raises:
            ControlError: the disk refuses.
        """
        await self._write(record)

    async def settle(self) -> None:
        """At a start: the last act goes into the audit if a power cut kept it out.

        Raises:
            StoreError: the disk refuses.
        """
        act = self.record.act
        if act is None:
            return
        known = (row.detail.get("revision") for row in self.audit.entries(_LOOKED_BACK))
        if self.record.revision not in known:
            await self._note(self.record, act)

    async def _note(self, record: Record, act: Act) -> None:
        by: By = msgspec.convert(act.by, By)
        await self.audit.note(act.what, by, act.sentence, **{**act.detail, "revision": record.revision})

    async def _write(self, record: Record) -> None:
        try:
            await asyncio.to_thread(installation.keep, self.data_dir, record)
        except OSError as error:
            raise ControlError(
                "not-kept",
                f"The hub's disk refuses: {error}.",
                "Nothing was changed. Try again; then replace its card.",
            ) from error
        self.record = record
        for hear in self.on_kept:
            hear(record)


def checked(params: dict[str, Any], to: type[T]) -> T:
    """What a request says.

    Raises:
        ControlError: it cannot be meant.
    """
    try:
        return msgspec.convert(params, to)
    except msgspec.ValidationError as error:
        raise ControlError("bad-request", f"The request cannot be used: {error}.", "Look at the page anew.") from error


def told(handler: Handler) -> Handler:
    """A handler whose refusals are told to whoever asked."""

    async def asked(params: dict[str, Any]) -> object:
        try:
            return await handler(params)
        except Refused as refused:
            raise ControlError(refused.key, refused.sentence, refused.what_to_do) from refused
        except (StoreError, OSError) as error:
            raise ControlError(
                "not-kept",
                f"The hub's disk refuses: {error}.",
                "Nothing was changed. Try again; then replace its card.",
            ) from error

    return asked
