"""Setting the hub up: what can be asked of it at the kitchen table. Each act is done at the `Desk`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from wardgate import __version__
from wardgate.control.desk import ActParams, Desk, checked, told
from wardgate.control.protocol import Done
from wardgate.control.provisioning import Added, Installation, Kind, Missing, TestRun, Window
from wardgate.control.server import Handler
from wardgate.provision.missing import Lacking, kind_of, lacking
from wardgate.provision.stages import locked, unlocked


class Nothing(Struct, kw_only=True, forbid_unknown_fields=True):
    """A question needs no more than its name."""


@dataclass(slots=True)
class Seen:
    """What other rooms add to the answer to `installation`; each is asked when it is wanted."""

    devices: Callable[[], tuple[Added, ...]] = lambda: ()
    test: Callable[[], TestRun | None] = lambda: None
    window: Callable[[], Window] = lambda: Window(open=False)
    fingerprint: Callable[[], str] = lambda: ""
    unsent: Callable[[], int] | None = field(default=None)


class Installing:
    """The stages, as far as this hub can go now."""

    def __init__(self, desk: Desk, seen: Seen) -> None:
        self._desk = desk
        self._seen = seen

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {
            "installation": self.installation,
            "lock": self.lock,
            "unlock": self.unlock,
        }

    async def installation(self, params: dict[str, Any]) -> Installation:
        """Everything that the pages need to know."""
        checked(params, Nothing)
        desk, seen = self._desk, self._seen
        record, devices = desk.record, seen.devices()
        return Installation(
            stage=desk.stage,
            revision=record.revision,
            hub=desk.hub,
            version=__version__,
            now=desk.clock.utc(),
            timezone=record.timezone or desk.config.hub.timezone,
            fingerprint=seen.fingerprint(),
            by_file=desk.by_file,
            can_claim=desk.config.enrol.url is not None and not desk.by_file,
            can_list=desk.config.enrol.url is not None and not desk.by_file,
            patient=record.words or desk.config.hub.patient,
            pathways=record.pathways or desk.config.watch.pathways,
            kinds=self._kinds(),
            phone=record.phone,
            devices=devices,
            test=seen.test(),
            tests_confirmed=len(self._tested()),
            limits_read_back=record.limits_read_back,
            missing=tuple(Missing(key=x.key, sentence=x.sentence, step=x.step) for x in self._lacking()),
            unsent=desk.store.outbox_counts().waiting,
            window=seen.window(),
        )

    async def lock(self, params: dict[str, Any]) -> Done:
        """Nothing of this hub is changed any more."""
        asked, desk = checked(params, ActParams), self._desk
        async with desk.one_at_a_time:
            if desk.stage != "locked":
                desk.refuse_stale(asked.revision)
                await desk.keep(
                    locked(desk.record, desk.stage, self._lacking()), "locked", asked.by, "The hub was locked."
                )
        return Done(sentence="The hub is locked. You can leave.")

    async def unlock(self, params: dict[str, Any]) -> Done:
        """It can be changed again."""
        asked, desk = checked(params, ActParams), self._desk
        async with desk.one_at_a_time:
            if desk.stage == "locked":
                desk.refuse_stale(asked.revision)
                await desk.keep(unlocked(desk.record, desk.stage), "unlocked", asked.by, "The hub was unlocked.")
        return Done(sentence="The hub is unlocked.")

    def _lacking(self) -> tuple[Lacking, ...]:
        if self._desk.stage == "locked":
            return ()
        devices = [(device.id, device.model) for device in self._desk.config.device]
        return lacking(self._desk.record, self._desk.stage, devices)

    def _kinds(self) -> tuple[Kind, ...]:
        here = [kind_of(device.model) for device in self._desk.config.device]
        return _as_kinds((*self._desk.record.kinds, *here))

    def _tested(self) -> set[str]:
        return {device.id for device in self._desk.config.device} & set(self._desk.record.tested)


def handlers(desk: Desk, seen: Seen) -> dict[str, Handler]:
    """Everything about setting up that this hub answers to. Other files of this room add theirs here."""
    mine = Installing(desk, seen).handlers()
    return {name: told(handler) for name, handler in mine.items()}


def _as_kinds(names: tuple[str, ...]) -> tuple[Kind, ...]:
    known: tuple[Kind, ...] = ("scale", "cuff", "oximeter", "thermometer", "heart-belt")
    return tuple(kind for kind in known if kind in names)
