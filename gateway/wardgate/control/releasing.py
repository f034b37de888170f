"""Leaving a patient: the hub is released or forgotten, and what was the patient's is cleared away."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from msgspec.structs import replace

from wardgate.control.desk import ActParams, Desk, checked, told
from wardgate.control.protocol import ControlError, Done
from wardgate.control.server import Handler
from wardgate.counted import count
from wardgate.enrol.identity import Identity
from wardgate.installation import Leaving
from wardgate.provision.release import Clearing, Forget
from wardgate.provision.stages import BY_FILE, forgotten, released

log: Final = logging.getLogger(__name__)


class ReleaseParams(ActParams, kw_only=True):
    """Whether what is unsent may stay here for the ward."""

    seal: bool = False


class Releasing:
    """The last acts of an installation, and what is cleared away behind them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {"release": told(self.release), "forget": told(self.forget)}

    async def leave_all(self) -> None:
        """Without a patient nothing is written: all that is here is of those who were released, also what came while
        the hub was still on its way down."""
        desk = self._desk
        *earlier, last = desk.record.leaving
        whole = replace(last, upto=max(last.upto, desk.store.last_seq), memory=True)
        if whole != last:
            try:
                await desk.keep_quietly(replace(desk.record, leaving=(*earlier, whole)))
            except ControlError as error:
                log.warning("what came last of an earlier patient is cleared away after the next start: %s", error)

    async def release(self, params: dict[str, Any]) -> Done:
        """The hub serves this patient no more."""
        asked, desk = checked(params, ReleaseParams), self._desk
        async with desk.one_at_a_time:
            if desk.by_file:
                raise BY_FILE
            if desk.stage != "claimed":
                desk.refuse_stale(asked.revision)
                await self._release(asked)
        return Done(sentence="The hub is nobody's now. What was the patient's leaves it.")

    async def _release(self, asked: ReleaseParams) -> None:
        desk = self._desk
        config, words, unsent = desk.config, desk.record.words or desk.record.patient, desk.unsent()
        leaving = Leaving(
            assignment=desk.record.assignment or "",
            bonds=tuple(device.address for device in config.device if device.address) if config.radio.enabled else (),
            devices=tuple(device.id for device in config.device),
            upto=desk.store.last_seq,
            told=desk.ward_list() is None,
        )
        record = released(desk.record, desk.stage, unsent, leaving, seal=asked.seal)
        stay = count(unsent, "message stays", "messages stay")
        sealed = f" {stay} sealed here until the ward has all of them." if unsent else ""
        await desk.keep(record, "released", asked.by, f"{words} was released.{sealed}", sealed=unsent)
        desk.apply()

    async def forget(self, params: dict[str, Any]) -> Done:
        """The hub is as it came out of its box."""
        asked, desk = checked(params, ActParams), self._desk
        async with desk.one_at_a_time:
            if desk.by_file:
                raise BY_FILE
            if desk.stage != "factory":
                desk.refuse_stale(asked.revision)
                hub = desk.hub
                record = forgotten(desk.record, desk.stage)
                await desk.keep(record, "forgotten", asked.by, f"The claim as {hub} was forgotten.")
                await asyncio.to_thread(forget_pairs, desk.identity)
                desk.apply()
        return Done(sentence="The hub is as it came out of its box.")

    async def clear(self, forget: Forget) -> None:
        """Clear away what earlier patients have left on this hub, as far as that can be done now.

        Raises:
            StoreError: the disk refuses.
            ControlError: the record cannot be kept.
        """
        desk = self._desk
        ward = desk.ward_list()
        clearing = Clearing(desk.store, forget, None if ward is None else ward.end)
        async with desk.one_at_a_time:
            here = [device.address for device in desk.config.device if device.address]
            left = [await clearing.step(leaving, here) for leaving in desk.record.leaving]
            still = tuple(leaving for leaving in left if leaving is not None)
            if still != desk.record.leaving:
                await desk.keep_quietly(replace(desk.record, leaving=still))


def forget_pairs(identity: Identity) -> None:
    """The hub's keys and certificates leave the disk.

    Raises:
        OSError: the disk refuses.
    """
    for link in (identity.current, identity.next):
        link.unlink(missing_ok=True)
    identity.tidy()
