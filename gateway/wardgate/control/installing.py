"""Setting the hub up: what can be asked of it at the kitchen table. Each act is done at the `Desk`."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from wardgate import __version__
from wardgate.config import ConfigError
from wardgate.contract.assigning import Kind, Offered
from wardgate.control.desk import ActParams, By, Desk, checked, told
from wardgate.control.protocol import Done, starts_anew
from wardgate.control.provisioning import Added, Check, Installation, Missing, TestRun, Window
from wardgate.control.releasing import Releasing, forget_pairs
from wardgate.control.server import Handler
from wardgate.provision import boot_partition
from wardgate.provision.assign import chosen, given, read_back
from wardgate.provision.checks import Checks
from wardgate.provision.claim import Ticket, claim, take, ticket
from wardgate.provision.missing import Lacking, kind_of, lacking
from wardgate.provision.refused import Refused
from wardgate.provision.stages import (
    BY_FILE,
    assigned,
    claimed,
    locked,
    may_be_assigned,
    unlocked,
)


class Nothing(Struct, kw_only=True, forbid_unknown_fields=True):
    """A question needs no more than its name."""


class ClaimParams(ActParams, kw_only=True):
    """The ward's ticket, in its two parts or in one line in either place."""

    hub: Annotated[str, Meta(max_length=200)] = ""
    code: Annotated[str, Meta(max_length=200)] = ""


class ChooseParams(Struct, kw_only=True, forbid_unknown_fields=True):
    """A patient as the referral sheet names them."""

    words: Annotated[str, Meta(max_length=80)]
    digits: Annotated[str, Meta(max_length=10)]


class AssignParams(ActParams, kw_only=True):
    """The same, and the pathways where the ward has given none or others."""

    words: Annotated[str, Meta(max_length=80)]
    digits: Annotated[str, Meta(max_length=10)]
    pathways: Annotated[tuple[str, ...], Meta(max_length=10)] | None = None


@dataclass(slots=True)
class Seen:
    """What other rooms add to the answer to `installation`; each is asked when it is wanted."""

    checks: Checks
    devices: Callable[[], tuple[Added, ...]] = lambda: ()
    test: Callable[[], TestRun | None] = lambda: None
    window: Callable[[], Window] = lambda: Window(open=False)


class Installing:
    """The stages, as far as this hub can go now."""

    def __init__(self, desk: Desk, seen: Seen) -> None:
        self._desk = desk
        self.seen = seen
        self.releasing: Final = Releasing(desk)

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        mine = {
            "installation": self.installation,
            "check_again": self.check_again,
            "claim": self.claim,
            "patients": self.patients,
            "choose": self.choose,
            "assign": self.assign,
            "lock": self.lock,
            "unlock": self.unlock,
        }
        return {name: told(handler) for name, handler in mine.items()} | self.releasing.handlers()

    async def settle(self) -> None:
        """At a start: what a power cut left undone of the last act.

        Raises:
            StoreError, OSError: the disk refuses.
        """
        desk = self._desk
        await desk.settle()
        if desk.by_file:
            return
        if desk.stage != "factory":
            await asyncio.to_thread(take, desk.identity)
        elif desk.hub is None:
            await asyncio.to_thread(forget_pairs, desk.identity)
        if desk.record.hub is not None:
            await asyncio.to_thread(boot_partition.drop_ticket, desk.data_dir)
        if desk.stage == "claimed" and desk.record.leaving:
            await self.releasing.leave_all()

    # Questions

    async def installation(self, params: dict[str, Any]) -> Installation:
        """Everything that the pages need to know."""
        checked(params, Nothing)
        desk, seen = self._desk, self.seen
        record, has_list = desk.record, desk.config.enrol.url is not None and not desk.by_file
        return Installation(
            stage=desk.stage,
            revision=record.revision,
            hub=desk.hub,
            version=__version__,
            now=desk.clock.utc(),
            timezone=record.timezone or desk.config.hub.timezone,
            fingerprint=_fingerprint(Path(self._desk.config.page.state_dir)),
            by_file=desk.by_file,
            can_claim=has_list,
            can_list=has_list,
            ward_can_confirm=self._ward_confirms,
            patient=record.words or desk.config.hub.patient,
            pathways=desk.config.watch.pathways,
            kinds=self._kinds(),
            phone=record.phone,
            checks=tuple(
                Check(key=f.key, tick=f.tick, reason=f.reason, sentence=f.sentence, what_to_do=f.what_to_do)
                for f in seen.checks.found()
            ),
            devices=seen.devices(),
            test=seen.test(),
            tests_confirmed=len({device.id for device in desk.config.device} & set(record.tested)),
            limits_read_back=record.limits_read_back,
            missing=tuple(Missing(key=x.key, sentence=x.sentence, step=x.step) for x in self._lacking()),
            unsent=desk.unsent(),
            window=seen.window(),
        )

    async def check_again(self, params: dict[str, Any]) -> Done:
        """Look at the four checks at once."""
        checked(params, Nothing)
        self.seen.checks.look_again()
        return Done(sentence="The hub looks again.")

    async def patients(self, params: dict[str, Any]) -> tuple[Offered, ...]:
        """The ward's list."""
        checked(params, Nothing)
        ward = self._desk.ward_list()
        if ward is None:
            raise Refused("no-list", "This ward keeps no list of patients.", "Type the words from the referral sheet.")
        return await asyncio.to_thread(ward.patients)

    async def choose(self, params: dict[str, Any]) -> Offered:
        """Whether the digits are those of the words, and who that is. Nothing is changed."""
        asked = checked(params, ChooseParams)
        return await asyncio.to_thread(chosen, self._desk.ward_list(), asked.words, asked.digits)

    # Acts

    async def claim(self, params: dict[str, Any]) -> Done:
        """Get this hub's certificate with a one-time code."""
        asked = checked(params, ClaimParams)
        return await self.claim_with(ticket(asked.hub, asked.code), asked.revision, asked.by)

    async def claim_with(self, asked: Ticket, revision: int | None, by: By) -> Done:
        """As `claim`, with a ticket that was read already.

        Raises:
            Refused, ControlError, OSError: it was not done.
        """
        desk = self._desk
        async with desk.one_at_a_time:
            if desk.by_file:
                raise BY_FILE
            if desk.stage == "factory" or desk.hub != asked.hub:
                desk.refuse_stale(revision)
                record = claimed(desk.record, desk.stage, asked.hub)
                await asyncio.to_thread(claim, desk.config, desk.identity, asked)
                await desk.keep(record, "claimed", by, f"The hub was claimed as {asked.hub}.", hub=asked.hub)
                await asyncio.to_thread(take, desk.identity)
                await asyncio.to_thread(boot_partition.drop_ticket, desk.data_dir)
                desk.apply()
        return Done(sentence=f"The hub is claimed as {asked.hub}.")

    async def assign(self, params: dict[str, Any]) -> Done:
        """Give the hub a patient."""
        asked, desk = checked(params, AssignParams), self._desk
        async with desk.one_at_a_time:
            if desk.by_file:
                raise BY_FILE
            read_back(asked.words, asked.digits)
            if not self._is_of(asked):
                if desk.is_leaving:
                    raise starts_anew()
                desk.refuse_stale(asked.revision)
                await self._assign(asked)
        return Done(sentence=f"The hub is {desk.record.words}'s.")

    async def _assign(self, asked: AssignParams) -> None:
        desk, hub = self._desk, self._desk.hub or ""
        may_be_assigned(desk.record, desk.stage)  # before the ward gives anything away
        if desk.config.broker is None:
            raise Refused(
                "no-broker",
                "This hub does not know the ward's broker yet.",
                "Put the ward's wardgate.toml on the boot partition, or set broker.host in the hub's file.",
            )
        words, told_by_ward = await asyncio.to_thread(
            given, self._desk.ward_list(), hub, asked.words, asked.digits, asked.pathways
        )
        clock = desk.clock
        now_at = None if clock.synchronised() else (clock.boot_id(), clock.boottime_s())
        record = assigned(desk.record, desk.stage, hub, words, told_by_ward, clock.utc(), now_at)
        try:
            desk.try_on(record)
        except ConfigError as error:
            said = " ".join(error.problems)
            raise Refused(
                "ward-not-understood", f"No hub can run with what the ward says of {words}: {said}", "Ring the ward."
            ) from error
        await desk.keep(
            record,
            "assigned",
            asked.by,
            f"The hub was given to {words}.",
            patient=told_by_ward.patient,
            assignment=told_by_ward.assignment,
        )
        desk.apply()

    async def lock(self, params: dict[str, Any]) -> Done:
        """Nothing of this hub is changed any more."""
        asked, desk = checked(params, ActParams), self._desk
        async with desk.one_at_a_time:
            if desk.stage != "locked":
                desk.refuse_stale(asked.revision)
                record = locked(desk.record, desk.stage, self._lacking())
                await desk.keep(record, "locked", asked.by, "The hub was locked.")
        return Done(sentence="The hub is locked. You can leave.")

    async def unlock(self, params: dict[str, Any]) -> Done:
        """It can be changed again."""
        asked, desk = checked(params, ActParams), self._desk
        async with desk.one_at_a_time:
            if desk.stage != "assigned":
                desk.refuse_stale(asked.revision)
                await desk.keep(unlocked(desk.record, desk.stage), "unlocked", asked.by, "The hub was unlocked.")
        return Done(sentence="The hub is unlocked.")

    # What they need

    def _is_of(self, asked: AssignParams) -> bool:
        """Whether this is what was asked for before."""
        words = " ".join(asked.words.split()).lower()
        return self._desk.record.words is not None and self._desk.record.words.lower() == words

    def _lacking(self) -> tuple[Lacking, ...]:
        if self._desk.stage == "locked":
            return ()
        devices = [(device.id, device.model) for device in self._desk.config.device]
        return lacking(self._desk.record, self._desk.stage, devices, ward_confirms=self._ward_confirms)

    @property
    def _ward_confirms(self) -> bool:
        broker = self._desk.config.broker
        return broker is None or broker.confirm == "ward"

    def _kinds(self) -> tuple[Kind, ...]:
        here = [kind_of(device.model) for device in self._desk.config.device]
        return _as_kinds((*self._desk.record.kinds, *here))


def _as_kinds(names: tuple[str, ...]) -> tuple[Kind, ...]:
    known: tuple[Kind, ...] = ("scale", "cuff", "oximeter", "thermometer", "heart-belt")
    return tuple(kind for kind in known if kind in names)


def _fingerprint(pages_own: Path) -> str:
    """Of the page's certificate; empty while it has none."""
    try:
        text = (pages_own / "page.pem").read_text(encoding="ascii")
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
    except (OSError, ValueError):
        return ""
